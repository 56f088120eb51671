#include "wasm/hybrid_node.h"

#include <rme/session.h>
#include <rme/verdict.h>

#include "core/node.h"
#include "wasm/engine.h"
#include "wasm/module_state.h"

static void
on_news(void *ctx)
{
	rme_node_wake(ctx);
}

enum rme_err
rmi_hybrid_open(struct rme_node *self, const void *config)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	enum rme_err e = rmi_wasm_open(self, config);
	if (e != RME_OK) {
		return e;
	}
	size_t window = rmi_node_env(self)->window;
	h->ends = 2 * (window != 0 ? window : RME_SESSION_INFLIGHT_DEFAULT);
	rmi_queue_init(&h->queue, h->ends + RMI_HYBRID_WAITING_MAX);
	h->open = true;
	const struct rmi_wasm_module *m = h->wasm.module;
	h->run = (struct rmi_guest_run){
	    .process = m->process, .fibers = rmi_wasm_engine_fibers(m->engine), .news = on_news, .ctx = self};
	return rmi_queue_reserve(&h->queue, h->ends);
}

void
rmi_hybrid_close(struct rme_node *self)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	if (h->run.active) {
		rmi_guest_run_cancel(&h->run);
	}
	rmi_guest_run_done(&h->run);
	rmi_wasm_close(self);
	rme_packet_unref(h->turn);
	for (struct rme_packet *pkt; h->open && (pkt = rmi_queue_pop(&h->queue)) != NULL;) {
		rme_packet_unref(pkt);
	}
	if (h->open) {
		rmi_queue_done(&h->queue);
	}
}

/* --- the guest's part: on a fiber, or on a thread of its own --- */

static void
run_step(void *ctx)
{
	struct rmi_hybrid_state *h = ctx;
	h->result = h->step(&h->item, &h->out, &h->error);
}

/* --- the session's part --- */

static void
end_turn(struct rme_node *self, struct rmi_hybrid_state *h)
{
	struct rme_packet *pkt = h->turn;
	h->turn = NULL;
	if (rme_packet_meta(pkt)->kind == RME_PACKET_DATA) {
		rmi_wasm_item_report(&h->item);
		rme_packet_unref(pkt);
	} else {
		(void)!rme_node_emit(self, pkt); /* an error stays with the item */
	}
}

static void
fail_turn(struct rme_node *self, struct rmi_hybrid_state *h, enum rme_err e, const char *text)
{
	struct rme_error err;
	rme_error_set(&err, e, NULL, "%s", text);
	rme_node_item_fail(self, rme_packet_meta(h->turn)->seq, &err);
	end_turn(self, h);
}

/* What a step has given goes on; then comes the next step, or the turn is over. */
static void
take_result(struct rme_node *self, struct rmi_hybrid_state *h)
{
	if (h->result == RME_OK && h->out.len > 0) {
		h->result = rmi_wasm_item_emit(&h->item, h->out, &h->error);
		h->step = h->step == rmi_wasm_item_first ? rmi_wasm_item_next : h->step;
	} else if (h->result == RME_OK) {
		end_turn(self, h);
		return;
	}
	if (h->result != RME_OK) {
		fail_turn(self, h, h->result, h->error.text);
	}
}

static void
let_go(struct rme_node *self, struct rmi_hybrid_state *h)
{
	if (h->pinned) {
		h->pinned = false;
		rmi_node_unpin(self);
	}
}

/* Begin the step. A guest can be suspended on a worker only, which is where a woken node is called. */
static bool
begin_step(struct rme_node *self, struct rmi_hybrid_state *h, bool *over)
{
	struct rme_error err = {0};
	*over = false;
	if (h->run.fibers) {
		if (!rmi_node_pin(self)) {
			rme_node_wake(self);
			return true;
		}
		h->pinned = true;
	}
	enum rme_err e = rmi_guest_run_start(&h->run, run_step, h, over, &err);
	if (e != RME_OK) {
		let_go(self, h);
		fail_turn(self, h, e, err.text);
	}
	return e == RME_OK;
}

