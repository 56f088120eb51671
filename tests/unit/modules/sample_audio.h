#ifndef TEST_MODULES_SAMPLE_AUDIO_H
#define TEST_MODULES_SAMPLE_AUDIO_H

/* Audio for tests of detectors: a spoken sentence from tests/vectors, silence, and noise that any language can repeat. */

#include <stdint.h>
#include <stdio.h>

enum { SAMPLE_MAX = 16000 * 16 };

struct sample_audio {
	int16_t pcm[SAMPLE_MAX];
	uint32_t n;
};

/* The next value of the generator that all vectors use: -32768 .. 32767. */
static inline int32_t
sample_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (int32_t)(*seed >> 16) - 32768;
}

static inline void
sample_noise(struct sample_audio *a, uint32_t n, int32_t peak, uint32_t *seed)
{
	for (uint32_t i = 0; i < n && a->n < SAMPLE_MAX; i++) {
		a->pcm[a->n++] = (int16_t)(sample_random(seed) * peak / 32768);
	}
}

/* Append the sentence; returns its samples, 0 if the file cannot be read. */
static inline uint32_t
sample_sentence(struct sample_audio *a)
{
	FILE *f = fopen(VECTORS_DIR "/vad/sentence.s16le", "rb");
	if (f == NULL) {
		return 0;
	}
	size_t n = fread(a->pcm + a->n, 2, SAMPLE_MAX - a->n, f);
	(void)fclose(f);
	a->n += (uint32_t)n;
	return (uint32_t)n;
}

/* Add noise to everything so far. */
static inline void
sample_add_noise(struct sample_audio *a, int32_t peak, uint32_t *seed)
{
	for (uint32_t i = 0; i < a->n; i++) {
		int32_t v = a->pcm[i] + sample_random(seed) * peak / 32768;
		a->pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
}

#endif
