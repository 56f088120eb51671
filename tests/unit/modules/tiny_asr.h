#ifndef TEST_MODULES_TINY_ASR_H
#define TEST_MODULES_TINY_ASR_H

/*
 * A model of simple_asr for a language of two words, "low" and "high", which are square waves; learned from a sound made
 * here. Small, and needs nothing installed.
 */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "asr.h"

enum { TINY_SILENCE, TINY_LOW, TINY_HIGH, TINY_SOUNDS, TINY_OTHER = TINY_SOUNDS };
enum { TINY_DENSITIES = 16, TINY_MODEL_MAX = 64 * 1024, TINY_PIECE = 4000 /* samples of one sound */ };

struct tiny_sound {
	uint32_t random;
	uint32_t n;
	int16_t pcm[ASR_FRAMES_MAX * ASR_HOP + ASR_WINDOW];
};

/* A quarter of a second: noise of a quiet room, alone or with a square wave of 200, 1600 or 500 Hz. */
static inline void
tiny_say(struct tiny_sound *s, int sound, uint32_t samples)
{
	static const uint32_t half_period[] = {0, 40, 5, 16};
	for (uint32_t i = 0; i < samples; i++) {
		s->random = s->random * 1664525 + 1013904223;
		int32_t v = (int32_t)(s->random >> 27) - 16;
		if (sound != TINY_SILENCE) {
			v += i / half_period[sound] % 2 == 0 ? 4000 : -4000;
		}
		s->pcm[s->n++] = (int16_t)v;
	}
}

struct tiny_header {
	struct asr_header h;
	uint8_t *file;
};

static inline void *
tiny_section(struct tiny_header *t, enum asr_section s, size_t bytes)
{
	t->h.bytes = (t->h.bytes + 15) & ~15u;
	t->h.offset[s] = t->h.bytes;
	t->h.bytes += (uint32_t)bytes;
	assert(t->h.bytes <= TINY_MODEL_MAX);
	return t->file + t->h.offset[s];
}

/* Features of each sound: TINY_DENSITIES frames of silence, low, silence, high said one after the other. */
static inline void
tiny_learn(const struct asr_header *h, float x[TINY_SOUNDS][TINY_DENSITIES][ASR_FEATURES])
{
	static const int order[] = {TINY_SILENCE, TINY_LOW, TINY_SILENCE, TINY_HIGH, TINY_SILENCE};
	struct asr_frontend *f = calloc(1, sizeof *f);
	struct tiny_sound *s = calloc(1, sizeof *s);
	asr_frontend_init(f, h);
	for (uint32_t i = 0; i < 5; i++) {
		tiny_say(s, order[i], TINY_PIECE);
	}
	uint32_t n = asr_frontend_frames(s->n);
	float *c = calloc(n, sizeof(float) * ASR_CEPSTRA);
	for (uint32_t t = 0; t < n; t++) {
		asr_frontend_cepstrum(f, s->pcm, s->n, t, c + (size_t)t * ASR_CEPSTRA);
	}
	asr_frontend_normalize(c, n);
	for (uint32_t k = 0; k < TINY_SOUNDS; k++) {
		for (uint32_t d = 0; d < TINY_DENSITIES; d++) {
			/* From just before the sound to its end: the change belongs to it. */
			uint32_t start = k == TINY_SILENCE ? 2 : k == TINY_LOW ? 24 : 74;
			asr_frontend_features(c, n, start + d * 3 / 2, x[k][d]);
		}
	}
	free(c);
	free(s);
	free(f);
}

