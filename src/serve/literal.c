/*
 * A recursive descent over one Python literal expression. Every parse_* function returns NULL when the text is not
 * a literal; the caller then takes the text as it is, so nothing here needs to say where or why.
 */
#include "serve/literal.h"

#include "serve/text.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct literal {
	const char *p;
	const char *end;
	yyjson_mut_doc *doc;
	char *scratch; /* as long as the whole text: no string grows by reading its escapes */
	unsigned depth;
	unsigned values;
};

static yyjson_mut_val *parse_value(struct literal *l);

static bool
at(const struct literal *l, char c)
{
	return l->p < l->end && *l->p == c;
}

static bool
take(struct literal *l, char c)
{
	if (!at(l, c)) {
		return false;
	}
	l->p++;
	return true;
}

static void
skip_space(struct literal *l)
{
	while (l->p < l->end && memchr(" \t\r\n\f", *l->p, 5) != NULL) {
		l->p++;
	}
}

static bool
take_word(struct literal *l, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(l->end - l->p) < n || memcmp(l->p, word, n) != 0) {
		return false;
	}
	l->p += n;
	return true;
}

/* Numbers */

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

/* Copy digits to out without their underscores (each must stand between two digits). Returns the count, or
 * SIZE_MAX if they are badly written or too many. */
static size_t
take_digits(struct literal *l, int base, char *out, size_t room)
{
	size_t n = 0;
	while (l->p < l->end) {
		if (*l->p == '_' && n > 0 && l->p + 1 < l->end && digit_value(l->p[1]) < base) {
			l->p++;
		}
		if (digit_value(*l->p) >= base) {
			break;
		}
		if (n == room) {
			return SIZE_MAX;
		}
		out[n++] = *l->p++;
	}
	return n;
}

static yyjson_mut_val *
parse_radix(struct literal *l, bool negative)
{
	int base = l->p[1] == 'x' || l->p[1] == 'X' ? 16 : l->p[1] == 'o' || l->p[1] == 'O' ? 8 : 2;
	char digits[64];
	l->p += 2;
	take(l, '_');
	size_t n = take_digits(l, base, digits, sizeof digits);
	if (n == 0 || n == SIZE_MAX) {
		return NULL;
	}
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++) {
		if (v > (UINT64_MAX - 15) / (uint64_t)base) {
			return NULL;
		}
		v = v * (uint64_t)base + (uint64_t)digit_value(digits[i]);
	}
	if (!negative) {
		return yyjson_mut_uint(l->doc, v);
	}
	return v <= INT64_MAX ? yyjson_mut_sint(l->doc, -(int64_t)v) : NULL;
}

struct number_text {
	char text[256];
	size_t len;
};

static bool
add_digits(struct literal *l, struct number_text *t, bool *any)
{
	size_t n = take_digits(l, 10, t->text + t->len, 64);
	if (n == SIZE_MAX) {
		return false;
	}
	*any = n > 0;
	t->len += n;
	return true;
}

/* The digits before the point; JSON wants at least one. False where they are badly written. */
static bool
take_whole(struct literal *l, struct number_text *t, bool *any)
{
	size_t start = t->len;
	if (!add_digits(l, t, any) || (t->len - start > 1 && t->text[start] == '0')) {
		return false;
	}
	if (!*any) {
		t->text[t->len++] = '0';
	}
	return true;
}

static bool
take_part(struct literal *l, struct number_text *t, bool *any)
{
	if (!take(l, '.')) {
		return true;
	}
	t->text[t->len++] = '.';
	if (!add_digits(l, t, any)) {
		return false;
	}
	if (!*any) {
		t->text[t->len++] = '0';
	}
	return true;
}

static bool
take_exponent(struct literal *l, struct number_text *t)
{
	bool any;
	if (!take(l, 'e') && !take(l, 'E')) {
		return true;
	}
	t->text[t->len++] = 'e';
	if (take(l, '-')) {
		t->text[t->len++] = '-';
	} else {
		take(l, '+');
	}
	return add_digits(l, t, &any) && any;
}

/* Rewrite Python's decimal number ("1_000", ".5", "2.", "1e5") as JSON's. False if it is none. */
static bool
take_decimal(struct literal *l, struct number_text *t)
{
	bool whole = false;
	bool part = false;
	return take_whole(l, t, &whole) && take_part(l, t, &part) && (whole || part) && take_exponent(l, t);
}

static yyjson_mut_val *
parse_number(struct literal *l)
{
	struct number_text t = {.len = 0};
	bool negative = at(l, '-');
	if (negative || at(l, '+')) {
		l->p++;
	}
	if (l->end - l->p > 2 && l->p[0] == '0' && memchr("xXoObB", l->p[1], 6) != NULL) {
		return parse_radix(l, negative);
	}
	if (negative) {
		t.text[t.len++] = '-';
	}
	if (!take_decimal(l, &t)) {
		return NULL;
	}
	t.text[t.len] = '\0';
	yyjson_val v;
	if (yyjson_read_number(t.text, &v, YYJSON_READ_NOFLAG, NULL, NULL) != t.text + t.len) {
		return NULL;
	}
	return yyjson_val_mut_copy(l->doc, &v);
}

