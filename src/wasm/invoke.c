#include "wasm/invoke.h"

#include "base/clock.h"
#include "wasm/wasm_process.h"
#include "wasm/watchdog.h"

struct entry {
	struct rmi_lane *lane;
	struct rmi_invoke *call;
};

/* On the guest stack. */
static void
enter(void *arg)
{
	const struct entry *e = arg;
	struct rmi_invoke *call = e->call;
	struct rmi_wasm_process *p = e->lane->process;
	WasmEdge_Value args[RMI_INVOKE_ARGS_MAX];
	for (uint32_t i = 0; i < call->n_args; i++) {
		args[i] = (WasmEdge_Value){.Value = (uint32_t)call->args[i], .Type = p->i32};
	}
	call->result =
	    p->we.ExecutorInvoke(e->lane->executor, call->function, args, call->n_args, &call->value, call->n_results);
}

/* The stop flag stays set where the guest ended by itself just then: have it consumed by a call that does nothing. */
static void
clear_stop_flag(struct rmi_lane *lane)
{
	struct rmi_wasm_process *p = lane->process;
	(void)p->we.ExecutorInvoke(lane->executor, p->no_op, NULL, 0, NULL, 0);
}

enum rme_err
rmi_invoke(struct rmi_invoke *call, const struct rmi_invoke_target *target, struct rme_error *err)
{
	struct rmi_wasm_process *p = target->process;
	struct rmi_lane *lane;
	if (rmi_lane_running() != NULL) {
		return rme_error_set(
		    err, RME_EINVAL, NULL, "a module runs on this thread already; calls are never nested");
	}
	if (atomic_load_explicit(&p->forked, memory_order_relaxed)) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, NULL, "modules cannot run in a child of fork(); start a new program");
	}
	enum rme_err e = rmi_lane_of_thread(&lane, p, err);
	if (e == RME_OK && target->zone->interruptible) {
		e = rmi_lane_need_stop_handle(lane, err);
	}
	if (e != RME_OK) {
		return e;
	}
	lane->zone = target->zone;
	lane->canceled = target->canceled;
	lane->instance = target->instance;
	rmi_lane_enter(lane, call->deadline_ns);
	rmi_watchdog_notice(p->watchdog, call->deadline_ns);
	/* Whoever cancels sets the flag and then has the watchdog look: if it looked too early, we see the flag here. */
	if (target->canceled != NULL && atomic_load(target->canceled)) {
		rmi_lane_stop(lane, RMI_STOP_CANCELED);
	} else {
		struct entry in = {lane, call};
		if (lane->fiber != NULL) {
			enter(&in); /* it is on the guest stack already */
		} else {
			rmi_guest_stack_run(lane->stack, enter, &in);
		}
	}
	rmi_lane_leave(lane);
	call->stop = (enum rmi_stop)atomic_load_explicit(&lane->stop, memory_order_relaxed);
	if (call->stop != RMI_STOP_NONE) {
		rmi_guest_stack_reset(lane->stack);
		if (lane->fenced && target->zone->interruptible) {
			clear_stop_flag(lane);
		}
	}
	lane->instance = NULL;
	return RME_OK;
}
