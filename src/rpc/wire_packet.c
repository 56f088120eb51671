#include "rpc/wire_packet.h"

#include "rpc/wire_message.h"

#include <math.h>
#include <string.h>

enum { WRAP_MIN = 2048 }; /* a smaller payload would keep a whole read buffer of the connection alive */

static void
release_packet(void *arg)
{
	rme_packet_unref(arg);
}

/* Append the payload of a packet by reference. */
static enum rme_err
add_payload(struct rmi_buf *out, struct rme_packet *pkt)
{
	size_t n;
	const uint8_t *data = rme_packet_data(pkt, &n);
	return n ? rmi_buf_wrap(out, data, n, release_packet, rme_packet_ref(pkt)) : RME_OK;
}

static size_t
payload_size(const struct rme_packet *pkt)
{
	size_t n;
	(void)rme_packet_data(pkt, &n);
	return n;
}

/* The format, if the other end does not know it yet. */
static void
put_changed_format(struct rmi_writer *w, const struct rme_format *format, struct rmi_wire_format *sent)
{
	if (sent && sent->known && rme_format_equal(&sent->format, format)) {
		return;
	}
	if (sent) {
		sent->known = true;
		sent->format = *format;
	}
	/* "Not said" must be sayable too, once another format was said. */
	struct rme_format said = format->media == RME_MEDIA_ANY ? rme_format_of(RME_MEDIA_OCTETS) : *format;
	rmi_put_format(w, 8, &said);
}

static void
put_packet(struct rmi_writer *w, const struct rme_packet_meta *m, const struct rmi_wire_out *how)
{
	uint32_t flags = how->flags & (RMI_WIRE_SAME_PAYLOAD | RMI_WIRE_NO_RESULTS);
	bool confident = !isnan(m->confidence);
	flags |=
	    (m->pts_ns >= 0 ? (uint32_t)RMI_WIRE_HAS_PTS : 0) | (confident ? (uint32_t)RMI_WIRE_HAS_CONFIDENCE : 0);
	flags |= m->flags & RME_PACKET_WHOLE ? (uint32_t)RMI_WIRE_WHOLE : 0;
	rmi_put_varint(w, 1, how->seq);
	rmi_put_varint(w, 2, how->index);
	rmi_put_varint(w, 3, flags);
	if (m->pts_ns >= 0) {
		rmi_put_varint(w, 4, (uint64_t)m->pts_ns);
	}
	rmi_put_varint(w, 5, m->duration_ns > 0 ? (uint64_t)m->duration_ns : 0);
	rmi_put_varint(w, 6, how->remaining_ns > 0 ? (uint64_t)how->remaining_ns : 0);
	if (confident) {
		rmi_put_float(w, 7, m->confidence);
	}
	put_changed_format(w, &m->format, how->sent);
	rmi_put_trace(w, 9, &m->trace);
}

/* Fields of the annotation but its payload. */
static void
put_note(struct rmi_writer *w, const struct rme_packet *note)
{
	const struct rme_packet_meta *m = rme_packet_meta(note);
	rmi_put_format(w, 1, &m->format);
	if (!isnan(m->confidence)) {
		rmi_put_varint(w, 2, RMI_WIRE_HAS_CONFIDENCE);
		rmi_put_float(w, 3, m->confidence);
	}
	size_t n = payload_size(note);
	if (n) {
		rmi_put_open(w, 4, n);
	}
}

/* What a packet is written as: lengths are known before anything is written. */
struct parts {
	struct rmi_writer head; /* small fields */
	struct rmi_writer tail; /* tag and length of the payload */
	size_t payload;
};

/* [tag, length, small fields, tag and length of the payload | payload]: two pieces, the usual case. */
static enum rme_err
add_plain(struct rmi_buf *out, uint32_t number, struct rme_packet *pkt, struct parts *p)
{
	memcpy(p->head.bytes + RMI_WRITER_FRONT + p->head.n, p->tail.bytes + RMI_WRITER_FRONT, p->tail.n);
	p->head.n += p->tail.n;
	enum rme_err e = rmi_writer_close(&p->head, out, number, p->payload);
	return e == RME_OK && p->payload ? add_payload(out, pkt) : e;
}

