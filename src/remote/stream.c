#include "remote/stream.h"

#include "rpc/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
rmi_stream_init(struct rmi_stream *s, const struct rmi_stream_config *config)
{
	memset(s, 0, sizeof *s);
	s->config = *config;
	rmi_channel_connect(config->channel);
	s->max_payload = RMI_WIRE_PAYLOAD_MAX;
}

void
rmi_stream_done(struct rmi_stream *s)
{
	rmi_link_close(s->link);
	s->link = NULL;
	free(s->open);
	s->open = NULL;
	s->cap = s->n_open = 0;
}

/* --- the table of open items --- */

static bool
open_full(struct rmi_stream *s)
{
	return s->n_open >= s->window_items || s->n_open >= RMI_STREAM_WINDOW_MAX;
}

static enum rme_err
open_grow(struct rmi_stream *s)
{
	unsigned cap = s->cap ? 2 * s->cap : RMI_STREAM_EARLY_ITEMS;
	struct rmi_stream_item *ring = malloc(cap * sizeof *ring);
	if (!ring) {
		return RME_ENOMEM;
	}
	for (unsigned i = 0; i < s->n_open; i++) {
		ring[i] = s->open[(s->head + i) % s->cap];
	}
	free(s->open);
	s->open = ring;
	s->cap = cap;
	s->head = 0;
	return RME_OK;
}

static void
open_push(struct rmi_stream *s, uint64_t seq, size_t bytes)
{
	s->open[(s->head + s->n_open) % s->cap] = (struct rmi_stream_item){seq, bytes};
	s->n_open++;
	s->open_bytes += bytes;
}

static void
open_pop(struct rmi_stream *s)
{
	s->open_bytes -= s->open[s->head].bytes;
	s->head = (s->head + 1) % s->cap;
	s->n_open--;
}

/* --- connecting --- */

static void
lose(struct rmi_stream *s, const struct rme_error *why, int64_t now_ns)
{
	rmi_link_close(s->link);
	s->link = NULL;
	s->why = *why;
	s->n_open = s->head = 0;
	s->open_bytes = 0;
	s->dirty = false;
	if (s->state == RMI_STREAM_FINISHED) {
		return;
	}
	int64_t wait = RMI_STREAM_BACKOFF_FIRST_NS;
	for (unsigned i = 0; i < s->tries && wait < RMI_STREAM_BACKOFF_LAST_NS; i++) {
		wait *= 2;
	}
	s->tries++;
	s->retry_at_ns = now_ns + (wait < RMI_STREAM_BACKOFF_LAST_NS ? wait : RMI_STREAM_BACKOFF_LAST_NS);
	s->state = RMI_STREAM_DOWN;
}

static enum rme_err
send_frame(struct rmi_stream *s, const struct rmi_frame *frame)
{
	struct rmi_buf *msg;
	enum rme_err e = rmi_frame_encode(&msg, frame);
	return e == RME_OK ? rmi_link_send(s->link, msg) : e;
}

static enum rme_err
send_open(struct rmi_stream *s)
{
	struct rmi_frame f = {.kind = RMI_FRAME_OPEN};
	f.open.version = RMI_WIRE_VERSION;
	f.open.format = s->format;
	f.open.params_json = s->config.params_json;
	(void)snprintf(f.open.service, sizeof f.open.service, "%s", s->config.service);
	(void)snprintf(f.open.session, sizeof f.open.session, "%s", s->config.session_id);
	(void)snprintf(f.open.resume, sizeof f.open.resume, "%s", s->far_session);
	return send_frame(s, &f);
}

static void
connect_now(struct rmi_stream *s, int64_t now_ns)
{
	bool again = s->state == RMI_STREAM_DOWN;
	if (again) {
		rmi_channel_reset_backoff(s->config.channel); /* ours decides when to try */
	}
	s->state = again ? RMI_STREAM_RETRYING : RMI_STREAM_OPENING;
	s->give_up_ns = now_ns + RMI_STREAM_OPEN_TIMEOUT_NS;
	s->window_items = RMI_STREAM_EARLY_ITEMS;
	s->window_bytes = RMI_STREAM_EARLY_BYTES;
	s->sent = s->seen = (struct rmi_wire_format){0};
	const struct rmi_link_config link = {
	    .channel = s->config.channel, .notify = s->config.notify, .ctx = s->config.ctx, .wait = again};
	enum rme_err e = rmi_link_open(&s->link, &link);
	e = e == RME_OK ? send_open(s) : e;
	if (e != RME_OK) {
		struct rme_error why;
		(void)rme_error_set(&why, e, "", "cannot open a stream: %s", rme_err_text(e));
		lose(s, &why, now_ns);
	}
}

void
rmi_stream_want(struct rmi_stream *s, const struct rme_format *format)
{
	if (!s->wanted) {
		s->wanted = true;
		s->format = *format;
	}
}

