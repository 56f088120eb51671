#include "serve/utf8.h"

#include <string.h>

/* Length of the valid sequence at p, 0 if there is none. The ranges of the second byte are those of RFC 3629,
 * section 4: they exclude overlong forms, surrogates and what lies beyond U+10FFFF. */
static size_t
sequence_length(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80) {
		return 1;
	}
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
	           : p[0] >= 0xe0 && p[0] <= 0xef ? 3
	           : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
	                                          : 0;
	if (n == 0 || left < n) {
		return 0;
	}
	unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	if (p[1] < low || p[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

bool
rmi_utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	while (len > 0) {
		size_t n = sequence_length(p, len);
		if (n == 0) {
			return false;
		}
		p += n;
		len -= n;
	}
	return true;
}

void
rmi_utf8_clean(char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		size_t n = sequence_length((const unsigned char *)text, len);
		if (n == 0) {
			*text = '?';
			n = 1;
		}
		text += n;
		len -= n;
	}
}

size_t
rmi_utf8_put(uint32_t code, char out[static RMI_UTF8_MAX])
{
	unsigned char *p = (unsigned char *)out;
	if (code < 0x80) {
		p[0] = (unsigned char)code;
		return 1;
	}
	if (code < 0x800) {
		p[0] = (unsigned char)(0xc0 | code >> 6);
		p[1] = (unsigned char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		if (code >= 0xd800 && code <= 0xdfff) {
			return 0;
		}
		p[0] = (unsigned char)(0xe0 | code >> 12);
		p[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		p[2] = (unsigned char)(0x80 | (code & 0x3f));
		return 3;
	}
	if (code > 0x10ffff) {
		return 0;
	}
	p[0] = (unsigned char)(0xf0 | code >> 18);
	p[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
	p[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
	p[3] = (unsigned char)(0x80 | (code & 0x3f));
	return 4;
}
