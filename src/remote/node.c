/*
 * RemoteNode. What comes in waits in `flights` in order; what can be sent goes out on the stream; what came back, timed out or
 * was lost is done; the oldest leave while they are done. So results, flushes and item ends leave in item order whatever
 * happens, and each ITEM_END leaves exactly once.
 */

#include <rme/node.h>
#include <rme/verdict.h>

#include "remote/flights.h"
#include "remote/remote.h"
#include "remote/stream.h"

#include <stddef.h>
#include <string.h>

struct remote_node {
	struct rmi_stream stream;
	struct rmi_flights flights;
	const struct rmi_remote_endpoint *endpoint;
	int64_t timeout_ns;
	bool open;
	bool running; /* a call that comes in while results go out only adds to flights ... */
	bool rerun;   /* ... and the outer one goes round once more */
	unsigned
	    quiet; /* items that ended without a result since the last one that had some: input that the service holds */
	bool held_lost; /* ... and the connection broke meanwhile */
};

static void
notify(void *ctx)
{
	rme_node_wake(ctx);
}

/* What the config leaves open, the tables of the hub say. */
static enum rme_err
resolve(struct rme_node *self, const struct rmi_remote_node_config *c, struct rmi_stream_config *out)
{
	struct remote_node *n = rme_node_state(self);
	struct rmi_remote *r = rmi_remote_of(rme_node_runtime(self));
	if (!r) {
		return rme_node_fail(self, RME_ENOTFOUND, "no services are configured");
	}
	const struct rmi_remote_service none = {.far_name = c->service};
	const struct rmi_remote_service *known = rmi_remote_find_service(r, c->service);
	const struct rmi_remote_service *service = known ? known : &none;
	const char *endpoint = c->endpoint ? c->endpoint : service->endpoint;
	if (!endpoint) {
		return rme_node_fail(self, RME_ENOTFOUND, "nothing says where the service '%s' is", c->service);
	}
	n->endpoint = rmi_remote_find_endpoint(r, endpoint);
	if (!n->endpoint) {
		return rme_node_fail(self, RME_ENOTFOUND, "there is no endpoint '%s'", endpoint);
	}
	struct rme_error err;
	enum rme_err e = rmi_remote_channel(&out->channel, r, endpoint, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text);
	}
	int64_t usual = service->timeout_ns ? service->timeout_ns : n->endpoint->timeout_ns;
	n->timeout_ns = c->timeout_ns ? c->timeout_ns : usual;
	out->service = service->far_name;
	out->params_json = c->params ? c->params : service->params_json;
	return RME_OK;
}

static enum rme_err
remote_open(struct rme_node *self, const void *config)
{
	struct remote_node *n = rme_node_state(self);
	struct rmi_stream_config stream = {.session_id = rme_node_session_id(self), .notify = notify, .ctx = self};
	enum rme_err e = resolve(self, config, &stream);
	if (e != RME_OK) {
		return e;
	}
	rmi_stream_init(&n->stream, &stream);
	n->open = true;
	return RME_OK;
}

static void
remote_close(struct rme_node *self)
{
	struct remote_node *n = rme_node_state(self);
	if (n->open) {
		rmi_stream_done(&n->stream);
	}
	rmi_flights_done(&n->flights);
}

static void
fail_item(struct rme_node *self, struct rmi_flight *f, const struct rme_error *why)
{
	rme_node_item_fail(self, rme_packet_meta(f->pkt)->seq, why);
	f->done = true;
}

/* Payload of a packet and of its annotation. */
static uint32_t
payload_of(const struct rme_packet *pkt)
{
	size_t len;
	size_t note_len = 0;
	const struct rme_packet *note = rme_packet_annotation(pkt);
	(void)rme_packet_data(pkt, &len);
	if (note) {
		(void)rme_packet_data(note, &note_len);
	}
	return (uint32_t)(len + note_len);
}

/* --- sending --- */

static enum rme_err
send_data(struct rme_node *self, struct rmi_flight *f, int64_t now)
{
	struct remote_node *n = rme_node_state(self);
	uint64_t seq = rme_packet_meta(f->pkt)->seq;
	if (rme_node_item_failed(self, seq) != RME_OK) { /* nobody wants it any more */
		f->done = true;
		return RME_OK;
	}
	int64_t remaining = f->deadline_ns > now ? f->deadline_ns - now : 1;
	enum rme_err e = rmi_stream_send(&n->stream, f->pkt, 0, remaining, &f->wire_seq);
	if (e == RME_OK) {
		struct rme_stage_report *report = rme_node_report(self, seq);
		if (report) {
			report->side = RME_SIDE_CLOUD;
			report->bytes_up += payload_of(f->pkt);
		}
	}
	return e;
}

