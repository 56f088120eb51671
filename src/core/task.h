#ifndef RMI_CORE_TASK_H
#define RMI_CORE_TASK_H

/**
 * @file
 * Tasks on workers: a task is run by one worker at a time, again whenever it was woken or its time has come, by whichever
 * worker is free, unless it is pinned. Sessions are tasks. An executor with one worker is a thread of one's own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_executor;
struct rmi_worker;

enum rmi_task_state {
	RMI_TASK_HELD = 0,   /* started, not released */
	RMI_TASK_HELD_WOKEN, /* the same, to run once it is released */
	RMI_TASK_IDLE,
	RMI_TASK_QUEUED,
	RMI_TASK_RUNNING,
	RMI_TASK_RERUN, /* running, and woken meanwhile */
	RMI_TASK_STOPPED,
};

/** In the owner's memory; members belong to task.c. */
struct rmi_task {
	struct rmi_executor *ex;
	/** One run. Must not wait. @return time of the next run (CLOCK_MONOTONIC ns), 0 = when woken */
	int64_t (*run)(struct rmi_task *self);
	enum rmi_task_state state; /* guarded by ex->mu, as all below */
	struct rmi_task *next;     /* run queue */
	int64_t when_ns;           /* timer, 0 = none */
	size_t heap_index;         /* place in the timer heap + 1, 0 = not in it */
	bool stopping;             /* rmi_task_stop() waits */
	/* Changed by its own run() only, looked at by others while it does not run. */
	struct rmi_worker *pinned; /* the only one that may run it, NULL = any */
	unsigned pins;             /* reasons for it */
};

RME_NODISCARD enum rme_err rmi_executor_new(struct rmi_executor **out, unsigned n_workers);
/** Every task must have been stopped. NULL is a no-op. */
void rmi_executor_free(struct rmi_executor *ex);

/** Tie the task to its workers. It may be woken, but does not run yet. @return RME_OK, RME_ENOMEM (room for its timer) */
RME_NODISCARD enum rme_err
rmi_task_start(struct rmi_task *t, struct rmi_executor *ex, int64_t (*run)(struct rmi_task *self));
/** What run() needs is ready. Once, by the thread that started it. */
void rmi_task_release(struct rmi_task *t);
/** Have it run soon. Any thread, its own run() too. */
void rmi_task_wake(struct rmi_task *t);
/** If it is idle, run it here and now, as a worker would; else as rmi_task_wake(). Spares two hops between threads. */
void rmi_task_run_here(struct rmi_task *t);
/**
 * Wait for the run under way; it does not run again. A pinned task is woken and goes on until it is not pinned any more:
 * what it waits for must have been canceled. Not from its own run(). A task never started is ignored.
 */
void rmi_task_stop(struct rmi_task *t);

/**
 * From its own run(): what it has begun only this thread can end (a suspended guest), so it runs here alone from now on,
 * until rmi_task_unpin() was called as often. @return false where the thread is no worker of its executor
 */
RME_NODISCARD bool rmi_task_pin(struct rmi_task *t);
void rmi_task_unpin(struct rmi_task *t);

#endif
