#ifndef RMI_SERVE_BASE64_H
#define RMI_SERVE_BASE64_H

/** @file Base64 with the standard alphabet and padding (RFC 4648, section 4). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Characters that @p n bytes become, without NUL. */
static inline size_t
rmi_base64_chars(size_t n)
{
	return (n + 2) / 3 * 4;
}

/** Write rmi_base64_chars(@p n) characters, not terminated. */
void rmi_base64_write(char *out, const uint8_t *data, size_t n);

/** Bytes that @p len characters become at most. */
static inline size_t
rmi_base64_bytes(size_t len)
{
	return len / 4 * 3;
}

/** Read canonical base64 only. @param out room for rmi_base64_bytes(len). @return false where it is none */
bool rmi_base64_read(uint8_t *out, size_t *n, const char *text, size_t len);

#endif
