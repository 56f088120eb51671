#ifndef RME_KERNELS_SIMD4_H
#define RME_KERNELS_SIMD4_H

/*
 * Four floats at a time, written once for wasm SIMD128, SSE2 and NEON with the vector extensions of GCC and Clang. Every
 * sum has one fixed order and no operation is fused (build with -ffp-contract=off), so all targets give the same bits.
 */

#include <stddef.h>
#include <stdint.h>

typedef float f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));

static inline f32x4
f4_load(const float *p)
{
	f32x4 v;
	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

static inline void
f4_store(float *p, f32x4 v)
{
	__builtin_memcpy(p, &v, sizeof v);
}

static inline f32x4
f4_set1(float x)
{
	return (f32x4){x, x, x, x};
}

static inline f32x4
f4_reverse(f32x4 v)
{
	return __builtin_shufflevector(v, v, 3, 2, 1, 0);
}

/* Lanes 0+2 and 1+3 first, then the two halves. */
static inline float
f4_sum(f32x4 v)
{
	return (v[0] + v[2]) + (v[1] + v[3]);
}

/* Lane by lane: where the mask is all ones a, else b. */
static inline f32x4
f4_select(i32x4 mask, f32x4 a, f32x4 b)
{
	return (f32x4)(((i32x4)a & mask) | ((i32x4)b & ~mask));
}

static inline f32x4
f4_min(f32x4 a, f32x4 b)
{
	return f4_select(a < b, a, b);
}

static inline f32x4
f4_max(f32x4 a, f32x4 b)
{
	return f4_select(a > b, a, b);
}

/* Sum of products; n is a multiple of 8. Two accumulators, so that the additions overlap. */
static inline float
f4_dot(const float *a, const float *b, uint32_t n)
{
	f32x4 s0 = f4_set1(0.0f);
	f32x4 s1 = s0;
	for (uint32_t i = 0; i < n; i += 8) {
		s0 += f4_load(a + i) * f4_load(b + i);
		s1 += f4_load(a + i + 4) * f4_load(b + i + 4);
	}
	return f4_sum(s0 + s1);
}

/* Four sums as f4_sum() makes them, one of each vector. */
static inline f32x4
f4_sums(f32x4 a, f32x4 b, f32x4 c, f32x4 d)
{
	f32x4 ab_lo = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_hi = __builtin_shufflevector(a, b, 2, 6, 3, 7);
	f32x4 cd_lo = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_hi = __builtin_shufflevector(c, d, 2, 6, 3, 7);
	f32x4 ab = ab_lo + ab_hi, cd = cd_lo + cd_hi; /* lanes 0 + 2 of both, then 1 + 3 */
	return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/*
 * f4_dot() of four rows of a matrix, for the same bits: each x is loaded once for all rows, and there are eight chains of
 * additions to overlap. @param w  the first row; the next ones follow at once
 */
static inline f32x4
f4_dot_rows(const float *w, const float *x, uint32_t n)
{
	f32x4 a0 = f4_set1(0.0f), b0 = a0, c0 = a0, d0 = a0;
	f32x4 a1 = a0, b1 = a0, c1 = a0, d1 = a0;
	const float *a = w, *b = w + n, *c = w + (size_t)2 * n, *d = w + (size_t)3 * n;
	for (uint32_t i = 0; i < n; i += 8) {
		f32x4 x0 = f4_load(x + i), x1 = f4_load(x + i + 4);
		a0 += f4_load(a + i) * x0;
		b0 += f4_load(b + i) * x0;
		c0 += f4_load(c + i) * x0;
		d0 += f4_load(d + i) * x0;
		a1 += f4_load(a + i + 4) * x1;
		b1 += f4_load(b + i + 4) * x1;
		c1 += f4_load(c + i + 4) * x1;
		d1 += f4_load(d + i + 4) * x1;
	}
	return f4_sums(a0 + a1, b0 + b1, c0 + c1, d0 + d1);
}

#endif
