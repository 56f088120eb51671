#include "nodes/utf8.h"

static size_t
length_of(unsigned char first, uint32_t *bits, uint32_t *smallest)
{
	if (first < 0x80) {
		*bits = first;
		*smallest = 0;
		return 1;
	}
	if ((first & 0xE0) == 0xC0) {
		*bits = first & 0x1FU;
		*smallest = 0x80;
		return 2;
	}
	if ((first & 0xF0) == 0xE0) {
		*bits = first & 0x0FU;
		*smallest = 0x800;
		return 3;
	}
	if ((first & 0xF8) == 0xF0) {
		*bits = first & 0x07U;
		*smallest = 0x10000;
		return 4;
	}
	return 0;
}

static bool
is_scalar(uint32_t code)
{
	return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

size_t
rmi_utf8_next(const char *at, const char *end, uint32_t *code)
{
	if (at >= end) {
		return 0;
	}
	uint32_t c = 0;
	uint32_t smallest = 0;
	size_t n = length_of((unsigned char)*at, &c, &smallest);
	*code = RMI_UTF8_BAD;
	if (n == 0 || n > (size_t)(end - at)) {
		return 1;
	}
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)at[i];
		if ((next & 0xC0) != 0x80) {
			return 1;
		}
		c = c << 6 | (next & 0x3FU);
	}
	if (c < smallest || !is_scalar(c)) {
		return 1;
	}
	*code = c;
	return n;
}

size_t
rmi_utf8_put(char out[RMI_UTF8_BYTES_MAX], uint32_t code)
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

bool
rmi_utf8_valid(const char *text, size_t len)
{
	const char *end = text + len;
	while (text < end) {
		uint32_t code = 0;
		size_t n = rmi_utf8_next(text, end, &code);
		/* The replacement sign itself is fine; it takes three bytes. */
		if (code == RMI_UTF8_BAD && n == 1) {
			return false;
		}
		text += n;
	}
	return true;
}
