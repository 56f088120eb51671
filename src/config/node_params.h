#ifndef RMI_CONFIG_NODE_PARAMS_H
#define RMI_CONFIG_NODE_PARAMS_H

/**
 * @file
 * A node's settings as written, bound to the parameters of its type. Whoever wires nodes together knows the types; this
 * knows the file, and shows each mistake at its place.
 */

#include <rme/node.h>

#include "config/pipeline_file.h"

/** What binding needs beside one node. */
struct rmi_bind {
	struct rmi_diags *diags;
	struct rmi_pipeline_def *def; /**< its overrides apply; NULL = there are none */
	/** Makes a child node of a parameter of kind RME_PARAM_NODE. @return false with an error in diags */
	bool (*make_child)(void *ctx, const char *path, const struct rmi_node_def *child, struct rme_node_spec *out);
	void *ctx;
};

/** One node's settings. */
struct rmi_bind_in {
	const char *path;                     /**< "vad", or "vad.edge" for a router's child */
	const struct rmi_mark *mark;          /**< of the node, for what is missing */
	const struct rmi_yaml_node *settings; /**< a map; NULL = none */
	const struct rme_param *table;        /**< NULL = the type takes none */
	const struct rme_value *extra;        /**< values that the program adds; n_extra of them */
	size_t n_extra;
};

/**
 * Fill the config struct of a node type.
 * @param[out] config  of the type, all-zero; its texts are freed by rme_params_done(), also after a failure
 * @return false with errors in the diagnostics
 */
bool rmi_bind_params(const struct rmi_bind *bind, const struct rmi_bind_in *in, void *config);

/**
 * The same for a map whose keys only the program knows: a copy of @p settings with the overrides of @p path in it.
 * @return NULL = out of memory; the empty map if there are none
 */
const struct rmi_yaml_node *
rmi_bind_settings(const struct rmi_bind *bind, const char *path, const struct rmi_yaml_node *settings);

/** Once all nodes are bound: overrides that no node took are errors. */
bool rmi_bind_check_overrides(const struct rmi_bind *bind);

#endif
