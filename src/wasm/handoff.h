#ifndef RMI_WASM_HANDOFF_H
#define RMI_WASM_HANDOFF_H

/**
 * @file
 * The thread of a run whose guests do not wait as fibers: made for its first piece of work, kept for the next ones. For
 * guest_run.c.
 */

#include <stdbool.h>
#include <rme/err.h>

struct rmi_cancel;
struct rmi_guest_run;
struct rmi_handoff;

/** Hand work(ctx) over; the thread is made where *h is NULL. The run's news follow when it has returned. */
RME_NODISCARD enum rme_err rmi_handoff_start(
    struct rmi_handoff **h, struct rmi_guest_run *r, void (*work)(void *ctx), void *ctx, struct rme_error *err);
/** The work that was handed over last has returned. */
bool rmi_handoff_over(struct rmi_handoff *h);
/** Fire its cancel, and wait until it has returned. */
void rmi_handoff_end(struct rmi_handoff *h);
/** Of the work under way. */
struct rmi_cancel *rmi_handoff_cancel(struct rmi_handoff *h);
/** Nothing may be under way. NULL is a no-op. */
void rmi_handoff_free(struct rmi_handoff *h);

#endif
