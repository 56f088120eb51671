/*
 * Writing side of a call: a bounded queue, one batch under way at a time. The batch is chosen under the lock and started
 * without it; `writing` keeps the order. gRPC calls a message written when flow control took it: that is the back-pressure.
 */

#include "rpc/internal.h"

#include <grpc/slice.h>

#include <string.h>

static bool
queue_full(const struct rmi_call *c)
{
	return c->queued >= c->max_queued || c->queued_bytes >= c->max_queued_bytes;
}

static void
queue_push(struct rmi_call *c, struct rmi_buf *msg)
{
	msg->next = NULL;
	*c->tail = msg;
	c->tail = &msg->next;
	c->queued++;
	c->queued_bytes += rmi_buf_size(msg);
}

/* A message under way stays counted until it is written. */
static struct rmi_buf *
queue_pop(struct rmi_call *c)
{
	struct rmi_buf *msg = c->head;
	if (msg) {
		c->head = msg->next;
		if (!c->head) {
			c->tail = &c->head;
		}
	}
	return msg;
}

struct rmi_buf *
rmi_call_drop_queue(struct rmi_call *c)
{
	struct rmi_buf *list = c->head;
	c->head = NULL;
	c->tail = &c->head;
	c->queued = c->sending ? 1 : 0;
	c->queued_bytes = c->sending ? c->sending_bytes : 0;
	return list;
}

/* What the next batch holds. */
struct send {
	struct rmi_buf *msg;
	bool headers, close, more;
};

/* With mu held. False: nothing to do now. */
static bool
choose_send(struct rmi_call *c, struct send *s)
{
	if (c->writing || c->dead || c->close_sent || !c->grpc || (c->over && c->is_client)) {
		return false;
	}
	s->msg = queue_pop(c);
	s->more = c->head != NULL;
	s->close = c->close_wanted && !s->more;
	if (!s->msg && !s->close) {
		return false;
	}
	s->headers = !c->is_client && !c->headers_sent;
	c->headers_sent = true;
	c->close_sent = s->close;
	c->writing = true;
	c->pending++;
	c->sending = s->msg;
	c->sending_bytes = s->msg ? rmi_buf_size(s->msg) : 0;
	return true;
}

static void
fill_close(struct rmi_call *c, grpc_op *op)
{
	if (c->is_client) {
		op->op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
		return;
	}
	op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	op->data.send_status_from_server.status = (grpc_status_code)c->status;
	op->data.send_status_from_server.status_details = &c->status_text;
	op->data.send_status_from_server.trailing_metadata_count = c->n_trailers;
	op->data.send_status_from_server.trailing_metadata = c->trailers;
}

void
rmi_call_pump(struct rmi_call *c)
{
	struct send s = {0};
	(void)pthread_mutex_lock(&c->mu);
	bool go = choose_send(c, &s);
	(void)pthread_mutex_unlock(&c->mu);
	if (!go) {
		return;
	}
	grpc_op ops[3];
	memset(ops, 0, sizeof ops);
	size_t n = 0;
	if (s.headers) {
		ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
	}
	if (s.msg) {
		ops[n].op = GRPC_OP_SEND_MESSAGE;
		ops[n].flags = s.more ? GRPC_WRITE_BUFFER_HINT : 0;
		ops[n++].data.send_message.send_message = &s.msg->bytes;
	}
	if (s.close) {
		fill_close(c, &ops[n++]);
	}
	rmi_call_batch(c, ops, n, &c->t_write);
}

void
rmi_call_write_done(struct rmi_tag *tag, bool ok)
{
	struct rmi_call *c = RMI_CONTAINER(tag, struct rmi_call, t_write);
	(void)ok; /* a write that failed is followed by the end of the call */
	(void)pthread_mutex_lock(&c->mu);
	struct rmi_buf *msg = c->sending;
	c->sending = NULL;
	c->writing = false;
	if (msg) {
		c->queued--;
		c->queued_bytes -= c->sending_bytes;
	}
	bool room = c->queued <= c->max_queued / 2 && c->queued_bytes <= c->max_queued_bytes / 2;
	bool tell = c->want_writable && room && !c->over;
	c->want_writable = c->want_writable && !tell;
	(void)pthread_mutex_unlock(&c->mu);
	rmi_buf_unref(msg);
	rmi_call_pump(c);
	if (tell && c->ops && c->ops->on_writable) {
		c->ops->on_writable(c);
	}
	rmi_call_settle(c);
}

