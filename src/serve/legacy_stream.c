/*
 * StreamNode: init, then items. The session is opened by the first item, since a JSON item is what tells the media
 * format. At most RMI_HOST_WINDOW items are under way; more are read when one has ended.
 */
#include "serve/error_text.h"
#include "serve/lane.h"
#include "serve/legacy.h"

#include <rme/verdict.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef Remotemedia__Execution__StreamData StreamData;
typedef Remotemedia__Execution__StreamInit StreamInit;

static const char NO_INIT[] = "Stream must be initialized with a StreamInit message.";

enum stream_state { WAIT_INIT, BIND, WAIT_FIRST, OPEN_SESSION, RUN };

struct stream {
	struct rmi_lane lane; /* first */
	/* Handed from the gRPC thread to a job and back; never touched by both at a time. */
	enum stream_state state;
	struct rmi_buf *init;
	struct rme_packet *first;
	atomic_uint under_way; /* items */
	atomic_bool over;      /* the stream failed; nothing more is said */
};

/* The stream's one error message, then an orderly end: clients of this protocol expect status OK. */
static void
fail_stream(struct stream *s, const struct rme_error *err)
{
	char line[RMI_ERROR_LINE_MAX];
	StreamData m;
	remotemedia__execution__stream_data__init(&m);
	if (atomic_exchange(&s->over, true)) {
		return;
	}
	(void)rmi_error_line(err, line);
	m.error_message = line;
	struct rmi_buf *b = rmi_pb_write(&m.base);
	if (b != NULL) {
		(void)rmi_call_write(s->lane.call, b);
	}
	(void)rmi_call_finish(s->lane.call, RMI_STATUS_OK, NULL);
	struct rme_session *session = rmi_lane_session(&s->lane);
	if (session != NULL) {
		rme_session_cancel(session);
	}
}

static void
fail_with(struct stream *s, enum rme_err e, struct rme_error *err)
{
	if (err->code == RME_OK) {
		(void)rme_error_set(err, e, NULL, "%s", rme_err_text(e));
	}
	rmi_stats_refused(&s->lane.host->stats);
	fail_stream(s, err);
}

/* Output */

static void
unref_packet(void *pkt)
{
	rme_packet_unref(pkt);
}

/* StreamData{data}: field 2, the payload by reference. Owns pkt. */
static enum rme_err
write_data(struct rmi_call *c, struct rme_packet *pkt)
{
	uint8_t head[12] = {2 << 3 | 2};
	size_t at = 1;
	size_t n;
	const uint8_t *data = rme_packet_data(pkt, &n);
	size_t left = n;
	for (; left >= 0x80; left >>= 7) {
		head[at++] = (uint8_t)(left | 0x80);
	}
	head[at++] = (uint8_t)left;
	struct rmi_buf *b = rmi_buf_new();
	enum rme_err e = b != NULL ? rmi_buf_add(b, head, at) : RME_ENOMEM;
	if (e != RME_OK) {
		rme_packet_unref(pkt);
	} else {
		e = rmi_buf_wrap(b, data, n, unref_packet, pkt);
	}
	if (e != RME_OK) {
		rmi_buf_unref(b);
		return e;
	}
	return rmi_call_write(c, b);
}

static void
item_ended(struct stream *s, const struct rme_verdict *v, const struct rme_packet_meta *meta)
{
	struct rmi_host *host = s->lane.host;
	if (v->error.code != RME_OK && v->error.code != RME_ECANCELED) {
		fail_stream(s, &v->error);
	}
	if ((meta->flags & RME_PACKET_LAST) != 0) {
		return;
	}
	rmi_stats_end(&host->stats, v->error.code == RME_OK, v->end_ns - v->submit_ns);
	atomic_store_explicit(&s->lane.entry.active_ns, v->end_ns, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->lane.entry.items, 1, memory_order_relaxed);
	if (atomic_fetch_sub(&s->under_way, 1) == RMI_HOST_WINDOW) {
		(void)rmi_call_read(s->lane.call);
	}
}

static void
stream_output(struct rmi_lane *l, struct rme_packet *pkt)
{
	struct stream *s = (struct stream *)l;
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	size_t n;
	const uint8_t *data = rme_packet_data(pkt, &n);
	if (v != NULL) {
		item_ended(s, v, rme_packet_meta(pkt));
	} else if (!atomic_load(&s->over) && !(n == 4 && memcmp(data, "null", 4) == 0)) { /* None is no result */
		enum rme_err e = write_data(l->call, rme_packet_ref(pkt));
		if (e == RME_ELIMIT || e == RME_ENOMEM) {
			struct rme_error err;
			(void)rme_error_set(&err, e, NULL, "a result is too large to be sent");
			fail_stream(s, &err);
		}
	}
	rme_packet_unref(pkt);
}

static void
stream_ended(struct rmi_lane *l)
{
	struct stream *s = (struct stream *)l;
	if (!atomic_exchange(&s->over, true)) {
		(void)rmi_call_finish(l->call, RMI_STATUS_OK, NULL);
	}
}

static void
stream_release(struct rmi_lane *l)
{
	struct stream *s = (struct stream *)l;
	/* Items whose verdict nobody took. */
	for (unsigned n = atomic_load(&s->under_way); n > 0; n--) {
		rmi_stats_end(&l->host->stats, false, 0);
	}
	rmi_buf_unref(s->init);
	rme_packet_unref(s->first);
	free(s);
}

static const struct rmi_lane_ops stream_lane_ops = {
    .output = stream_output, .ended = stream_ended, .release = stream_release};

/* Input */