int64_t
rmi_stream_tick(struct rmi_stream *s, int64_t now_ns)
{
	if ((s->state == RMI_STREAM_IDLE && s->wanted) || (s->state == RMI_STREAM_DOWN && now_ns >= s->retry_at_ns)) {
		connect_now(s, now_ns);
	}
	switch (s->state) {
	case RMI_STREAM_DOWN:
		return s->retry_at_ns;
	case RMI_STREAM_OPENING:
	case RMI_STREAM_RETRYING:
		return s->give_up_ns;
	case RMI_STREAM_IDLE:
	case RMI_STREAM_OPEN:
	case RMI_STREAM_FINISHED:
		break;
	}
	return 0;
}

/* Errors that another try does not mend by itself are reported as they are. */
static bool
is_final(enum rme_err e)
{
	return e == RME_EDENIED || e == RME_ENOTFOUND || e == RME_EUNSUPPORTED || e == RME_EFORMAT ||
	       e == RME_ECONFIG || e == RME_EINVAL;
}

enum rme_err
rmi_stream_accepts(const struct rmi_stream *s, struct rme_error *err)
{
	switch (s->state) {
	case RMI_STREAM_OPENING:
	case RMI_STREAM_OPEN:
		return RME_OK;
	case RMI_STREAM_DOWN:
	case RMI_STREAM_RETRYING:
		if (is_final(s->why.code)) {
			return rme_error_set(err, s->why.code, s->why.where, "%s", s->why.text);
		}
		return rme_error_set(err, RME_EUNAVAILABLE, "", "offline: %s", s->why.text);
	case RMI_STREAM_IDLE:
	case RMI_STREAM_FINISHED:
		break;
	}
	return rme_error_set(err, RME_ECLOSED, "", "the stream has ended");
}

/* --- sending --- */

/* May n bytes go out now? A single item is let through whatever the window of bytes. */
static enum rme_err
claim(struct rmi_stream *s, size_t n)
{
	enum rme_err e = rmi_stream_accepts(s, NULL);
	if (e != RME_OK) {
		return e;
	}
	if (open_full(s) || (s->n_open && s->open_bytes + n > s->window_bytes) || !rmi_link_writable(s->link)) {
		return RME_EAGAIN;
	}
	return s->n_open < s->cap ? RME_OK : open_grow(s);
}

/* Sent or not: a write that is refused for want of room cannot be, see claim(); one to a dead link is followed by LOST. */
static enum rme_err
sent(struct rmi_stream *s, enum rme_err e, size_t n, uint64_t *seq)
{
	if (e != RME_OK && e != RME_ECLOSED) {
		return e;
	}
	*seq = ++s->last_seq;
	open_push(s, *seq, n);
	return RME_OK;
}

enum rme_err
rmi_stream_send(struct rmi_stream *s, struct rme_packet *pkt, uint32_t flags, int64_t remaining_ns, uint64_t *seq)
{
	size_t n;
	(void)rme_packet_data(pkt, &n);
	if (n > s->max_payload) {
		return RME_ELIMIT;
	}
	enum rme_err e = claim(s, n);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_wire_out how = {.kind = RMI_FRAME_ITEM,
	    .seq = s->last_seq + 1,
	    .flags = flags,
	    .remaining_ns = remaining_ns,
	    .sent = &s->sent};
	struct rmi_buf *msg;
	e = rmi_wire_encode(&msg, pkt, &how);
	if (e != RME_OK) {
		return e;
	}
	s->dirty = true;
	return sent(s, rmi_link_send(s->link, msg), n, seq);
}

enum rme_err
rmi_stream_flush(struct rmi_stream *s, bool last, int64_t remaining_ns, uint64_t *seq)
{
	enum rme_err e = claim(s, 0);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_frame f = {.kind = RMI_FRAME_FLUSH,
	    .flush = {.seq = s->last_seq + 1, .last = last, .remaining_ns = remaining_ns > 0 ? remaining_ns : 0}};
	e = sent(s, send_frame(s, &f), 0, seq);
	if (e == RME_OK) {
		s->dirty = false;
		s->last_flush = last ? *seq : s->last_flush;
	}
	return e;
}

static void
send_control(struct rmi_stream *s, enum rmi_control_op op, uint64_t seq)
{
	const struct rmi_frame f = {.kind = RMI_FRAME_CONTROL, .control = {.op = op, .seq = seq}};
	if (s->link) {
		(void)send_frame(s, &f);
	}
}

void
rmi_stream_cancel(struct rmi_stream *s, uint64_t seq)
{
	send_control(s, RMI_CONTROL_CANCEL, seq);
}

void
rmi_stream_reset(struct rmi_stream *s)
{
	s->dirty = false;
	send_control(s, RMI_CONTROL_RESET, 0);
}

/* --- receiving --- */

