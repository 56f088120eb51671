#ifndef RMI_WASM_WATCHDOG_H
#define RMI_WASM_WATCHDOG_H

/**
 * @file
 * The thread that stops guests at their deadline, and canceled ones. It looks at all lanes when the earliest deadline
 * comes, or when it is told of an earlier one. There is no queue of deadlines: arming one costs a call two stores and a
 * load, while a queue would cost it a lock, and there are never more lanes than threads.
 */

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_wasm_process;

struct rmi_watchdog {
	struct rmi_wasm_process *process;
	_Atomic int64_t next_look_ns;       /**< when it looks again; INT64_MAX = when told */
	_Atomic uint32_t told;              /**< futex */
	_Atomic int64_t recent_deadline_ns; /**< of the call that it was told of last */
	_Atomic uint64_t cancels;           /**< how often an instance was canceled */
	uint64_t cancels_seen;
	uint64_t calls_seen; /**< of all lanes, at the last look */
	int64_t linger_ns;
	int64_t handlers_checked_ns;
	sem_t ready; /**< it has made the system calls that it begins with */
};

/** Start it, and wait until it watches; it never ends. */
RME_NODISCARD enum rme_err
rmi_watchdog_start(struct rmi_watchdog **out, struct rmi_wasm_process *p, struct rme_error *err);
/** An instance's flag was set: have it stopped. Any thread. */
void rmi_watchdog_canceled(struct rmi_watchdog *w);
/** Wake it, however late its next look. Any thread. */
void rmi_watchdog_tell(struct rmi_watchdog *w);

/** To be called after rmi_lane_enter(), and when a deadline moves: wakes the watchdog where it would look too late. */
static inline void
rmi_watchdog_notice(struct rmi_watchdog *w, int64_t deadline_ns)
{
	if (deadline_ns < atomic_load(&w->next_look_ns)) {
		atomic_store_explicit(&w->recent_deadline_ns, deadline_ns, memory_order_relaxed);
		rmi_watchdog_tell(w);
	}
}

#endif
