#include "config/schema_json.h"

#include <rme/node.h>
#include <rme/runtime.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "config/pipeline_file.h"

#define TIME_PATTERN "^ *[0-9]+([.][0-9]+)? *(ns|us|ms|s|m|h)$|^0$|[$][{]"
#define SIZE_PATTERN "^ *[0-9]+([.][0-9]+)? *(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$|[$][{]"
#define NAME_PATTERN "^[A-Za-z0-9_-]{1,64}$"

/* The document being made. Out of memory, yyjson's calls do nothing and the text at the end is NULL. */
struct writer {
	yyjson_mut_doc *doc;
	const struct rme_runtime *types;
};

static yyjson_mut_val *schema_value(struct writer *w, const struct rmi_schema *s);

static void
put_text(struct writer *w, yyjson_mut_val *obj, const char *key, const char *text)
{
	if (text != NULL) {
		(void)yyjson_mut_obj_add_str(w->doc, obj, key, text);
	}
}

static yyjson_mut_val *
typed(struct writer *w, const char *type)
{
	yyjson_mut_val *v = yyjson_mut_obj(w->doc);
	put_text(w, v, "type", type);
	return v;
}

/* A text with a pattern; numbers are taken too where @p number. */
static yyjson_mut_val *
patterned(struct writer *w, const char *pattern, bool number)
{
	yyjson_mut_val *v = yyjson_mut_obj(w->doc);
	if (number) {
		yyjson_mut_val *types = yyjson_mut_obj_add_arr(w->doc, v, "type");
		(void)yyjson_mut_arr_add_str(w->doc, types, "string");
		(void)yyjson_mut_arr_add_str(w->doc, types, "number");
	} else {
		put_text(w, v, "type", "string");
	}
	put_text(w, v, "pattern", pattern);
	return v;
}

static yyjson_mut_val *
words(struct writer *w, const char *const *choices)
{
	yyjson_mut_val *v = yyjson_mut_obj(w->doc), *list = yyjson_mut_obj_add_arr(w->doc, v, "enum");
	for (size_t i = 0; choices[i] != NULL; i++) {
		(void)yyjson_mut_arr_add_str(w->doc, list, choices[i]);
	}
	return v;
}

/* A value, or a text in which a variable stands for it. */
static yyjson_mut_val *
or_variable(struct writer *w, yyjson_mut_val *value)
{
	yyjson_mut_val *v = yyjson_mut_obj(w->doc), *any = yyjson_mut_obj_add_arr(w->doc, v, "anyOf");
	(void)yyjson_mut_arr_append(any, value);
	(void)yyjson_mut_arr_append(any, patterned(w, "[$][{]", false));
	return v;
}

static yyjson_mut_val *
number(struct writer *w, const char *type, double min, double max)
{
	yyjson_mut_val *v = typed(w, type);
	if (min < 0 || min > 0 || max < 0 || max > 0) {
		(void)yyjson_mut_obj_add_real(w->doc, v, "minimum", min);
		(void)yyjson_mut_obj_add_real(w->doc, v, "maximum", max);
	}
	return or_variable(w, v);
}

static yyjson_mut_val *
list_of(struct writer *w, yyjson_mut_val *item)
{
	yyjson_mut_val *v = typed(w, "array");
	(void)yyjson_mut_obj_add_val(w->doc, v, "items", item);
	return v;
}

static yyjson_mut_val *
map_of(struct writer *w, yyjson_mut_val *item)
{
	yyjson_mut_val *v = typed(w, "object"), *names = yyjson_mut_obj_add_obj(w->doc, v, "propertyNames");
	put_text(w, names, "pattern", NAME_PATTERN);
	(void)yyjson_mut_obj_add_val(w->doc, v, "additionalProperties", item);
	return v;
}