/* A flush that would find nothing at the far side does not go there. */
static enum rme_err
send_flush(struct rme_node *self, struct rmi_flight *f, int64_t now)
{
	struct remote_node *n = rme_node_state(self);
	bool last = rme_packet_meta(f->pkt)->flags & RME_PACKET_LAST;
	if (n->held_lost) {
		struct rme_error why;
		(void)rme_error_set(&why, RME_ETRANSPORT, "",
		    "the connection to %s broke: what the service still held is lost", n->endpoint->name);
		n->held_lost = false;
		fail_item(self, f, &why);
	} else if (!n->stream.dirty || rmi_stream_accepts(&n->stream, NULL) != RME_OK) {
		f->done = true;
	} else {
		return rmi_stream_flush(
		    &n->stream, last, f->deadline_ns > now ? f->deadline_ns - now : 1, &f->wire_seq);
	}
	return RME_OK;
}

/* Send what may be sent, in order. */
static void
pump(struct rme_node *self, int64_t now)
{
	struct remote_node *n = rme_node_state(self);
	struct rmi_flights *fl = &n->flights;
	for (; fl->sent < fl->n; fl->sent++) {
		struct rmi_flight *f = rmi_flights_at(fl, fl->sent);
		enum rme_packet_kind kind = rme_packet_meta(f->pkt)->kind;
		if (f->done || kind == RME_PACKET_ITEM_END) {
			continue;
		}
		enum rme_err e = kind == RME_PACKET_DATA ? send_data(self, f, now) : send_flush(self, f, now);
		if (e == RME_EAGAIN) {
			return; /* notify comes */
		}
		if (e != RME_OK) {
			struct rme_error why;
			if (rmi_stream_accepts(&n->stream, &why) != e) {
				(void)rme_error_set(
				    &why, e, "", "cannot send to %s: %s", n->endpoint->name, rme_err_text(e));
			}
			fail_item(self, f, &why);
		}
	}
}

/* --- leaving --- */

static void
settle(struct rme_node *self)
{
	struct remote_node *n = rme_node_state(self);
	while (n->flights.n) {
		const struct rmi_flight *f = rmi_flights_at(&n->flights, 0);
		enum rme_packet_kind kind = rme_packet_meta(f->pkt)->kind;
		if (!f->done && kind != RME_PACKET_ITEM_END) {
			break;
		}
		struct rme_packet *pkt = rmi_flights_pop(&n->flights);
		if (kind == RME_PACKET_DATA) {
			rme_packet_unref(pkt);
		} else {
			(void)!rme_node_emit(self, pkt); /* an error stays with the item, which is over here */
		}
	}
}

/* --- what comes back --- */

/* Count a result of an item. What the session can hold of one item is bounded here. */
static enum rme_err
count_result(struct rme_node *self, struct rmi_flight *f, const struct rmi_frame_packet *frame)
{
	struct rme_stage_report *report = rme_node_report(self, rme_packet_meta(f->pkt)->seq);
	size_t bytes = frame->payload.len + frame->note.len;
	f->results++;
	f->result_bytes += bytes;
	if (report) {
		report->bytes_down += (uint32_t)bytes;
	}
	bool fits = f->results <= RMI_REMOTE_RESULTS_MAX && f->result_bytes <= RMI_REMOTE_RESULT_BYTES_MAX;
	return fits ? RME_OK : RME_ELIMIT;
}

static enum rme_err
make_result(struct rme_node *self, struct rme_packet **out, struct rmi_flight *f, struct rmi_stream_event *ev)
{
	struct remote_node *n = rme_node_state(self);
	const struct rme_packet_meta *of = rme_packet_meta(f->pkt);
	enum rme_err e = count_result(self, f, &ev->frame.packet);
	if (e != RME_OK) {
		return e;
	}
	struct rme_packet_meta meta = *of;
	meta.kind = RME_PACKET_DATA;
	meta.side = RME_SIDE_CLOUD;
	meta.flags &= ~(uint32_t)RME_PACKET_LAST;
	const struct rmi_wire_in how = {
	    .meta = &meta, .seen = &n->stream.seen, .item = of->kind == RME_PACKET_DATA ? f->pkt : NULL};
	return rmi_wire_packet(out, ev->msg, &ev->frame.packet, &how);
}

