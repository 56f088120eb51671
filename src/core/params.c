#include <rme/params.h>

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/node.h>

#include "base/units.h"

/* The member of a config struct that a table entry describes. */
static void *
member(const struct rme_param *p, void *config)
{
	return (char *)config + p->offset;
}

const char *
rme_param_kind_name(enum rme_param_kind k)
{
	switch (k) {
	case RME_PARAM_BOOL:
		return "true or false";
	case RME_PARAM_INT:
		return "whole number";
	case RME_PARAM_NUMBER:
		return "number";
	case RME_PARAM_TEXT:
		return "text";
	case RME_PARAM_CHOICE:
		return "choice";
	case RME_PARAM_DURATION:
		return "duration";
	case RME_PARAM_JSON:
		return "JSON value";
	case RME_PARAM_BYTES:
		return "size";
	case RME_PARAM_NODE:
		return "node";
	case RME_PARAM_PATH:
		return "file";
	}
	return "?";
}

static enum rme_err
wrong(const struct rme_param *p, const struct rme_value *v, struct rme_error *err)
{
	char got[80] = "null";
	if (v->kind == RME_VALUE_BOOL) {
		(void)snprintf(got, sizeof(got), "%s", v->boolean ? "true" : "false");
	} else if (v->kind == RME_VALUE_NUMBER) {
		(void)snprintf(got, sizeof(got), "%g", v->number);
	} else if (v->kind != RME_VALUE_NULL) {
		(void)snprintf(got, sizeof(got), "'%.60s'", v->text);
	}
	const char *example = p->kind == RME_PARAM_DURATION ? " such as 20ms or 1.5s" : "";
	example = p->kind == RME_PARAM_BYTES ? " such as 64KiB or 10MB" : example;
	return rme_error_set(err, RME_ECONFIG, p->name, "parameter '%s' takes a %s%s, not %s", p->name,
	    rme_param_kind_name(p->kind), example, got);
}

static enum rme_err
check_range(const struct rme_param *p, double x, struct rme_error *err)
{
	bool ranged = p->min < 0 || p->min > 0 || p->max < 0 || p->max > 0;
	if (!ranged || (x >= p->min && x <= p->max)) {
		return RME_OK;
	}
	const char *unit = p->kind == RME_PARAM_DURATION ? " s" : "";
	return rme_error_set(err, RME_ECONFIG, p->name, "parameter '%s' must be between %g and %g%s, not %g", p->name,
	    p->min, p->max, unit, x);
}

static bool
value_number(const struct rme_value *v, double *out)
{
	if (v->kind == RME_VALUE_NUMBER) {
		*out = v->number;
		return isfinite(v->number);
	}
	if (v->kind != RME_VALUE_TEXT || v->text[0] == '\0') {
		return false;
	}
	char *end;
	*out = strtod(v->text, &end);
	return *end == '\0' && isfinite(*out);
}

static bool
value_bool(const struct rme_value *v, bool *out)
{
	if (v->kind == RME_VALUE_BOOL) {
		*out = v->boolean;
		return true;
	}
	if (v->kind != RME_VALUE_TEXT) {
		return false;
	}
	/* "True" and "False" are what Python clients send. */
	*out = strcmp(v->text, "true") == 0 || strcmp(v->text, "True") == 0;
	return *out || strcmp(v->text, "false") == 0 || strcmp(v->text, "False") == 0;
}

static enum rme_err
bind_number(const struct rme_param *p, const struct rme_value *v, void *config, struct rme_error *err)
{
	double x;
	/* 2^53: beyond it doubles skip whole numbers. */
	bool ok =
	    value_number(v, &x) && (p->kind == RME_PARAM_NUMBER || (x == floor(x) && fabs(x) <= 9007199254740992.0));
	if (!ok) {
		return wrong(p, v, err);
	}
	enum rme_err e = check_range(p, x, err);
	if (e == RME_OK && p->kind == RME_PARAM_INT) {
		int64_t whole = (int64_t)x;
		memcpy(member(p, config), &whole, sizeof(whole));
	} else if (e == RME_OK) {
		memcpy(member(p, config), &x, sizeof(x));
	}
	return e;
}

