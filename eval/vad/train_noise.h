#ifndef EVAL_TRAIN_NOISE_H
#define EVAL_TRAIN_NOISE_H

/* Noise that the network learns to ignore. Shares no code and no recording with the test set's noise (test_noise.c). */

#include "rng.h"
#include "sound.h"

enum { RECORDINGS_MAX = 32 };

struct recordings {
	struct sound effects, ambient[RECORDINGS_MAX], music[RECORDINGS_MAX];
	int n_ambient, n_music;
};

/* Reads DIR/noise/{effects,ambient-*,music-*}.s16. */
void recordings_load(struct recordings *r, const char *dir);

/* @p n samples of a random kind, mean power 1; of recorded music, if asked for. */
struct sound train_noise(const struct recordings *rec, size_t n, int music, struct rng *r);

#endif
