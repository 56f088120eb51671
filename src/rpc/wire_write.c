#include "rpc/wire_write.h"

#include <string.h>

enum { VARINT_BYTES_MAX = 10 };

static size_t
encode_varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;
	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

void
rmi_writer_init(struct rmi_writer *w)
{
	w->n = 0;
	w->full = false;
}

/* Room for n more bytes, or NULL. */
static uint8_t *
writer_room(struct rmi_writer *w, size_t n)
{
	if (w->full || n > RMI_WRITER_BYTES - w->n) {
		w->full = true;
		return NULL;
	}
	return w->bytes + RMI_WRITER_FRONT + w->n;
}

static void
put_raw(struct rmi_writer *w, uint64_t v)
{
	uint8_t *p = writer_room(w, VARINT_BYTES_MAX);
	if (p) {
		w->n += encode_varint(p, v);
	}
}

void
rmi_put_varint(struct rmi_writer *w, uint32_t number, uint64_t value)
{
	if (value) {
		put_raw(w, RMI_WIRE_TAG(number, RMI_WIRE_VARINT));
		put_raw(w, value);
	}
}

void
rmi_put_float(struct rmi_writer *w, uint32_t number, float value)
{
	put_raw(w, RMI_WIRE_TAG(number, RMI_WIRE_FIXED32));
	uint8_t *p = writer_room(w, 4);
	if (p) {
		uint32_t bits;
		memcpy(&bits, &value, 4);
		for (unsigned i = 0; i < 4; i++) {
			p[i] = (uint8_t)(bits >> (8 * i));
		}
		w->n += 4;
	}
}

void
rmi_put_open(struct rmi_writer *w, uint32_t number, size_t n)
{
	put_raw(w, RMI_WIRE_TAG(number, RMI_WIRE_LEN));
	put_raw(w, n);
}

void
rmi_put_bytes(struct rmi_writer *w, uint32_t number, const void *data, size_t n)
{
	if (n == 0) {
		return;
	}
	rmi_put_open(w, number, n);
	uint8_t *p = writer_room(w, n);
	if (p) {
		memcpy(p, data, n);
		w->n += n;
	}
}

void
rmi_put_text(struct rmi_writer *w, uint32_t number, const char *text)
{
	rmi_put_bytes(w, number, text, text ? strlen(text) : 0);
}

enum rme_err
rmi_writer_flush(struct rmi_writer *w, struct rmi_buf *out)
{
	enum rme_err e = w->full ? RME_ELIMIT : rmi_buf_add(out, w->bytes + RMI_WRITER_FRONT, w->n);
	rmi_writer_init(w);
	return e;
}

enum rme_err
rmi_writer_close(struct rmi_writer *w, struct rmi_buf *out, uint32_t number, size_t more)
{
	uint8_t front[2 * VARINT_BYTES_MAX];
	size_t n = encode_varint(front, RMI_WIRE_TAG(number, RMI_WIRE_LEN));
	n += encode_varint(front + n, (uint64_t)w->n + more);
	if (w->full || n > RMI_WRITER_FRONT) {
		rmi_writer_init(w);
		return RME_ELIMIT;
	}
	memcpy(w->bytes + RMI_WRITER_FRONT - n, front, n);
	enum rme_err e = rmi_buf_add(out, w->bytes + RMI_WRITER_FRONT - n, n + w->n);
	rmi_writer_init(w);
	return e;
}
