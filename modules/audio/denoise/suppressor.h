#ifndef RME_DENOISE_SUPPRESSOR_H
#define RME_DENOISE_SUPPRESSOR_H

/*
 * Takes steady noise out of 16 kHz speech: 32 ms frames every 8 ms, noise power by noise_psd.h, decision-directed a priori
 * SNR (Ephraim and Malah, 1984), log-spectral amplitude gain weighted with the probability of speech (Cohen and Berdugo,
 * "Speech enhancement for non-stationary noise environments", Signal Processing 81, 2001), and a floor.
 * How it was tuned: docs/design/denoise.md.
 */

#include <stdint.h>

#include "noise_psd.h"
#include "rfft512.h"

enum { SUPPRESSOR_FRAME = 512, SUPPRESSOR_HOP = 128, SUPPRESSOR_DELAY = SUPPRESSOR_FRAME - SUPPRESSOR_HOP };

/* Averages over neighboring bins, more of them the higher the bin: sums from `first` to before `last`. */
struct suppressor_spread {
	uint16_t first[NOISE_PSD_BINS], last[NOISE_PSD_BINS];
	float scale[NOISE_PSD_BINS];
};

struct suppressor {
	struct rfft512 fft;
	struct rfft512_work work;
	struct suppressor_spread narrow, wide;
	float window[SUPPRESSOR_FRAME];
	float ln_floor; /* of the least gain */
	float best_snr; /* of the speech of the last seconds, ln */
	float history[SUPPRESSOR_FRAME];
	float sum[SUPPRESSOR_FRAME]; /* of the overlapping frames */
	uint32_t frames;
	struct noise_psd noise;
	float clean[NOISE_PSD_BINS];  /* power of the frame before, after its gain */
	float smooth[NOISE_PSD_BINS]; /* a priori SNR smoothed over time, for the probability of speech */
};

/* @param floor_db  least gain, such as -15 */
void suppressor_init(struct suppressor *s, float floor_db);
void suppressor_reset(struct suppressor *s);

/* The next SUPPRESSOR_HOP samples in, those of SUPPRESSOR_DELAY before out. */
void suppressor_hop(struct suppressor *s, const float in[SUPPRESSOR_HOP], float out[SUPPRESSOR_HOP]);

#endif