static yyjson_mut_val *
field_value(struct writer *w, const struct rmi_field *f)
{
	switch (f->kind) {
	case RMI_FIELD_TEXT:
	case RMI_FIELD_PATH:
	case RMI_FIELD_FORMAT:
		return typed(w, "string");
	case RMI_FIELD_NAME:
		return patterned(w, NAME_PATTERN "|[$][{]", false);
	case RMI_FIELD_BOOL:
		return or_variable(w, typed(w, "boolean"));
	case RMI_FIELD_INT:
		return number(w, "integer", f->min, f->max);
	case RMI_FIELD_NUMBER:
		return number(w, "number", f->min, f->max);
	case RMI_FIELD_CHOICE:
		return or_variable(w, words(w, f->choices));
	case RMI_FIELD_CHOICES:
		return list_of(w, words(w, f->choices));
	case RMI_FIELD_DURATION:
		return patterned(w, TIME_PATTERN, false);
	case RMI_FIELD_BYTES:
		return patterned(w, SIZE_PATTERN, true);
	case RMI_FIELD_TEXTS:
		return list_of(w, typed(w, "string"));
	case RMI_FIELD_ANY:
		return yyjson_mut_obj(w->doc);
	case RMI_FIELD_SETTINGS:
		return typed(w, "object");
	case RMI_FIELD_OBJECT:
		return schema_value(w, f->schema);
	case RMI_FIELD_LIST:
		return list_of(w, schema_value(w, f->schema));
	case RMI_FIELD_MAP:
		return map_of(w, schema_value(w, f->schema));
	}
	return NULL;
}

/* What every map has: keys of the user's own, and no others. */
static void
close_map(struct writer *w, yyjson_mut_val *map)
{
	yyjson_mut_val *own = yyjson_mut_obj_add_obj(w->doc, map, "patternProperties");
	(void)yyjson_mut_obj_add_obj(w->doc, own, "^x-");
	(void)yyjson_mut_obj_add_bool(w->doc, map, "additionalProperties", false);
}

static yyjson_mut_val *
param_value(struct writer *w, const struct rme_param *p)
{
	switch (p->kind) {
	case RME_PARAM_BOOL:
		return or_variable(w, typed(w, "boolean"));
	case RME_PARAM_INT:
		return number(w, "integer", p->min, p->max);
	case RME_PARAM_NUMBER:
		return number(w, "number", p->min, p->max);
	case RME_PARAM_TEXT: {
		yyjson_mut_val *v = yyjson_mut_obj(w->doc), *types = yyjson_mut_obj_add_arr(w->doc, v, "type");
		(void)yyjson_mut_arr_add_str(w->doc, types, "string");
		(void)yyjson_mut_arr_add_str(w->doc, types, "number");
		(void)yyjson_mut_arr_add_str(w->doc, types, "boolean");
		return v;
	}
	case RME_PARAM_PATH:
		return typed(w, "string");
	case RME_PARAM_CHOICE:
		return or_variable(w, words(w, p->choices));
	case RME_PARAM_DURATION:
		return patterned(w, TIME_PATTERN, true);
	case RME_PARAM_BYTES:
		return patterned(w, SIZE_PATTERN, true);
	case RME_PARAM_NODE: {
		yyjson_mut_val *v = yyjson_mut_obj(w->doc);
		put_text(w, v, "$ref", "#/$defs/child");
		return v;
	}
	case RME_PARAM_JSON:
		break;
	}
	return yyjson_mut_obj(w->doc);
}

/* A map of a node type's parameters. */
static yyjson_mut_val *
params_value(struct writer *w, const struct rme_param *table)
{
	yyjson_mut_val *v = typed(w, "object"), *props = yyjson_mut_obj_add_obj(w->doc, v, "properties");
	yyjson_mut_val *required = yyjson_mut_arr(w->doc);
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		yyjson_mut_val *pv = param_value(w, p);
		put_text(w, pv, "description", p->help);
		put_text(w, pv, "default", p->fallback);
		(void)yyjson_mut_obj_add_val(w->doc, props, p->name, pv);
		if (p->required) {
			(void)yyjson_mut_arr_add_str(w->doc, required, p->name);
		}
	}
	if (yyjson_mut_arr_size(required) > 0) {
		(void)yyjson_mut_obj_add_val(w->doc, v, "required", required);
	}
	close_map(w, v);
	return v;
}

