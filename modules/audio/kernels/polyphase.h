#ifndef RME_KERNELS_POLYPHASE_H
#define RME_KERNELS_POLYPHASE_H

/*
 * Change of the sampling rate: a Kaiser-windowed sinc (Kaiser, "Nonrecursive digital filter design using the I0-sinh window
 * function", ISCAS 1974) as a polyphase filter (Crochiere and Rabiner, "Multirate digital signal processing", 1983).
 *
 * The time of every output sample is an exact fraction of input samples, so nothing drifts, and the way a stream is cut into
 * pieces does not change one bit. Ratios L/M with L <= 640 and M <= 2048 have a filter for each of their L phases; others
 * interpolate between the two nearest of about 2048 phases (J. O. Smith, "Digital audio resampling", error under -120 dB).
 * Output sample n stands for the time n M/L: the delay of the filter is compensated, and the end is given by the flush.
 */

#include <stdint.h>

enum {
	POLYPHASE_RATE_MIN = 8000,
	POLYPHASE_RATE_MAX = 192000,
	POLYPHASE_CHANNELS = 8,
	POLYPHASE_TAPS = 96 * 24 + 8, /* 192 kHz to 8 kHz */
	POLYPHASE_TABLE = 96 * 2048 + 8 * 2049,
	POLYPHASE_BLOCK = 1024, /* input samples taken at a time */
};

enum polyphase_profile {
	POLYPHASE_COARSE, /* 8 zero crossings to a side, alias -60 dB: for ears that only listen for levels */
	POLYPHASE_FAST,   /* 32, alias -100 dB */
	POLYPHASE_HQ,     /* 48, alias -120 dB */
};

/* Holds no pointers. About 1 MiB, touched as far as the ratio needs it. */
struct polyphase {
	uint32_t up, down; /* L and M */
	uint32_t phases;   /* in the table: L, or what is interpolated between */
	uint32_t taps;     /* of a phase, a multiple of 8 */
	uint32_t channels;
	int interpolate;
	uint32_t fill;         /* samples of each channel in `line` */
	uint32_t at;           /* first sample under the filter for the next output */
	uint32_t phase;        /* of the next output, 0 .. L - 1 */
	uint64_t taken, given; /* samples of each channel since the start */
	float line[POLYPHASE_CHANNELS][POLYPHASE_TAPS + POLYPHASE_BLOCK];
	float table[POLYPHASE_TABLE];
};

/* @return 0 = a rate or the number of channels is out of range */
int polyphase_init(
    struct polyphase *p, uint32_t rate_in, uint32_t rate_out, uint32_t channels, enum polyphase_profile profile);

/* Forget the stream. */
void polyphase_reset(struct polyphase *p);

/* Most frames that polyphase_push() gives for @p n frames, or polyphase_flush() for 0. */
uint32_t polyphase_bound(const struct polyphase *p, uint32_t n);

/*
 * Take up to POLYPHASE_BLOCK frames, given as one array per channel.
 * @param out  arrays with room for polyphase_bound(n)
 * @return frames made
 */
uint32_t polyphase_push(struct polyphase *p, const float *const *in, uint32_t n, float *const *out);

/* The end of the stream: what the filter still holds; call until it gives 0. The stream then starts anew. */
uint32_t polyphase_flush(struct polyphase *p, float *const *out);

#endif
