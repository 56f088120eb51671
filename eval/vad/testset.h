#ifndef EVAL_TESTSET_H
#define EVAL_TESTSET_H

/*
 * Labeled tracks of real speech out of Debian packages: utterances trimmed to 80 ms before and 120 ms after speech, leveled to
 * -26 dB, put in random order between 0.8 to 2.6 s of silence.
 */

#include "sound.h"

enum part { PART_DEV = 1, PART_TEST = 2, PART_ALL = 3 };

enum { TESTSET_SPANS_MAX = 32 };

struct testset {
	struct sound sound;
	size_t span[TESTSET_SPANS_MAX +
	            1]; /* frames where an utterance begins, with the pause before it; the last is the end */
	size_t n_spans;
};

/* Development: pocketsphinx "cards" and alsa-utils phrases. Test: LibriVox, and the single recordings. */
struct testset testset_make(enum part part, uint64_t seed);

/* The track with @p noise (mean power 1) at this SNR over the power of active speech; as samples, after @p gain_db. */
int16_t *testset_mix(const struct sound *clean, const struct sound *noise, double snr_db, double gain_db);

#endif
