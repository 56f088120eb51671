#include "serve/utf8.h"

#include <string.h>

/* RFC 3629, section 4: first bytes, and the range of the second byte after them, which excludes overlong forms,
 * surrogates and what lies beyond U+10FFFF. */
static const struct lead {
	unsigned char first, last;
	unsigned char length;
	unsigned char low, high;
} LEADS[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool
continues(const unsigned char *p, const struct lead *lead)
{
	for (size_t i = 2; i < lead->length; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return false;
		}
	}
	return p[1] >= lead->low && p[1] <= lead->high;
}

/* Length of the valid sequence at p, 0 if there is none. */
static size_t
sequence_length(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80) {
		return 1;
	}
	for (size_t i = 0; i < sizeof LEADS / sizeof *LEADS; i++) {
		if (p[0] >= LEADS[i].first && p[0] <= LEADS[i].last) {
			return left >= LEADS[i].length && continues(p, &LEADS[i]) ? LEADS[i].length : 0;
		}
	}
	return 0;
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
