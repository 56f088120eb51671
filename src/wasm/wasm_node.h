#ifndef RMI_WASM_WASM_NODE_H
#define RMI_WASM_WASM_NODE_H

/**
 * @file
 * The node types over modules: "WasmEdgeNode" runs a module, "HybridWasmNode" is the same with services granted, for which its
 * guest may wait: it is asynchronous. Both have one instance per session.
 */

#include <stddef.h>
#include <rme/node.h>
#include "core/module_entry.h"
#include "core/isolation.h"

struct rmi_asset_source;
struct rmi_iso_status;
struct rmi_wasm_engine;
struct rmi_wasm_module;
struct rmi_wasm_nodes;

/** Modules known by name; entries and array are borrowed and outlive the node types. */
struct rmi_wasm_registry {
	struct rme_module_entry *const *entries;
	size_t n;
	enum rme_isolation otherwise; /**< where modules run that are not ours; AUTO = process */
	struct rmi_wasm_module *only; /**< the one module that every node runs, opened already; NULL = as nodes say */
};

/**
 * Make the node types. Register both of rmi_wasm_nodes_type() with the runtime.
 * @param e  borrowed; outlives them
 * @param registry  copied; NULL = modules are named by path only
 */
RME_NODISCARD enum rme_err
rmi_wasm_nodes_new(struct rmi_wasm_nodes **out, struct rmi_wasm_engine *e, const struct rmi_wasm_registry *registry);
/** Once no session uses them any more. NULL is a no-op. */
void rmi_wasm_nodes_free(struct rmi_wasm_nodes *n);

/** Of the processes of isolated modules. Any thread. */
void rmi_wasm_nodes_isolation(struct rmi_wasm_nodes *n, struct rmi_iso_status *out);

/** @param index  0 = WasmEdgeNode, 1 = HybridWasmNode; NULL past the end */
const struct rme_node_type *rmi_wasm_nodes_type(const struct rmi_wasm_nodes *n, size_t index);

/** Config of both; written by params. See the table in wasm_node.c for what each means. */
struct rmi_wasm_node_config {
	char *module;        /**< name in the registry, or path of a .wasm file */
	char *function_name; /**< NULL = as the registry says, else "process" */
	char *params;        /**< JSON object for configure(); NULL = defaults of the registry */
	char *services;      /**< JSON array of names; NULL = as the registry says (HybridWasmNode: granted) */
	char *input;         /**< media format; NULL = as the registry says */
	char *output;        /**< media format; NULL = as the registry says */
	int64_t memory_limit_bytes, timeout_ns, result_limit_bytes; /**< 0 = as the registry says */
	int isolation; /**< enum rme_isolation; AUTO = as the registry says */
	/** Not of the table: where the files of the module come from; NULL = they are read as params say. Borrowed. */
	const struct rmi_asset_source *assets;
};

#endif
