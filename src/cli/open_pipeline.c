#include "cli/open_pipeline.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/text.h"

/* ---- reading ---- */

static bool
apply(struct rmi_opened *o, const struct rmi_args *args, const char *option,
    bool (*set)(struct rmi_pipeline_def *def, struct rmi_diags *diags, const char *text))
{
	bool ok = true;
	for (size_t i = 0; i < rmi_args_count(args, option); i++) {
		ok = set(o->def, &o->diags, rmi_args_text_at(args, option, i)) && ok;
	}
	return ok;
}

static bool
apply_options(struct rmi_opened *o, const struct rmi_args *args)
{
	bool ok = apply(o, args, "endpoint", rmi_pipeline_set_endpoint);
	ok = apply(o, args, "service", rmi_pipeline_set_service) && ok;
	ok = apply(o, args, "param", rmi_pipeline_set_param) && ok;
	return apply(o, args, "mode", rmi_pipeline_set_mode) && ok;
}

static enum rme_err
open_wired(
    struct rmi_opened *o, struct rmi_cli *cli, const struct rmi_args *args, const char *path, struct rme_error *err)
{
	o->def = rmi_pipeline_load(&o->diags, path, &rmi_env_process);
	if (o->def == NULL || !apply_options(o, args)) {
		return RME_ECONFIG;
	}
	const struct rmi_wiring_config config = {
	    .cli = cli,
	    .diags = &o->diags,
	    .def = o->def,
	    .pipeline_path = path,
	    .registry_path = rmi_args_text(args, "modules"),
	};
	return rmi_wiring_new(&o->wiring, &config, err);
}

int
rmi_open_pipeline(struct rmi_opened *o, struct rmi_cli *cli, const struct rmi_args *args, const char *path)
{
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = open_wired(o, cli, args, path, &err);
	if (e != RME_OK && o->diags.n_errors == 0) {
		return rmi_complain_error(cli, &err);
	}
	return e == RME_OK ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
}

/* Formats that do not fit are shown at the node that does not take what it gets. */
static int
plan_failed(struct rmi_opened *o, struct rmi_cli *cli, const struct rme_error *err)
{
	const struct rmi_node_def *nodes = o->def->nodes.items;
	for (size_t i = 0; i < o->def->nodes.n; i++) {
		if (strcmp(nodes[i].id, err->where) == 0) {
			rmi_diag_error(&o->diags, &nodes[i].bound.mark, "node '%s' %s", err->where, err->text);
			return RMI_EXIT_CONFIG;
		}
	}
	(void)rmi_complain_error(cli, err);
	return RMI_EXIT_CONFIG;
}

int
rmi_open_plan(struct rmi_opened *o, struct rmi_cli *cli, const struct rme_format *format)
{
	struct rme_error err;
	struct rme_plan_in in = {.format = *format};
	if (format->media == RME_MEDIA_ANY && o->def->input != NULL) {
		in.format = o->def->input->format;
	}
	in.n = rmi_wiring_specs(o->wiring, &in.specs);
	if (rme_plan_new(&o->plan, rmi_wiring_runtime(o->wiring), &in, &err) != RME_OK) {
		return plan_failed(o, cli, &err);
	}
	return RMI_EXIT_OK;
}

void
rmi_opened_done(struct rmi_opened *o)
{
	rme_plan_free(o->plan);
	rmi_wiring_free(o->wiring);
	rmi_diags_done(&o->diags);
	*o = (struct rmi_opened){.def = NULL};
}

/* ---- telling ---- */

void
rmi_write_diags_json(FILE *out, const struct rmi_diags *d)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = doc != NULL ? yyjson_mut_arr(doc) : NULL;
	for (size_t i = 0; list != NULL && i < d->n; i++) {
		const struct rmi_diag *g = &d->list[i];
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);
		(void)yyjson_mut_obj_add_str(doc, o, "severity", g->severity == RMI_DIAG_ERROR ? "error" : "warning");
		(void)yyjson_mut_obj_add_str(doc, o, "file", g->mark.source->name);
		(void)yyjson_mut_obj_add_uint(doc, o, "line", g->mark.line);
		(void)yyjson_mut_obj_add_uint(doc, o, "column", g->mark.column);
		(void)yyjson_mut_obj_add_uint(doc, o, "width", g->mark.width);
		(void)yyjson_mut_obj_add_str(doc, o, "text", g->text);
		if (g->hint != NULL) {
			(void)yyjson_mut_obj_add_str(doc, o, "hint", g->hint);
		}
	}
	char *text = list != NULL ? yyjson_mut_val_write(list, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL) : NULL;
	(void)fputs(text != NULL ? text : "[]", out);
	free(text);
	yyjson_mut_doc_free(doc);
}

const char *
rmi_spec_child(const struct rme_node_spec *spec, size_t index, const struct rme_node_spec **child)
{
	for (const struct rme_param *p = spec->type->params; p != NULL && p->name != NULL; p++) {
		if (p->kind != RME_PARAM_NODE || spec->config == NULL) {
			continue;
		}
		const struct rme_node_spec *c = (const void *)((const char *)spec->config + p->offset);
		if (c->type != NULL && index-- == 0) {
			*child = c;
			return p->name;
		}
	}
	return NULL;
}

/* Text or word of a parameter of the type; NULL = it has none of that name, or no value. */
static const char *
param_text(const struct rme_node_spec *spec, const char *name)
{
	for (const struct rme_param *p = spec->type->params; p != NULL && p->name != NULL && spec->config != NULL;
	    p++) {
		const void *member = (const char *)spec->config + p->offset;
		if (strcmp(p->name, name) != 0) {
			continue;
		}
		if (p->kind == RME_PARAM_CHOICE) {
			int index;
			memcpy(&index, member, sizeof(index));
			return p->choices[index];
		}
		return p->kind == RME_PARAM_TEXT ? *(char *const *)member : NULL;
	}
	return NULL;
}

void
rmi_describe_spec(char *buf, size_t size, const struct rme_node_spec *spec)
{
	static const struct {
		const char *param, *word;
	} known[] = {{"module", "module "}, {"service", "service "}};
	struct rmi_text t = rmi_text_begin(buf, size);
	const struct rme_node_spec *child;
	const char *mode = param_text(spec, "mode");
	if (mode != NULL && rmi_spec_child(spec, 0, &child) != NULL) {
		rmi_text_add(&t, "router, %s", mode);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *text = param_text(spec, known[i].param);
		if (text != NULL) {
			const char *endpoint = param_text(spec, "endpoint");
			rmi_text_add(&t, "%s%s%s%s", known[i].word, text, endpoint != NULL ? " at " : "",
			    endpoint != NULL ? endpoint : "");
			return;
		}
	}
	rmi_text_add(&t, "%s", spec->type->name);
}
