#include "rpc/wire_frame.h"

#include "rpc/wire_message.h"

#include <string.h>

#define VARINT(n) RMI_WIRE_TAG(n, RMI_WIRE_VARINT)
#define LEN(n)    RMI_WIRE_TAG(n, RMI_WIRE_LEN)

typedef enum rme_err get_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err);

/* Go through a message of small fields. */
static enum rme_err
get_fields(void *out, const struct rmi_buf *msg, struct rmi_span at, get_field *get, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	rmi_reader_init(&r, msg, at);
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		enum rme_err e = get(out, msg, &f, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return more == 0 ? RME_OK : rmi_wire_bad(err, "malformed frame");
}

static enum rme_err
opened_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	struct rmi_frame_opened *o = out;
	bool fits = true;
	switch (f->tag) {
	case LEN(1):
		fits = rmi_span_text(msg, f->span, o->session, sizeof o->session);
		break;
	case VARINT(2):
		o->window_items = (uint32_t)f->value;
		break;
	case VARINT(3):
		o->window_bytes = f->value;
		break;
	case VARINT(4):
		o->max_payload = f->value;
		break;
	case LEN(5):
		return rmi_get_format(&o->format, msg, f->span, err);
	case LEN(6):
		(void)rmi_span_text(msg, f->span, o->server, sizeof o->server);
		break;
	default:
		break;
	}
	return fits ? RME_OK : rme_error_set(err, RME_ELIMIT, "rme.v1", "the session id of Opened is too long");
}

static enum rme_err
flush_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	(void)msg, (void)err;
	struct rmi_frame_flush *o = out;
	switch (f->tag) {
	case VARINT(1):
		o->seq = f->value;
		break;
	case VARINT(2):
		o->last = f->value != 0;
		break;
	case VARINT(3):
		o->remaining_ns = (int64_t)f->value;
		break;
	default:
		break;
	}
	return RME_OK;
}

static enum rme_err
credit_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	(void)msg, (void)err;
	struct rmi_frame_credit *o = out;
	if (f->tag == VARINT(1)) {
		o->window_items = (uint32_t)f->value;
	} else if (f->tag == VARINT(2)) {
		o->window_bytes = f->value;
	}
	return RME_OK;
}

static enum rme_err
control_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	(void)msg;
	struct rmi_frame_control *o = out;
	if (f->tag == VARINT(1)) {
		if (f->value != RMI_CONTROL_CANCEL && f->value != RMI_CONTROL_RESET) {
			return rmi_wire_bad(err, "unknown Control");
		}
		o->op = (enum rmi_control_op)f->value;
	} else if (f->tag == VARINT(2)) {
		o->seq = f->value;
	}
	return RME_OK;
}

static enum rme_err
error_field(void *out, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	(void)err;
	struct rme_error *o = out;
	if (f->tag == VARINT(1)) {
		o->code = rmi_wire_err(f->value);
	} else if (f->tag == LEN(2)) {
		(void)rmi_span_text(msg, f->span, o->where, sizeof o->where);
	} else if (f->tag == LEN(3)) {
		(void)rmi_span_text(msg, f->span, o->text, sizeof o->text);
	}
	return RME_OK;
}

static enum rme_err
get_control(struct rmi_frame_control *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	enum rme_err e = get_fields(out, msg, at, control_field, err);
	return e == RME_OK && !out->op ? rmi_wire_bad(err, "unknown Control") : e;
}

static enum rme_err
get_flush(struct rmi_frame_flush *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	enum rme_err e = get_fields(out, msg, at, flush_field, err);
	return e == RME_OK && (out->seq == 0 || out->remaining_ns < 0) ? rmi_wire_bad(err, "malformed Flush") : e;
}

