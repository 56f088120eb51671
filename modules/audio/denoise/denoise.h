#ifndef RME_DENOISE_H
#define RME_DENOISE_H

/*
 * The suppressor over a stream of 16-bit samples cut anywhere: what comes out is as long as what went in, at the same times.
 * 32 ms are held back, and given by the flush.
 */

#include "suppressor.h"

enum denoise_profile {
	DENOISE_ASR,    /* at most -15 dB: what recognizers like best */
	DENOISE_LISTEN, /* at most -18 dB: less noise, and a little more harm to speech */
};

struct denoise {
	struct suppressor suppressor;
	float in[SUPPRESSOR_HOP];
	uint32_t n_in;
	uint32_t skip;    /* samples of the delay still to come */
	uint64_t pending; /* samples taken and not yet given */
};

void denoise_init(struct denoise *d, enum denoise_profile profile);
void denoise_reset(struct denoise *d);

/* @param out  room for n + SUPPRESSOR_HOP. @return samples made */
uint32_t denoise_push(struct denoise *d, const int16_t *in, uint32_t n, int16_t *out);

enum { DENOISE_TAIL = SUPPRESSOR_FRAME };

/* What is held back, at most DENOISE_TAIL samples; the stream then starts anew. */
uint32_t denoise_flush(struct denoise *d, int16_t *out);

#endif
