#ifndef RME_KERNELS_NOISE_FLOOR_H
#define RME_KERNELS_NOISE_FLOOR_H

/*
 * Tracks the noise power of every band below whatever is on top of it.
 *
 * Two estimators, the larger one counts: (1) the speech presence probability estimator with fixed priors of Gerkmann and
 * Hendriks ("Unbiased MMSE-based noise power estimation with low complexity and low tracking delay", IEEE TASLP 20(4),
 * 2012), which follows slow changes within a few frames; (2) the minimum of the smoothed power over the last 1.6 s, after
 * Martin ("Noise power spectral density estimation based on optimal smoothing and minimum statistics", IEEE TSAP 9(5),
 * 2001), which frees the first one when the noise has jumped up and all of it looks like speech.
 */

#include <stdint.h>

enum { NOISE_FLOOR_BANDS = 24, NOISE_FLOOR_PARTS = 8, NOISE_FLOOR_PART_FRAMES = 20, NOISE_FLOOR_START_FRAMES = 4 };

struct noise_floor {
	float power[NOISE_FLOOR_BANDS];   /* the estimate */
	float smooth[NOISE_FLOOR_BANDS];  /* smoothed input */
	float minimum[NOISE_FLOOR_BANDS]; /* of smooth, over the last NOISE_FLOOR_PARTS parts */
	float part_min[NOISE_FLOOR_PARTS][NOISE_FLOOR_BANDS];
	float presence[NOISE_FLOOR_BANDS]; /* smoothed probability that there is more than noise */
	uint32_t part, part_frames;
	uint32_t frames; /* seen so far, stops counting at some point */
};

void noise_floor_init(struct noise_floor *f);

/* Take the band powers of one frame, all > 0. */
void noise_floor_update(struct noise_floor *f, const float band_power[NOISE_FLOOR_BANDS]);

#endif
