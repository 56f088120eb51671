/* Call: one item through a session of its own; what the node still holds at the end is part of the results. */
#include "serve/lane.h"
#include "serve/v1.h"

#include "base/clock.h"

#include <rme/verdict.h>
#include <stdlib.h>

struct v1_call {
	struct rmi_lane lane; /* first */
	struct rmi_buf *request;
	int64_t start_ns, deadline_ns;
	bool counted; /* as a request that is under way */
	bool done;    /* replied */
	/* Of the output: whoever pumps. */
	struct rmi_buf *reply;
	struct rmi_wire_format sent;
	struct rmi_frame_item_end end;
};

static void
count_end(struct v1_call *x, bool ok)
{
	if (x->counted) {
		x->counted = false;
		rmi_stats_end(&x->lane.host->stats, ok, rmi_monotonic_ns() - x->start_ns);
	}
}

/* Once. */
static void
send_reply(struct v1_call *x)
{
	struct rmi_buf *b = x->reply;
	x->reply = NULL;
	x->done = true;
	count_end(x, x->end.error.code == RME_OK);
	if (b == NULL || rmi_wire_reply_end(b, &x->end) != RME_OK) {
		rmi_buf_unref(b);
		(void)rmi_call_finish(x->lane.call, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
	} else if (rmi_call_reply(x->lane.call, b) == RME_ELIMIT) {
		(void)rmi_call_finish(
		    x->lane.call, RMI_STATUS_RESOURCE_EXHAUSTED, "the results are too large for one reply: use Stream");
	}
}

static void
fail_reply(struct v1_call *x, enum rme_err e, const struct rme_error *err)
{
	x->end.error = *err;
	if (err->code == RME_OK) {
		(void)rme_error_set(&x->end.error, e, NULL, "%s", rme_err_text(e));
	}
	send_reply(x);
}

static void
add_result(struct v1_call *x, struct rme_packet *pkt)
{
	const struct rmi_wire_out how = {
	    .kind = RMI_FRAME_DATA, .seq = x->end.seq, .index = x->end.results, .sent = &x->sent};
	if (x->end.error.code != RME_OK) {
		return;
	}
	enum rme_err e = x->end.results < RMI_WIRE_RESULTS_MAX ? rmi_wire_reply_add(x->reply, pkt, &how) : RME_ELIMIT;
	if (e != RME_OK) {
		(void)rme_error_set(
		    &x->end.error, e, NULL, "the results are too many or too large for one reply: use Stream");
		return;
	}
	x->end.results++;
}

static void
call_output(struct rmi_lane *l, struct rme_packet *pkt)
{
	struct v1_call *x = (struct v1_call *)l;
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	if (v == NULL) {
		add_result(x, pkt);
	} else {
		if (x->end.error.code == RME_OK) {
			x->end.error = v->error;
		}
		if ((rme_packet_meta(pkt)->flags & RME_PACKET_LAST) == 0) {
			x->end.queue_ns = v->start_ns > 0 ? v->start_ns - x->start_ns : v->end_ns - x->start_ns;
			x->end.service_ns = v->start_ns > 0 ? v->end_ns - v->start_ns : 0;
		} else if (v->start_ns > 0) {
			x->end.service_ns += v->end_ns - v->start_ns;
		}
	}
	rme_packet_unref(pkt);
}

static void
call_ended(struct rmi_lane *l)
{
	struct v1_call *x = (struct v1_call *)l;
	if (x->done) {
		return;
	}
	/* What comes of the flush at the end has no deadline of its own. */
	if (x->end.error.code == RME_OK && x->deadline_ns != 0 && rmi_monotonic_ns() > x->deadline_ns) {
		(void)rme_error_set(&x->end.error, RME_ETIMEDOUT, NULL, "the results came too late");
	}
	send_reply(x);
}

static void
call_release(struct rmi_lane *l)
{
	struct v1_call *x = (struct v1_call *)l;
	count_end(x, false);
	rmi_buf_unref(x->request);
	rmi_buf_unref(x->reply);
	free(x);
}

static const struct rmi_lane_ops call_lane_ops = {.output = call_output, .ended = call_ended, .release = call_release};

static int64_t
deadline_of(const struct v1_call *x, int64_t remaining_ns)
{
	int64_t deadline = rmi_call_deadline_ns(x->lane.call);
	if (remaining_ns > 0 && remaining_ns < INT64_MAX - x->start_ns) {
		int64_t own = x->start_ns + remaining_ns;
		deadline = deadline == 0 || own < deadline ? own : deadline;
	}
	return deadline;
}

static enum rme_err
start(struct v1_call *x, const struct rmi_frame_open *open, const struct rmi_frame_packet *item, struct rme_error *err)
{
	struct rmi_hosted *h = &x->lane.hosted;
	struct rmi_wire_format seen = {.known = open->format.media != RME_MEDIA_ANY, .format = open->format};
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *pkt;
	x->deadline_ns = meta.deadline_ns = deadline_of(x, item->remaining_ns);
	meta.trace = open->trace;
	const struct rmi_wire_in how = {.meta = &meta, .seen = &seen};
	x->end.seq = item->seq;
	enum rme_err e = rmi_v1_bind(h, x->lane.host, open, x->request, err);
	if (e == RME_OK) {
		e = rmi_wire_packet(&pkt, x->request, item, &how);
	}
	if (e != RME_OK) {
		return e;
	}
	struct rmi_hosted_in in = {.format = rme_packet_meta(pkt)->format};
	e = rmi_lane_open(&x->lane, &in, err);
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		return e;
	}
	e = rme_session_submit(h->session, pkt, NULL);
	if (e == RME_OK && rme_session_end(h->session) != RME_OK) {
		rme_session_cancel(h->session); /* ends it too: the answer comes by way of the output */
	}
	return e;
}

static void
call_work(struct rmi_lane *l)
{
	struct v1_call *x = (struct v1_call *)l;
	struct rme_error err = {.code = RME_OK};
	struct rmi_frame_open open;
	struct rmi_frame_packet item;
	enum rme_err e = rmi_wire_read_call(&open, &item, x->request, &err);
	if (e != RME_OK) {
		count_end(x, false);
		(void)rmi_call_finish(l->call, RMI_STATUS_INVALID_ARGUMENT,
		    err.text[0] != '\0' ? err.text : "the request is not a CallRequest");
		return;
	}
	e = start(x, &open, &item, &err);
	if (e != RME_OK) {
		fail_reply(x, e, &err);
	}
}

static void
call_open(struct rmi_call *c, void *service)
{
	struct v1_call *x = calloc(1, sizeof *x);
	struct rmi_buf *reply = rmi_buf_new();
	if (x == NULL || reply == NULL) {
		free(x);
		rmi_buf_unref(reply);
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	rmi_lane_init(&x->lane, &call_lane_ops, service, c);
	x->reply = reply;
	rmi_call_set_user(c, x);
}

static void
call_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct v1_call *x = rmi_call_user(c);
	if (x == NULL || msg == NULL || x->request != NULL) {
		rmi_buf_unref(msg);
		return;
	}
	x->request = msg;
	x->start_ns = rmi_monotonic_ns();
	x->counted = true;
	rmi_stats_begin(&x->lane.host->stats);
	rmi_lane_work(&x->lane, call_work);
}

static void
call_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct v1_call *x = rmi_call_user(c);
	(void)end;
	if (x != NULL) {
		rmi_lane_close(&x->lane);
	}
}

const struct rmi_call_ops rmi_v1_call_ops = {.on_open = call_open, .on_message = call_message, .on_end = call_end};