/* [tag, length, small fields | annotation's fields | its payload | tag and length of the payload | payload] */
static enum rme_err
add_with_note(struct rmi_buf *out, uint32_t number, struct rme_packet *pkt, struct parts *p)
{
	struct rme_packet *note = rme_packet_annotation(pkt);
	size_t note_n = payload_size(note);
	struct rmi_writer inner;
	rmi_writer_init(&inner);
	put_note(&inner, note);
	rmi_put_open(&p->head, 10, inner.n + note_n);
	enum rme_err e = rmi_writer_close(&p->head, out, number, inner.n + note_n + p->tail.n + p->payload);
	e = e == RME_OK ? rmi_writer_flush(&inner, out) : e;
	e = e == RME_OK ? add_payload(out, note) : e;
	e = e == RME_OK ? rmi_writer_flush(&p->tail, out) : e;
	return e == RME_OK && p->payload ? add_payload(out, pkt) : e;
}

enum rme_err
rmi_add_packet(struct rmi_buf *out, uint32_t number, struct rme_packet *pkt, const struct rmi_wire_out *how)
{
	const struct rme_packet *note = rme_packet_annotation(pkt);
	struct parts p;
	p.payload = how->flags & RMI_WIRE_SAME_PAYLOAD ? 0 : payload_size(pkt);
	if (p.payload > RMI_WIRE_PAYLOAD_MAX || (note && payload_size(note) > RMI_WIRE_ANNOTATION_MAX)) {
		return RME_ELIMIT;
	}
	rmi_writer_init(&p.head);
	rmi_writer_init(&p.tail);
	put_packet(&p.head, rme_packet_meta(pkt), how);
	if (p.payload) {
		rmi_put_open(&p.tail, 15, p.payload);
	}
	return note ? add_with_note(out, number, pkt, &p) : add_plain(out, number, pkt, &p);
}

enum rme_err
rmi_wire_encode(struct rmi_buf **out, struct rme_packet *pkt, const struct rmi_wire_out *how)
{
	struct rmi_buf *b = rmi_buf_new();
	enum rme_err e = b ? rmi_add_packet(b, how->kind, pkt, how) : RME_ENOMEM;
	if (e != RME_OK) {
		rmi_buf_unref(b);
		return e;
	}
	*out = b;
	return RME_OK;
}

static void
release_buf(void *arg)
{
	rmi_buf_unref(arg);
}

static enum rme_err
make_payload(struct rme_packet **out, struct rmi_buf *msg, struct rmi_span at, const struct rme_packet_meta *meta)
{
	const uint8_t *whole = at.len >= WRAP_MIN ? rmi_buf_view(msg, at.off, at.len) : NULL;
	if (whole) {
		return rme_packet_wrap(out, meta, (struct rme_bytes){whole, at.len}, release_buf, rmi_buf_ref(msg));
	}
	uint8_t *data;
	enum rme_err e = rme_packet_alloc(out, meta, at.len, &data);
	if (e == RME_OK && at.len) {
		(void)rmi_buf_gather(msg, at.off, data, at.len);
	}
	return e;
}

static enum rme_err
attach_note(struct rme_packet *pkt, struct rmi_buf *msg, const struct rmi_frame_packet *frame)
{
	struct rme_packet *note = NULL;
	if (frame->has_note) {
		struct rme_packet_meta m = *rme_packet_meta(pkt);
		m.format = frame->note_format;
		m.confidence = frame->note_confidence;
		enum rme_err e = make_payload(&note, msg, frame->note, &m);
		if (e != RME_OK) {
			return e;
		}
	}
	rme_packet_annotate(pkt, note);
	return RME_OK;
}

enum rme_err
rmi_wire_packet(
    struct rme_packet **out, struct rmi_buf *msg, const struct rmi_frame_packet *frame, const struct rmi_wire_in *how)
{
	struct rme_packet_meta m = *how->meta;
	if (frame->has_format) {
		how->seen->known = true;
		how->seen->format = frame->format;
	}
	if (how->seen->known) {
		m.format = how->seen->format;
	}
	m.flags &= ~(uint32_t)RME_PACKET_WHOLE;
	m.flags |= frame->flags & RMI_WIRE_WHOLE ? (uint32_t)RME_PACKET_WHOLE : 0;
	m.pts_ns = frame->pts_ns;
	m.duration_ns = frame->duration_ns;
	m.confidence = frame->confidence;
	if (frame->has_trace) {
		m.trace = frame->trace;
	}
	struct rme_packet *pkt = NULL;
	enum rme_err e;
	if (!(frame->flags & RMI_WIRE_SAME_PAYLOAD)) {
		e = make_payload(&pkt, msg, frame->payload, &m);
	} else if (how->item && frame->payload.len == 0) {
		e = rme_packet_derive(&pkt, how->item, &m);
	} else {
		e = RME_EPROTO;
	}
	e = e == RME_OK ? attach_note(pkt, msg, frame) : e;
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		return e;
	}
	*out = pkt;
	return RME_OK;
}
