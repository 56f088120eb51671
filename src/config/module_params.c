#include "config/module_params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/suggest.h"
#include "base/text.h"

static const struct rme_module_param *
find_param(const struct rme_module_entry *e, const char *name)
{
	for (size_t i = 0; i < e->n_params; i++) {
		if (strcmp(e->params[i].name, name) == 0) {
			return &e->params[i];
		}
	}
	return NULL;
}

static bool
unknown_param(struct rmi_diags *d, const struct rme_module_entry *e, const char *path, const struct rmi_yaml_pair *pair)
{
	struct rmi_suggest s = {.word = pair->key};
	for (size_t i = 0; i < e->n_params; i++) {
		rmi_suggest_offer(&s, e->params[i].name);
	}
	rmi_diag_error(d, &pair->mark, "node '%s': the module '%s' has no parameter '%.80s'", path, e->name, pair->key);
	rmi_diag_did_you_mean(d, s.best);
	return false;
}

static bool
has_type(const struct rme_module_param *p, const struct rmi_yaml_node *v)
{
	switch (p->type) {
	case RME_MODULE_PARAM_NUMBER:
		return v->kind == RMI_YAML_NUMBER;
	case RME_MODULE_PARAM_INTEGER:
		return v->kind == RMI_YAML_NUMBER && v->number == trunc(v->number);
	case RME_MODULE_PARAM_BOOLEAN:
		return v->kind == RMI_YAML_BOOL;
	case RME_MODULE_PARAM_STRING:
	case RME_MODULE_PARAM_ASSET:
		return v->kind == RMI_YAML_TEXT;
	}
	return false;
}

static bool
check_choice(struct rmi_diags *d, const struct rme_module_param *p, const struct rmi_yaml_node *v)
{
	char words[256];
	struct rmi_text t = rmi_text_begin(words, sizeof(words));
	struct rmi_suggest s = {.word = v->text};
	for (size_t i = 0; i < p->n_choices; i++) {
		if (strcmp(p->choices[i], v->text) == 0) {
			return true;
		}
		rmi_suggest_offer(&s, p->choices[i]);
		rmi_text_add(&t, "%s%s", i > 0 ? ", " : "", p->choices[i]);
	}
	if (p->n_choices > 0) {
		rmi_diag_error(d, &v->mark, "'%s': '%.80s' is not one of %s", p->name, v->text, words);
		rmi_diag_did_you_mean(d, s.best);
	}
	return p->n_choices == 0;
}

static bool
check_range(struct rmi_diags *d, const struct rme_module_param *p, const struct rmi_yaml_node *v)
{
	bool small = p->has_min && v->number < p->min, large = p->has_max && v->number > p->max;
	if (small || large) {
		rmi_diag_error(d, &v->mark, "'%s': %.80s is too %s; the %s is %.15g", p->name, v->text,
		    small ? "small" : "large", small ? "least" : "most", small ? p->min : p->max);
	}
	return !small && !large;
}

static bool
check_param(struct rmi_diags *d, const struct rme_module_param *p, const struct rmi_yaml_node *v)
{
	static const char *const wants[] = {
	    [RME_MODULE_PARAM_NUMBER] = "a number",
	    [RME_MODULE_PARAM_INTEGER] = "a whole number",
	    [RME_MODULE_PARAM_BOOLEAN] = "true or false",
	    [RME_MODULE_PARAM_STRING] = "text",
	    [RME_MODULE_PARAM_ASSET] = "the name of a file",
	};
	if (!has_type(p, v)) {
		rmi_diag_error(d, &v->mark, "'%s' takes %s, not %s", p->name, wants[p->type],
		    v->text != NULL ? v->text : rmi_yaml_kind_name(v->kind));
		if (p->type == RME_MODULE_PARAM_STRING && v->text != NULL) {
			rmi_diag_hint(d, "quote it to make it text");
		}
		return false;
	}
	if (p->type == RME_MODULE_PARAM_ASSET) {
		return true;
	}
	if (p->type == RME_MODULE_PARAM_STRING) {
		return check_choice(d, p, v);
	}
	return check_range(d, p, v);
}

static bool
check_settings(
    struct rmi_diags *d, const struct rme_module_entry *e, const char *path, const struct rmi_yaml_node *settings)
{
	bool ok = true;
	for (size_t i = 0; settings != NULL && i < settings->n; i++) {
		const struct rmi_yaml_pair *pair = &settings->pairs[i];
		const struct rme_module_param *p = find_param(e, pair->key);
		if (p == NULL) {
			ok = (rmi_schema_is_private_key(pair->key) || unknown_param(d, e, path, pair)) && ok;
		} else if (pair->value->kind != RMI_YAML_NULL) {
			ok = check_param(d, p, pair->value) && ok;
		}
	}
	return ok;
}

static const char *
given_json(struct rmi_diags *d, const struct rme_module_param *p, const struct rmi_yaml_node *v)
{
	struct rmi_yaml_node named = *v;
	if (p->type == RME_MODULE_PARAM_ASSET) {
		named.text = rmi_yaml_path_text(&d->arena, v);
	}
	return named.text != NULL || v->text == NULL ? rmi_yaml_to_json(&d->arena, &named) : NULL;
}

/* The value's JSON text: given, else the default; NULL with an error if there is none. */
static const char *
value_json(struct rmi_diags *d, const struct rme_module_param *p, const struct rmi_yaml_node *settings,
    const struct rmi_mark *mark)
{
	const struct rmi_yaml_node *v = settings != NULL ? rmi_yaml_get(settings, p->name) : NULL;
	const char *json = v != NULL && v->kind != RMI_YAML_NULL ? given_json(d, p, v) : p->default_value;
	if (json == NULL) {
		rmi_diag_error(d, mark, "the parameter '%s' is missing%s%s", p->name, p->help != NULL ? ": " : "",
		    p->help != NULL ? p->help : "");
	}
	return json;
}

const char *
rmi_module_params_json(struct rmi_diags *d, const struct rme_module_entry *e, const char *path,
    const struct rmi_yaml_node *settings, const struct rmi_mark *mark)
{
	bool ok = check_settings(d, e, path, settings);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	if (root == NULL) {
		yyjson_mut_doc_free(doc);
		rmi_diag_error(d, mark, "%s", rme_err_text(RME_ENOMEM));
		return NULL;
	}
	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < e->n_params; i++) {
		const char *json = value_json(d, &e->params[i], settings, mark);
		ok = json != NULL && yyjson_mut_obj_add_val(doc, root, e->params[i].name, yyjson_mut_raw(doc, json)) &&
		     ok;
	}
	size_t len = 0;
	char *text = ok ? yyjson_mut_write(doc, 0, &len) : NULL;
	const char *copy = text != NULL ? rmi_arena_strndup(&d->arena, text, len) : NULL;
	free(text);
	yyjson_mut_doc_free(doc);
	return copy;
}
