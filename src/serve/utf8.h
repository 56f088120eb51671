#ifndef RMI_SERVE_UTF8_H
#define RMI_SERVE_UTF8_H

/**
 * @file
 * UTF-8 (RFC 3629). A protobuf string that is not valid UTF-8 makes other languages refuse the whole message, so
 * every text that may hold a peer's bytes passes through here before it goes out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RMI_UTF8_MAX = 4 /**< bytes of one code point */ };

/** True if all of @p text is valid: no overlong forms, no surrogates, nothing above U+10FFFF. Any thread. */
bool rmi_utf8_valid(const char *text, size_t len);

/** Replace each byte that is not part of a valid sequence by '?', in place, up to the final NUL. */
void rmi_utf8_clean(char *text);

/** Write @p code to @p out. Returns the number of bytes, 0 for surrogates and values above U+10FFFF. */
size_t rmi_utf8_put(uint32_t code, char out[static RMI_UTF8_MAX]);

#endif
