/*
 * Stream: Open, then items both ways. Reading goes on while the caller keeps to its window; what is under way is
 * bounded by that, and results by the call's write queue, which stops the pump, which stops the session.
 */
#include "serve/lane.h"
#include "serve/v1.h"
#include "serve/v1_items.h"

#include "base/clock.h"
#include "core/session.h"

#include <rme/verdict.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHORT_ITEM_NS = 50 * 1000, /* about what the hops to a worker and back cost */
	SHORT_ITEMS = 8,           /* in a row, before one is worked on by the gRPC thread */
};

struct v1_stream {
	struct rmi_lane lane; /* first */
	struct rmi_v1_items items;
	/* The gRPC thread, and jobs while nothing is read. */
	bool opened; /* Open came */
	bool last;   /* the input has ended */
	struct rmi_buf *first;
	struct rmi_frame_open open;
	struct rmi_wire_format seen;
	/* Whoever pumps, and jobs before. */
	struct rmi_wire_format sent;
	atomic_bool resetting;   /* the session ends to be opened anew */
	atomic_bool over;        /* the stream failed; nothing more is said */
	atomic_uint short_items; /* in a row, so far */
};

/* Own ends */

static void
write_frame(struct v1_stream *s, const struct rmi_frame *frame)
{
	struct rmi_buf *b;
	if (rmi_frame_encode(&b, frame) != RME_OK) {
		rmi_call_cancel(s->lane.call, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	/* Only a call that has ended refuses what the pump writes: it looked for room before. */
	(void)rmi_call_write(s->lane.call, b);
}

/* The Error frame, then the end of the call with the same news. */
static void
fail_stream(struct v1_stream *s, enum rme_err e, const struct rme_error *err)
{
	struct rmi_frame frame = {.kind = RMI_FRAME_ERROR, .error = *err};
	if (atomic_exchange(&s->over, true)) {
		return;
	}
	if (err->code == RME_OK) {
		(void)rme_error_set(&frame.error, e, NULL, "%s", rme_err_text(e));
	}
	write_frame(s, &frame);
	/* Some clients drop what they have not read when a status that is not OK comes: the code travels in a trailer too. */
	char code[16];
	(void)snprintf(code, sizeof code, "%d", (int)frame.error.code);
	(void)!rmi_call_add_trailer(s->lane.call, "rme-status", code);
	(void)rmi_call_finish(s->lane.call, rmi_status_from_err(frame.error.code), frame.error.text);
	struct rme_session *session = rmi_lane_session(&s->lane);
	if (session != NULL) {
		rme_session_cancel(session);
	}
}

/* Output */

/* A result that is the item's own payload is not sent back. */
static uint32_t
flags_of(const struct rmi_v1_item *item, struct rme_packet *pkt)
{
	size_t a;
	size_t b;
	if (item->item == NULL || rme_packet_data(pkt, &a) != rme_packet_data(item->item, &b) || a != b || a == 0) {
		return 0;
	}
	return RMI_WIRE_SAME_PAYLOAD;
}

static void
send_data(struct v1_stream *s, struct rmi_v1_item *item, struct rme_packet *pkt)
{
	struct rmi_buf *b;
	const struct rmi_wire_out how = {.kind = RMI_FRAME_DATA,
	    .seq = item->seq,
	    .index = item->results,
	    .flags = flags_of(item, pkt),
	    .sent = &s->sent};
	if (item->no_results || item->error.code != RME_OK || rmi_v1_items_canceled(&s->items)) {
		return;
	}
	enum rme_err e = rmi_wire_encode(&b, pkt, &how);
	if (e == RME_OK) {
		e = rmi_call_write(s->lane.call, b);
	}
	if (e == RME_OK) {
		item->results++;
	} else if (e != RME_ECLOSED) {
		(void)rme_error_set(&item->error, e, NULL, "a result cannot be sent: %s", rme_err_text(e));
	}
}

static void
send_end(struct v1_stream *s, struct rmi_v1_item *item, const struct rme_verdict *v)
{
	struct rmi_frame frame = {.kind = RMI_FRAME_ITEM_END};
	struct rmi_frame_item_end *end = &frame.item_end;
	end->seq = item->seq;
	end->results = item->results;
	end->error = v->error.code == RME_OK ? item->error : v->error;
	if (rmi_v1_items_canceled(&s->items)) {
		(void)rme_error_set(&end->error, RME_ECANCELED, NULL, "canceled by the caller");
	}
	bool started = v->start_ns > 0;
	end->queue_ns = (started ? v->start_ns : v->end_ns) - item->arrival_ns;
	end->service_ns = started ? v->end_ns - v->start_ns : 0;
	if (end->service_ns > SHORT_ITEM_NS) {
		atomic_store_explicit(&s->short_items, 0, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&s->short_items, 1, memory_order_relaxed);
	}
	if (!item->flush) {
		rmi_stats_end(&s->lane.host->stats, end->error.code == RME_OK, v->end_ns - item->arrival_ns);
		atomic_store_explicit(&s->lane.entry.active_ns, v->end_ns, memory_order_relaxed);
		atomic_fetch_add_explicit(&s->lane.entry.items, 1, memory_order_relaxed);
	}
	rmi_v1_items_pop(&s->items);
	if (!atomic_load(&s->over)) {
		write_frame(s, &frame);
	}
}

static void
stream_output(struct rmi_lane *l, struct rme_packet *pkt)
{
	struct v1_stream *s = (struct v1_stream *)l;
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	/* Without one it comes of the flush that a half-close made: the caller did not ask for it. */
	struct rmi_v1_item *item = rmi_v1_items_first(&s->items);
	if (item != NULL && v != NULL) {
		send_end(s, item, v);
	} else if (item != NULL && !atomic_load(&s->over)) {
		send_data(s, item, pkt);
	}
	rme_packet_unref(pkt);
}

static void reset_work(struct rmi_lane *l);

static void
stream_ended(struct rmi_lane *l)
{
	struct v1_stream *s = (struct v1_stream *)l;
	if (atomic_exchange(&s->resetting, false)) {
		rmi_lane_work(l, reset_work);
	} else if (!atomic_exchange(&s->over, true)) {
		(void)rmi_call_finish(l->call, RMI_STATUS_OK, NULL);
	}
}

static void
stream_release(struct rmi_lane *l)
{
	struct v1_stream *s = (struct v1_stream *)l;
	for (unsigned n = rmi_v1_items_done(&s->items); n > 0; n--) { /* whose verdict nobody took */
		rmi_stats_end(&l->host->stats, false, 0);
	}
	rmi_buf_unref(s->first);
	free(s);
}

static const struct rmi_lane_ops stream_lane_ops = {
    .output = stream_output, .ended = stream_ended, .release = stream_release};

/* Jobs */

static void
send_opened(struct v1_stream *s)
{
	const struct rme_plan_stage *stages;
	size_t n = rme_plan_stages(s->lane.hosted.plan, &stages);
	struct rmi_frame frame = {.kind = RMI_FRAME_OPENED};
	struct rmi_frame_opened *o = &frame.opened;
	(void)snprintf(o->session, sizeof o->session, "%s", s->lane.entry.id);
	(void)snprintf(o->server, sizeof o->server, "%s", s->lane.host->server);
	o->window_items = RMI_HOST_WINDOW;
	o->window_bytes = RMI_V1_WINDOW_BYTES;
	o->max_payload = RMI_WIRE_PAYLOAD_MAX;
	o->format = stages[n - 1].out;
	write_frame(s, &frame);
}

static void
open_work(struct rmi_lane *l)
{
	struct v1_stream *s = (struct v1_stream *)l;
	struct rme_error err = {.code = RME_OK};
	struct rmi_hosted_in in = {.format = s->open.format};
	enum rme_err e = rmi_v1_bind(&l->hosted, l->host, &s->open, s->first, &err);
	rmi_buf_unref(s->first);
	s->first = NULL;
	if (e == RME_OK) {
		e = rmi_lane_open(l, &in, &err);
	}
	if (e != RME_OK) {
		fail_stream(s, e, &err);
		return;
	}
	send_opened(s);
	(void)rmi_call_read(l->call);
}

static void
reset_work(struct rmi_lane *l)
{
	struct v1_stream *s = (struct v1_stream *)l;
	struct rme_error err = {.code = RME_OK};
	struct rmi_hosted_in in = {.format = s->open.format};
	rmi_lane_shut(l);
	enum rme_err e = rmi_lane_open(l, &in, &err);
	if (e != RME_OK) {
		fail_stream(s, e, &err);
		return;
	}
	(void)rmi_call_read(l->call);
}

/* Input: each returns RME_OK and has seen to the next read, or the stream fails. */

static enum rme_err
take_open(struct v1_stream *s, struct rmi_buf *msg, const struct rmi_frame *f, struct rme_error *err)
{
	if (f->kind != RMI_FRAME_OPEN) {
		return rme_error_set(err, RME_EPROTO, NULL, "the first frame of a stream must be Open");
	}
	s->opened = true;
	s->open = f->open;
	s->seen = (struct rmi_wire_format){f->open.format.media != RME_MEDIA_ANY, f->open.format};
	s->first = rmi_buf_ref(msg);
	rmi_lane_work(&s->lane, open_work);
	return RME_OK;
}

static enum rme_err
make_packet(struct v1_stream *s, struct rme_packet **out, struct rmi_buf *msg, const struct rmi_frame_packet *f)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	int64_t now = rmi_monotonic_ns();
	meta.trace = s->open.trace;
	if (f->remaining_ns > 0) {
		meta.deadline_ns = f->remaining_ns < INT64_MAX - now ? now + f->remaining_ns : INT64_MAX;
	}
	const struct rmi_wire_in how = {.meta = &meta, .seen = &s->seen};
	return rmi_wire_packet(out, msg, f, &how);
}

/*
 * An item that is alone in this server, of a stream whose items were short so far, is worked on right here: two hops
 * between threads would take longer than the work. With others under way the workers share it out.
 */
static bool
runs_here(const struct v1_stream *s, unsigned busy)
{
	const struct rme_node_type *type = s->lane.hosted.service->type;
	return busy == 1 && type != NULL && (type->flags & RME_NODE_OUTSIDE) == 0 &&
	       atomic_load_explicit(&s->short_items, memory_order_relaxed) >= SHORT_ITEMS;
}

static enum rme_err
take_item(struct v1_stream *s, struct rmi_buf *msg, const struct rmi_frame_packet *f, struct rme_error *err)
{
	struct rme_packet *pkt;
	enum rme_err e = make_packet(s, &pkt, msg, f);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_v1_item item = {.seq = f->seq,
	    .arrival_ns = rmi_monotonic_ns(),
	    .item = rme_packet_ref(pkt),
	    .bytes = f->payload.len,
	    .no_results = (f->flags & RMI_WIRE_NO_RESULTS) != 0};
	e = s->last ? rme_error_set(err, RME_EPROTO, NULL, "an item after the last flush")
	            : rmi_v1_items_push(&s->items, &item, err);
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		rme_packet_unref(item.item);
		return e;
	}
	unsigned busy = rmi_stats_begin(&s->lane.host->stats);
	struct rme_session *session = rmi_lane_session(&s->lane);
	e = runs_here(s, busy) ? rmi_session_submit_here(session, pkt) : rme_session_submit(session, pkt, NULL);
	if (e == RME_OK) {
		(void)rmi_call_read(s->lane.call);
	}
	return e;
}