static enum rme_err
bind_unit(const struct rme_param *p, const struct rme_value *v, void *config, struct rme_error *err)
{
	bool duration = p->kind == RME_PARAM_DURATION;
	int64_t whole = 0;
	double x;
	bool ok;
	if (value_number(v, &x)) {
		x = duration ? x * 1e9 : x;
		ok = fabs(x) <= 9e18;
		whole = ok ? (int64_t)x : 0;
	} else {
		ok = v->kind == RME_VALUE_TEXT &&
		     rmi_units_parse(&whole, v->text, duration ? RMI_UNIT_NS : RMI_UNIT_BYTES) == RME_OK;
	}
	if (!ok) {
		return wrong(p, v, err);
	}
	enum rme_err e = check_range(p, duration ? (double)whole / 1e9 : (double)whole, err);
	if (e == RME_OK) {
		memcpy(member(p, config), &whole, sizeof(whole));
	}
	return e;
}

static enum rme_err
bind_text(const struct rme_param *p, const struct rme_value *v, void *config, struct rme_error *err)
{
	char number[40];
	const char *text = v->text;
	if (v->kind == RME_VALUE_BOOL) {
		text = v->boolean ? "true" : "false";
	} else if (v->kind == RME_VALUE_NUMBER && text == NULL) {
		(void)snprintf(number, sizeof(number), "%.17g", v->number);
		text = number;
	} else if (v->kind == RME_VALUE_NULL) {
		return p->kind == RME_PARAM_JSON ? RME_OK : wrong(p, v, err);
	} else if (v->kind == RME_VALUE_JSON && p->kind != RME_PARAM_JSON) {
		return wrong(p, v, err);
	}
	if (strlen(text) > RME_PARAM_TEXT_MAX) {
		return rme_error_set(
		    err, RME_ECONFIG, p->name, "parameter '%s' is longer than %d bytes", p->name, RME_PARAM_TEXT_MAX);
	}
	char *copy = strdup(text);
	if (copy == NULL) {
		return rme_error_set(err, RME_ENOMEM, p->name, "out of memory");
	}
	char **at = member(p, config);
	free(*at);
	*at = copy;
	return RME_OK;
}

