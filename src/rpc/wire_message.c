/* Reading and writing of the messages. Unknown fields, and known ones of another type, are skipped (forward compatible). */

#include "rpc/wire_message.h"

#include <math.h>
#include <string.h>

#define VARINT(n)  RMI_WIRE_TAG(n, RMI_WIRE_VARINT)
#define LEN(n)     RMI_WIRE_TAG(n, RMI_WIRE_LEN)
#define FIXED32(n) RMI_WIRE_TAG(n, RMI_WIRE_FIXED32)

enum rme_err
rmi_wire_bad(struct rme_error *err, const char *what)
{
	return rme_error_set(err, RME_EPROTO, "rme.v1", "%s", what);
}

enum rme_err
rmi_get_format(struct rme_format *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	char text[RME_FORMAT_TEXT_MAX];
	if (!rmi_span_text(msg, at, text, sizeof text)) {
		return rme_error_set(
		    err, RME_EFORMAT, "rme.v1", "media format longer than %d bytes", RME_FORMAT_TEXT_MAX - 1);
	}
	return at.len ? rme_format_parse(out, text, at.len, err) : RME_OK;
}

void
rmi_put_format(struct rmi_writer *w, uint32_t number, const struct rme_format *format)
{
	if (format->media != RME_MEDIA_ANY) {
		char text[RME_FORMAT_TEXT_MAX];
		rmi_put_bytes(w, number, text, rme_format_print(format, text));
	}
}

enum { TRACE_BYTES = 25 };

bool
rmi_get_trace(struct rme_trace *out, const struct rmi_buf *msg, struct rmi_span at)
{
	uint8_t bytes[TRACE_BYTES];
	if (at.len == 0) {
		return true;
	}
	if (at.len != sizeof bytes) {
		return false;
	}
	(void)rmi_buf_gather(msg, at.off, bytes, sizeof bytes);
	memcpy(out->trace_id, bytes, 16);
	memcpy(out->span_id, bytes + 16, 8);
	out->flags = bytes[24];
	return true;
}

void
rmi_put_trace(struct rmi_writer *w, uint32_t number, const struct rme_trace *trace)
{
	static const struct rme_trace none;
	if (memcmp(trace->trace_id, none.trace_id, sizeof none.trace_id) == 0) {
		return;
	}
	uint8_t bytes[TRACE_BYTES];
	memcpy(bytes, trace->trace_id, 16);
	memcpy(bytes + 16, trace->span_id, 8);
	bytes[24] = trace->flags;
	rmi_put_bytes(w, number, bytes, sizeof bytes);
}

static enum rme_err
open_field(struct rmi_frame_open *o, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	bool fits = true;
	switch (f->tag) {
	case VARINT(1):
		o->version = (uint32_t)f->value;
		break;
	case LEN(2):
		fits = rmi_span_text(msg, f->span, o->service, sizeof o->service);
		break;
	case LEN(3):
		o->params = f->span;
		fits = f->span.len <= RMI_WIRE_PARAMS_MAX;
		break;
	case LEN(4):
		return rmi_get_format(&o->format, msg, f->span, err);
	case LEN(5):
		fits = rmi_span_text(msg, f->span, o->session, sizeof o->session);
		break;
	case LEN(6):
		return rmi_get_trace(&o->trace, msg, f->span) ? RME_OK : rmi_wire_bad(err, "trace is not 25 bytes");
	case LEN(7):
		fits = rmi_span_text(msg, f->span, o->resume, sizeof o->resume);
		break;
	default:
		break;
	}
	return fits ? RME_OK : rme_error_set(err, RME_ELIMIT, "rme.v1", "a field of Open is too long");
}

enum rme_err
rmi_get_open(struct rmi_frame_open *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	memset(out, 0, sizeof *out);
	rmi_reader_init(&r, msg, at);
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		enum rme_err e = open_field(out, msg, &f, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return more == 0 ? RME_OK : rmi_wire_bad(err, "malformed Open");
}

enum rme_err
rmi_add_open(struct rmi_buf *out, uint32_t number, const struct rmi_frame_open *open)
{
	size_t n = open->params_json ? strlen(open->params_json) : 0;
	if (n > RMI_WIRE_PARAMS_MAX) {
		return RME_ELIMIT;
	}
	struct rmi_writer w;
	rmi_writer_init(&w);
	rmi_put_varint(&w, 1, open->version);
	rmi_put_text(&w, 2, open->service);
	rmi_put_format(&w, 4, &open->format);
	rmi_put_text(&w, 5, open->session);
	rmi_put_trace(&w, 6, &open->trace);
	rmi_put_text(&w, 7, open->resume);
	if (n) {
		rmi_put_open(&w, 3, n);
	}
	enum rme_err e = rmi_writer_close(&w, out, number, n);
	return e == RME_OK ? rmi_buf_add(out, open->params_json, n) : e;
}

static float
float_of(uint64_t value)
{
	uint32_t bits = (uint32_t)value;
	float out;
	memcpy(&out, &bits, sizeof out);
	return out;
}

static enum rme_err
note_fields(struct rmi_frame_packet *p, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	uint32_t flags = 0;
	float confidence = NAN;
	p->has_note = true;
	rmi_reader_init(&r, msg, at);
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		if (f.tag == LEN(1)) {
			enum rme_err e = rmi_get_format(&p->note_format, msg, f.span, err);
			if (e != RME_OK) {
				return e;
			}
		} else if (f.tag == VARINT(2)) {
			flags = (uint32_t)f.value;
		} else if (f.tag == FIXED32(3)) {
			confidence = float_of(f.value);
		} else if (f.tag == LEN(4)) {
			p->note = f.span;
		}
	}
	p->note_confidence = flags & RMI_WIRE_HAS_CONFIDENCE ? confidence : NAN;
	if (p->note.len > RMI_WIRE_ANNOTATION_MAX) {
		return rme_error_set(err, RME_ELIMIT, "rme.v1", "annotation of %zu bytes (limit %d)", p->note.len,
		    RMI_WIRE_ANNOTATION_MAX);
	}
	return more == 0 ? RME_OK : rmi_wire_bad(err, "malformed Annotation");
}

