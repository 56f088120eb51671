#ifndef RMI_NODES_AUDIO_WRITER_H
#define RMI_NODES_AUDIO_WRITER_H

/**
 * @file
 * Packets of audio into files and pipes. The ending of the name says what is written: .wav (also "-", standard output),
 * .raw or .pcm (samples alone), .flac, .ogg (Vorbis), .opus, .aiff, .au, .w64. A WAV is readable at any time: its
 * header is brought up to date while it grows. One thread at a time.
 */

#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>

struct rme_packet;
struct rmi_audio_writer;

/**
 * @param path    overwritten if it exists; "-" = standard output, as WAV of unknown length
 * @param format  of all packets; sample, rate and channels are said
 * @return RME_OK, RME_EUNSUPPORTED (ending, or a format that such a file cannot hold), RME_EDENIED, RME_ENOTFOUND, RME_EIO,
 *         RME_EFORMAT, RME_ENOMEM; with the path and a text
 */
RME_NODISCARD enum rme_err rmi_audio_writer_open(
    struct rmi_audio_writer **out, const char *path, const struct rme_format *format, struct rme_error *err);

/** @param p  borrowed. @return RME_OK, RME_EFORMAT (another format), RME_ELIMIT (4 GiB of WAV), RME_EIO */
RME_NODISCARD enum rme_err
rmi_audio_writer_write(struct rmi_audio_writer *w, const struct rme_packet *p, struct rme_error *err);

/** Audio written so far. */
uint64_t rmi_audio_writer_frames(const struct rmi_audio_writer *w);

/** Finish the file and free the writer, in every case. NULL is a no-op. @return RME_OK, RME_EIO */
RME_NODISCARD enum rme_err rmi_audio_writer_close(struct rmi_audio_writer *w, struct rme_error *err);

#endif
