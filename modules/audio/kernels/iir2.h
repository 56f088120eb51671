#ifndef RME_KERNELS_IIR2_H
#define RME_KERNELS_IIR2_H

/*
 * Filters of second order in double precision (direct form II, transposed), with the formulas of R. Bristow-Johnson's "Audio
 * EQ cookbook". Frequencies are in millihertz, so that the angles are exact fractions and need no libm.
 */

#include <stdint.h>

struct iir2 {
	double b0, b1, b2, a1, a2;
};

struct iir2_state {
	double z1, z2;
};

/* Butterworth high-pass (Q = 1/sqrt 2). @p mhz below half the rate */
struct iir2 iir2_high_pass(uint32_t mhz, uint32_t rate);
struct iir2 iir2_low_pass(uint32_t mhz, uint32_t rate);
/* Band-pass with 0 dB at its center. */
struct iir2 iir2_band_pass(uint32_t mhz, uint32_t rate, double q);
/* Everything above @p mhz by @p db, slope 1. */
struct iir2 iir2_high_shelf(uint32_t mhz, uint32_t rate, double db);
/* Around @p mhz by @p db. */
struct iir2 iir2_peak(uint32_t mhz, uint32_t rate, double q, double db);

static inline double
iir2_step(const struct iir2 *f, struct iir2_state *s, double x)
{
	double y = f->b0 * x + s->z1;
	s->z1 = f->b1 * x - f->a1 * y + s->z2;
	s->z2 = f->b2 * x - f->a2 * y;
	return y;
}

/* In place. States decay to zero, never to denormal numbers. */
void iir2_run(const struct iir2 *f, struct iir2_state *s, float *x, uint32_t n);

#endif