/* How a write ends the writing side. */
enum after { AFTER_OPEN, AFTER_CLOSE };

static enum rme_err
call_write(struct rmi_call *c, struct rmi_buf *msg, enum after after)
{
	if (rmi_buf_size(msg) > c->max_message) {
		rmi_buf_unref(msg);
		return RME_ELIMIT;
	}
	msg = rmi_buf_own(msg);
	if (!msg) {
		return RME_ENOMEM;
	}
	enum rme_err e = RME_OK;
	(void)pthread_mutex_lock(&c->mu);
	if (c->over || c->close_wanted) {
		e = RME_ECLOSED;
	} else if (after == AFTER_OPEN && queue_full(c)) {
		c->want_writable = true;
		e = RME_EAGAIN;
	} else {
		queue_push(c, msg);
		c->close_wanted = after == AFTER_CLOSE;
	}
	(void)pthread_mutex_unlock(&c->mu);
	if (e != RME_OK) {
		rmi_buf_unref(msg);
		return e;
	}
	rmi_call_pump(c);
	return RME_OK;
}

enum rme_err
rmi_call_write(struct rmi_call *c, struct rmi_buf *msg)
{
	return call_write(c, msg, AFTER_OPEN);
}

enum rme_err
rmi_call_reply(struct rmi_call *c, struct rmi_buf *reply)
{
	return call_write(c, reply, AFTER_CLOSE);
}

bool
rmi_call_writable(struct rmi_call *c)
{
	(void)pthread_mutex_lock(&c->mu);
	bool room = c->over || !queue_full(c);
	c->want_writable = c->want_writable || !room;
	(void)pthread_mutex_unlock(&c->mu);
	return room;
}

static enum rme_err
call_close(struct rmi_call *c, enum rmi_status status, const char *text)
{
	size_t n = text ? strnlen(text, RMI_CALL_TEXT_MAX - 1) : 0;
	(void)pthread_mutex_lock(&c->mu);
	bool may = !c->over && !c->close_wanted;
	if (may) {
		c->close_wanted = true;
		if (!c->is_client) {
			c->status = status;
			c->status_text = grpc_slice_from_copied_buffer(text ? text : "", n);
		}
	}
	(void)pthread_mutex_unlock(&c->mu);
	rmi_call_pump(c);
	return may ? RME_OK : RME_ECLOSED;
}

enum rme_err
rmi_call_close_send(struct rmi_call *c)
{
	return call_close(c, RMI_STATUS_OK, NULL);
}

enum rme_err
rmi_call_finish(struct rmi_call *c, enum rmi_status status, const char *text)
{
	return call_close(c, status, text);
}

bool
rmi_meta_ok(const char *key, const char *value)
{
	grpc_slice k = grpc_slice_from_static_string(key);
	grpc_slice v = grpc_slice_from_static_string(value);
	return grpc_header_key_is_legal(k) && !grpc_is_binary_header(k) && grpc_header_nonbin_value_is_legal(v);
}

enum rme_err
rmi_call_add_trailer(struct rmi_call *c, const char *key, const char *value)
{
	if (!rmi_meta_ok(key, value)) {
		return RME_EINVAL;
	}
	enum rme_err e = RME_OK;
	(void)pthread_mutex_lock(&c->mu);
	if (c->close_wanted || c->over) { /* over: the trailers are being freed */
		e = RME_EINVAL;
	} else if (c->n_trailers == RMI_CALL_META_MAX) {
		e = RME_ELIMIT;
	} else {
		grpc_metadata *md = &c->trailers[c->n_trailers++];
		md->key = grpc_slice_from_copied_string(key);
		md->value = grpc_slice_from_copied_string(value);
	}
	(void)pthread_mutex_unlock(&c->mu);
	return e;
}