/* Work for an item outside of process(), which has its time measured by its caller. */
static void
count_busy(struct rme_node *self, const struct rmi_hybrid_state *h, int64_t start_ns)
{
	struct rme_stage_report *report = rme_node_report(self, rme_packet_meta(h->turn)->seq);
	if (report != NULL) {
		report->busy_ns += rme_node_now(self) - start_ns;
	}
}

/* Go on with the item that has its turn. @return false: it waits */
static bool
advance(struct rme_node *self, struct rmi_hybrid_state *h)
{
	bool over;
	int64_t start = h->waking ? rme_node_now(self) : 0;
	if (h->run.active) {
		over = rmi_guest_run_go_on(&h->run);
	} else if (h->step != rmi_wasm_item_flush &&
	           rme_node_item_failed(self, rme_packet_meta(h->turn)->seq) != RME_OK) {
		end_turn(self, h); /* nobody wants it any more */
		return true;
	} else if (!begin_step(self, h, &over)) {
		return true;
	}
	if (h->waking) {
		count_busy(self, h, start);
	}
	if (!over) {
		rme_node_wake_at(self, h->run.active ? h->run.again_ns : 0);
		return false;
	}
	let_go(self, h);
	take_result(self, h);
	return true;
}

static void
take_turn(struct rme_node *self, struct rmi_hybrid_state *h, struct rme_packet *pkt)
{
	bool flush = rme_packet_meta(pkt)->kind == RME_PACKET_FLUSH;
	h->turn = pkt;
	h->item = rmi_wasm_item_begin(self, pkt);
	h->step = flush ? rmi_wasm_item_flush : rmi_wasm_item_first;
}

static void
run(struct rme_node *self)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	if (h->running) {
		return;
	}
	h->running = true;
	rme_node_wake_at(self, 0);
	for (;;) {
		if (h->turn != NULL) {
			if (!advance(self, h)) {
				break;
			}
			continue;
		}
		struct rme_packet *pkt = rmi_queue_pop(&h->queue);
		if (pkt == NULL) {
			break;
		}
		if (rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END) {
			(void)!rme_node_emit(self, pkt);
		} else {
			take_turn(self, h, pkt);
		}
	}
	h->running = false;
}

enum rme_err
rmi_hybrid_process(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	bool data = rme_packet_meta(in)->kind == RME_PACKET_DATA;
	enum rme_err e = data ? rmi_queue_reserve(&h->queue, h->ends + 1) : RME_OK;
	e = e != RME_OK ? e : rmi_queue_push(&h->queue, in);
	if (e != RME_OK) {
		rme_packet_unref(in);
		e = e == RME_EAGAIN ? RME_ELIMIT : e;
		return rme_node_fail(self, e, "cannot wait for the module: %s", rme_err_text(e));
	}
	run(self);
	return RME_OK;
}

void
rmi_hybrid_wake(struct rme_node *self)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	h->waking = true;
	run(self);
	h->waking = false;
}

/* End everything that waits, in order. */
void
rmi_hybrid_reset(struct rme_node *self)
{
	struct rmi_hybrid_state *h = rme_node_state(self);
	h->running = true;
	if (h->run.active) {
		rmi_guest_run_cancel(&h->run);
	}
	let_go(self, h);
	for (struct rme_packet *pkt; h->turn != NULL || (pkt = rmi_queue_pop(&h->queue)) != NULL;) {
		if (h->turn != NULL) {
			fail_turn(self, h, RME_ECANCELED, "canceled");
		} else if (rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END) {
			(void)!rme_node_emit(self, pkt);
		} else {
			take_turn(self, h, pkt);
		}
	}
	h->running = false;
	rme_node_wake_at(self, 0);
	rmi_wasm_reset_instance(&h->wasm);
}
