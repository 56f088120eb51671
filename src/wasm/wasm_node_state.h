#ifndef RMI_WASM_WASM_NODE_STATE_H
#define RMI_WASM_WASM_NODE_STATE_H

/** @file What wasm_node.c and wasm_nodes.c share. */

#include <rme/node.h>
#include "core/module_entry.h"
#include "wasm/module.h"
#include "wasm/wasm_node.h"

struct rmi_iso_host;

/** A node type with what stands behind it: a node finds it through its type. */
struct rmi_wasm_node_kind {
	struct rme_node_type type;   /**< first member */
	struct rme_node_type inproc; /**< as it runs in this process; type chooses (wasm_level.c) */
	struct rmi_wasm_nodes *nodes;
	bool hybrid; /**< may call services */
};

/** The types to copy: WasmEdgeNode, HybridWasmNode. */
extern const struct rme_node_type rmi_wasm_node_types[2];

/** NULL where the registry has no such module. */
const struct rme_module_entry *rmi_wasm_nodes_find(const struct rmi_wasm_nodes *n, const char *module);
/** What to open for a node: as its config says, within what the registry says. */
RME_NODISCARD enum rme_err rmi_wasm_node_spec(struct rmi_wasm_module_spec *out, struct rme_node *self,
    const struct rmi_wasm_node_config *c, const struct rme_module_entry *entry);
/** For modules in processes of their own; made at the first call. */
RME_NODISCARD enum rme_err
rmi_wasm_nodes_host(struct rmi_iso_host **out, struct rmi_wasm_nodes *n, struct rme_error *err);
/** Where modules run that are not ours. */
enum rme_isolation rmi_wasm_nodes_otherwise(const struct rmi_wasm_nodes *n);
/** Open a module and keep it open until the types are freed. */
RME_NODISCARD enum rme_err rmi_wasm_nodes_open(struct rmi_wasm_module **out, struct rmi_wasm_nodes *n,
    const struct rmi_wasm_module_spec *spec, struct rme_error *err);

#endif
