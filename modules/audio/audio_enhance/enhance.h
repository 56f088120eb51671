#ifndef RME_AUDIO_ENHANCE_H
#define RME_AUDIO_ENHANCE_H

/*
 * Makes synthetic speech (or any other) pleasant and equally loud: presence, de-esser, loudness by ITU-R BS.1770, another rate,
 * true peaks limited. Every item is measured before it is leveled, so a sentence that comes as one item is right from its
 * first sample on; the measure goes on over the stream. What the limiter takes away of items of some length is made up for:
 * it is tried out on them first. What comes out is as long as what went in, at the same times.
 */

#include <stdint.h>

#include "de_esser.h"
#include "iir2.h"
#include "loudness.h"
#include "pcm_format.h"
#include "peak_limiter.h"
#include "polyphase.h"

enum { ENHANCE_CHANNELS = DE_ESSER_CHANNELS, ENHANCE_BLOCK = 1024, ENHANCE_MADE = 4096 };

struct enhance_options {
	enum pcm_format format; /* s16le or f32le, in and out */
	uint32_t rate_in, rate_out, channels;
	float target_lufs, max_gain_db, ceiling_db, presence_db, de_ess_db;
};

/* What is done before the level is known; run twice, for the meter and for the output. */
struct enhance_tone {
	struct iir2_state shelf[ENHANCE_CHANNELS];
	struct de_esser de_esser;
};

struct enhance {
	struct enhance_options o;
	struct iir2 shelf;
	struct enhance_tone heard, tried, given;
	struct loudness meter;
	float gain, wanted, glide; /* factors; share of the way per sample */
	int leveled;
	struct polyphase resampler;
	struct peak_limiter limiter, trial;
	uint32_t skip, pending;
	float block[ENHANCE_CHANNELS][ENHANCE_BLOCK];
	float made[ENHANCE_CHANNELS][ENHANCE_MADE];
};

/* @return NULL, or what is wrong with the options */
const char *enhance_init(struct enhance *e, const struct enhance_options *o);
void enhance_reset(struct enhance *e);

/* Bytes that enhance_push() gives at most for @p frames. */
uint64_t enhance_bound(const struct enhance *e, uint32_t frames);
enum { ENHANCE_FLUSH_BYTES = 1536 * ENHANCE_CHANNELS * 4 };

/* @return bytes written */
uint32_t enhance_push(struct enhance *e, const uint8_t *in, uint32_t frames, uint8_t *out);
/* A piece of the end of the stream; call until it gives 0. The stream then starts anew. */
uint32_t enhance_flush(struct enhance *e, uint8_t *out);

#endif
