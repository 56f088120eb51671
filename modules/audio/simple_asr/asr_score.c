#include "asr_score.h"

#include <stddef.h>

#include "fmath.h"

static uint64_t
round16(uint64_t n)
{
	return (n + 15) & ~(uint64_t)15;
}

uint64_t
asr_scorer_bytes(const struct asr_model *m)
{
	const struct asr_header *h = m->header;
	uint64_t tables = (uint64_t)h->n_codebooks * m->n_dims * h->n_densities * sizeof(float);
	uint64_t sets = (uint64_t)h->n_codebooks * h->n_streams;
	return 2 * tables + sets * h->n_densities * sizeof(float) + round16(sets * sizeof(struct asr_top)) +
	       round16(((uint64_t)h->n_senones + 4) * sizeof(float));
}

/* Bytes to numbers: means, and 1 / (2 variance) with its share of the normal distribution's constant. */
static void
expand(struct asr_scorer *s, uint32_t codebook, uint32_t stream)
{
	const struct asr_model *m = s->model;
	const struct asr_header *h = m->header;
	uint32_t n = h->n_densities;
	float *offset = s->offset + ((size_t)codebook * h->n_streams + stream) * n;
	uint32_t first = s->first_dim[stream];
	for (uint32_t d = first; d < first + h->dims[stream]; d++) {
		size_t row = ((size_t)codebook * m->n_dims + d) * n;
		const struct asr_scale *scale = &m->scales[d];
		for (uint32_t k = 0; k < n; k++) {
			float log_weight = scale->weight_low + scale->weight_step * (float)m->weights[row + k];
			s->mean[row + k] = scale->mean_low + scale->mean_step * (float)m->means[row + k];
			s->weight[row + k] = fm_exp(log_weight);
			offset[k] += 0.5f * (log_weight - 1.14472989f); /* ln pi */
		}
	}
}

void
asr_scorer_init(struct asr_scorer *s, const struct asr_model *m, uint8_t *arena)
{
	const struct asr_header *h = m->header;
	size_t tables = (size_t)h->n_codebooks * m->n_dims * h->n_densities;
	size_t sets = (size_t)h->n_codebooks * h->n_streams;
	s->model = m;
	s->mean = (float *)(void *)arena;
	s->weight = s->mean + tables;
	s->offset = s->weight + tables;
	s->top = (struct asr_top *)(void *)(s->offset + sets * h->n_densities);
	s->senone = (float *)(void *)((uint8_t *)s->top + round16(sets * sizeof(struct asr_top)));
	for (size_t i = 0; i < sets * h->n_densities; i++) {
		s->offset[i] = 0.0f;
	}
	uint32_t dim = 0;
	for (uint32_t i = 0; i < h->n_streams; i++) {
		s->first_dim[i] = dim;
		dim += h->dims[i];
	}
	for (uint32_t c = 0; c < h->n_codebooks; c++) {
		for (uint32_t i = 0; i < h->n_streams; i++) {
			expand(s, c, i);
		}
	}
	for (uint32_t q = 0; q < 256; q++) {
		s->mixw[q] = fm_exp(-ASR_MIXW_UNIT * (float)q);
	}
}

/* ln likelihoods of the densities of a codebook and stream, 16 side by side. */
static void
densities(const struct asr_scorer *s, uint32_t codebook, uint32_t stream, const float *x, float *out)
{
	const struct asr_header *h = s->model->header;
	uint32_t n = h->n_densities;
	uint32_t dims = h->dims[stream];
	size_t first = ((size_t)codebook * s->model->n_dims + s->first_dim[stream]) * n;
	const float *offset = s->offset + ((size_t)codebook * h->n_streams + stream) * n;
	for (uint32_t k = 0; k < n; k += 16) {
		f32x4 acc[4];
		for (uint32_t j = 0; j < 4; j++) {
			acc[j] = f4_load(offset + k + 4 * j);
		}
		for (uint32_t d = 0; d < dims; d++) {
			f32x4 value = f4_set1(x[s->first_dim[stream] + d]);
			size_t row = first + (size_t)d * n + k;
			for (uint32_t j = 0; j < 4; j++) {
				f32x4 away = value - f4_load(s->mean + row + 4 * j);
				acc[j] -= away * away * f4_load(s->weight + row + 4 * j);
			}
		}
		for (uint32_t j = 0; j < 4; j++) {
			f4_store(out + k + 4 * j, acc[j]);
		}
	}
}

static void
nearest(const float *score, uint32_t n, struct asr_top *top)
{
	float best[ASR_TOP] = {ASR_LOG_ZERO, ASR_LOG_ZERO, ASR_LOG_ZERO, ASR_LOG_ZERO};
	for (uint32_t i = 0; i < ASR_TOP; i++) {
		top->density[i] = 0;
	}
	for (uint32_t k = 0; k < n; k++) {
		if (!(score[k] > best[ASR_TOP - 1])) {
			continue;
		}
		uint32_t at = ASR_TOP - 1;
		for (; at > 0 && score[k] > best[at - 1]; at--) {
			best[at] = best[at - 1];
			top->density[at] = top->density[at - 1];
		}
		best[at] = score[k];
		top->density[at] = (uint16_t)k;
	}
	f32x4 share = f4_exp(f4_load(best) - f4_set1(best[0]));
	f4_store(top->share, share);
	top->best = best[0];
}

static inline float
mixture(const struct asr_scorer *s, const struct asr_top *top, const uint8_t *row)
{
	float sum = 0.0f;
	for (uint32_t k = 0; k < ASR_TOP; k++) {
		sum += top->share[k] * s->mixw[row[top->density[k]]];
	}
	return sum;
}

/* Streams are independent: their mixtures are multiplied. Three cannot underflow, since the nearest density has share 1. */
static void
senones(struct asr_scorer *s)
{
	const struct asr_model *m = s->model;
	const struct asr_header *h = m->header;
	for (uint32_t i = 0; i < h->n_senones; i += 4) {
		float product[4] = {1.0f, 1.0f, 1.0f, 1.0f};
		float base[4] = {0.0f};
		for (uint32_t j = 0; j < 4 && i + j < h->n_senones; j++) {
			const struct asr_top *top = s->top + (size_t)m->codebook[i + j] * h->n_streams;
			const uint8_t *row = m->mixw + (size_t)(i + j) * h->n_streams * h->n_densities;
			for (uint32_t k = 0; k < h->n_streams; k++) {
				float sum = mixture(s, &top[k], row + (size_t)k * h->n_densities);
				if (k < 3) {
					product[j] *= sum;
					base[j] += top[k].best;
				} else {
					base[j] += top[k].best + fm_log(sum);
				}
			}
		}
		f4_store(s->senone + i, f4_load(base) + f4_log(f4_load(product)));
	}
}

void
asr_scorer_frame(struct asr_scorer *s, const float *features)
{
	const struct asr_header *h = s->model->header;
	float score[ASR_DENSITIES_MAX];
	for (uint32_t c = 0; c < h->n_codebooks; c++) {
		for (uint32_t i = 0; i < h->n_streams; i++) {
			densities(s, c, i, features, score);
			nearest(score, h->n_densities, &s->top[(size_t)c * h->n_streams + i]);
		}
	}
	senones(s);
}
