#include "asr.h"

#include <stddef.h>

#include "fmath.h"

uint64_t
asr_bytes(const struct asr_model *m)
{
	uint64_t cepstra = (uint64_t)ASR_FRAMES_MAX * ASR_CEPSTRA * sizeof(float);
	return asr_scorer_bytes(m) + asr_search_bytes(m) + cepstra;
}

void
asr_init(struct asr *a, const struct asr_model *m, uint8_t *room)
{
	a->model = *m;
	if (m->header->feature == ASR_FEATURE_CEPSTRA) {
		asr_frontend_init(&a->frontend, m->header);
	}
	asr_scorer_init(&a->scorer, &a->model, room);
	room += asr_scorer_bytes(m);
	asr_search_init(&a->search, &a->model, room);
	room += asr_search_bytes(m);
	a->cepstra = (float *)(void *)room;
	a->threshold = m->header->threshold;
	a->result.n_words = 0;
}

float
asr_word_confidence(const struct asr *a, const struct asr_result_word *w)
{
	const float *g = a->model.header->grade;
	return fm_sigmoid(g[0] + (g[1] + g[2]) * w->llr);
}

/* Silence that does not sound like silence: something was said there that the grammar has no word for. */
static const float unexplained = -1.0f;
static const uint32_t enough = 12; /* frames; shorter pieces say less */

static void
judge(const struct asr *a, struct asr_verdict *out)
{
	const struct asr_result *r = &a->result;
	const struct asr_header *h = a->model.header;
	float sum = 0.0f;
	uint32_t frames = 0;
	uint32_t words = 0;
	*out = (struct asr_verdict){0.0f, 0.0f, 0.0f, 1};
	for (uint32_t i = 0; i < r->n_words; i++) {
		const struct asr_result_word *w = &r->words[i];
		if (w->filler && w->llr > unexplained) {
			continue;
		}
		uint32_t n = w->end - w->start;
		float weighed = n < enough ? w->llr * (float)n / (float)enough : w->llr;
		sum += w->llr * (float)n;
		out->worst = frames == 0 || weighed < out->worst ? weighed : out->worst;
		frames += n;
		words += w->filler ? 0 : 1;
	}
	if (words == 0 || !r->complete) {
		return;
	}
	out->llr = sum / (float)frames;
	out->confidence = fm_sigmoid(h->grade[0] + h->grade[1] * out->llr + h->grade[2] * out->worst);
	out->rejected = !(out->confidence >= a->threshold);
}

enum asr_status
asr_features(struct asr *a, const float *features, uint32_t n_frames, struct asr_verdict *out)
{
	if (n_frames > ASR_FRAMES_MAX) {
		return ASR_TOO_LONG;
	}
	asr_search_begin(&a->search);
	for (uint32_t t = 0; t < n_frames; t++) {
		asr_scorer_frame(&a->scorer, features + (size_t)t * a->model.n_dims);
		asr_search_frame(&a->search, a->scorer.senone);
	}
	if (asr_search_end(&a->search, &a->result) < 0) {
		return ASR_TOO_COMPLEX;
	}
	judge(a, out);
	return ASR_OK;
}

enum asr_status
asr_utterance(struct asr *a, const int16_t *pcm, uint32_t n, struct asr_verdict *out)
{
	uint32_t frames = asr_frontend_frames(n);
	if (a->model.header->feature != ASR_FEATURE_CEPSTRA) {
		return ASR_NO_FRONT_END;
	}
	if (frames > ASR_FRAMES_MAX) {
		return ASR_TOO_LONG;
	}
	for (uint32_t t = 0; t < frames; t++) {
		asr_frontend_cepstrum(&a->frontend, pcm, n, t, a->cepstra + (size_t)t * ASR_CEPSTRA);
	}
	asr_frontend_normalize(a->cepstra, frames);
	asr_search_begin(&a->search);
	for (uint32_t t = 0; t < frames; t++) {
		float x[ASR_FEATURES];
		asr_frontend_features(a->cepstra, frames, t, x);
		asr_scorer_frame(&a->scorer, x);
		asr_search_frame(&a->search, a->scorer.senone);
	}
	if (asr_search_end(&a->search, &a->result) < 0) {
		return ASR_TOO_COMPLEX;
	}
	judge(a, out);
	return ASR_OK;
}
