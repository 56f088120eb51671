/* The filter as one writes it down: compilers make vectors of the inner loop, which changes no order of additions. */
#include "fir.h"

/* A function of its own, so that its pointers can be said not to overlap. */
static void
add_tap(float *restrict out, const float *restrict in, float tap)
{
	for (uint32_t i = 0; i < FRAME; i++) {
		out[i] += tap * in[i];
	}
}

static float
fir_frame(struct fir *f)
{
	float energy[4] = {0.0f, 0.0f, 0.0f, 0.0f};
	for (uint32_t i = 0; i < FRAME; i++) {
		f->out[i] = 0.0f;
	}
	for (uint32_t k = 0; k < TAPS; k++) {
		add_tap(f->out, f->in + k, f->taps[k]);
	}
	for (uint32_t i = 0; i < FRAME; i += 4) {
		for (uint32_t j = 0; j < 4; j++) {
			energy[j] += f->out[i + j] * f->out[i + j];
		}
	}
	return energy[0] + energy[1] + (energy[2] + energy[3]);
}
