#ifndef RME_KERNELS_PEAK_LIMITER_H
#define RME_KERNELS_PEAK_LIMITER_H

/*
 * Holds the true peak of a signal under a ceiling. True peaks are those of the signal four times oversampled (ITU-R BS.1770-4,
 * annex 2). The gain that each sample needs is held over the look-ahead of 2 ms (a running minimum) and then averaged over
 * the same time, so it has come down smoothly before the peak arrives and is never above what the peak needs; it goes up
 * again with a time constant of 50 ms. All channels get the same gain. Where nothing comes near the ceiling, samples are
 * only delayed, bit for bit.
 */

#include <stdint.h>

enum {
	LIMITER_CHANNELS = 8,
	LIMITER_AHEAD_MAX = 384, /* samples: 2 ms at 192 kHz */
	LIMITER_TAPS = 24,       /* of each oversampling phase */
	LIMITER_DELAY_MAX = LIMITER_AHEAD_MAX + LIMITER_TAPS,
	LIMITER_CALM = 2 * LIMITER_AHEAD_MAX,
};

struct peak_limiter {
	uint32_t channels, ahead, delay;
	float ceiling;
	double release;                                   /* share of the way back to 1 per sample */
	float phase[3][LIMITER_TAPS];                     /* between two samples, at 1/4, 1/2, 3/4 */
	float recent[LIMITER_CHANNELS][2 * LIMITER_TAPS]; /* twice, so that a window is in one piece */
	uint32_t recent_at;
	float near;           /* samples under this make no peak above the ceiling */
	uint32_t quiet, calm; /* samples since one was above it; since a gain under 1 was wanted */
	float line[LIMITER_CHANNELS][LIMITER_DELAY_MAX];
	uint32_t line_at;
	double wanted;                           /* gain after release, before the hold */
	float queue_gain[LIMITER_AHEAD_MAX + 1]; /* candidates of the running minimum, rising */
	uint32_t queue_time[LIMITER_AHEAD_MAX + 1];
	uint32_t queue_head, queue_len, now;
	int32_t held[LIMITER_AHEAD_MAX]; /* ring of what is averaged, in 2^-30 */
	uint32_t held_at;
	int64_t held_sum; /* whole numbers, so that no error adds up */
};

/* @param ceiling_db  at most 0 */
void peak_limiter_init(struct peak_limiter *l, uint32_t rate, uint32_t channels, float ceiling_db);
void peak_limiter_reset(struct peak_limiter *l);

/* In place; what comes out is what went in @p l->delay samples before, silence at first. One array per channel. */
void peak_limiter_run(struct peak_limiter *l, float *const *x, uint32_t n);

#endif
