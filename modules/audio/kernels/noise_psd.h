#ifndef RME_KERNELS_NOISE_PSD_H
#define RME_KERNELS_NOISE_PSD_H

/*
 * Tracks the noise power of every bin of a 512-point spectrum below whatever is on top of it: the speech presence estimator
 * with fixed priors of Gerkmann and Hendriks ("Unbiased MMSE-based noise power estimation with low complexity and low tracking
 * delay", IEEE TASLP 20(4), 2012), held up by the minimum of the smoothed power over the last second and a half (Martin,
 * IEEE TSAP 9(5), 2001), which frees it when noise has jumped up and all of it looks like speech.
 */

#include <stdint.h>

enum {
	NOISE_PSD_BINS = 260,
	NOISE_PSD_PARTS = 8,
	NOISE_PSD_PART_FRAMES = 24, /* of 8 ms */
	NOISE_PSD_START_FRAMES = 8, /* that are taken for noise */
};

struct noise_psd {
	float power[NOISE_PSD_BINS]; /* the estimate */
	float presence[NOISE_PSD_BINS];
	float smooth[NOISE_PSD_BINS];
	float minimum[NOISE_PSD_BINS];
	float part_min[NOISE_PSD_PARTS][NOISE_PSD_BINS];
	uint32_t part, part_frames, frames;
};

void noise_psd_init(struct noise_psd *n);

/* Take the powers of a frame, all at least @p least > 0; frames that are digital silence do not count. */
void noise_psd_update(struct noise_psd *n, const float power[NOISE_PSD_BINS], float least);

#endif
