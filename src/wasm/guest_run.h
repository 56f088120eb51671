#ifndef RMI_WASM_GUEST_RUN_H
#define RMI_WASM_GUEST_RUN_H

/**
 * @file
 * A run: work that calls one instance, and that does not hold up its thread while a guest waits for a service. There are two
 * ways, with one face:
 *
 * - **fibers**: the work runs on this thread's guest stack; where a guest waits, it is suspended, and the thread that began
 *   the run goes on with it.
 * - **threads**: the work runs on a thread of the run's own, which waits as long as the guest does.
 *
 * Either way the owner hears `news` when going on is of use, and nothing enters the instance meanwhile. One run at a time.
 */

#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include "base/cancel.h"
#include "wasm/fiber.h"

struct rmi_handoff;
struct rmi_service_call;
struct rmi_services;
struct rmi_wasm_process;

/** In the owner's memory. Set the first part, leave the rest zero. */
struct rmi_guest_run {
	struct rmi_wasm_process *process;
	bool fibers;
	void (*news)(void *ctx); /**< any thread, with locks held: may wake somebody, must not wait or call back */
	void *ctx;

	bool active;      /**< begun and not over */
	int64_t again_ns; /**< go on then at the latest, 0 = when there is news */
	/* Fibers. */
	struct rmi_lane *lane; /* the thread that goes on with it */
	struct rmi_fiber fiber;
	struct rmi_services *services; /* of the call under way */
	struct rmi_service_call *call;
	bool canceled;
	/* Threads. */
	struct rmi_handoff *handoff;
};

/**
 * Begin work(ctx). With fibers it may be suspended in here, and go on in rmi_guest_run_go_on() on the same thread only.
 * @param[out] over  it has returned
 * @return RME_OK, RME_ENOMEM (it has not begun)
 */
RME_NODISCARD enum rme_err
rmi_guest_run_start(struct rmi_guest_run *r, void (*work)(void *ctx), void *ctx, bool *over, struct rme_error *err);
/** @return it is over */
RME_NODISCARD bool rmi_guest_run_go_on(struct rmi_guest_run *r);
/** End the call under way, refuse further ones, and wait until the guest has returned, for which it has its time limit. */
void rmi_guest_run_cancel(struct rmi_guest_run *r);
/** No run may be active. */
void rmi_guest_run_done(struct rmi_guest_run *r);

/**
 * For host functions: make the call in the run that the lane's guest belongs to, and return when it is over. Where there is no
 * run the thread waits, until @p cancel fires.
 */
void rmi_guest_run_call(
    struct rmi_lane *lane, struct rmi_services *services, struct rmi_service_call *call, struct rmi_cancel *cancel);

#endif