static bool
is_oldest(const struct rmi_stream *s, uint64_t seq)
{
	return s->n_open && s->open[s->head].seq == seq;
}

static void
take_opened(struct rmi_stream *s, const struct rmi_frame_opened *o)
{
	s->state = RMI_STREAM_OPEN;
	s->tries = 0;
	s->window_items = o->window_items ? o->window_items : 1;
	s->window_bytes = o->window_bytes;
	s->max_payload =
	    o->max_payload && o->max_payload < RMI_WIRE_PAYLOAD_MAX ? o->max_payload : RMI_WIRE_PAYLOAD_MAX;
	memcpy(s->far_session, o->session, sizeof s->far_session);
}

static void
take_item_end(struct rmi_stream *s, struct rmi_stream_event *ev)
{
	uint64_t seq = ev->frame.item_end.seq;
	open_pop(s);
	if (seq == s->last_flush) {
		s->state = RMI_STREAM_FINISHED;
	}
	ev->kind = RMI_STREAM_ITEM_END;
}

static enum rme_err
wrong(struct rmi_stream_event *ev, const char *what)
{
	return rme_error_set(&ev->error, RME_EPROTO, "", "the service broke the protocol: %s", what);
}

/* One frame. The event's kind stays NONE where it concerns nobody but this stream. */
static enum rme_err
take_frame(struct rmi_stream *s, struct rmi_stream_event *ev)
{
	enum rme_err e = rmi_frame_decode(&ev->frame, ev->msg, &ev->error);
	if (e != RME_OK) {
		return e;
	}
	bool opening = s->state == RMI_STREAM_OPENING || s->state == RMI_STREAM_RETRYING;
	if (opening != (ev->frame.kind == RMI_FRAME_OPENED) && ev->frame.kind != RMI_FRAME_ERROR) {
		return wrong(ev, "the first answer must be Opened, and only the first");
	}
	switch (ev->frame.kind) {
	case RMI_FRAME_OPENED:
		take_opened(s, &ev->frame.opened);
		return RME_OK;
	case RMI_FRAME_DATA:
		if (!is_oldest(s, ev->frame.packet.seq)) {
			return wrong(ev, "a result out of turn");
		}
		if (ev->frame.packet.has_format) { /* counts for later results even if nobody wants this one */
			s->seen = (struct rmi_wire_format){true, ev->frame.packet.format};
		}
		ev->kind = RMI_STREAM_DATA;
		return RME_OK;
	case RMI_FRAME_ITEM_END:
		if (!is_oldest(s, ev->frame.item_end.seq)) {
			return wrong(ev, "an item ended out of turn");
		}
		take_item_end(s, ev);
		return RME_OK;
	case RMI_FRAME_CREDIT:
		s->window_items = ev->frame.credit.window_items ? ev->frame.credit.window_items : 1;
		s->window_bytes = ev->frame.credit.window_bytes;
		return RME_OK;
	case RMI_FRAME_ERROR:
		ev->error = ev->frame.error;
		return ev->error.code != RME_OK ? ev->error.code : wrong(ev, "an error without code");
	case RMI_FRAME_OPEN:
	case RMI_FRAME_ITEM:
	case RMI_FRAME_FLUSH:
	case RMI_FRAME_CONTROL:
	case RMI_FRAME_CLOSE:
		break;
	}
	return wrong(ev, "a frame that only clients send");
}

static void
lost(struct rmi_stream *s, struct rmi_stream_event *ev, int64_t now_ns)
{
	if (ev->error.code == RME_ECLOSED && s->state != RMI_STREAM_FINISHED) {
		(void)rme_error_set(&ev->error, RME_ETRANSPORT, "", "the service ended the stream");
	}
	ev->kind = s->state == RMI_STREAM_FINISHED && s->n_open == 0 ? RMI_STREAM_NONE : RMI_STREAM_LOST;
	lose(s, &ev->error, now_ns);
}

void
rmi_stream_next(struct rmi_stream *s, struct rmi_stream_event *ev, int64_t now_ns)
{
	ev->kind = RMI_STREAM_NONE;
	ev->msg = NULL;
	while (s->link && ev->kind == RMI_STREAM_NONE) {
		enum rme_err e = rmi_link_next(s->link, &ev->msg, &ev->error);
		if (e == RME_EAGAIN) {
			bool opening = s->state == RMI_STREAM_OPENING || s->state == RMI_STREAM_RETRYING;
			if (!opening || now_ns < s->give_up_ns) {
				return;
			}
			e = rme_error_set(&ev->error, RME_ETRANSPORT, "", "the service does not answer");
		} else if (e == RME_OK) {
			e = take_frame(s, ev);
		}
		if (e != RME_OK) {
			lost(s, ev, now_ns);
		}
		if (ev->kind != RMI_STREAM_DATA) {
			rmi_buf_unref(ev->msg);
			ev->msg = NULL;
		}
	}
}
