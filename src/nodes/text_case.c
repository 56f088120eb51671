#include "nodes/text_case.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include "nodes/codepoint.h"

struct rmi_case_table {
	locale_t locale;
};

enum rme_err
rmi_case_table_new(struct rmi_case_table **out)
{
	struct rmi_case_table *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		return RME_ENOMEM;
	}
	t->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (t->locale == (locale_t)0) {
		free(t);
		return RME_EUNSUPPORTED;
	}
	*out = t;
	return RME_OK;
}

void
rmi_case_table_free(struct rmi_case_table *t)
{
	if (t != NULL) {
		freelocale(t->locale);
		free(t);
	}
}

size_t
rmi_text_case(char *out, struct rmi_span in, enum rmi_case how, const struct rmi_case_table *t)
{
	const char *end = in.text + in.len;
	size_t n = 0;
	bool after_letter = false;
	for (const char *at = in.text; at < end;) {
		uint32_t code = 0;
		at += rmi_codepoint_next(at, end, &code);
		wint_t c = (wint_t)code;
		bool upper = how == RMI_CASE_UPPER || (how == RMI_CASE_TITLE && !after_letter);
		after_letter = iswalpha_l(c, t->locale) != 0;
		n +=
		    rmi_codepoint_put(out + n, (uint32_t)(upper ? towupper_l(c, t->locale) : towlower_l(c, t->locale)));
	}
	return n;
}

size_t
rmi_text_reverse(char *out, struct rmi_span in)
{
	const char *end = in.text + in.len;
	size_t room = rmi_text_room(in.len);
	size_t at_out = room;
	for (const char *at = in.text; at < end;) {
		uint32_t code = 0;
		char bytes[RMI_CODEPOINT_BYTES_MAX];
		at += rmi_codepoint_next(at, end, &code);
		size_t n = rmi_codepoint_put(bytes, code);
		at_out -= n;
		memcpy(out + at_out, bytes, n);
	}
	memmove(out, out + at_out, room - at_out);
	return room - at_out;
}

size_t
rmi_text_without_spaces(char *out, struct rmi_span in)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		if (in.text[i] != ' ') {
			out[n++] = in.text[i];
		}
	}
	return n;
}

size_t
rmi_text_characters(struct rmi_span in)
{
	const char *end = in.text + in.len;
	size_t n = 0;
	for (const char *at = in.text; at < end; n++) {
		uint32_t code = 0;
		at += rmi_codepoint_next(at, end, &code);
	}
	return n;
}

/* White space of the Unicode standard (property White_Space), and the separators 1C..1F that Python counts too. */
static bool
is_space(uint32_t c)
{
	if (c <= 0x20) {
		return c == 0x20 || (c >= 0x09 && c <= 0x0D) || c >= 0x1C;
	}
	switch (c) {
	case 0x85:
	case 0xA0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202F:
	case 0x205F:
	case 0x3000:
		return true;
	default:
		return c >= 0x2000 && c <= 0x200A;
	}
}

size_t
rmi_text_words(struct rmi_span in, struct rmi_span *first, struct rmi_span *last)
{
	const char *end = in.text + in.len;
	struct rmi_span word = {in.text, 0};
	size_t n = 0;
	*first = word;
	for (const char *at = in.text; at < end;) {
		uint32_t code = 0;
		size_t bytes = rmi_codepoint_next(at, end, &code);
		if (is_space(code)) {
			word.len = 0;
		} else {
			if (word.len == 0) {
				word.text = at;
				n++;
			}
			word.len += bytes;
			*last = word;
			*first = n == 1 ? word : *first;
		}
		at += bytes;
	}
	if (n == 0) {
		*last = *first;
	}
	return n;
}
