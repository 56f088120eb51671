#ifndef RMI_NODES_FSG_JSGF_H
#define RMI_NODES_FSG_JSGF_H

/** @file The text of a grammar as a graph with empty steps; the first half of rmi_fsg_read(). */

#include "nodes/fsg.h"

#define RMI_FSG_EMPTY 0xffffffffU

struct rmi_fsg_step {
	uint32_t from, to;
	uint32_t word;      /**< or RMI_FSG_EMPTY */
	double probability; /**< among the steps of its choice */
};

struct rmi_fsg_graph {
	struct rmi_fsg_step *steps;
	size_t n_steps, cap_steps;
	uint32_t n_states; /**< 0 is the beginning, 1 the end */
	char **words;
	uint32_t n_words;
	char name[32];
};

/** @param[out] g  release with rmi_fsg_graph_done(), also after an error */
RME_NODISCARD enum rme_err rmi_fsg_parse(struct rmi_fsg_graph *g, const char *text, struct rme_error *err);
void rmi_fsg_graph_done(struct rmi_fsg_graph *g);

#endif
