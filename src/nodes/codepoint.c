#include "nodes/codepoint.h"

#include <stdbool.h>
#include "base/utf8.h"

size_t
rmi_codepoint_next(const char *at, const char *end, uint32_t *code)
{
	if (at >= end) {
		return 0;
	}
	static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	size_t n = rmi_utf8_char(at, (size_t)(end - at));
	if (n == 0) {
		*code = RMI_CODEPOINT_BAD;
		return 1;
	}
	uint32_t c = (unsigned char)at[0] & lead_bits[n];
	for (size_t i = 1; i < n; i++) {
		c = c << 6 | ((unsigned char)at[i] & 0x3FU);
	}
	*code = c;
	return n;
}

static bool
is_scalar(uint32_t code)
{
	return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

size_t
rmi_codepoint_put(char out[RMI_CODEPOINT_BYTES_MAX], uint32_t code)
{
	if (!is_scalar(code)) {
		return 0;
	}
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	out[0] = (char)((0xF0U << (4 - n) & 0xFF) | code);
	return n;
}
