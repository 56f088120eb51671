#include "serve/catalog.h"

#include <rme/params.h>
#include <rme/runtime.h>

#include <stdbool.h>
#include <string.h>

static bool
has_children(const struct rme_node_type *type)
{
	for (const struct rme_param *p = type->params; p != NULL && p->name != NULL; p++) {
		if (p->kind == RME_PARAM_NODE) {
			return true;
		}
	}
	return false;
}

static bool
is_wanted(const struct rme_node_type *type, const char *const *names)
{
	if (names == NULL) {
		return (type->flags & RME_NODE_OUTSIDE) == 0 && !has_children(type);
	}
	for (; *names != NULL; names++) {
		if (strcmp(*names, type->name) == 0) {
			return !has_children(type);
		}
	}
	return false;
}

static const struct rmi_service *
lookup(const struct rmi_catalog *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->service[i].name, name) == 0) {
			return &c->service[i];
		}
	}
	return NULL;
}

const struct rmi_service *
rmi_catalog_find(const struct rmi_catalog *c, const char *name, struct rme_error *err)
{
	const struct rmi_service *s = lookup(c, name);
	if (s != NULL) {
		return s;
	}
	const char *known[RMI_CATALOG_MAX];
	for (size_t i = 0; i < c->n; i++) {
		known[i] = c->service[i].name;
	}
	const char *near = rme_did_you_mean(name, known, c->n);
	(void)rme_error_set(err, RME_ENOTFOUND, NULL, "Unknown node type: %.128s%s%s%s", name,
	    near != NULL ? " (did you mean " : "", near != NULL ? near : "", near != NULL ? "?)" : "");
	return NULL;
}

static enum rme_err
add(struct rmi_catalog *c, const struct rmi_service *s, struct rme_error *err)
{
	if (lookup(c, s->name) != NULL) {
		return rme_error_set(err, RME_EINVAL, s->name, "this name is served already");
	}
	if (c->n == RMI_CATALOG_MAX) {
		return rme_error_set(err, RME_ELIMIT, s->name, "more than %d services", RMI_CATALOG_MAX);
	}
	c->service[c->n++] = *s;
	return RME_OK;
}

static enum rme_err
add_types(struct rmi_catalog *c, const struct rmi_catalog_in *in, struct rme_error *err)
{
	const struct rme_node_type *type;
	for (size_t i = 0; (type = rme_runtime_type(in->rt, i)) != NULL; i++) {
		if ((type->flags & RME_NODE_INTERNAL) != 0 || !is_wanted(type, in->nodes)) {
			continue;
		}
		const struct rmi_service s = {.name = type->name,
		    .category = type->category != NULL ? type->category : "base",
		    .help = type->help != NULL ? type->help : "",
		    .type = type};
		enum rme_err e = add(c, &s, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

static enum rme_err
check_names(const struct rmi_catalog *c, const char *const *names, struct rme_error *err)
{
	for (; names != NULL && *names != NULL; names++) {
		if (lookup(c, *names) == NULL) {
			return rme_error_set(
			    err, RME_ENOTFOUND, *names, "no node type of this name can be served: see rme nodes");
		}
	}
	return RME_OK;
}

enum rme_err
rmi_catalog_open(struct rmi_catalog *c, const struct rmi_catalog_in *in, struct rme_error *err)
{
	*c = (struct rmi_catalog){.n = 0};
	enum rme_err e = add_types(c, in, err);
	if (e == RME_OK) {
		e = check_names(c, in->nodes, err);
	}
	for (size_t i = 0; i < in->n_pipelines && e == RME_OK; i++) {
		const struct rmi_served_pipeline *p = &in->pipelines[i];
		const struct rmi_service s = {.name = p->name,
		    .category = "pipeline",
		    .help = p->help != NULL ? p->help : "",
		    .specs = p->specs,
		    .n_specs = p->n};
		e = add(c, &s, err);
	}
	return e;
}
