#ifndef RMI_WASM_FIBER_H
#define RMI_WASM_FIBER_H

/**
 * @file
 * A function that calls guests, on a guest stack, and may be left in the middle of a host call and gone on with later: a
 * suspended guest. The thread runs other guests meanwhile, each on a stack of its own, and only this thread can go on with
 * it, because compiled code and the engine's frames on that stack hold addresses of the thread's local storage.
 *
 * What a switch has to exchange: the stack pointer and the registers that a callee keeps; what the lane knows of the running
 * guest; and libwasmedge's thread-local block, where the engine keeps the instance that runs and where a trap jumps to.
 */

#include <stdbool.h>
#include <rme/err.h>
#include "wasm/lane.h"

/** In the owner's memory. All-zero before the first start. */
struct rmi_fiber {
	struct rmi_guest_stack *stack; /**< tied up from the start to the end */
	void *sp;                      /**< where it was left */
	void (*fn)(void *arg);
	void *arg;
	bool over;
};

/**
 * Find the thread's block. Before the first start on a lane, while nothing runs.
 * @return RME_OK, RME_EUNSUPPORTED (none there, or too large)
 */
RME_NODISCARD enum rme_err rmi_fiber_prepare(struct rmi_lane *lane, struct rme_error *err);

/** Run fn(arg) on the lane's stack. Not from a fiber. @return true: it has returned; false: it was suspended */
bool rmi_fiber_start(struct rmi_fiber *f, struct rmi_lane *lane, void (*fn)(void *arg), void *arg);
/** Go on where it was left, on the same lane. @return as start */
bool rmi_fiber_resume(struct rmi_fiber *f, struct rmi_lane *lane);

/**
 * From a host function of a guest that runs in a fiber: leave. Returns when the fiber is resumed; the lane is as before then,
 * but its deadline may have passed, and it may have been canceled.
 * @return false: there is no stack for the next guest, nothing has happened
 */
RME_NODISCARD bool rmi_fiber_suspend(struct rmi_lane *lane);

#endif
