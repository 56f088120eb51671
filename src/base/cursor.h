#ifndef RMI_BASE_CURSOR_H
#define RMI_BASE_CURSOR_H

/**
 * @file
 * Bounds-checked reading of bytes that nobody vouches for. An error sticks: read what you need, then ask once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmi_cursor {
	const uint8_t *data;
	size_t len, at;
	bool bad; /**< something was read past the end, or malformed; all reads since gave 0 */
};

static inline struct rmi_cursor
rmi_cursor(const void *data, size_t len)
{
	return (struct rmi_cursor){.data = data, .len = len};
}

static inline size_t
rmi_cursor_left(const struct rmi_cursor *c)
{
	return c->len - c->at;
}

uint8_t rmi_cursor_u8(struct rmi_cursor *c);
/** Little-endian. */
uint16_t rmi_cursor_u16(struct rmi_cursor *c);
uint32_t rmi_cursor_u32(struct rmi_cursor *c);
uint64_t rmi_cursor_u64(struct rmi_cursor *c);
/** Unsigned LEB128 of at most 32 bits (5 bytes) or 64 bits (10 bytes): the varints of WebAssembly and protobuf. */
uint32_t rmi_cursor_leb32(struct rmi_cursor *c);
uint64_t rmi_cursor_leb64(struct rmi_cursor *c);
/** Borrowed; NULL where fewer are left. */
const uint8_t *rmi_cursor_bytes(struct rmi_cursor *c, size_t n);
/** The next @p n bytes as a cursor of their own; a bad one where fewer are left. */
struct rmi_cursor rmi_cursor_sub(struct rmi_cursor *c, size_t n);

#endif
