#include "base/cursor.h"

const uint8_t *
rmi_cursor_bytes(struct rmi_cursor *c, size_t n)
{
	if (c->bad || n > c->len - c->at) {
		c->bad = true;
		return NULL;
	}
	const uint8_t *p = c->data + c->at;
	c->at += n;
	return p;
}

static uint64_t
cursor_le(struct rmi_cursor *c, size_t n)
{
	const uint8_t *p = rmi_cursor_bytes(c, n);
	uint64_t v = 0;
	for (size_t i = 0; p != NULL && i < n; i++) {
		v |= (uint64_t)p[i] << (8 * i);
	}
	return v;
}

uint8_t
rmi_cursor_u8(struct rmi_cursor *c)
{
	return (uint8_t)cursor_le(c, 1);
}

uint16_t
rmi_cursor_u16(struct rmi_cursor *c)
{
	return (uint16_t)cursor_le(c, 2);
}

uint32_t
rmi_cursor_u32(struct rmi_cursor *c)
{
	return (uint32_t)cursor_le(c, 4);
}

uint64_t
rmi_cursor_u64(struct rmi_cursor *c)
{
	return cursor_le(c, 8);
}

static uint64_t
cursor_leb(struct rmi_cursor *c, unsigned bits)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < bits; shift += 7) {
		uint8_t b = rmi_cursor_u8(c);
		unsigned room = bits - shift;
		if (c->bad || (room < 7 && (b & 0x7fu) >> room != 0)) {
			break;
		}
		v |= (uint64_t)(b & 0x7fu) << shift;
		if ((b & 0x80u) == 0) {
			return v;
		}
	}
	c->bad = true;
	return 0;
}

uint32_t
rmi_cursor_leb32(struct rmi_cursor *c)
{
	return (uint32_t)cursor_leb(c, 32);
}

uint64_t
rmi_cursor_leb64(struct rmi_cursor *c)
{
	return cursor_leb(c, 64);
}

struct rmi_cursor
rmi_cursor_sub(struct rmi_cursor *c, size_t n)
{
	const uint8_t *p = rmi_cursor_bytes(c, n);
	struct rmi_cursor sub = {.data = p, .len = p != NULL ? n : 0, .bad = p == NULL};
	return sub;
}