/* Strings */

static bool
take_hex(struct literal *l, unsigned digits, uint32_t *code)
{
	*code = 0;
	for (unsigned i = 0; i < digits; i++) {
		if (l->p == l->end || digit_value(*l->p) > 15) {
			return false;
		}
		*code = *code << 4 | (uint32_t)digit_value(*l->p++);
	}
	return true;
}

static bool
put_code(struct literal *l, uint32_t code, size_t *n)
{
	char bytes[RMI_TEXT_CHAR_MAX];
	size_t len = rmi_text_put(code, bytes);
	memcpy(l->scratch + *n, bytes, len);
	*n += len;
	return len > 0;
}

static bool
take_octal(struct literal *l, char first, size_t *n)
{
	uint32_t code = (uint32_t)(first - '0');
	for (int i = 0; i < 2 && l->p < l->end && *l->p >= '0' && *l->p <= '7'; i++) {
		code = code * 8 + (uint32_t)(*l->p++ - '0');
	}
	return put_code(l, code, n);
}

static bool
take_code(struct literal *l, unsigned digits, size_t *n)
{
	uint32_t code;
	return take_hex(l, digits, &code) && put_code(l, code, n);
}

/* What follows a backslash. An unknown escape stays as it is written, as in Python. */
static bool
take_escape(struct literal *l, size_t *n)
{
	static const char names[] = "\\'\"abfnrtv";
	static const char values[] = "\\'\"\a\b\f\n\r\t\v";
	if (l->p == l->end) {
		return false;
	}
	char c = *l->p++;
	switch (c) {
	case '\n':
		return true;
	case 'x':
		return take_code(l, 2, n);
	case 'u':
		return take_code(l, 4, n);
	case 'U':
		return take_code(l, 8, n);
	case 'N':
		return false; /* names of characters: the table would be larger than all of this */
	default:
		break;
	}
	if (c >= '0' && c <= '7') {
		return take_octal(l, c, n);
	}
	const char *known = memchr(names, c, sizeof names - 1);
	if (known == NULL) {
		l->scratch[(*n)++] = '\\';
	}
	l->scratch[(*n)++] = known != NULL ? values[known - names] : c;
	return true;
}

static bool
take_quoted(struct literal *l, bool raw, size_t *n)
{
	char quote = *l->p;
	char triple[4] = {quote, quote, quote, '\0'};
	bool is_triple = take_word(l, triple);
	if (!is_triple) {
		l->p++;
	}
	while (l->p < l->end) {
		if (is_triple ? take_word(l, triple) : take(l, quote)) {
			return true;
		}
		char c = *l->p++;
		if (c == '\n' && !is_triple) {
			return false;
		}
		if (c == '\\' && !raw) {
			if (!take_escape(l, n)) {
				return false;
			}
			continue;
		}
		l->scratch[(*n)++] = c;
		if (c == '\\' && l->p < l->end) { /* raw: a quote after a backslash does not end the string */
			l->scratch[(*n)++] = *l->p++;
		}
	}
	return false;
}

/* True at a string with an optional prefix of r, R, u or U. */
static bool
at_string(const struct literal *l, size_t *prefix)
{
	*prefix = l->p < l->end && memchr("rRuU", *l->p, 4) != NULL ? 1 : 0;
	const char *q = l->p + *prefix;
	return q < l->end && (*q == '\'' || *q == '"');
}

static yyjson_mut_val *
parse_string(struct literal *l)
{
	size_t n = 0;
	size_t prefix;
	while (at_string(l, &prefix)) { /* 'a' "b" is one string */
		bool raw = prefix == 1 && (*l->p == 'r' || *l->p == 'R');
		l->p += prefix;
		if (!take_quoted(l, raw, &n)) {
			return NULL;
		}
		skip_space(l);
	}
	return yyjson_mut_strncpy(l->doc, l->scratch, n);
}

/* Containers */

/* The rest of a list or tuple after its opening bracket. *commas tells (1) from (1,). */
static yyjson_mut_val *
parse_elements(struct literal *l, char close, unsigned *commas)
{
	yyjson_mut_val *arr = yyjson_mut_arr(l->doc);
	*commas = 0;
	for (;;) {
		skip_space(l);
		if (take(l, close)) {
			return arr;
		}
		yyjson_mut_val *v = parse_value(l);
		if (v == NULL || !yyjson_mut_arr_append(arr, v)) {
			return NULL;
		}
		skip_space(l);
		if (take(l, ',')) {
			*commas += 1;
		} else {
			return take(l, close) ? arr : NULL;
		}
	}
}

/* A dict key as json.dumps writes it. */
static yyjson_mut_val *
key_text(struct literal *l, yyjson_mut_val *key)
{
	if (yyjson_mut_is_str(key)) {
		return key;
	}
	if (key == NULL || yyjson_mut_is_ctn(key)) {
		return NULL;
	}
	size_t n;
	char *text = yyjson_mut_val_write(key, YYJSON_WRITE_NOFLAG, &n);
	yyjson_mut_val *str = text != NULL ? yyjson_mut_strncpy(l->doc, text, n) : NULL;
	free(text);
	return str;
}

