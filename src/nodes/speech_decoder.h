#ifndef RMI_NODES_SPEECH_DECODER_H
#define RMI_NODES_SPEECH_DECODER_H

/**
 * @file
 * Speech to text, one utterance at a time (PocketSphinx). A decoder belongs to one thread at a time; several may run at
 * once. PocketSphinx ends the process when memory runs out inside of it, or a model file is corrupt in some ways: models
 * come from the operator, never from a peer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_decoder;

enum {
	RMI_DECODER_RATE_HZ = 16000,
	RMI_DECODER_SECONDS_MAX = 300, /**< longest utterance; the search keeps about 1 MB per second */
};

/** What to recognize; all borrowed. At most one of grammar and keyphrase; neither: the language model. */
struct rmi_decoder_config {
	const char *model;          /**< folder of the acoustic model */
	const char *dictionary;     /**< file */
	const char *language_model; /**< file; used where neither of the next two is set */
	const char *grammar;        /**< JSGF: text or file; NULL or "" = none */
	const char *keyphrase;      /**< words to wait for; NULL or "" = none */
	double keyphrase_threshold; /**< 0..1: the lower, the more is taken for the phrase */
};

struct rmi_word {
	const char *text; /**< borrowed from the transcript */
	int64_t start_ms, end_ms;
	float confidence;
};

struct rmi_transcript {
	char *text;       /**< words with spaces between them; never NULL */
	float confidence; /**< geometric mean of the words' posteriors, 0 where there is no word */
	struct rmi_word *words;
	size_t n_words;
};

/**
 * Load the models.
 * @return RME_OK, RME_ENOTFOUND (a model is missing; the text says what to install), RME_ECONFIG (grammar), RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_decoder_open(struct rmi_decoder **out, const struct rmi_decoder_config *config, struct rme_error *err);
/** True if a decoder was opened with this configuration. */
bool rmi_decoder_fits(const struct rmi_decoder *d, const struct rmi_decoder_config *config);
/** NULL is a no-op. */
void rmi_decoder_close(struct rmi_decoder *d);

/**
 * Recognize one utterance. The result depends on nothing that came before.
 * @param pcm  mono, RMI_DECODER_RATE_HZ
 * @param[out] out  release with rmi_transcript_done()
 * @return RME_OK (also where no word was found), RME_ELIMIT (too long), RME_EMODULE, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_decoder_run(struct rmi_decoder *d, const int16_t *pcm, size_t n, struct rmi_transcript *out, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_transcript_done(struct rmi_transcript *t);

#endif
