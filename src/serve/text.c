#include "serve/text.h"

#include "base/utf8.h"

#include <string.h>

void
rmi_text_clean(char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		size_t n = rmi_utf8_char(text, len);
		if (n == 0) {
			*text = '?';
			n = 1;
		}
		text += n;
		len -= n;
	}
}

size_t
rmi_text_put(uint32_t code, char out[static RMI_TEXT_CHAR_MAX])
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
