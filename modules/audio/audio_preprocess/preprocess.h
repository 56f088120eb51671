#ifndef RME_AUDIO_PREPROCESS_H
#define RME_AUDIO_PREPROCESS_H

/*
 * From any microphone's or telephone's sound to what recognizers want: bytes -> floats -> fewer channels -> other rate ->
 * high-pass -> leveled speech -> limited peaks -> bytes. One endless stream; the way it is cut changes no bit. What comes
 * out is as long as what went in, at the same times; the parts' delays are taken off at the start and given at the end.
 */

#include <stdint.h>

#include "agc.h"
#include "iir2.h"
#include "pcm_format.h"
#include "peak_limiter.h"
#include "polyphase.h"

enum {
	PREPROCESS_BLOCK = 1024,
	PREPROCESS_MADE = 4096, /* frames out of a block */
};

struct preprocess_side {
	enum pcm_format format;
	uint32_t rate, channels;
};

struct preprocess_options {
	struct preprocess_side in, out; /* channels: as many, or one on either side */
	enum polyphase_profile quality;
	uint32_t high_pass_hz; /* 0 = none */
	int agc, limiter, dither;
	float target_lufs, max_gain_db, ceiling_db;
};

struct preprocess {
	struct preprocess_options o;
	struct polyphase resampler;
	struct iir2 high_pass;
	struct iir2_state high_pass_state[POLYPHASE_CHANNELS];
	struct agc agc;
	struct peak_limiter limiter;
	uint32_t dither;  /* generator */
	uint32_t skip;    /* frames of the limiter's delay still to come */
	uint32_t pending; /* frames that it holds */
	float block[POLYPHASE_CHANNELS][PREPROCESS_BLOCK];
	float made[POLYPHASE_CHANNELS][PREPROCESS_MADE];
};

/* @return NULL, or what is wrong with the options */
const char *preprocess_init(struct preprocess *p, const struct preprocess_options *o);
void preprocess_reset(struct preprocess *p);

/* Bytes that preprocess_push() gives at most for @p frames. */
uint64_t preprocess_bound(const struct preprocess *p, uint32_t frames);
/* And preprocess_flush(). */
enum { PREPROCESS_FLUSH_BYTES = 1536 * POLYPHASE_CHANNELS * 4 };

/* @return bytes written */
uint32_t preprocess_push(struct preprocess *p, const uint8_t *in, uint32_t frames, uint8_t *out);

/* A piece of the end of the stream; call until it gives 0. The stream then starts anew. */
uint32_t preprocess_flush(struct preprocess *p, uint8_t *out);

#endif