static enum rme_err
take_flush(struct v1_stream *s, const struct rmi_frame_flush *f, struct rme_error *err)
{
	const struct rmi_v1_item item = {.seq = f->seq, .arrival_ns = rmi_monotonic_ns(), .flush = true};
	enum rme_err e = s->last ? rme_error_set(err, RME_EPROTO, NULL, "a flush after the last flush")
	                         : rmi_v1_items_push(&s->items, &item, err);
	if (e != RME_OK) {
		return e;
	}
	s->last = f->last;
	struct rme_session *session = rmi_lane_session(&s->lane);
	e = f->last ? rme_session_end(session) : rme_session_flush(session, NULL);
	if (e == RME_OK) {
		(void)rmi_call_read(s->lane.call);
	}
	return e;
}

static enum rme_err
take_control(struct v1_stream *s, const struct rmi_frame_control *f)
{
	if (f->op == RMI_CONTROL_RESET && !s->last) {
		/* Read on when the new session is open. */
		atomic_store(&s->resetting, true);
		rme_session_cancel(rmi_lane_session(&s->lane));
		return RME_OK;
	}
	if (f->op == RMI_CONTROL_CANCEL) {
		rmi_v1_items_cancel(&s->items, f->seq);
	}
	(void)rmi_call_read(s->lane.call);
	return RME_OK;
}

