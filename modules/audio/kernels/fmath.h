#ifndef RME_KERNELS_FMATH_H
#define RME_KERNELS_FMATH_H

/*
 * Elementary functions from +, *, / and integer operations alone, so that every target gives the same bits; libm's differ
 * from system to system. Relative errors: fm_exp 3e-7, fm_log 2e-7 (absolute near 1), fm_cos/fm_sin 1e-15.
 */

#include "simd4.h"

/* e^x lane by lane; x is limited to +-40. */
static inline f32x4
f4_exp(f32x4 x)
{
	x = f4_min(f4_max(x, f4_set1(-40.0f)), f4_set1(40.0f));
	const f32x4 magic = f4_set1(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer, held in the low bits */
	f32x4 shifted = x * f4_set1(1.44269504f) + magic;
	f32x4 n = shifted - magic;
	f32x4 r = (x - n * f4_set1(0.693145752f)) - n * f4_set1(1.42860677e-6f); /* ln 2 in two parts */
	f32x4 p = f4_set1(1.0f / 720.0f);
	p = p * r + f4_set1(1.0f / 120.0f);
	p = p * r + f4_set1(1.0f / 24.0f);
	p = p * r + f4_set1(1.0f / 6.0f);
	p = p * r + f4_set1(0.5f);
	p = p * r + f4_set1(1.0f);
	p = p * r + f4_set1(1.0f);
	i32x4 bits = ((i32x4)shifted - (i32x4)magic + 127) << 23;
	return p * (f32x4)bits;
}

static inline f32x4
f4_sigmoid(f32x4 x)
{
	return f4_set1(1.0f) / (f4_set1(1.0f) + f4_exp(-x));
}

static inline f32x4
f4_tanh(f32x4 x)
{
	return f4_set1(2.0f) * f4_sigmoid(x + x) - f4_set1(1.0f);
}

/* Natural logarithm lane by lane; x must be a normal number above 0. */
static inline f32x4
f4_log(f32x4 x)
{
	i32x4 bits = (i32x4)x;
	i32x4 e = (bits - 0x3f3504f3) >> 23; /* exponent that leaves a mantissa of 0.707 .. 1.414 */
	f32x4 m = (f32x4)(bits - (e << 23));
	f32x4 s = (m - f4_set1(1.0f)) / (m + f4_set1(1.0f));
	f32x4 z = s * s;
	f32x4 p = f4_set1(2.0f / 9.0f);
	p = p * z + f4_set1(2.0f / 7.0f);
	p = p * z + f4_set1(2.0f / 5.0f);
	p = p * z + f4_set1(2.0f / 3.0f);
	p = p * z + f4_set1(2.0f);
	return p * s + __builtin_convertvector(e, f32x4) * f4_set1(0.693147181f);
}

static inline float
fm_exp(float x)
{
	return f4_exp(f4_set1(x))[0];
}

static inline float
fm_log(float x)
{
	return f4_log(f4_set1(x))[0];
}

static inline float
fm_sigmoid(float x)
{
	return f4_sigmoid(f4_set1(x))[0];
}

static inline float
fm_sqrt(float x)
{
	return __builtin_sqrtf(x);
}

/* 10^(db / 20) */
static inline float
fm_from_db(float db)
{
	return fm_exp(db * 0.115129255f);
}

/* 10 log10(x), x a normal number above 0: decibels of a power. */
static inline float
fm_power_db(float x)
{
	return fm_log(x) * 4.34294482f;
}

/* sin(pi x) to double precision, |x| < 2^31. */
double fm_sin_pi(double x);

/* cos and sin of 2 pi num/den, 0 <= num <= den: Taylor on one octant, mirrored. */
void fm_unit_circle(uint32_t num, uint32_t den, double *cos_out, double *sin_out);

#endif
