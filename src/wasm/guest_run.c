#include "wasm/guest_run.h"

#include "core/service.h"
#include "wasm/handoff.h"

/* --- the host's side of a call, on the thread's own stack --- */

struct excursion {
	struct rmi_services *services;
	struct rmi_service_call *call;
	struct rmi_cancel *cancel;
	bool over;
};

static void
begin_call(void *arg)
{
	struct excursion *x = arg;
	x->over = x->services->ops->begin(x->services, x->call);
}

static void
cancel_call(void *arg)
{
	struct excursion *x = arg;
	x->services->ops->cancel(x->services, x->call);
}

static void
wait_for_call(void *arg)
{
	struct excursion *x = arg;
	(void)rmi_service_wait(x->services, x->call, x->cancel);
}

static void
refuse(struct rmi_service_call *call, enum rme_err e, const char *text)
{
	rme_packet_unref(call->in);
	call->in = NULL;
	(void)rme_error_set(&call->error, e, call->service, "%s", text);
}

/* In a fiber: begin, and be away until it is over. */
static void
suspend_for(struct rmi_guest_run *r, struct rmi_lane *lane, struct excursion *x)
{
	if (r->canceled) {
		refuse(x->call, RME_ECANCELED, "canceled");
		return;
	}
	x->call->news = r->news;
	x->call->ctx = r->ctx;
	rmi_guest_stack_leave(lane->stack, begin_call, x);
	if (x->over) {
		return;
	}
	r->services = x->services;
	r->call = x->call;
	if (!rmi_fiber_suspend(lane)) {
		rmi_guest_stack_leave(lane->stack, cancel_call, x);
		(void)rme_error_set(
		    &x->call->error, RME_EUNAVAILABLE, x->call->service, "no stack for a further guest");
		r->call = NULL;
	}
}

void
rmi_guest_run_call(
    struct rmi_lane *lane, struct rmi_services *services, struct rmi_service_call *call, struct rmi_cancel *cancel)
{
	struct rmi_guest_run *r = lane->run;
	struct excursion x = {.services = services, .call = call, .cancel = cancel};
	if (r != NULL && r->fibers) {
		suspend_for(r, lane, &x);
		return;
	}
	if (r != NULL) {
		x.cancel = rmi_handoff_cancel(r->handoff);
	}
	rmi_guest_stack_leave(lane->stack, wait_for_call, &x);
}

/* --- the owner's side --- */

static bool
left_fiber(struct rmi_guest_run *r, bool over)
{
	r->lane->run = NULL;
	r->active = !over;
	return over;
}

enum rme_err
rmi_guest_run_start(struct rmi_guest_run *r, void (*work)(void *ctx), void *ctx, bool *over, struct rme_error *err)
{
	enum rme_err e;
	r->canceled = false;
	r->again_ns = 0;
	if (!r->fibers) {
		e = rmi_handoff_start(&r->handoff, r, work, ctx, err);
		*over = false;
		r->active = e == RME_OK;
		return e;
	}
	e = rmi_lane_of_thread(&r->lane, r->process, err);
	e = e != RME_OK ? e : rmi_fiber_prepare(r->lane, err);
	if (e == RME_OK) {
		r->lane->run = r;
		*over = left_fiber(r, rmi_fiber_start(&r->fiber, r->lane, work, ctx));
		if (!*over) {
			*over = rmi_guest_run_go_on(r);
		}
	}
	return e;
}

bool
rmi_guest_run_go_on(struct rmi_guest_run *r)
{
	if (!r->fibers) {
		r->active = !rmi_handoff_over(r->handoff);
		return !r->active;
	}
	/* One call after the other, as long as they are over at once. */
	while (r->services->ops->poll(r->services, r->call, &r->again_ns)) {
		r->call = NULL;
		if (left_fiber(r, rmi_fiber_resume(&r->fiber, r->lane))) {
			return true;
		}
	}
	return false;
}

void
rmi_guest_run_cancel(struct rmi_guest_run *r)
{
	if (!r->fibers) {
		if (r->active) {
			rmi_handoff_end(r->handoff);
		}
		r->active = false;
		return;
	}
	r->canceled = true;
	while (r->active) {
		r->services->ops->cancel(r->services, r->call);
		r->call = NULL;
		(void)left_fiber(r, rmi_fiber_resume(&r->fiber, r->lane));
	}
}

void
rmi_guest_run_done(struct rmi_guest_run *r)
{
	rmi_handoff_free(r->handoff);
	r->handoff = NULL;
}