/* Close, or half-close: no more input; what is under way goes on to its end, and then the call ends. */
static enum rme_err
take_end(struct v1_stream *s)
{
	struct rme_session *session = rmi_lane_session(&s->lane);
	if (session == NULL) {
		stream_ended(&s->lane);
		return RME_OK;
	}
	if (s->last) {
		return RME_OK;
	}
	s->last = true;
	return rme_session_end(session);
}

static enum rme_err
take_frame(struct v1_stream *s, struct rmi_buf *msg, const struct rmi_frame *f, struct rme_error *err)
{
	if (!s->opened) {
		return take_open(s, msg, f, err);
	}
	switch (f->kind) {
	case RMI_FRAME_ITEM:
		return take_item(s, msg, &f->packet, err);
	case RMI_FRAME_FLUSH:
		return take_flush(s, &f->flush, err);
	case RMI_FRAME_CONTROL:
		return take_control(s, &f->control);
	case RMI_FRAME_CLOSE:
		return take_end(s);
	case RMI_FRAME_OPEN:
	case RMI_FRAME_DATA:
	case RMI_FRAME_ITEM_END:
	case RMI_FRAME_CREDIT:
	case RMI_FRAME_OPENED:
	case RMI_FRAME_ERROR:
		break;
	}
	return rme_error_set(err, RME_EPROTO, NULL, "a frame of a kind that no client sends");
}

