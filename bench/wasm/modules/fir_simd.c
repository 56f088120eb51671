/* The filter by hand: sixteen outputs at a time stay in registers over all taps. Same sums in the same order as fir.c. */
#include "fir.h"

#include "simd4.h"

static float
fir_frame(struct fir *f)
{
	f32x4 energy = f4_set1(0.0f);
	for (uint32_t i = 0; i < FRAME; i += 16) {
		f32x4 a = f4_set1(0.0f), b = a, c = a, d = a;
		const float *x = f->in + i;
		for (uint32_t k = 0; k < TAPS; k++) {
			f32x4 h = f4_set1(f->taps[k]);
			a += h * f4_load(x + k);
			b += h * f4_load(x + k + 4);
			c += h * f4_load(x + k + 8);
			d += h * f4_load(x + k + 12);
		}
		f4_store(f->out + i, a);
		f4_store(f->out + i + 4, b);
		f4_store(f->out + i + 8, c);
		f4_store(f->out + i + 12, d);
		energy += a * a;
		energy += b * b;
		energy += c * c;
		energy += d * d;
	}
	return energy[0] + energy[1] + (energy[2] + energy[3]);
}
