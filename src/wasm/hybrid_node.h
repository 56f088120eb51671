#ifndef RMI_WASM_HYBRID_NODE_H
#define RMI_WASM_HYBRID_NODE_H

/**
 * @file
 * HybridWasmNode: a module that may wait for services. Its guest is suspended meanwhile and the session's worker runs other
 * sessions; what comes in for the module waits in the node, in order.
 */

#include <rme/node.h>
#include "base/queue.h"
#include "wasm/guest_run.h"
#include "wasm/wasm_item.h"
#include "wasm/wasm_node_state.h"

struct rmi_hybrid_state {
	struct rmi_wasm_state wasm; /**< first member */
	struct rmi_guest_run run;
	struct rmi_queue queue; /**< packets that wait for their turn */
	size_t ends;            /**< room in the queue that DATA leaves to FLUSH and ITEM_END */
	bool open;
	bool pinned;
	bool waking;  /**< in wake() */
	bool running; /**< a call that comes in meanwhile only adds to the queue */
	/* The item that has its turn. */
	struct rme_packet *turn; /**< DATA or FLUSH, NULL = none */
	struct rmi_wasm_item item;
	rmi_wasm_step *step; /**< under way, or next */
	struct rme_bytes out;
	enum rme_err result; /**< of the step */
	struct rme_error error;
};

enum { RMI_HYBRID_WAITING_MAX = 4096 /**< packets with data that wait in a node */ };

enum rme_err rmi_hybrid_open(struct rme_node *self, const void *config);
enum rme_err rmi_hybrid_process(struct rme_node *self, struct rme_packet *in);
void rmi_hybrid_wake(struct rme_node *self);
void rmi_hybrid_reset(struct rme_node *self);
void rmi_hybrid_close(struct rme_node *self);

#endif
