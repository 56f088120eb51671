#include "base/utf8.h"

/* Lead bytes, how many bytes they start, and what the second byte may be: table 3-7 of the Unicode standard. */
static const struct {
	unsigned char first, last, bytes, low, high;
} leads[] = {
    {0x00, 0x7f, 1, 0, 0},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static size_t
sequence(const unsigned char *p, size_t left, size_t row)
{
	size_t n = leads[row].bytes;
	if (n > left || (n > 1 && (p[1] < leads[row].low || p[1] > leads[row].high))) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

size_t
rmi_utf8_char(const char *p, size_t left)
{
	if (left == 0) {
		return 0;
	}
	unsigned char lead = (unsigned char)*p;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (lead >= leads[i].first && lead <= leads[i].last) {
			return sequence((const unsigned char *)p, left, i);
		}
	}
	return 0;
}

bool
rmi_utf8_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = rmi_utf8_char(text + i, len - i);
		if (n == 0) {
			return false;
		}
		i += n;
	}
	return true;
}
