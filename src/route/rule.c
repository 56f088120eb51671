#include "route/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/runtime.h"

static const char prefix[] = "route-function:";

enum { KEY_MAX = 200 };

struct rule {
	struct rmi_attachment base;
	rme_route_fn fn;
	void *ctx;
	char key[];
};

static void
rule_free(struct rmi_attachment *a)
{
	free(a);
}

enum rme_err
rme_router_add_function(struct rme_runtime *rt, const char *name, rme_route_fn fn, void *ctx)
{
	size_t len = sizeof(prefix) + strlen(name);
	if (len > KEY_MAX) {
		return RME_ELIMIT;
	}
	struct rule *r = calloc(1, sizeof(*r) + len);
	if (r == NULL) {
		return RME_ENOMEM;
	}
	r->base.free = rule_free;
	r->base.key = r->key;
	r->fn = fn;
	r->ctx = ctx;
	(void)snprintf(r->key, len, "%s%s", prefix, name);
	struct rmi_attachment *there = rmi_runtime_attach(rt, &r->base);
	if (there == &r->base) {
		return RME_OK;
	}
	free(r);
	return there == NULL ? RME_ELIMIT : RME_EINVAL;
}

rme_route_fn
rmi_rule_find(struct rme_runtime *rt, const char *name, void **ctx)
{
	char key[KEY_MAX + 1];
	(void)snprintf(key, sizeof(key), "%s%s", prefix, name);
	const struct rule *r = (const struct rule *)rmi_runtime_attached(rt, key);
	if (r == NULL) {
		return NULL;
	}
	*ctx = r->ctx;
	return r->fn;
}
