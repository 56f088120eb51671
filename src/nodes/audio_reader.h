#ifndef RMI_NODES_AUDIO_READER_H
#define RMI_NODES_AUDIO_READER_H

/**
 * @file
 * Audio files and pipes as packets. WAV with 16-bit or float samples and headerless PCM are read from files and pipes alike;
 * other formats (WAV with other samples, FLAC, Ogg, MP3, AIFF, AU, W64, RF64) from files, by libsndfile. One thread at
 * a time; reading may wait for a pipe.
 */

#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>
#include <rme/packet.h>

struct rmi_audio_reader;

enum { RMI_AUDIO_PACKET_SECONDS_MAX = 60 };

/** All-zero = defaults. */
struct rmi_audio_reader_config {
	int64_t packet_ns;     /**< audio per packet; 0 = 20 ms; at most RMI_AUDIO_PACKET_SECONDS_MAX */
	struct rme_format raw; /**< of headerless data, sample, rate and channels said; all-zero = there is a header */
	bool allow_truncated;  /**< take what is there of a file that ends early */
};

/**
 * @param path  "-" = standard input
 * @return RME_OK, RME_ENOTFOUND, RME_EDENIED, RME_EIO, RME_EFORMAT (no audio, a header that lies, or a file that is shorter
 *         than it says), RME_EUNSUPPORTED, RME_ELIMIT, RME_ECONFIG, RME_ENOMEM; with the path and a text
 */
RME_NODISCARD enum rme_err rmi_audio_reader_open(struct rmi_audio_reader **out, const char *path,
    const struct rmi_audio_reader_config *config, struct rme_error *err);
/** The same for an open file or pipe. @param fd  owned in every case. @param name  for messages; borrowed for the call */
RME_NODISCARD enum rme_err rmi_audio_reader_open_fd(struct rmi_audio_reader **out, int fd, const char *name,
    const struct rmi_audio_reader_config *config, struct rme_error *err);
/** NULL is a no-op. */
void rmi_audio_reader_close(struct rmi_audio_reader *r);

/** Format of the packets, borrowed. Samples of up to 16 bits come as s16le, others as f32le. */
const struct rme_format *rmi_audio_reader_format(const struct rmi_audio_reader *r);
/** Frames in all, as the file says; UINT64_MAX = not known. */
uint64_t rmi_audio_reader_frames(const struct rmi_audio_reader *r);

/**
 * Read the next packet; the last one may be shorter. Its pts counts from 0.
 * @return RME_OK, RME_ECLOSED (end), RME_EFORMAT (ends early), RME_EIO, RME_ENOMEM; with the path and a text
 */
RME_NODISCARD enum rme_err
rmi_audio_reader_next(struct rmi_audio_reader *r, struct rme_packet **out, struct rme_error *err);

#endif
