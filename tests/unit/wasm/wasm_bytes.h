#ifndef TEST_WASM_BYTES_H
#define TEST_WASM_BYTES_H

/** @file Builds WebAssembly modules byte by byte, right ones and wrong ones. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WASM_BYTES_CAP = 1 << 20 };

struct wasm_bytes {
	uint8_t p[WASM_BYTES_CAP];
	size_t n;
};

static inline void
put(struct wasm_bytes *b, const void *data, size_t len)
{
	memcpy(b->p + b->n, data, len);
	b->n += len;
}

static inline void
put_u32(struct wasm_bytes *b, uint32_t v)
{
	do {
		uint8_t byte = v & 0x7f;
		v >>= 7;
		b->p[b->n++] = (uint8_t)(byte | (v != 0 ? 0x80 : 0));
	} while (v != 0);
}

static inline void
put_name(struct wasm_bytes *b, const char *name)
{
	put_u32(b, (uint32_t)strlen(name));
	put(b, name, strlen(name));
}

static inline void
put_section(struct wasm_bytes *b, uint8_t id, const struct wasm_bytes *body)
{
	b->p[b->n++] = id;
	put_u32(b, (uint32_t)body->n);
	put(b, body->p, body->n);
}

static inline void
put_header(struct wasm_bytes *b)
{
	b->n = 0;
	put(b, "\0asm\1\0\0\0", 8);
}

#endif
