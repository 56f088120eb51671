#ifndef RME_KERNELS_LOUDNESS_H
#define RME_KERNELS_LOUDNESS_H

/*
 * Loudness after ITU-R BS.1770-4: K-weighting, blocks of 400 ms every 100 ms, an absolute gate at -70 LUFS and a relative one
 * 10 LU under what passes it. The integrated loudness of any length is kept in a histogram with steps of 0.025 LU, holding
 * the energy of each step, so that the mean is exact and only the place of the gate is rounded.
 */

#include <stdint.h>

#include "iir2.h"

enum {
	LOUDNESS_CHANNELS = 8,
	LOUDNESS_BINS = 3200, /* -70 .. +10 LUFS */
	LOUDNESS_PARTS = 4,   /* of a block */
};

/* The two filters of the K-weighting at any rate, by the same analog prototypes as the coefficients in the standard. */
struct k_weight {
	struct iir2 shelf, high_pass;
};

struct k_weight_state {
	struct iir2_state shelf, high_pass;
};

struct k_weight k_weight_of(uint32_t rate);

/* Sum of the squares of the weighted samples. */
double k_weight_energy(const struct k_weight *k, struct k_weight_state *s, const float *x, uint32_t n);

struct loudness {
	struct k_weight filter;
	struct k_weight_state state[LOUDNESS_CHANNELS];
	uint32_t channels, part_samples;
	uint32_t in_part;                   /* samples of the part under way */
	double part_energy[LOUDNESS_PARTS]; /* ring; the one under way is at `part` */
	uint32_t part, parts;
	uint32_t blocks; /* over the absolute gate */
	double blocks_energy;
	uint32_t count[LOUDNESS_BINS];
	double energy[LOUDNESS_BINS];
};

void loudness_init(struct loudness *l, uint32_t rate, uint32_t channels);
void loudness_reset(struct loudness *l);
/* One array per channel; channels 1 and 2 count once, as the standard has it for left, right and center. */
void loudness_push(struct loudness *l, const float *const *x, uint32_t n);
/* In LUFS; -100 where nothing passed the gates. */
float loudness_integrated(const struct loudness *l);
/* Of all so far without gates: for what is shorter than a block. Means nothing after one. */
float loudness_so_far(const struct loudness *l);

/* -0.691 + 10 log10 of a mean square, -100 at the least. */
float loudness_of_power(double mean_square);

#endif
