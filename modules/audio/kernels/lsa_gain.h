#ifndef RME_KERNELS_LSA_GAIN_H
#define RME_KERNELS_LSA_GAIN_H

/*
 * The gain that minimizes the mean square error of the log spectrum (Ephraim and Malah, IEEE TASSP 33(2), 1985):
 * xi / (1 + xi) exp(E1(v) / 2) with v = gamma xi / (1 + xi).
 */

#include "fmath.h"

/* Exponential integral E1 lane by lane, x > 0 (Abramowitz and Stegun 5.1.53, 5.1.56); error under 3e-5. */
static inline f32x4
f4_e1(f32x4 x)
{
	const f32x4 one = f4_set1(1.0f);
	x = f4_min(f4_max(x, f4_set1(1e-6f)), f4_set1(38.0f));
	f32x4 small = f4_min(x, one);
	f32x4 a = f4_set1(0.00107857f);
	a = a * small + f4_set1(-0.00976004f);
	a = a * small + f4_set1(0.05519968f);
	a = a * small + f4_set1(-0.24991055f);
	a = a * small + f4_set1(0.99999193f);
	a = a * small + f4_set1(-0.57721566f);
	a -= f4_log(small);
	f32x4 large = f4_max(x, one);
	f32x4 top = (large + f4_set1(2.334733f)) * large + f4_set1(0.250621f);
	f32x4 bottom = (large + f4_set1(3.330657f)) * large + f4_set1(1.681534f);
	f32x4 b = f4_exp(-large) * top / (bottom * large);
	return f4_select(x < one, a, b);
}

static inline f32x4
f4_lsa_gain(f32x4 prior, f32x4 posterior)
{
	f32x4 wiener = prior / (f4_set1(1.0f) + prior);
	return wiener * f4_exp(f4_set1(0.5f) * f4_e1(wiener * posterior));
}

#endif
