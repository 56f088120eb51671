/*
 * The filter by hand: 32 outputs at a time stay in registers over all taps, enough chains of additions to hide how long one
 * takes. The same products in the same order as in fir.c.
 */
#include "fir.h"

#include "simd4.h"

enum { VECTORS = 8, BLOCK = 4 * VECTORS };

static inline void
fir_block(float *out, const float *in, const float *taps, f32x4 *energy)
{
	f32x4 sum[VECTORS] = {{0.0f}};
	for (uint32_t k = 0; k < TAPS; k++) {
		f32x4 h = f4_set1(taps[k]);
#pragma GCC unroll 8
		for (uint32_t v = 0; v < VECTORS; v++) {
			sum[v] += h * f4_load(in + k + (size_t)4 * v);
		}
	}
#pragma GCC unroll 8
	for (uint32_t v = 0; v < VECTORS; v++) {
		f4_store(out + (size_t)4 * v, sum[v]);
		*energy += sum[v] * sum[v];
	}
}

static float
fir_frame(struct fir *f)
{
	f32x4 energy = f4_set1(0.0f);
	for (uint32_t i = 0; i < FRAME; i += BLOCK) {
		fir_block(f->out + i, f->in + i, f->taps, &energy);
	}
	return energy[0] + energy[1] + (energy[2] + energy[3]);
}
