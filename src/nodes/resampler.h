#ifndef RMI_NODES_RESAMPLER_H
#define RMI_NODES_RESAMPLER_H

/**
 * @file
 * Sample-rate conversion of a stream (libsoxr, its HQ recipe: 20-bit precision, linear phase). The result does not depend
 * on how the stream is cut into pieces. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_resampler;

struct rmi_resampler_spec {
	uint32_t in_hz, out_hz; /**< not 0, at most RME_AUDIO_RATE_MAX */
	uint32_t channels;      /**< not 0, at most RME_AUDIO_CHANNELS_MAX */
};

/** Where results go; @p frames counts up. */
struct rmi_resampler_out {
	float *data;   /**< interleaved */
	size_t cap;    /**< room, in frames */
	size_t frames; /**< written so far */
};

/** @return RME_OK, RME_ENOMEM, RME_EUNSUPPORTED with the library's words */
RME_NODISCARD enum rme_err
rmi_resampler_new(struct rmi_resampler **out, const struct rmi_resampler_spec *spec, struct rme_error *err);
/** NULL is a no-op. */
void rmi_resampler_free(struct rmi_resampler *r);

/** Frames that may come out when @p in_frames more go in, or (0) when it is drained: room that suffices. */
size_t rmi_resampler_bound(const struct rmi_resampler *r, size_t in_frames);

/**
 * Take all of @p in, give what is ready. @p out needs the room of rmi_resampler_bound().
 * @return RME_OK, RME_EUNSUPPORTED with the library's words
 */
RME_NODISCARD enum rme_err rmi_resampler_push(
    struct rmi_resampler *r, const float *in, size_t in_frames, struct rmi_resampler_out *out, struct rme_error *err);

/** The stream ends: give the rest, so that round(in * out_hz / in_hz) frames have come out; then ready for another stream. */
RME_NODISCARD enum rme_err
rmi_resampler_drain(struct rmi_resampler *r, struct rmi_resampler_out *out, struct rme_error *err);

#endif
