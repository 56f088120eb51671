#ifndef RMI_WASM_LANE_H
#define RMI_WASM_LANE_H

/**
 * @file
 * A lane: what a thread needs to run guests, kept from call to call: the guest stack, an executor, the alternate signal
 * stack, and the words by which the watchdog and the fault handler know what runs. A thread gets its lane at its first
 * call and gives it back when it ends; lanes are never freed, so anyone may look at one at any time.
 *
 * **Who may touch what.** The thread alone changes a lane, except that the watchdog, between a successful
 * rmi_lane_hold() and rmi_lane_release(), may read what it runs and set `stop`: the thread cannot leave the call
 * meanwhile, so that memory and instance stay valid.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <rme/err.h>
#include "wasm/guest_stack.h"
#include "wasm/wasmedge_api.h"

enum { RMI_ENGINE_STATE_MAX = 2048 }; /**< bytes of libwasmedge's thread-local block; 1,088 in 0.14.1 */

struct rmi_fiber;
struct rmi_guest_run;
struct rmi_wasm_instance;
struct rmi_wasm_process;

/** Why a guest was ended; the first one counts. */
enum rmi_stop {
	RMI_STOP_NONE = 0,
	RMI_STOP_TIMEOUT,
	RMI_STOP_CANCELED,
	RMI_STOP_FAULT,    /**< by the handler: access outside the memory */
	RMI_STOP_STACK,    /**< by the handler or a host call: stack overflow */
	RMI_STOP_DIVISION, /**< by the handler */
	RMI_STOP_GIVEN,    /**< by the handler: a write to a result that is the host's by now */
};

enum { RMI_ZONE_WINDOWS = 2 };

/** Parts of the memory that are shared: see windows.h. Constant while something runs, but for `written`. */
struct rmi_zone_windows {
	uintptr_t low[RMI_ZONE_WINDOWS], high[RMI_ZONE_WINDOWS]; /**< of items, to be read */
	uintptr_t out_low, out_high;                             /**< of results */
	_Atomic uint32_t written; /**< bit per window of items: the handler has let the guest write to its own copy */
};

/** What may run in a lane: the machine code and memory of one instance. Constant while it runs. */
struct rmi_zone {
	uintptr_t code_low, code_high;    /**< machine code of the module; both 0 = interpreter */
	uint8_t *memory;                  /**< linear memory */
	size_t memory_bytes;              /**< that it may grow to */
	bool interruptible;               /**< looks at the engine's stop flag: interpreted, or compiled so */
	struct rmi_zone_windows *windows; /**< NULL = none */
};

enum rmi_lane_state { RMI_LANE_IDLE = 0, RMI_LANE_RUNNING = 1, RMI_LANE_HELD = 2 };

/** How a guest in host code comes back to where it may be trapped: see fault_guard.c. */
enum rmi_step {
	RMI_STEP_NONE = 0,
	RMI_STEP_TO_GUEST, /**< instruction by instruction, until guest code is reached */
	RMI_STEP_LEAVING,  /**< the trap is under way: nobody may hold it up */
};

struct rmi_lane {
	struct rmi_lane *next; /**< in the list of all, set once */
	struct rmi_wasm_process *process;
	struct rmi_guest_stack *stack; /**< on which the next guest runs, or the one that runs */
	struct rmi_stack_pool spare;
	struct rmi_fiber *fiber;   /**< that runs on the thread, NULL = none */
	struct rmi_guest_run *run; /**< that the guest belongs to, NULL = none: see guest_run.h */
	uint8_t *engine_state;     /**< libwasmedge's thread-local block of this thread, NULL = not looked for yet */
	size_t engine_state_bytes;
	uint8_t engine_idle[RMI_ENGINE_STATE_MAX]; /**< its content while no guest runs */
	WasmEdge_ExecutorContext *executor;
	WasmEdge_Async *stop_handle; /**< made when something interruptible runs first */
	pid_t tid;

	_Atomic uint32_t state; /**< enum rmi_lane_state */
	_Atomic int64_t deadline_ns;
	_Atomic uint32_t stop;     /**< enum rmi_stop */
	_Atomic uint32_t in_host;  /**< a host function runs */
	_Atomic uint32_t stepping; /**< enum rmi_step */
	_Atomic uint32_t kicks;    /**< by the watchdog, in this call */
	_Atomic uint64_t calls;    /**< counts, for the watchdog to see whether anything goes on */
	const struct rmi_zone *zone;
	const atomic_bool *canceled; /**< of the instance */
	struct rmi_wasm_instance *instance;

	bool fenced;         /**< watchdog: the memory was taken away */
	bool free_for_reuse; /**< guarded by the process's lane lock */
};

/** The lane of the thread that calls; made when it has none. */
RME_NODISCARD enum rme_err rmi_lane_of_thread(struct rmi_lane **out, struct rmi_wasm_process *p, struct rme_error *err);
/** The lane whose guest runs on this thread, NULL = none. Async-signal-safe. */
struct rmi_lane *rmi_lane_running(void);

/** Make the stop handle, once. The lane's thread, while nothing runs. */
RME_NODISCARD enum rme_err rmi_lane_need_stop_handle(struct rmi_lane *lane, struct rme_error *err);

/** @return false if it is idle, or just leaving */
bool rmi_lane_hold(struct rmi_lane *lane);
void rmi_lane_release(struct rmi_lane *lane);

/** Begin and end a call; leave waits while the watchdog holds the lane. */
void rmi_lane_enter(struct rmi_lane *lane, int64_t deadline_ns);
void rmi_lane_leave(struct rmi_lane *lane);

/** First reason counts. Async-signal-safe. */
static inline void
rmi_lane_stop(struct rmi_lane *lane, enum rmi_stop why)
{
	uint32_t none = RMI_STOP_NONE;
	(void)atomic_compare_exchange_strong(&lane->stop, &none, (uint32_t)why);
}

#endif
