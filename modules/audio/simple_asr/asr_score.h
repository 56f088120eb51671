#ifndef RME_ASR_SCORE_H
#define RME_ASR_SCORE_H

/*
 * How well a frame's features fit each senone: per codebook and stream the densities nearest to the features, then for each
 * senone the mixture of those, in the logarithm. Phonetically tied mixtures have a codebook per phone, semi-continuous
 * models one for all (Hwang and Huang 1992); only ASR_TOP densities count, as in Huang's SPHINX-II (1993).
 */

#include "asr_model.h"

enum { ASR_TOP = 4 };

/* The nearest densities of one codebook and stream. */
struct asr_top {
	uint16_t density[ASR_TOP];
	float share[ASR_TOP]; /* likelihood over that of the nearest */
	float best;           /* ln likelihood of the nearest */
};

struct asr_scorer {
	const struct asr_model *model;
	uint32_t first_dim[ASR_STREAMS_MAX];
	float *mean, *weight; /* [codebook][dim][density] */
	float *offset;        /* [codebook][stream][density] */
	struct asr_top *top;  /* [codebook][stream] */
	float *senone;        /* [senone]: the result */
	float mixw[256];      /* a step of a mixture weight -> the weight */
};

/* Room that asr_scorer_init() takes from @p arena. */
uint64_t asr_scorer_bytes(const struct asr_model *m);
void asr_scorer_init(struct asr_scorer *s, const struct asr_model *m, uint8_t *arena);

/* Score all senones for one frame of n_dims features. */
void asr_scorer_frame(struct asr_scorer *s, const float *features);

#endif
