#include "config/scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

static const char *
skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9') {
		p++;
	}
	return p;
}

/* Behind [eE][-+]?[0-9]+ if it is there, else @p p. */
static const char *
skip_exponent(const char *p)
{
	if (*p != 'e' && *p != 'E') {
		return p;
	}
	const char *digits = p + 1 + (p[1] == '-' || p[1] == '+');
	const char *end = skip_digits(digits);
	return end > digits ? end : p;
}

bool
rmi_scalar_is_json_number(const char *text)
{
	const char *p = text + (*text == '-');
	const char *end = skip_digits(p);
	if (end == p || (*p == '0' && end > p + 1)) {
		return false;
	}
	if (*end == '.') {
		const char *frac = skip_digits(end + 1);
		if (frac == end + 1) {
			return false;
		}
		end = frac;
	}
	return *skip_exponent(end) == '\0';
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
is_decimal(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	const char *whole = skip_digits(p);
	bool digits = whole > p;
	const char *end = whole;
	if (*whole == '.') {
		end = skip_digits(whole + 1);
		digits = digits || end > whole + 1;
	}
	return digits && *skip_exponent(end) == '\0';
}

static bool
read_based(const char *text, double *out)
{
	int base = strncmp(text, "0x", 2) == 0 ? 16 : strncmp(text, "0o", 2) == 0 ? 8 : 0;
	const char *digits = base == 16 ? "0123456789abcdefABCDEF" : "01234567";
	size_t n = strlen(text);
	if (base == 0 || n < 3 || n > 15 || strspn(text + 2, digits) != n - 2) {
		return false;
	}
	*out = (double)strtoll(text + 2, NULL, base);
	return true;
}

void
rmi_scalar_type(struct rmi_yaml_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const trues[] = {"true", "True", "TRUE"};
	static const char *const falses[] = {"false", "False", "FALSE"};
	const char *text = node->text;
	node->kind = RMI_YAML_TEXT;
	if (is_one_of(text, nulls, 5)) {
		node->kind = RMI_YAML_NULL;
	} else if (is_one_of(text, trues, 3) || is_one_of(text, falses, 3)) {
		node->kind = RMI_YAML_BOOL;
		node->boolean = text[0] == 't' || text[0] == 'T';
	} else if (is_decimal(text)) {
		node->number = strtod(text, NULL);
		node->kind = isfinite(node->number) ? RMI_YAML_NUMBER : RMI_YAML_TEXT;
	} else if (read_based(text, &node->number)) {
		node->kind = RMI_YAML_NUMBER;
	}
}
