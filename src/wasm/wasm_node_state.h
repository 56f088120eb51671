#ifndef RMI_WASM_WASM_NODE_STATE_H
#define RMI_WASM_WASM_NODE_STATE_H

/** @file What the files of the node types share. */

#include <rme/node.h>
#include "core/module_entry.h"
#include "wasm/instance.h"
#include "wasm/module.h"
#include "wasm/service_names.h"
#include "wasm/wasm_node.h"

struct rmi_iso_host;

/** A node type with what stands behind it: a node finds it through its type. */
struct rmi_wasm_node_kind {
	struct rme_node_type type;   /**< first member */
	struct rme_node_type inproc; /**< as it runs in this process; type chooses (wasm_level.c) */
	struct rmi_wasm_nodes *nodes;
	bool hybrid; /**< may call services */
};

/** State of a node over a module. */
struct rmi_wasm_state {
	const struct rmi_wasm_node_kind *kind;
	const struct rmi_wasm_node_config *config;
	const struct rme_module_entry *entry; /* NULL = named by path */
	struct rmi_wasm_module *module;
	struct rmi_wasm_instance *instance; /* NULL = the next item opens one */
	struct rmi_service_names services;
	struct rmi_asset_list *assets; /* files of the module; NULL = none */
	char *params;                  /* JSON that configure is given */
	struct rmi_guest_env env;
	struct rmi_guest_start start;
	char input[RME_FORMAT_TEXT_MAX];
	struct rme_format output;     /* of results; ANY = as the item */
	struct rme_format told;       /* input format of the last packet, for which the instance is */
	struct rme_format asked_with; /* input format for which the module was asked about its output */
	bool output_asked;
};

/** open() and close() of both types. */
enum rme_err rmi_wasm_open(struct rme_node *self, const void *config);
void rmi_wasm_close(struct rme_node *self);

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
