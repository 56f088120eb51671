#ifndef RMI_NODES_FSG_H
#define RMI_NODES_FSG_H

/**
 * @file
 * A JSGF grammar (https://www.w3.org/TR/jsgf/) as a finite state grammar without empty steps: every arc is a word. Rules are
 * replaced by what they stand for; a rule may come back to itself only as the last part of an alternative, as a loop. Any
 * thread.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

enum {
	RMI_FSG_STEPS_MAX = 200000, /**< states and arcs, empty ones included, before they are merged */
	RMI_FSG_WORDS_MAX = 4000,
	RMI_FSG_WORD_BYTES_MAX = 64,
	RMI_FSG_DEPTH_MAX = 64, /**< rules and brackets within each other */
};

struct rmi_fsg_arc {
	uint32_t from, to;
	uint32_t word;
	double weight; /**< ln of the probability */
};

struct rmi_fsg {
	uint32_t n_states; /**< state 0 is where a sentence begins */
	struct rmi_fsg_arc *arcs;
	uint32_t n_arcs;
	double *last; /**< [state] ln of the probability that the sentence ends there, -INFINITY where it cannot */
	char **words;
	uint32_t n_words;
	char name[32]; /**< of the grammar */
};

/**
 * Read a grammar: any public rule may be spoken.
 * @param[out] out  release with rmi_fsg_done(), also after an error
 * @return RME_OK, RME_ECONFIG (with the line), RME_ELIMIT, RME_EUNSUPPORTED, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_fsg_read(struct rmi_fsg *out, const char *text, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_fsg_done(struct rmi_fsg *g);

#endif
