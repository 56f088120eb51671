#ifndef RME_KERNELS_SIMD4_H
#define RME_KERNELS_SIMD4_H

/*
 * Four floats at a time, written once for wasm SIMD128, SSE2 and NEON with the vector extensions of GCC and Clang. Every
 * sum has one fixed order and no operation is fused (build with -ffp-contract=off), so all targets give the same bits.
 */

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

#endif