static void
take_data(struct rme_node *self, struct rmi_stream_event *ev)
{
	struct remote_node *n = rme_node_state(self);
	uint64_t wire_seq = ev->frame.packet.seq;
	struct rmi_flight *f = rmi_flights_find(&n->flights, wire_seq);
	if (!f || f->done) {
		return; /* timed out, canceled, or not wanted */
	}
	uint64_t seq = rme_packet_meta(f->pkt)->seq;
	struct rme_packet *pkt;
	enum rme_err e = make_result(self, &pkt, f, ev);
	if (e == RME_OK) {
		e = rme_node_emit(self, pkt);
	} else {
		struct rme_error why;
		(void)rme_error_set(
		    &why, e, "", "results of %s cannot be used: %s", n->endpoint->name, rme_err_text(e));
		rme_node_item_fail(self, seq, &why);
	}
	f = rmi_flights_find(&n->flights, wire_seq); /* emitting may have moved it */
	if (e != RME_OK && f) {
		f->done = true;
		rmi_stream_cancel(&n->stream, wire_seq);
	}
}

static void
take_item_end(struct rme_node *self, const struct rmi_frame_item_end *end)
{
	struct remote_node *n = rme_node_state(self);
	struct rmi_flight *f = rmi_flights_find(&n->flights, end->seq);
	if (!f || f->done) {
		return;
	}
	const struct rme_packet_meta *m = rme_packet_meta(f->pkt);
	struct rme_stage_report *report = rme_node_report(self, m->seq);
	if (report) {
		report->remote_ns += end->queue_ns + end->service_ns;
	}
	n->quiet = m->kind == RME_PACKET_FLUSH || f->results ? 0 : n->quiet + 1;
	f->done = true;
	if (end->error.code != RME_OK) {
		rme_node_item_fail(self, m->seq, &end->error);
	}
}

/* Everything that was sent, or waits to be, ends with the reason. */
static void
take_loss(struct rme_node *self, const struct rme_error *why)
{
	struct remote_node *n = rme_node_state(self);
	n->held_lost = n->held_lost || n->quiet != 0;
	n->quiet = 0;
	struct rme_error text;
	(void)rme_error_set(&text, why->code, "", "%s: %s", n->endpoint->name, why->text);
	for (unsigned i = 0; i < n->flights.n; i++) {
		struct rmi_flight *f = rmi_flights_at(&n->flights, i);
		if (!f->done && rme_packet_meta(f->pkt)->kind != RME_PACKET_ITEM_END) {
			fail_item(self, f, &text);
		}
	}
}

static void
take_events(struct rme_node *self, int64_t now)
{
	struct remote_node *n = rme_node_state(self);
	struct rmi_stream_event ev;
	for (;;) {
		rmi_stream_next(&n->stream, &ev, now);
		switch (ev.kind) {
		case RMI_STREAM_DATA:
			take_data(self, &ev);
			rmi_buf_unref(ev.msg);
			break;
		case RMI_STREAM_ITEM_END:
			take_item_end(self, &ev.frame.item_end);
			break;
		case RMI_STREAM_LOST:
			take_loss(self, &ev.error);
			break;
		case RMI_STREAM_NONE:
			return;
		}
		settle(self);
	}
}

/* End what is out of time, whatever the far side does. @return the next deadline, 0 = none */
static int64_t
expire(struct rme_node *self, int64_t now)
{
	struct remote_node *n = rme_node_state(self);
	int64_t next = 0;
	for (unsigned i = 0; i < n->flights.n; i++) {
		struct rmi_flight *f = rmi_flights_at(&n->flights, i);
		if (f->done || f->deadline_ns == 0) {
			continue;
		}
		if (f->deadline_ns > now) {
			next = next == 0 || f->deadline_ns < next ? f->deadline_ns : next;
			continue;
		}
		struct rme_error why;
		(void)rme_error_set(&why, RME_ETIMEDOUT, "",
		    f->wire_seq ? "no answer from %s in time" : "%s did not take the item in time", n->endpoint->name);
		if (f->wire_seq) {
			rmi_stream_cancel(&n->stream, f->wire_seq);
		}
		fail_item(self, f, &why);
	}
	return next;
}

static void
run_once(struct rme_node *self)
{
	struct remote_node *n = rme_node_state(self);
	int64_t now = rme_node_now(self);
	(void)rmi_stream_tick(&n->stream, now);
	take_events(self, now);
	int64_t deadline = expire(self, now);
	pump(self, now);
	settle(self);
	int64_t again = rmi_stream_tick(&n->stream, now);
	rme_node_wake_at(self, again != 0 && (deadline == 0 || again < deadline) ? again : deadline);
}

