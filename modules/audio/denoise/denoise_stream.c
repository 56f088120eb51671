#include "denoise.h"

void
denoise_init(struct denoise *d, enum denoise_profile profile)
{
	suppressor_init(&d->suppressor, profile == DENOISE_ASR ? -15.0f : -18.0f);
	denoise_reset(d);
}

void
denoise_reset(struct denoise *d)
{
	suppressor_reset(&d->suppressor);
	d->n_in = 0;
	d->skip = SUPPRESSOR_DELAY;
	d->pending = 0;
}

static int16_t
to_sample(float x)
{
	x *= 32768.0f;
	x = x > 32767.0f ? 32767.0f : x < -32768.0f ? -32768.0f : x;
	return (int16_t)(x < 0.0f ? x - 0.5f : x + 0.5f);
}

/* A whole hop is there. @return samples made */
static uint32_t
run_hop(struct denoise *d, int16_t *out)
{
	float made[SUPPRESSOR_HOP];
	suppressor_hop(&d->suppressor, d->in, made);
	d->n_in = 0;
	if (d->skip > 0) { /* a multiple of the hop */
		d->skip -= SUPPRESSOR_HOP;
		return 0;
	}
	for (uint32_t i = 0; i < SUPPRESSOR_HOP; i++) {
		out[i] = to_sample(made[i]);
	}
	return SUPPRESSOR_HOP;
}

uint32_t
denoise_push(struct denoise *d, const int16_t *in, uint32_t n, int16_t *out)
{
	uint32_t made = 0;
	for (uint32_t i = 0; i < n; i++) {
		d->in[d->n_in++] = (float)in[i] * (1.0f / 32768.0f);
		if (d->n_in == SUPPRESSOR_HOP) {
			made += run_hop(d, out + made);
		}
	}
	d->pending += n;
	d->pending -= made;
	return made;
}

uint32_t
denoise_flush(struct denoise *d, int16_t *out)
{
	uint32_t want = (uint32_t)d->pending;
	uint32_t made = 0;
	while (made < want) {
		int16_t hop[SUPPRESSOR_HOP];
		while (d->n_in < SUPPRESSOR_HOP) {
			d->in[d->n_in++] = 0.0f;
		}
		uint32_t n = run_hop(d, hop);
		n = n < want - made ? n : want - made;
		__builtin_memcpy(out + made, hop, n * sizeof *out);
		made += n;
	}
	denoise_reset(d);
	return made;
}