static yyjson_mut_val *
parse_dict(struct literal *l)
{
	yyjson_mut_val *obj = yyjson_mut_obj(l->doc);
	for (;;) {
		skip_space(l);
		if (take(l, '}')) {
			return obj;
		}
		yyjson_mut_val *key = key_text(l, parse_value(l));
		skip_space(l);
		if (key == NULL || !take(l, ':')) {
			return NULL;
		}
		skip_space(l);
		yyjson_mut_val *v = parse_value(l);
		if (v == NULL || !yyjson_mut_obj_put(obj, key, v)) {
			return NULL;
		}
		skip_space(l);
		if (!take(l, ',')) {
			return take(l, '}') ? obj : NULL;
		}
	}
}

static yyjson_mut_val *
parse_container(struct literal *l)
{
	unsigned commas;
	yyjson_mut_val *v = NULL;
	if (l->depth == RMI_LITERAL_MAX_DEPTH) {
		return NULL;
	}
	l->depth++;
	if (take(l, '[')) {
		v = parse_elements(l, ']', &commas);
	} else if (take(l, '(')) {
		v = parse_elements(l, ')', &commas);
		if (v != NULL && commas == 0 && yyjson_mut_arr_size(v) == 1) {
			v = yyjson_mut_arr_remove_first(v);
		}
	} else if (take(l, '{')) {
		v = parse_dict(l);
	}
	l->depth--;
	return v;
}

static yyjson_mut_val *
parse_value(struct literal *l)
{
	size_t prefix;
	if (l->p == l->end || ++l->values > RMI_LITERAL_MAX_VALUES) {
		return NULL;
	}
	if (memchr("[({", *l->p, 3) != NULL) {
		return parse_container(l);
	}
	if (at_string(l, &prefix)) {
		return parse_string(l);
	}
	if (memchr("+-.0123456789", *l->p, 13) != NULL) {
		return parse_number(l);
	}
	if (take_word(l, "None")) {
		return yyjson_mut_null(l->doc);
	}
	if (take_word(l, "True")) {
		return yyjson_mut_true(l->doc);
	}
	return take_word(l, "False") ? yyjson_mut_false(l->doc) : NULL;
}

static bool
depth_fits(yyjson_val *v, unsigned left)
{
	size_t i;
	size_t n;
	yyjson_val *key;
	yyjson_val *child;
	if (!yyjson_is_ctn(v)) {
		return true;
	}
	if (left == 0) {
		return false;
	}
	if (yyjson_is_arr(v)) {
		yyjson_arr_foreach(v, i, n, child)
		{
			if (!depth_fits(child, left - 1)) {
				return false;
			}
		}
		return true;
	}
	yyjson_obj_foreach(v, i, n, key, child)
	{
		if (!depth_fits(child, left - 1)) {
			return false;
		}
	}
	return true;
}

static yyjson_mut_val *
read_json(yyjson_mut_doc *doc, const char *text, size_t len)
{
	yyjson_doc *json = yyjson_read(text, len, YYJSON_READ_NOFLAG);
	if (json == NULL) {
		return NULL;
	}
	yyjson_val *root = yyjson_doc_get_root(json);
	bool fits = yyjson_doc_get_val_count(json) <= RMI_LITERAL_MAX_VALUES && depth_fits(root, RMI_LITERAL_MAX_DEPTH);
	yyjson_mut_val *v = fits ? yyjson_val_mut_copy(doc, root) : NULL;
	yyjson_doc_free(json);
	return v;
}

static yyjson_mut_val *
read_python(yyjson_mut_doc *doc, const char *text, size_t len, char *scratch)
{
	struct literal l = {.p = text, .end = text + len, .doc = doc, .scratch = scratch};
	skip_space(&l);
	yyjson_mut_val *v = parse_value(&l);
	skip_space(&l);
	return l.p == l.end ? v : NULL;
}

enum rme_err
rmi_literal_read(yyjson_mut_doc *doc, const char *text, size_t len, yyjson_mut_val **out, struct rme_error *err)
{
	if (len > RMI_LITERAL_MAX_BYTES) {
		return rme_error_set(err, RME_ELIMIT, NULL, "config value of %zu bytes: at most %d are taken", len,
		    RMI_LITERAL_MAX_BYTES);
	}
	if (!rmi_utf8_valid(text, len)) {
		return rme_error_set(err, RME_EPROTO, NULL, "config value is not valid UTF-8");
	}
	yyjson_mut_val *v = read_json(doc, text, len);
	if (v == NULL) {
		char *scratch = malloc(len + 1);
		if (scratch == NULL) {
			return RME_ENOMEM;
		}
		v = read_python(doc, text, len, scratch);
		free(scratch);
	}
	if (v == NULL) {
		v = yyjson_mut_strncpy(doc, text, len);
	}
	if (v == NULL) {
		return RME_ENOMEM;
	}
	*out = v;
	return RME_OK;
}
