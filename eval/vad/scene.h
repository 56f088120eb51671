#ifndef EVAL_SCENE_H
#define EVAL_SCENE_H

/* Training material: speech of random people in random rooms with random noise, and where the speech is. */

#include "rng.h"
#include "sound.h"
#include "train_noise.h"

enum { VOICES_MAX = 40, SCENE_FRAMES = 1200, SCENE_SAMPLES = SCENE_FRAMES * SOUND_FRAME };

struct voices {
	struct sound file[VOICES_MAX];
	int n;
};

/* Reads and labels DIR/speech/ *.s16. */
void voices_load(struct voices *v, const char *dir);

/* 12 seconds as samples, and labels. */
void scene_make(const struct voices *v, const struct recordings *rec, struct rng *r, int16_t *pcm, uint8_t *label);

#endif