static void
run(struct rme_node *self)
{
	struct remote_node *n = rme_node_state(self);
	n->rerun = n->running;
	if (n->running) {
		return;
	}
	n->running = true;
	do {
		n->rerun = false;
		run_once(self);
	} while (n->rerun);
	n->running = false;
}

/* --- what comes in --- */

/* No memory for a place in the order, and an ITEM_END must not get lost: give up what is before it. */
static enum rme_err
give_up(struct rme_node *self, struct rme_packet *end)
{
	static const struct rme_error why = {RME_ENOMEM, "", "out of memory"};
	take_loss(self, &why);
	settle(self);
	return rme_node_emit(self, end);
}

static enum rme_err
take_in(struct rme_node *self, struct rme_packet *in, int64_t deadline_ns)
{
	struct remote_node *n = rme_node_state(self);
	enum rme_err e = rmi_flights_push(&n->flights, in, deadline_ns);
	if (e == RME_OK) {
		run(self);
		return RME_OK;
	}
	if (rme_packet_meta(in)->kind != RME_PACKET_DATA) {
		return give_up(self, in);
	}
	rme_packet_unref(in);
	return e;
}

static enum rme_err
take_item(struct rme_node *self, struct rme_packet *in)
{
	struct remote_node *n = rme_node_state(self);
	const struct rme_packet_meta *m = rme_packet_meta(in);
	struct rme_error why;
	if (m->flags & RME_PACKET_LOCAL) {
		rme_packet_unref(in);
		return rme_node_fail(self, RME_EDENIED, "private data must not leave this device");
	}
	int64_t now = rme_node_now(self);
	rmi_stream_want(&n->stream, &m->format);
	(void)rmi_stream_tick(&n->stream, now);
	enum rme_err e = rmi_stream_accepts(&n->stream, &why);
	if (e != RME_OK) {
		rme_packet_unref(in);
		return rme_node_fail(self, e, "%s: %s", n->endpoint->name, why.text);
	}
	int64_t limit = now + n->timeout_ns;
	return take_in(self, in, m->deadline_ns != 0 && m->deadline_ns < limit ? m->deadline_ns : limit);
}

static enum rme_err
remote_process(struct rme_node *self, struct rme_packet *in)
{
	struct remote_node *n = rme_node_state(self);
	switch (rme_packet_meta(in)->kind) {
	case RME_PACKET_DATA:
		return take_item(self, in);
	case RME_PACKET_FLUSH:
		return take_in(self, in, rme_node_now(self) + n->timeout_ns);
	case RME_PACKET_ITEM_END:
		break;
	}
	if (n->flights.n == 0 && !n->running) {
		return rme_node_emit(self, in);
	}
	return take_in(self, in, 0);
}

static void
remote_reset(struct rme_node *self)
{
	static const struct rme_error canceled = {RME_ECANCELED, "", "canceled"};
	struct remote_node *n = rme_node_state(self);
	for (unsigned i = 0; i < n->flights.n; i++) {
		struct rmi_flight *f = rmi_flights_at(&n->flights, i);
		if (!f->done && rme_packet_meta(f->pkt)->kind != RME_PACKET_ITEM_END) {
			fail_item(self, f, &canceled);
		}
	}
	n->quiet = 0;
	n->held_lost = false;
	rmi_stream_reset(&n->stream);
	run(self);
}

static const struct rme_param params[] = {
    {.name = "service",
        .kind = RME_PARAM_TEXT,
        .offset = offsetof(struct rmi_remote_node_config, service),
        .required = true,
        .help = "name of the service"},
    {.name = "endpoint",
        .kind = RME_PARAM_TEXT,
        .offset = offsetof(struct rmi_remote_node_config, endpoint),
        .help = "name of the endpoint; without it, where the service is configured to be"},
    {.name = "params",
        .kind = RME_PARAM_JSON,
        .offset = offsetof(struct rmi_remote_node_config, params),
        .help = "parameters of the far node; without it, those configured for the service"},
    {.name = "timeout",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct rmi_remote_node_config, timeout_ns),
        .fallback = "0",
        .max = 3600,
        .help = "longest wait for an item; 0 = as configured for the service"},
    {.name = NULL},
};

const struct rme_node_type rmi_remote_node_type = {
    .name = "RemoteNode",
    .category = "base",
    .help = "Runs a step at a service elsewhere.",
    .flags = RME_NODE_ASYNC | RME_NODE_OUTSIDE,
    .state_size = sizeof(struct remote_node),
    .config_size = sizeof(struct rmi_remote_node_config),
    .params = params,
    .open = remote_open,
    .process = remote_process,
    .wake = run,
    .reset = remote_reset,
    .close = remote_close,
};