static inline void
tiny_put_sounds(struct tiny_header *t)
{
	static float x[TINY_SOUNDS][TINY_DENSITIES][ASR_FEATURES];
	size_t table = (size_t)TINY_SOUNDS * ASR_FEATURES * TINY_DENSITIES;
	uint8_t *means = tiny_section(t, ASR_MEANS, table);
	uint8_t *weights = tiny_section(t, ASR_WEIGHTS, table);
	struct asr_scale *scales = tiny_section(t, ASR_SCALES, ASR_FEATURES * sizeof *scales);
	tiny_learn(&t->h, x);
	for (uint32_t dim = 0; dim < ASR_FEATURES; dim++) {
		/* 16 bits would be 1/8 of a unit apart; +-32 holds all there is. */
		scales[dim] = (struct asr_scale){-32.0f, 0.25f, -3.0f, 0.0f};
		for (uint32_t k = 0; k < TINY_SOUNDS * TINY_DENSITIES; k++) {
			float q = (x[k / TINY_DENSITIES][k % TINY_DENSITIES][dim] + 32.0f) * 4.0f + 0.5f;
			size_t at =
			    ((size_t)(k / TINY_DENSITIES) * ASR_FEATURES + dim) * TINY_DENSITIES + k % TINY_DENSITIES;
			means[at] = (uint8_t)(q < 0.0f ? 0.0f : q > 255.0f ? 255.0f : q);
			weights[at] = 0;
		}
	}
	memset(tiny_section(t, ASR_MIXW, (size_t)TINY_SOUNDS * 3 * TINY_DENSITIES), 27,
	    (size_t)TINY_SOUNDS * 3 * TINY_DENSITIES);
	uint16_t *codebook = tiny_section(t, ASR_CODEBOOK, TINY_SOUNDS * sizeof *codebook);
	float *transition = tiny_section(t, ASR_TRANSITION, 3 * sizeof *transition);
	struct asr_phone *phones = tiny_section(t, ASR_PHONES, TINY_SOUNDS * sizeof *phones);
	memcpy(transition, (const float[]){-0.1053605f, -2.3025851f, ASR_LOG_ZERO}, 3 * sizeof *transition);
	for (uint16_t k = 0; k < TINY_SOUNDS; k++) {
		codebook[k] = k;
		phones[k] = (struct asr_phone){{k}, 0};
	}
}

/* Any words one after the other; @p n_points: how many points do the same between them. */
static inline void
tiny_put_graph(struct tiny_header *t, uint32_t n_points)
{
	struct asr_node *nodes = tiny_section(t, ASR_NODES, TINY_SOUNDS * sizeof *nodes);
	struct asr_point *points = tiny_section(t, ASR_POINTS, (n_points + 1) * sizeof *points);
	struct asr_arc *arcs = tiny_section(t, ASR_ARCS, (size_t)(TINY_SOUNDS * (2 * n_points + 1)) * sizeof *arcs);
	struct asr_word *words = tiny_section(t, ASR_WORDS, TINY_SOUNDS * sizeof *words);
	uint32_t n = 0;
	for (uint16_t k = 0; k < TINY_SOUNDS; k++) {
		nodes[k] = (struct asr_node){{k}, 0, n, k, 0};
		for (uint32_t p = 1; p <= n_points; p++) {
			arcs[n++] = (struct asr_arc){TINY_SOUNDS + p, 0.0f};
		}
	}
	for (uint32_t p = 0; p <= n_points; p++) {
		points[p] = (struct asr_point){n, p == 0 ? ASR_LOG_ZERO : 0.0f};
		for (uint32_t k = 0; k < TINY_SOUNDS; k++) {
			arcs[n++] = (struct asr_arc){k, -20.0f};
		}
	}
	words[TINY_LOW] = (struct asr_word){0, 3};
	words[TINY_HIGH] = (struct asr_word){3, 4};
	memcpy(tiny_section(t, ASR_TEXT, 7), "lowhigh", 7);
}

/* The model's bytes, to be freed. */
static inline uint8_t *
tiny_model(uint32_t n_points, uint32_t *len)
{
	struct tiny_header t = {.h = {.bytes = sizeof t.h}};
	t.file = aligned_alloc(16, TINY_MODEL_MAX);
	assert(t.file != NULL);
	memset(t.file, 0, TINY_MODEL_MAX);
	memcpy(t.h.magic, ASR_MAGIC, sizeof t.h.magic);
	t.h.feature = ASR_FEATURE_CEPSTRA;
	t.h.n_streams = 3;
	t.h.n_densities = TINY_DENSITIES;
	t.h.n_codebooks = t.h.n_senones = t.h.n_phones = t.h.n_nodes = t.h.n_words = TINY_SOUNDS;
	t.h.n_tmats = t.h.n_states = 1;
	t.h.n_points = n_points + 1;
	t.h.n_arcs = TINY_SOUNDS * (2 * n_points + 1);
	t.h.n_filters = 20;
	for (uint32_t i = 0; i < 22; i++) {
		t.h.edges[i] = (uint16_t)(4 + i * 10);
	}
	for (uint32_t i = 0; i < 3; i++) {
		t.h.dims[i] = ASR_CEPSTRA;
	}
	t.h.lifter = 22;
	t.h.phone_penalty = -5.0f;
	t.h.grade[0] = 3.0f;
	t.h.grade[1] = t.h.grade[2] = 1.0f;
	t.h.threshold = 0.5f;
	memcpy(t.h.grammar, "tiny", 5);
	tiny_put_sounds(&t);
	tiny_put_graph(&t, n_points);
	memcpy(t.file, &t.h, sizeof t.h);
	*len = t.h.bytes;
	return t.file;
}

#endif