static enum rme_err
get_kind(struct rmi_frame *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	switch (out->kind) {
	case RMI_FRAME_OPEN:
		return rmi_get_open(&out->open, msg, at, err);
	case RMI_FRAME_ITEM:
	case RMI_FRAME_DATA:
		return rmi_get_packet(&out->packet, msg, at, err);
	case RMI_FRAME_ITEM_END:
		return rmi_get_item_end(&out->item_end, msg, at, err);
	case RMI_FRAME_FLUSH:
		out->flush = (struct rmi_frame_flush){0};
		return get_flush(&out->flush, msg, at, err);
	case RMI_FRAME_CREDIT:
		out->credit = (struct rmi_frame_credit){0};
		return get_fields(&out->credit, msg, at, credit_field, err);
	case RMI_FRAME_CONTROL:
		memset(&out->control, 0, sizeof out->control);
		return get_control(&out->control, msg, at, err);
	case RMI_FRAME_CLOSE:
		return RME_OK;
	case RMI_FRAME_OPENED:
		memset(&out->opened, 0, sizeof out->opened);
		return get_fields(&out->opened, msg, at, opened_field, err);
	case RMI_FRAME_ERROR:
		memset(&out->error, 0, sizeof out->error);
		return get_fields(&out->error, msg, at, error_field, err);
	}
	return rmi_wire_bad(err, "unknown frame");
}

enum rme_err
rmi_frame_decode(struct rmi_frame *out, const struct rmi_buf *msg, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	struct rmi_span at = {0, 0};
	uint32_t kind = 0;
	int more;
	rmi_reader_init(&r, msg, rmi_span_all(msg));
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		uint32_t number = f.tag >> 3;
		if (number > RMI_FRAME_ERROR || f.tag != LEN(number)) {
			continue;
		}
		if (kind) {
			return rmi_wire_bad(err, "more than one kind in a frame");
		}
		kind = number;
		at = f.span;
	}
	if (more != 0 || !kind) {
		return rmi_wire_bad(err, more != 0 ? "malformed frame" : "unknown frame");
	}
	out->kind = (enum rmi_frame_kind)kind;
	return get_kind(out, msg, at, err);
}

static void
put_opened(struct rmi_writer *w, const struct rmi_frame_opened *o)
{
	rmi_put_text(w, 1, o->session);
	rmi_put_varint(w, 2, o->window_items);
	rmi_put_varint(w, 3, o->window_bytes);
	rmi_put_varint(w, 4, o->max_payload);
	rmi_put_format(w, 5, &o->format);
	rmi_put_text(w, 6, o->server);
}

static enum rme_err
add_frame(struct rmi_buf *out, const struct rmi_frame *frame)
{
	struct rmi_writer w;
	rmi_writer_init(&w);
	switch (frame->kind) {
	case RMI_FRAME_OPEN:
		return rmi_add_open(out, RMI_FRAME_OPEN, &frame->open);
	case RMI_FRAME_ITEM_END:
		return rmi_add_item_end(out, RMI_FRAME_ITEM_END, &frame->item_end);
	case RMI_FRAME_FLUSH:
		rmi_put_varint(&w, 1, frame->flush.seq);
		rmi_put_varint(&w, 2, frame->flush.last);
		rmi_put_varint(&w, 3, (uint64_t)frame->flush.remaining_ns);
		break;
	case RMI_FRAME_CREDIT:
		rmi_put_varint(&w, 1, frame->credit.window_items);
		rmi_put_varint(&w, 2, frame->credit.window_bytes);
		break;
	case RMI_FRAME_CONTROL:
		rmi_put_varint(&w, 1, (uint64_t)frame->control.op);
		rmi_put_varint(&w, 2, frame->control.seq);
		break;
	case RMI_FRAME_CLOSE:
		break;
	case RMI_FRAME_OPENED:
		put_opened(&w, &frame->opened);
		break;
	case RMI_FRAME_ERROR:
		rmi_put_varint(&w, 1, (uint64_t)frame->error.code);
		rmi_put_text(&w, 2, frame->error.where);
		rmi_put_text(&w, 3, frame->error.text);
		break;
	case RMI_FRAME_ITEM:
	case RMI_FRAME_DATA:
		return RME_EINVAL;
	}
	return rmi_writer_close(&w, out, frame->kind, 0);
}

enum rme_err
rmi_frame_encode(struct rmi_buf **out, const struct rmi_frame *frame)
{
	struct rmi_buf *b = rmi_buf_new();
	enum rme_err e = b ? add_frame(b, frame) : RME_ENOMEM;
	if (e != RME_OK) {
		rmi_buf_unref(b);
		return e;
	}
	*out = b;
	return RME_OK;
}
