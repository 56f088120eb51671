#ifndef EVAL_ASR_SET_H
#define EVAL_ASR_SET_H

/*
 * What is said to recognizers: recordings of people out of Debian packages, and phrases spoken by Flite's voices. The split into
 * development and test was made before anything was tuned: development is the cards of pocketsphinx-testdata and the
 * phrases of alsa-utils, all of the rest is test.
 */

#include <stddef.h>
#include <stdint.h>

enum asr_grammar { GRAMMAR_CARDS, GRAMMAR_COMMANDS, GRAMMAR_DIGITS, GRAMMAR_NUMBERS, GRAMMAR_YES_NO, GRAMMARS };
extern const char *const asr_grammar_names[GRAMMARS];
/* Paths from the repository's root, or of a package. */
extern const char *const asr_grammar_files[GRAMMARS];

enum asr_source { SOURCE_DEV, SOURCE_PEOPLE, SOURCE_VOICES, SOURCES };
extern const char *const asr_source_names[SOURCES];

struct asr_sample {
	char name[64];
	enum asr_source source;
	const char *said;
	unsigned grammars; /* bit set: it is a sentence of that grammar; others may hear it as a part of theirs */
	unsigned unfit;    /* bit set: must not be counted as foreign to that grammar */
	int16_t *pcm;
	size_t n;
};

struct asr_set {
	struct asr_sample *samples;
	size_t n;
};

/* @p with_voices: also what Flite says. */
struct asr_set asr_set_make(int with_voices);
void asr_set_free(struct asr_set *s);

/* The sample with noise (mean power 1) at this SNR over its active speech, after a second of noise alone. */
int16_t *asr_set_mix(const struct asr_sample *s, int noise, double snr_db, uint64_t seed, size_t *n);

#endif
