#ifndef RMI_WASM_INVOKE_H
#define RMI_WASM_INVOKE_H

/** @file One guarded call into a guest: on a guest stack, under the watchdog, and with the reason it ended. */

#include <stdatomic.h>
#include <stdint.h>
#include <rme/err.h>
#include "wasm/lane.h"

enum { RMI_INVOKE_ARGS_MAX = 4 };

struct rmi_invoke {
	const WasmEdge_FunctionInstanceContext *function;
	int32_t args[RMI_INVOKE_ARGS_MAX];
	uint32_t n_args;
	uint32_t n_results; /**< 0 or 1 */
	int64_t deadline_ns;
	/* Out. */
	WasmEdge_Result result;
	WasmEdge_Value value; /**< where it returned one */
	enum rmi_stop stop;   /**< why it was ended */
};

/** What runs; constant during the call. */
struct rmi_invoke_target {
	struct rmi_wasm_process *process;
	const struct rmi_zone *zone;
	const atomic_bool *canceled;
	struct rmi_wasm_instance *instance; /**< for host functions */
};

/**
 * Call. RME_OK means that the guest was entered: look at stop, then at result.
 * @return RME_OK, RME_EINVAL (a guest runs on this thread already: calls are never nested), RME_EUNSUPPORTED (in a child
 *         of fork()), RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_invoke(struct rmi_invoke *call, const struct rmi_invoke_target *target, struct rme_error *err);

#endif
