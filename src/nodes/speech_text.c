#include "nodes/speech_text.h"

#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "nodes/codepoint.h"

/* Base letters of U+00C0..U+00FF and U+0100..U+017F; a space is a sign without one. */
static const char latin_1[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty";
static const char latin_a[] = "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLl"
                              "NnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(sizeof(latin_1) == 64 + 1, "one letter for each of U+00C0..U+00FF");
static_assert(sizeof(latin_a) == 128 + 1, "one letter for each of U+0100..U+017F");

static const struct {
	uint32_t code;
	const char *said;
} signs[] = {
    {0x00A3, " pounds "},
    {0x20AC, " euros "},
    {0x00B0, " degrees "},
    {0x00D7, " times "},
    {0x00F7, " divided by "},
    {0x2010, "-"},
    {0x2011, "-"},
    {0x2012, "-"},
    {0x2013, "-"},
    {0x2014, ", "},
    {0x2212, "-"},
    {0x2018, "'"},
    {0x2019, "'"},
    {0x02BC, "'"},
    {0x201C, "\""},
    {0x201D, "\""},
    {0x00AB, "\""},
    {0x00BB, "\""},
    {0x2026, "..."},
};

enum { SAID_MAX = 16 };
static_assert((int)SAID_MAX < (int)RMI_SPEECH_TEXT_CAP_MIN, "every sign fits");

/* What to say for a character. */
static size_t
fold(uint32_t code, char said[SAID_MAX])
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (signs[i].code == code) {
			size_t n = strlen(signs[i].said);
			memcpy(said, signs[i].said, n);
			return n;
		}
	}
	said[0] = ' ';
	if (code > 0x20 && code < 0x7F) {
		said[0] = (char)code;
	} else if (code >= 0xC0 && code <= 0xFF) {
		said[0] = latin_1[code - 0xC0];
	} else if (code >= 0x100 && code <= 0x17F) {
		said[0] = latin_a[code - 0x100];
	}
	return 1;
}

/* The full stop that ends @p out belongs to an abbreviation or an initial. */
static bool
is_abbreviation(const char *out, size_t n)
{
	static const char *const known[] = {
	    "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "approx", "dept", "fig", "e.g", "i.e"};
	size_t end = n - 1;
	size_t start = end;
	while (start > 0 && (isalpha((unsigned char)out[start - 1]) || out[start - 1] == '.')) {
		start--;
	}
	size_t len = end - start;
	if (len == 1 && isupper((unsigned char)out[start])) {
		return out[start] != 'I'; /* "So did I." */
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i]) == len && strncasecmp(out + start, known[i], len) == 0) {
			return true;
		}
	}
	return false;
}

/* True if the sentence in @p out, the last sign of which was just taken, ends here. */
static bool
ends_here(const struct rmi_speech_text *rest, const char *out, size_t n)
{
	char last = out[n - 1];
	bool more = rest->at < rest->end;
	if (more && !isspace((unsigned char)*rest->at)) {
		return false;
	}
	if (last == '!' || last == '?') {
		return true;
	}
	return last == '.' && !is_abbreviation(out, n);
}

static bool
is_empty_line(const struct rmi_speech_text *rest)
{
	const char *at = rest->at;
	if (at >= rest->end || *at != '\n') {
		return false;
	}
	at++;
	at += at < rest->end && *at == '\r';
	return at < rest->end && *at == '\n';
}

/* One sentence, or as much of one as there is room for. */
static size_t
take(struct rmi_speech_text *text, char *out, size_t cap)
{
	size_t n = 0;
	struct {
		size_t n;
		const char *at;
	} word = {0, NULL}; /* end of the last whole word */
	while (text->at < text->end) {
		uint32_t code = 0;
		char said[SAID_MAX];
		size_t bytes = rmi_codepoint_next(text->at, text->end, &code);
		size_t len = fold(code, said);
		if (n + len >= cap) {
			if (word.at != NULL) {
				text->at = word.at;
				n = word.n;
			}
			break;
		}
		if (is_empty_line(text)) {
			text->at++;
			break;
		}
		bool spaced = n == 0 || out[n - 1] == ' ';
		size_t skip = said[0] == ' ' && spaced ? 1 : 0;
		memcpy(out + n, said + skip, len - skip);
		n += len - skip;
		text->at += bytes;
		if (n > 0 && ends_here(text, out, n)) {
			break;
		}
		if (n > 0 && out[n - 1] == ' ') {
			word.n = n;
			word.at = text->at;
		}
	}
	return n;
}

static bool
can_be_said(const char *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (isalnum((unsigned char)out[i])) {
			return true;
		}
	}
	return false;
}

bool
rmi_speech_text_next(struct rmi_speech_text *text, char *out, size_t cap)
{
	assert(cap >= RMI_SPEECH_TEXT_CAP_MIN);
	while (text->at < text->end) {
		while (text->at < text->end && isspace((unsigned char)*text->at)) {
			text->at++;
		}
		size_t n = take(text, out, cap);
		if (can_be_said(out, n)) {
			while (out[n - 1] == ' ') {
				n--;
			}
			out[n] = '\0';
			return true;
		}
	}
	return false;
}
