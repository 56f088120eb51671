#ifndef RMI_NODES_CODEPOINT_H
#define RMI_NODES_CODEPOINT_H

/** @file Characters out of UTF-8 and back. Pure, any thread. */

#include <stddef.h>
#include <stdint.h>

enum { RMI_CODEPOINT_BYTES_MAX = 4, RMI_CODEPOINT_BAD = 0xFFFD };

/**
 * Decode one character.
 * @param[out] code  RMI_CODEPOINT_BAD where the bytes are not well-formed
 * @return bytes it takes, at least 1 (a bad byte is one), 0 at the end
 */
size_t rmi_codepoint_next(const char *at, const char *end, uint32_t *code);

/** Encode one character. @return bytes written; 0 where @p code is none */
size_t rmi_codepoint_put(char out[RMI_CODEPOINT_BYTES_MAX], uint32_t code);

#endif
