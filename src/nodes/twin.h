#ifndef RMI_NODES_TWIN_H
#define RMI_NODES_TWIN_H

/**
 * @file
 * Native twins: every module written in C is also a node of the same name, compiled from the same source. The table of them
 * is generated from wasm-modules.yaml (scripts/modules/twins.py); twin.c is the one node behind all.
 */

#include <rme/node.h>
#include "core/module_entry.h"
#include "modules/sdk/c/rme_native.h"

/** The node's config struct: one of these per parameter, in the order of the registry. */
union rmi_twin_value {
	bool boolean;
	int choice;
	int64_t whole;
	double number;
	char *text; /**< a string, or the path of an asset */
};

struct rmi_twin_kind {
	struct rme_node_type type;
	const struct rme_module_entry *entry;
	const struct rme_native_module *module;
};

/** Ends with NULL. */
extern const struct rmi_twin_kind *const rmi_twins[];

/* What the generated table puts into a type. */
enum rme_err rmi_twin_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives);
enum rme_err rmi_twin_open(struct rme_node *self, const void *config);
enum rme_err rmi_twin_process(struct rme_node *self, struct rme_packet *in);
enum rme_err rmi_twin_flush(struct rme_node *self, struct rme_packet *flush);
void rmi_twin_reset(struct rme_node *self);
void rmi_twin_close(struct rme_node *self);

/** Bytes of a twin's state. */
#define RMI_TWIN_STATE_SIZE ((size_t)4096)

#endif
