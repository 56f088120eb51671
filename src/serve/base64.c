#include "serve/base64.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
rmi_base64_write(char *out, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t left = (uint32_t)(n - i < 3 ? n - i : 3);
		uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
		             (left > 2 ? data[i + 2] : 0);
		*out++ = ALPHABET[v >> 18];
		*out++ = ALPHABET[v >> 12 & 63];
		*out++ = left > 1 ? ALPHABET[v >> 6 & 63] : '=';
		*out++ = left > 2 ? ALPHABET[v & 63] : '=';
	}
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
rmi_base64_read(uint8_t *out, size_t *n, const char *text, size_t len)
{
	size_t pad = 0;
	*n = 0;
	if (len % 4 != 0) {
		return false;
	}
	if (len > 0 && text[len - 1] == '=') {
		pad = text[len - 2] == '=' ? 2 : 1;
	}
	for (size_t i = 0; i < len; i += 4) {
		uint32_t v = 0;
		size_t skip = i + 4 == len ? pad : 0;
		for (size_t k = 0; k < 4; k++) {
			int d = k < 4 - skip ? digit(text[i + k]) : 0;
			if (d < 0) {
				return false;
			}
			v = v << 6 | (uint32_t)d;
		}
		if ((v & ((1u << 8 * skip) - 1)) != 0) { /* bits that no byte holds */
			return false;
		}
		for (size_t k = 0; k < 3 - skip; k++) {
			out[(*n)++] = (uint8_t)(v >> (16 - 8 * k));
		}
	}
	return true;
}
