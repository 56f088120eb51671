#ifndef EVAL_TEST_NOISE_H
#define EVAL_TEST_NOISE_H

/* The nine noise families of the test set. Training never sees them, nor anything made by this code. */

#include "rng.h"
#include "sound.h"

enum { TEST_NOISES = 9 };
extern const char *const test_noise_names[TEST_NOISES];

/* @p n samples of family @p k, mean power 1. */
struct sound test_noise(int k, size_t n, uint64_t seed);

#endif