static enum rme_err
packet_field(struct rmi_frame_packet *p, const struct rmi_buf *msg, const struct rmi_field *f, struct rme_error *err)
{
	switch (f->tag) {
	case VARINT(1):
		p->seq = f->value;
		break;
	case VARINT(2):
		p->index = (uint32_t)f->value;
		break;
	case VARINT(3):
		p->flags = (uint32_t)f->value;
		break;
	case VARINT(4):
		p->pts_ns = (int64_t)f->value;
		break;
	case VARINT(5):
		p->duration_ns = (int64_t)f->value;
		break;
	case VARINT(6):
		p->remaining_ns = (int64_t)f->value;
		break;
	case FIXED32(7):
		p->confidence = float_of(f->value);
		break;
	case LEN(8):
		p->has_format = f->span.len != 0;
		return rmi_get_format(&p->format, msg, f->span, err);
	case LEN(9):
		p->has_trace = f->span.len != 0;
		return rmi_get_trace(&p->trace, msg, f->span) ? RME_OK : rmi_wire_bad(err, "trace is not 25 bytes");
	case LEN(10):
		return note_fields(p, msg, f->span, err);
	case LEN(15):
		p->payload = f->span;
		break;
	default:
		break;
	}
	return RME_OK;
}

static bool
confidence_ok(float c)
{
	return isnan(c) || (c >= 0 && c <= 1);
}

static enum rme_err
check_packet(struct rmi_frame_packet *p, struct rme_error *err)
{
	if (!(p->flags & RMI_WIRE_HAS_PTS)) {
		p->pts_ns = -1;
	}
	if (!(p->flags & RMI_WIRE_HAS_CONFIDENCE)) {
		p->confidence = NAN;
	}
	if (p->payload.len > RMI_WIRE_PAYLOAD_MAX) {
		return rme_error_set(
		    err, RME_ELIMIT, "rme.v1", "payload of %zu bytes (limit %d)", p->payload.len, RMI_WIRE_PAYLOAD_MAX);
	}
	if (p->seq == 0 || p->duration_ns < 0 || p->remaining_ns < 0 || !confidence_ok(p->confidence) ||
	    !confidence_ok(p->note_confidence)) {
		return rmi_wire_bad(err, "a packet's number, times or confidence are out of range");
	}
	return RME_OK;
}

enum rme_err
rmi_get_packet(struct rmi_frame_packet *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	memset(out, 0, sizeof *out);
	out->note_confidence = NAN;
	rmi_reader_init(&r, msg, at);
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		enum rme_err e = packet_field(out, msg, &f, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return more == 0 ? check_packet(out, err) : rmi_wire_bad(err, "malformed Packet");
}

enum rme_err
rmi_get_item_end(struct rmi_frame_item_end *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	memset(out, 0, sizeof *out);
	rmi_reader_init(&r, msg, at);
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		switch (f.tag) {
		case VARINT(1):
			out->seq = f.value;
			break;
		case VARINT(2):
			out->error.code = rmi_wire_err(f.value);
			break;
		case LEN(3):
			(void)rmi_span_text(msg, f.span, out->error.where, sizeof out->error.where);
			break;
		case LEN(4):
			(void)rmi_span_text(msg, f.span, out->error.text, sizeof out->error.text);
			break;
		case VARINT(5):
			out->queue_ns = (int64_t)f.value;
			break;
		case VARINT(6):
			out->service_ns = (int64_t)f.value;
			break;
		case VARINT(7):
			out->results = (uint32_t)f.value;
			break;
		default:
			break;
		}
	}
	if (more != 0 || out->seq == 0 || out->queue_ns < 0 || out->service_ns < 0) {
		return rmi_wire_bad(err, "malformed ItemEnd");
	}
	return RME_OK;
}

enum rme_err
rmi_add_item_end(struct rmi_buf *out, uint32_t number, const struct rmi_frame_item_end *end)
{
	struct rmi_writer w;
	rmi_writer_init(&w);
	rmi_put_varint(&w, 1, end->seq);
	rmi_put_varint(&w, 2, (uint64_t)end->error.code);
	rmi_put_text(&w, 3, end->error.where);
	rmi_put_text(&w, 4, end->error.text);
	rmi_put_varint(&w, 5, (uint64_t)end->queue_ns);
	rmi_put_varint(&w, 6, (uint64_t)end->service_ns);
	rmi_put_varint(&w, 7, end->results);
	return rmi_writer_close(&w, out, number, 0);
}

enum rme_err
rmi_wire_err(uint64_t code)
{
	/* A code of a later version is a failure all the same. */
	return code < RME_ERR_COUNT_ ? (enum rme_err)code : RME_EMODULE;
}