/* Native nodes: the names there are, and for each what its params may hold. */
static void
add_node_types(struct writer *w, yyjson_mut_val *map, yyjson_mut_val *props)
{
	yyjson_mut_val *names = yyjson_mut_obj_get(props, "node_type");
	yyjson_mut_val *list = yyjson_mut_arr(w->doc), *rules = yyjson_mut_arr(w->doc);
	for (size_t i = 0; rme_runtime_type(w->types, i) != NULL; i++) {
		const struct rme_node_type *t = rme_runtime_type(w->types, i);
		if ((t->flags & RME_NODE_INTERNAL) != 0) {
			continue;
		}
		(void)yyjson_mut_arr_add_str(w->doc, list, t->name);
		yyjson_mut_val *rule = yyjson_mut_arr_add_obj(w->doc, rules);
		yyjson_mut_val *cond = yyjson_mut_obj_add_obj(w->doc, rule, "if");
		yyjson_mut_val *is =
		    yyjson_mut_obj_add_obj(w->doc, yyjson_mut_obj_add_obj(w->doc, cond, "properties"), "node_type");
		put_text(w, is, "const", t->name);
		yyjson_mut_val *then = yyjson_mut_obj_add_obj(w->doc, rule, "then");
		yyjson_mut_val *then_props = yyjson_mut_obj_add_obj(w->doc, then, "properties");
		(void)yyjson_mut_obj_add_val(w->doc, then_props, "params", params_value(w, t->params));
	}
	(void)yyjson_mut_obj_add_val(w->doc, names, "enum", list);
	(void)yyjson_mut_obj_add_val(w->doc, map, "allOf", rules);
}

static void
refine_node(struct writer *w, const struct rmi_schema *s, yyjson_mut_val *map, yyjson_mut_val *props)
{
	if (w->types == NULL || s->only_key == NULL) {
		return;
	}
	const struct rme_node_type *router = rme_runtime_find(w->types, "IntelligentRouter");
	if (strcmp(s->only_key, "node_type") == 0) {
		add_node_types(w, map, props);
	} else if (strcmp(s->only_key, "router") == 0 && router != NULL) {
		(void)yyjson_mut_obj_remove_key(props, "router");
		(void)yyjson_mut_obj_add_val(w->doc, props, "router", params_value(w, router->params));
	}
}

static yyjson_mut_val *
map_value(struct writer *w, const struct rmi_schema *s)
{
	yyjson_mut_val *v = typed(w, "object"), *props = yyjson_mut_obj_add_obj(w->doc, v, "properties");
	yyjson_mut_val *required = yyjson_mut_arr(w->doc);
	put_text(w, v, "description", s->help);
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		yyjson_mut_val *fv = field_value(w, f);
		(void)yyjson_mut_obj_remove_key(fv, "description");
		put_text(w, fv, "description", f->help);
		put_text(w, fv, "default", f->fallback);
		(void)yyjson_mut_obj_add_val(w->doc, props, f->key, fv);
		if (f->required) {
			(void)yyjson_mut_arr_add_str(w->doc, required, f->key);
		}
	}
	if (yyjson_mut_arr_size(required) > 0) {
		(void)yyjson_mut_obj_add_val(w->doc, v, "required", required);
	}
	close_map(w, v);
	refine_node(w, s, v, props);
	return v;
}

static yyjson_mut_val *
schema_value(struct writer *w, const struct rmi_schema *s)
{
	if (s->variants == NULL && s->short_key == NULL) {
		return map_value(w, s);
	}
	yyjson_mut_val *v = yyjson_mut_obj(w->doc);
	yyjson_mut_val *any = yyjson_mut_obj_add_arr(w->doc, v, s->variants != NULL ? "oneOf" : "anyOf");
	for (size_t i = 0; s->variants != NULL && s->variants[i] != NULL; i++) {
		(void)yyjson_mut_arr_append(any, map_value(w, s->variants[i]));
	}
	if (s->short_key != NULL) {
		(void)yyjson_mut_arr_append(any, map_value(w, s));
		for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
			if (strcmp(f->key, s->short_key) == 0) {
				(void)yyjson_mut_arr_append(any, field_value(w, f));
			}
		}
	}
	return v;
}

char *
rmi_schema_to_json(const struct rmi_schema *root, const struct rme_runtime *types)
{
	struct writer w = {.doc = yyjson_mut_doc_new(NULL), .types = types};
	if (w.doc == NULL) {
		return NULL;
	}
	yyjson_mut_val *v = map_value(&w, root);
	put_text(&w, v, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_text(&w, v, "title", root->name);
	if (root == &rmi_pipeline_schema) {
		yyjson_mut_val *defs = yyjson_mut_obj_add_obj(w.doc, v, "$defs");
		(void)yyjson_mut_obj_add_val(w.doc, defs, "child", schema_value(&w, &rmi_child_schema));
	}
	yyjson_mut_doc_set_root(w.doc, v);
	char *text = yyjson_mut_write(w.doc, YYJSON_WRITE_PRETTY_TWO_SPACES, NULL);
	yyjson_mut_doc_free(w.doc);
	return text;
}
