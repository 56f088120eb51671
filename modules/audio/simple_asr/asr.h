#ifndef RME_ASR_H
#define RME_ASR_H

/*
 * The recognizer: an utterance of 16 kHz samples -> words of a grammar, and how far they can be believed. The same source is
 * compiled into the module simple_asr and into programs on the host, and gives the same bits in all of them. No allocation
 * and no global state: the caller gives the room. How it works: docs/design/asr.md.
 */

#include "asr_frontend.h"
#include "asr_score.h"
#include "asr_search.h"

struct asr {
	struct asr_model model;
	struct asr_frontend frontend;
	struct asr_scorer scorer;
	struct asr_search search;
	float *cepstra;  /* [frame][ASR_CEPSTRA] */
	float threshold; /* of the confidence; the model's, until it is set */
	struct asr_result result;
};

/* What an utterance came to, beside asr.result. */
struct asr_verdict {
	float confidence; /* probability that the words are what was said, 0..1 */
	float llr;        /* mean over the words, per frame */
	float worst;      /* of the words */
	int rejected;     /* no sentence of the grammar */
};

enum asr_status {
	ASR_OK = 0,
	ASR_TOO_LONG = -1,
	ASR_TOO_COMPLEX = -2,
	ASR_NO_FRONT_END = -3, /* the model wants features, not sound */
};

/* Room that asr_init() needs for a model, at an address that is a multiple of 16. */
uint64_t asr_bytes(const struct asr_model *m);
void asr_init(struct asr *a, const struct asr_model *m, uint8_t *room);

/* Recognize one utterance; nothing of it is remembered for the next. */
enum asr_status asr_utterance(struct asr *a, const int16_t *pcm, uint32_t n, struct asr_verdict *out);

/* The same from features, for models with ASR_FEATURE_GIVEN: @p features [frame][dim]. */
enum asr_status asr_features(struct asr *a, const float *features, uint32_t n_frames, struct asr_verdict *out);

/* Confidence of one word. */
float asr_word_confidence(const struct asr *a, const struct asr_result_word *w);

#endif
