#include "config/env.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES_MAX = 128 };

static const char *
process_get(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

const struct rmi_env rmi_env_process = {.get = process_get};

/* One pass measures, a second one writes: what is written is always a whole number of pieces. */
struct expansion {
	const struct rmi_env *env;
	char *to;   /* NULL = measure only */
	size_t cap; /* of to: the variables may have changed since they were measured */
	size_t len;
	struct rme_error *err;
};

static void
put(struct expansion *x, const char *text, size_t len)
{
	if (x->to != NULL) {
		len = len < x->cap - x->len ? len : x->cap - x->len;
		memcpy(x->to + x->len, text, len);
	}
	x->len += len;
}

static bool
is_name_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* One variable as written: ${name rest}; rest is "", ":-default" or ":?message". */
struct variable {
	char name[NAME_BYTES_MAX];
	const char *rest;
	size_t rest_len;
};

/* @p p is behind "${". @return the "}", NULL if this is no variable */
static const char *
read_variable(struct variable *v, const char *p)
{
	size_t n = 0;
	while (n < sizeof(v->name) - 1 && is_name_char(p[n], n == 0)) {
		v->name[n] = p[n];
		n++;
	}
	v->name[n] = '\0';
	v->rest = p + n;
	const char *end = strchr(v->rest, '}');
	if (n == 0 || end == NULL) {
		return NULL;
	}
	v->rest_len = (size_t)(end - v->rest);
	bool known = v->rest_len == 0 || strncmp(v->rest, ":-", 2) == 0 || strncmp(v->rest, ":?", 2) == 0;
	return known ? end : NULL;
}

static bool
put_variable(struct expansion *x, const struct variable *v)
{
	const char *value = x->env->get(x->env->ctx, v->name);
	if (value != NULL && (*value != '\0' || v->rest_len == 0)) {
		put(x, value, strlen(value));
		return true;
	}
	if (v->rest_len > 0 && v->rest[1] == '-') {
		put(x, v->rest + 2, v->rest_len - 2);
		return true;
	}
	if (v->rest_len > 2) {
		(void)rme_error_set(x->err, RME_ECONFIG, v->name, "variable %s is not set: %.*s", v->name,
		    (int)(v->rest_len - 2), v->rest + 2);
	} else {
		(void)rme_error_set(x->err, RME_ECONFIG, v->name,
		    "variable %s is not set; set it, or give a default: ${%s:-text}", v->name, v->name);
	}
	return false;
}

/* @p p is behind "${". @return behind the "}", NULL after an error */
static const char *
expand_variable(struct expansion *x, const char *p)
{
	struct variable v;
	const char *end = read_variable(&v, p);
	if (end == NULL) {
		(void)rme_error_set(x->err, RME_ECONFIG, NULL,
		    "wrong variable: write ${NAME}, ${NAME:-default} or ${NAME:?message}, and $$ for a dollar sign");
		return NULL;
	}
	return put_variable(x, &v) ? end + 1 : NULL;
}

static bool
expand(struct expansion *x, const char *p)
{
	while (*p != '\0') {
		size_t plain = strcspn(p, "$");
		put(x, p, plain);
		p += plain;
		if (p[0] == '$' && p[1] == '{') {
			p = expand_variable(x, p + 2);
			if (p == NULL) {
				return false;
			}
		} else if (p[0] == '$') {
			put(x, p, 1);
			p += p[1] == '$' ? 2 : 1;
		}
	}
	return true;
}

enum rme_err
rmi_env_expand(const char **text, struct rmi_arena *arena, const struct rmi_env *env, struct rme_error *err)
{
	if (strchr(*text, '$') == NULL) {
		return RME_OK;
	}
	struct expansion x = {.env = env, .err = err};
	if (!expand(&x, *text)) {
		return RME_ECONFIG;
	}
	if (x.len > RMI_ENV_TEXT_MAX) {
		return rme_error_set(err, RME_ELIMIT, NULL, "longer than 64 KiB with its variables");
	}
	x.to = rmi_arena_calloc(arena, x.len + 1, 1);
	if (x.to == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
	}
	x.cap = x.len;
	x.len = 0;
	(void)expand(&x, *text);
	*text = x.to;
	return RME_OK;
}
