#ifndef RMI_WASM_WASM_ITEM_H
#define RMI_WASM_WASM_ITEM_H

/**
 * @file
 * An item in a module: the steps that call the guest, which may be suspended in each of them, and what is done with a
 * result between two steps, on the session's thread. For wasm_node.c, where a step is a plain call, and hybrid_node.c.
 */

#include <rme/node.h>
#include "wasm/wasm_node_state.h"

/** An item under way: its results share one meta. */
struct rmi_wasm_item {
	struct rme_node *self;
	struct rmi_wasm_state *s;
	struct rme_packet *in;       /**< DATA or FLUSH, borrowed */
	struct rme_packet_meta meta; /**< of the results */
	unsigned outputs;
};

struct rmi_wasm_item rmi_wasm_item_begin(struct rme_node *self, struct rme_packet *in);

/**
 * A step: call the guest. @p out is in its memory, valid until the next step; len 0 = there is nothing more. An instance that
 * ended is thrown away, which the error's text says then; the next item gets a new one.
 */
typedef enum rme_err rmi_wasm_step(struct rmi_wasm_item *it, struct rme_bytes *out, struct rme_error *err);
/** For DATA; further ones are rmi_wasm_item_next. */
rmi_wasm_step rmi_wasm_item_first;
rmi_wasm_step rmi_wasm_item_next;
/** For FLUSH, again and again. */
rmi_wasm_step rmi_wasm_item_flush;

/** Give a result to the next node. @return an error that ends the item, with text */
RME_NODISCARD enum rme_err rmi_wasm_item_emit(struct rmi_wasm_item *it, struct rme_bytes out, struct rme_error *err);
/** Write into the item's report what its host calls cost. */
void rmi_wasm_item_report(struct rmi_wasm_item *it);

/** Make and start an instance. */
RME_NODISCARD enum rme_err rmi_wasm_open_instance(struct rmi_wasm_state *s, struct rme_error *err);
/** Have the instance forget the stream; where it cannot, the next item gets a new one. */
void rmi_wasm_reset_instance(struct rmi_wasm_state *s);

#endif
