#ifndef RMI_NODES_UTF8_H
#define RMI_NODES_UTF8_H

/** @file UTF-8 (RFC 3629): read, write, check. Pure, any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RMI_UTF8_BYTES_MAX = 4, RMI_UTF8_BAD = 0xFFFD };

/**
 * Decode one character.
 * @param[out] code  RMI_UTF8_BAD where the bytes are no UTF-8 (overlong, surrogate, out of range, cut off)
 * @return bytes it takes, at least 1 (a bad byte is one), 0 at the end
 */
size_t rmi_utf8_next(const char *at, const char *end, uint32_t *code);

/** Encode one character. @return bytes written; 0 where @p code is none */
size_t rmi_utf8_put(char out[RMI_UTF8_BYTES_MAX], uint32_t code);

/** True if all of it is UTF-8. */
bool rmi_utf8_valid(const char *text, size_t len);

#endif
