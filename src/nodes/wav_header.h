#ifndef RMI_NODES_WAV_HEADER_H
#define RMI_NODES_WAV_HEADER_H

/**
 * @file
 * The header of a WAV stream, read and written byte by byte: for pipes, which libsndfile does not take, and to know how much
 * audio a file promised. RIFF/WAVE as in "Multimedia Programming Interface and Data Specifications 1.0" (1991) and the
 * WAVEFORMATEXTENSIBLE of 2001.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>

enum {
	RMI_WAV_HEADER_BYTES = 44,         /**< of what rmi_wav_header_write() writes */
	RMI_WAV_BEFORE_DATA_MAX = 1 << 20, /**< bytes of other chunks that are skipped before the audio */
	RMI_AUDIO_RATE_MIN = 1000,         /**< Hz; less is no audio but a broken header */
};

/** Where the bytes come from. */
struct rmi_wav_source {
	/** Read up to @p n bytes. @return bytes read, 0 at the end, -1 on error */
	int64_t (*read)(void *ctx, uint8_t *to, size_t n);
	void *ctx;
};

struct rmi_wav_header {
	uint16_t tag;  /**< 1 = PCM, 3 = float, others by their number */
	uint16_t bits; /**< per sample */
	uint32_t rate_hz;
	uint32_t channels;
	uint64_t bytes_before; /**< the audio begins here */
	uint64_t data_bytes;   /**< promised; UINT64_MAX = the writer did not know (a stream) */
};

/**
 * Read up to the first byte of audio.
 * @return RME_OK, RME_EFORMAT (no WAV, or a header that cannot be), RME_ELIMIT, RME_EIO; with a text
 */
RME_NODISCARD enum rme_err
rmi_wav_header_read(struct rmi_wav_header *out, const struct rmi_wav_source *from, struct rme_error *err);

/** Rate and channels are such that anyone can use. @return RME_OK, RME_EFORMAT */
RME_NODISCARD enum rme_err rmi_wav_check_rate(int64_t rate_hz, int64_t channels, struct rme_error *err);

/** Header for audio of @p format (sample, rate and channels said). @param data_bytes  UINT64_MAX = not known */
void rmi_wav_header_write(uint8_t out[RMI_WAV_HEADER_BYTES], const struct rme_format *format, uint64_t data_bytes);

#endif
