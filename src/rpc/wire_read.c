#include "rpc/wire_read.h"

#include <string.h>

enum { FIELD_NUMBER_MAX = (1 << 29) - 1, VARINT_BYTES_MAX = 10 };

struct rmi_span
rmi_span_all(const struct rmi_buf *msg)
{
	return (struct rmi_span){0, rmi_buf_size(msg)};
}

/* Go n bytes on; the caller knows that they are there. */
static void
reader_skip(struct rmi_reader *r, size_t n)
{
	r->pos += n;
	while (n > (size_t)(r->to - r->at)) {
		n -= (size_t)(r->to - r->at);
		size_t len;
		r->at = rmi_buf_piece(r->msg, r->piece++, &len);
		r->to = r->at + len;
	}
	r->at += n;
}

void
rmi_reader_init(struct rmi_reader *r, const struct rmi_buf *msg, struct rmi_span span)
{
	static const uint8_t none;
	r->msg = msg;
	r->piece = 0;
	r->at = r->to = &none;
	r->pos = 0;
	reader_skip(r, span.off);
	r->end = span.off + span.len;
}

/* The caller knows that a byte is there. */
static uint8_t
reader_byte(struct rmi_reader *r)
{
	while (r->at == r->to) {
		size_t len;
		r->at = rmi_buf_piece(r->msg, r->piece++, &len);
		r->to = r->at + len;
	}
	r->pos++;
	return *r->at++;
}

static bool
reader_varint(struct rmi_reader *r, uint64_t *value)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < VARINT_BYTES_MAX && r->pos < r->end; i++) {
		uint8_t b = reader_byte(r);
		if (i == VARINT_BYTES_MAX - 1 && b > 1) {
			return false; /* more than 64 bits */
		}
		v |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			*value = v;
			return true;
		}
	}
	return false;
}

static bool
reader_fixed(struct rmi_reader *r, unsigned bytes, uint64_t *value)
{
	if (r->end - r->pos < bytes) {
		return false;
	}
	*value = 0;
	for (unsigned i = 0; i < bytes; i++) {
		*value |= (uint64_t)reader_byte(r) << (8 * i);
	}
	return true;
}

static bool
reader_span(struct rmi_reader *r, struct rmi_span *span)
{
	uint64_t len;
	if (!reader_varint(r, &len) || len > r->end - r->pos) {
		return false;
	}
	*span = (struct rmi_span){r->pos, (size_t)len};
	reader_skip(r, (size_t)len);
	return true;
}

int
rmi_reader_next(struct rmi_reader *r, struct rmi_field *f)
{
	if (r->pos == r->end) {
		return 0;
	}
	uint64_t tag;
	if (!reader_varint(r, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX) {
		return -1;
	}
	f->tag = (uint32_t)tag;
	bool ok = false;
	switch (tag & 7) {
	case RMI_WIRE_VARINT:
		ok = reader_varint(r, &f->value);
		break;
	case RMI_WIRE_FIXED64:
		ok = reader_fixed(r, 8, &f->value);
		break;
	case RMI_WIRE_FIXED32:
		ok = reader_fixed(r, 4, &f->value);
		break;
	case RMI_WIRE_LEN:
		ok = reader_span(r, &f->span);
		break;
	default: /* groups and the unknown */
		break;
	}
	return ok ? 1 : -1;
}

bool
rmi_span_text(const struct rmi_buf *msg, struct rmi_span span, char *dst, size_t size)
{
	size_t n = span.len < size ? span.len : size - 1;
	n = rmi_buf_gather(msg, span.off, dst, n);
	dst[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)dst[i];
		if (c < 0x20 || c == 0x7f) {
			dst[i] = '?';
		}
	}
	return span.len < size;
}