static enum rme_err
bind_choice(const struct rme_param *p, const struct rme_value *v, void *config, struct rme_error *err)
{
	const char *text = v->kind == RME_VALUE_TEXT ? v->text : "";
	char known[160];
	known[0] = '\0';
	size_t at = 0;
	int n = 0;
	for (; p->choices[n] != NULL; n++) {
		if (strcmp(p->choices[n], text) == 0) {
			memcpy(member(p, config), &n, sizeof(n));
			return RME_OK;
		}
		int wrote = snprintf(known + at, sizeof(known) - at, "%s%s", n > 0 ? ", " : "", p->choices[n]);
		at = at + (size_t)wrote < sizeof(known) ? at + (size_t)wrote : sizeof(known) - 1;
	}
	const char *near = rme_did_you_mean(text, p->choices, (size_t)n);
	return rme_error_set(err, RME_ECONFIG, p->name, "parameter '%s' is one of %s, not '%.60s'%s%s%s", p->name,
	    known, text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static enum rme_err
bind_one(const struct rme_param *p, const struct rme_value *v, void *config, struct rme_error *err)
{
	bool flag;
	switch (p->kind) {
	case RME_PARAM_BOOL:
		if (!value_bool(v, &flag)) {
			return wrong(p, v, err);
		}
		memcpy(member(p, config), &flag, sizeof(flag));
		return RME_OK;
	case RME_PARAM_INT:
	case RME_PARAM_NUMBER:
		return bind_number(p, v, config, err);
	case RME_PARAM_DURATION:
	case RME_PARAM_BYTES:
		return bind_unit(p, v, config, err);
	case RME_PARAM_CHOICE:
		return bind_choice(p, v, config, err);
	case RME_PARAM_TEXT:
	case RME_PARAM_JSON:
	case RME_PARAM_PATH:
		return bind_text(p, v, config, err);
	case RME_PARAM_NODE:
		return wrong(p, v, err);
	}
	return RME_EINVAL;
}

static const struct rme_param *
table_find(const struct rme_param *table, const char *name)
{
	for (; table != NULL && table->name != NULL; table++) {
		if (strcmp(table->name, name) == 0) {
			return table;
		}
	}
	return NULL;
}

static enum rme_err
unknown(const struct rme_param *table, const char *key, struct rme_error *err)
{
	const char *known[RME_PARAMS_MAX] = {NULL};
	size_t n = 0;
	for (; table != NULL && table[n].name != NULL && n < RME_PARAMS_MAX; n++) {
		known[n] = table[n].name;
	}
	const char *near = rme_did_you_mean(key, known, n);
	if (near != NULL) {
		return rme_error_set(err, RME_ECONFIG, key, "unknown parameter '%.60s'; did you mean '%s'?", key, near);
	}
	return rme_error_set(
	    err, RME_ECONFIG, key, "unknown parameter '%.60s'%s", key, n == 0 ? "; there are none" : "");
}

/* Defaults, and whether what is required was given. Text before binding values: a value replaces its default. */
static enum rme_err
bind_defaults(const struct rme_param *table, const struct rme_params_in *in, void *config, struct rme_error *err)
{
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		bool given = false;
		for (size_t i = 0; i < in->n && !given; i++) {
			given = strcmp(in->values[i].key, p->name) == 0;
		}
		if (given || p->kind == RME_PARAM_NODE) {
			continue;
		}
		if (p->required) {
			return rme_error_set(err, RME_ECONFIG, p->name, "parameter '%s' is missing (%s)", p->name,
			    p->help != NULL ? p->help : rme_param_kind_name(p->kind));
		}
		if (p->fallback != NULL) {
			const struct rme_value v = {.key = p->name, .kind = RME_VALUE_TEXT, .text = p->fallback};
			enum rme_err e = bind_one(p, &v, config, err);
			if (e != RME_OK) {
				return e;
			}
		}
	}
	return RME_OK;
}

static enum rme_err
bind_values(
    const struct rme_param *table, const struct rme_params_in *in, void *config, size_t *bad, struct rme_error *err)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct rme_value *v = &in->values[i];
		*bad = i;
		const struct rme_param *p = table_find(table, v->key);
		enum rme_err e = p != NULL ? bind_one(p, v, config, err) : unknown(table, v->key, err);
		if (e != RME_OK) {
			return e;
		}
	}
	*bad = SIZE_MAX;
	return RME_OK;
}

/* All members that the table describes; the struct may be larger. */
static void
clear(const struct rme_param *table, void *config)
{
	static const size_t sizes[] = {[RME_PARAM_BOOL] = sizeof(bool),
	    [RME_PARAM_INT] = sizeof(int64_t),
	    [RME_PARAM_NUMBER] = sizeof(double),
	    [RME_PARAM_TEXT] = sizeof(char *),
	    [RME_PARAM_CHOICE] = sizeof(int),
	    [RME_PARAM_DURATION] = sizeof(int64_t),
	    [RME_PARAM_JSON] = sizeof(char *),
	    [RME_PARAM_BYTES] = sizeof(int64_t),
	    [RME_PARAM_NODE] = sizeof(struct rme_node_spec),
	    [RME_PARAM_PATH] = sizeof(char *)};
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		memset(member(p, config), 0, sizes[p->kind]);
	}
}

enum rme_err
rme_params_bind(
    const struct rme_param *table, const struct rme_params_in *in, void *config, size_t *bad, struct rme_error *err)
{
	size_t where = SIZE_MAX;
	clear(table, config);
	enum rme_err e = in->n <= RME_PARAMS_MAX
	                     ? bind_values(table, in, config, &where, err)
	                     : rme_error_set(err, RME_ECONFIG, NULL, "more than %d parameters", RME_PARAMS_MAX);
	if (e == RME_OK) {
		e = bind_defaults(table, in, config, err);
	}
	if (e != RME_OK) {
		rme_params_done(table, config);
	}
	if (bad != NULL) {
		*bad = where;
	}
	return e;
}

void
rme_params_done(const struct rme_param *table, void *config)
{
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		if (p->kind == RME_PARAM_TEXT || p->kind == RME_PARAM_JSON || p->kind == RME_PARAM_PATH) {
			char **at = member(p, config);
			free(*at);
			*at = NULL;
		}
	}
}
