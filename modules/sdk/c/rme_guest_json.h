#ifndef RME_GUEST_JSON_H
#define RME_GUEST_JSON_H

/*
 * Reads JSON. Part of rme_module.h; needs no libc. The scanner never reads past its text and accepts anything: what is not
 * well-formed is simply not found.
 */

static inline uint32_t
rme_json_blank(const char *t, uint32_t at, uint32_t len)
{
	while (at < len && (t[at] == ' ' || t[at] == '\t' || t[at] == '\n' || t[at] == '\r')) {
		at++;
	}
	return at;
}

/* Past the string that starts at @p at with a quotation mark. */
static inline uint32_t
rme_json_string_end(const char *t, uint32_t at, uint32_t len)
{
	at++;
	while (at < len && t[at] != '"') {
		at += t[at] == '\\' ? 2 : 1;
	}
	return at < len ? at + 1 : len;
}

/* Past the value at @p at. */
static inline uint32_t
rme_json_value_end(const char *t, uint32_t at, uint32_t len)
{
	uint32_t depth = 0;
	while (at < len) {
		char c = t[at];
		if (c == '"') {
			at = rme_json_string_end(t, at, len);
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0) {
				return at;
			}
			depth--;
			at++;
		} else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
			return at;
		} else {
			at++;
			continue;
		}
		if (depth == 0) {
			return at;
		}
	}
	return len;
}

/* The value of @p key in the object @p t: its text in @p value, of @p value_len bytes. */
static inline int
rme_json_find(const char *t, uint32_t len, const char *key, const char **value, uint32_t *value_len)
{
	uint32_t key_len = rme_text_length(key);
	uint32_t at = rme_json_blank(t, 0, len);
	if (at >= len || t[at] != '{') {
		return 0;
	}
	at = rme_json_blank(t, at + 1, len);
	while (at < len && t[at] == '"') {
		uint32_t name = at + 1;
		at = rme_json_string_end(t, at, len);
		int same = at - name == key_len + 1 && __builtin_memcmp(t + name, key, key_len) == 0;
		at = rme_json_blank(t, at, len);
		if (at >= len || t[at] != ':') {
			return 0;
		}
		at = rme_json_blank(t, at + 1, len);
		uint32_t end = rme_json_value_end(t, at, len);
		if (same) {
			*value = t + at;
			*value_len = end - at;
			return end > at;
		}
		at = rme_json_blank(t, end, len);
		if (at >= len || t[at] != ',') {
			return 0;
		}
		at = rme_json_blank(t, at + 1, len);
	}
	return 0;
}

static inline int
rme_is_digit(const char *t, uint32_t at, uint32_t len)
{
	return at < len && t[at] >= '0' && t[at] <= '9';
}

/* A JSON number; returns 0 if the text is anything else. */
static inline int
rme_json_number(const char *t, uint32_t len, double *out)
{
	uint32_t at = len > 0 && t[0] == '-' ? 1 : 0;
	double v = 0.0;
	int scale = 0;
	if (!rme_is_digit(t, at, len)) {
		return 0;
	}
	for (; rme_is_digit(t, at, len); at++) {
		v = v * 10.0 + (double)(t[at] - '0');
	}
	if (at < len && t[at] == '.') {
		for (at++; rme_is_digit(t, at, len); at++, scale--) {
			v = v * 10.0 + (double)(t[at] - '0');
		}
	}
	if (at < len && (t[at] == 'e' || t[at] == 'E')) {
		int e = 0;
		int down = at + 1 < len && t[at + 1] == '-';
		at += at + 1 < len && (t[at + 1] == '-' || t[at + 1] == '+') ? 2 : 1;
		for (; rme_is_digit(t, at, len) && e < 1000; at++) {
			e = e * 10 + (t[at] - '0');
		}
		scale += down ? -e : e;
	}
	double power = 1.0;
	for (int k = scale < 0 ? -scale : scale; k > 0; k--) {
		power *= 10.0;
	}
	v = scale < 0 ? v / power : v * power;
	*out = len > 0 && t[0] == '-' ? -v : v;
	return at == len;
}

#endif
