#ifndef EVAL_DETECTORS_H
#define EVAL_DETECTORS_H

/* The detectors that are compared: samples in, a score and a decision for every 10 ms out. */

#include <stddef.h>
#include <stdint.h>

struct detector {
	const char *name;
	/* @p n samples; score and decision have n / 160 values */
	void (*run)(const int16_t *pcm, size_t n, float *score, uint8_t *decision);
	int lag; /* frames that the score comes after what it says something about */
};

extern const struct detector detectors[];
extern const size_t detectors_n;

#endif
