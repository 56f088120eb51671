#ifndef RMI_NODES_ASR_GRAPH_H
#define RMI_NODES_ASR_GRAPH_H

/** @file A grammar's words as a graph of phones in their contexts: a part of rmi_asr_pack(). */

#include "nodes/cmu_dictionary.h"
#include "nodes/cmu_model.h"
#include "nodes/fsg.h"

enum { RMI_ASR_STATES_MAX = 4000 };

struct rmi_asr_graph_node {
	const struct rmi_cmu_triphone *phone;
	uint32_t word; /**< that ends here: 0 silence, else one more than its number in the grammar; RMI_ASR_NO_WORD */
};

#define RMI_ASR_NO_WORD 0xffffffffU

/** From and to are nodes, or points where RMI_ASR_POINT is set. */
#define RMI_ASR_POINT 0x80000000U

struct rmi_asr_graph_link {
	uint32_t from, to;
	float weight;
};

struct rmi_asr_graph {
	struct rmi_asr_graph_node *nodes;
	size_t n_nodes, cap_nodes;
	float *last; /**< [point] ln of ending there; point 0 is where sentences begin */
	size_t n_points, cap_points;
	struct rmi_asr_graph_link *links;
	size_t n_links, cap_links;
};

/** @param[out] out  release with rmi_asr_graph_done(), also after an error */
RME_NODISCARD enum rme_err rmi_asr_graph_make(struct rmi_asr_graph *out, const struct rmi_cmu_model *model,
    const struct rmi_cmu_dictionary *dictionary, const struct rmi_fsg *fsg, struct rme_error *err);
void rmi_asr_graph_done(struct rmi_asr_graph *g);

#endif