static enum rme_err
submit(struct stream *s, struct rme_packet *pkt)
{
	rmi_stats_begin(&s->lane.host->stats);
	unsigned before = atomic_fetch_add(&s->under_way, 1);
	enum rme_err e = rme_session_submit(rmi_lane_session(&s->lane), pkt, NULL);
	if (e != RME_OK) {
		atomic_fetch_sub(&s->under_way, 1);
		rmi_stats_end(&s->lane.host->stats, false, 0);
		return e;
	}
	if (before + 1 < RMI_HOST_WINDOW) {
		(void)rmi_call_read(s->lane.call);
	}
	return RME_OK;
}

static void
bind_work(struct rmi_lane *l)
{
	struct stream *s = (struct stream *)l;
	struct rmi_pb_arena arena = {0};
	struct rme_error err = {.code = RME_OK};
	ProtobufCMessage *m = NULL;
	enum rme_err e = rmi_pb_read(&arena, &remotemedia__execution__stream_data__descriptor, s->init, &m);
	if (e == RME_OK) {
		const StreamInit *init = ((const StreamData *)m)->init;
		const struct rmi_legacy_config config = {init->n_config, init->config};
		e = rmi_legacy_format(init->serialization_format, &err);
		e = e == RME_OK ? rmi_legacy_bind(&l->hosted, &l->host->catalog, init->node_type, &config, &err) : e;
	}
	rmi_pb_done(&arena);
	if (e != RME_OK) {
		fail_with(s, e, &err);
		return;
	}
	s->state = WAIT_FIRST;
	(void)rmi_call_read(l->call);
}

static void
open_work(struct rmi_lane *l)
{
	struct stream *s = (struct stream *)l;
	struct rme_error err = {.code = RME_OK};
	struct rmi_hosted_in in = {.json = true};
	struct rme_packet *first = s->first;
	s->first = NULL;
	enum rme_err e = rmi_hosted_learn(&l->hosted, first, &err);
	if (e == RME_OK) {
		e = rmi_lane_open(l, &in, &err);
	}
	if (e != RME_OK) {
		rme_packet_unref(first);
		fail_with(s, e, &err);
		return;
	}
	s->state = RUN;
	e = submit(s, first);
	if (e != RME_OK) {
		fail_with(s, e, &err);
	}
}

static void
take_data(struct stream *s, const ProtobufCBinaryData *data)
{
	struct rme_error err = {.code = RME_OK};
	struct rme_packet *pkt;
	enum rme_err e = rmi_legacy_packet(&pkt, data, 0);
	if (e == RME_OK && s->state == WAIT_FIRST) {
		s->state = OPEN_SESSION;
		s->first = pkt;
		rmi_lane_work(&s->lane, open_work);
		return;
	}
	e = e == RME_OK ? submit(s, pkt) : e;
	if (e != RME_OK && e != RME_ECLOSED) {
		fail_with(s, e, &err);
	}
}

static void
take_end(struct stream *s)
{
	struct rme_session *session = rmi_lane_session(&s->lane);
	if (s->state == WAIT_INIT) {
		(void)rmi_call_finish(s->lane.call, RMI_STATUS_INVALID_ARGUMENT, NO_INIT);
	} else if (session == NULL) {
		stream_ended(&s->lane);
	} else if (rme_session_end(session) == RME_ENOMEM) {
		rme_session_cancel(session);
	}
}

static void
take_init(struct stream *s, struct rmi_buf *msg, const StreamData *m)
{
	if (m->payload_case != REMOTEMEDIA__EXECUTION__STREAM_DATA__PAYLOAD_INIT) {
		(void)rmi_call_finish(s->lane.call, RMI_STATUS_INVALID_ARGUMENT, NO_INIT);
		return;
	}
	s->state = BIND;
	s->init = rmi_buf_ref(msg);
	rmi_lane_work(&s->lane, bind_work);
}

static void
stream_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct stream *s = rmi_call_user(c);
	struct rmi_pb_arena arena = {0};
	ProtobufCMessage *m = NULL;
	if (msg == NULL) {
		if (s != NULL) {
			take_end(s);
		}
		return;
	}
	enum rme_err e = rmi_pb_read(&arena, &remotemedia__execution__stream_data__descriptor, msg, &m);
	const StreamData *data = (const StreamData *)m;
	if (e != RME_OK) {
		(void)rmi_call_finish(c, RMI_STATUS_INVALID_ARGUMENT, "a message is not StreamData");
	} else if (s->state == WAIT_INIT) {
		take_init(s, msg, data);
	} else if (data->payload_case == REMOTEMEDIA__EXECUTION__STREAM_DATA__PAYLOAD_DATA) {
		take_data(s, &data->data);
	} else {
		(void)rmi_call_read(c); /* a second init, or nothing: passed over, as ever */
	}
	rmi_pb_done(&arena);
	rmi_buf_unref(msg);
}

static void
stream_open(struct rmi_call *c, void *service)
{
	struct stream *s = calloc(1, sizeof *s);
	if (s == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	rmi_lane_init(&s->lane, &stream_lane_ops, service, c);
	rmi_call_set_user(c, s);
	(void)rmi_call_read(c);
}

static void
stream_writable(struct rmi_call *c)
{
	struct stream *s = rmi_call_user(c);
	if (s != NULL) {
		rmi_lane_pump(&s->lane);
	}
}

static void
stream_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct stream *s = rmi_call_user(c);
	(void)end;
	if (s != NULL) {
		rmi_lane_close(&s->lane);
	}
}

const struct rmi_call_ops rmi_legacy_stream_ops = {
    .on_open = stream_open, .on_message = stream_message, .on_writable = stream_writable, .on_end = stream_end};
