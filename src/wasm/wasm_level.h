#ifndef RMI_WASM_WASM_LEVEL_H
#define RMI_WASM_WASM_LEVEL_H

/** @file One node type over both levels of isolation: which one a node gets is decided when it opens. */

#include "wasm/wasm_node_state.h"

/** Make kind->type out of @p inproc, which may be a plain or an async node type. */
void rmi_wasm_level_init(struct rmi_wasm_node_kind *kind, const struct rme_node_type *inproc);

#endif