static void
stream_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct v1_stream *s = rmi_call_user(c);
	struct rme_error err = {.code = RME_OK};
	struct rmi_frame f;
	if (s == NULL || (msg == NULL && s->opened && rmi_lane_session(&s->lane) == NULL)) {
		rmi_buf_unref(msg);
		return;
	}
	enum rme_err e;
	if (msg == NULL) {
		e = take_end(s);
	} else {
		e = rmi_frame_decode(&f, msg, &err);
		e = e == RME_OK ? take_frame(s, msg, &f, &err) : e;
	}
	rmi_buf_unref(msg);
	if (e != RME_OK && e != RME_ECLOSED) { /* closed: it failed or was canceled meanwhile, and that is known */
		fail_stream(s, e, &err);
	}
}

static void
stream_open(struct rmi_call *c, void *service)
{
	struct v1_stream *s = calloc(1, sizeof *s);
	if (s == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	rmi_lane_init(&s->lane, &stream_lane_ops, service, c);
	rmi_v1_items_init(&s->items);
	rmi_call_set_user(c, s);
	(void)rmi_call_read(c);
}

static void
stream_writable(struct rmi_call *c)
{
	struct v1_stream *s = rmi_call_user(c);
	if (s != NULL) {
		rmi_lane_pump(&s->lane);
	}
}

static void
stream_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct v1_stream *s = rmi_call_user(c);
	(void)end;
	if (s != NULL) {
		rmi_lane_close(&s->lane);
	}
}

const struct rmi_call_ops rmi_v1_stream_ops = {
    .on_open = stream_open, .on_message = stream_message, .on_writable = stream_writable, .on_end = stream_end};
