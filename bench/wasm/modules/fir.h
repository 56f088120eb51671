#ifndef RME_BENCH_FIR_H
#define RME_BENCH_FIR_H

/*
 * A filter of 64 taps over frames of 480 floats, and the energy of what comes out: the kind of loop that media code is made
 * of. The module answers an item of one frame with its energy after REPEATS rounds, so that the way in counts for little.
 * The kernel is fir_frame(), in fir.c as one writes it down, in fir_simd.c by hand.
 */

#include "rme_module.h"

enum { TAPS = 64, FRAME = 480, REPEATS = 64 };

struct fir {
	float taps[TAPS];
	float in[TAPS + FRAME]; /* with room for whole vectors at the end */
	float out[FRAME];
};

static float fir_frame(struct fir *f);

static int
fir_configure(struct fir *f, struct rme_params *p)
{
	(void)p;
	for (uint32_t i = 0; i < TAPS; i++) {
		f->taps[i] = (float)((i * 37) % 64) / 2048.0f - 1.0f / 64.0f;
	}
	return RME_GUEST_OK;
}

static int
fir_process(struct fir *f, struct rme_in in, struct rme_out *out)
{
	float energy = 0.0f;
	for (uint32_t r = 0; r < REPEATS; r++) {
		for (uint32_t i = 0; i < TAPS; i++) {
			f->in[i] = f->in[FRAME + i];
		}
		__builtin_memcpy(f->in + TAPS, in.data, FRAME * sizeof(float));
		energy += fir_frame(f);
	}
	rme_put_f32(out, energy);
	return RME_GUEST_OK;
}

RME_MODULE(struct fir, .configure = fir_configure, .process = fir_process, .result_bytes = sizeof(float))

#endif
