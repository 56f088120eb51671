#include "config/node_params.h"

#include <stdint.h>
#include <string.h>

#include "base/suggest.h"

const struct rmi_yaml_node *
rmi_bind_settings(const struct rmi_bind *b, const char *path, const struct rmi_yaml_node *settings)
{
	struct rmi_arena *arena = &b->diags->arena;
	size_t n = settings != NULL ? settings->n : 0;
	struct rmi_override *o = b->def != NULL ? b->def->overrides.items : NULL;
	size_t n_overrides = b->def != NULL ? b->def->overrides.n : 0;
	struct rmi_yaml_node *map = rmi_arena_calloc(arena, 1, sizeof(*map));
	struct rmi_yaml_pair *pairs = rmi_arena_calloc(arena, n + n_overrides, sizeof(*pairs));
	if (map == NULL || pairs == NULL) {
		return NULL;
	}
	if (settings != NULL) {
		*map = *settings;
		memcpy(pairs, settings->pairs, n * sizeof(*pairs));
	}
	for (size_t i = 0; i < n_overrides; i++) {
		if (strcmp(o[i].node, path) != 0) {
			continue;
		}
		size_t at = 0;
		while (at < n && strcmp(pairs[at].key, o[i].key) != 0) {
			at++;
		}
		pairs[at] = (struct rmi_yaml_pair){.key = o[i].key, .mark = o[i].value->mark, .value = o[i].value};
		n = at == n ? n + 1 : n;
		o[i].used = true;
	}
	map->kind = RMI_YAML_MAP;
	map->pairs = pairs;
	map->n = n;
	return map;
}

static const struct rme_param *
find_param(const struct rme_param *table, const char *key)
{
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		if (strcmp(p->name, key) == 0) {
			return p;
		}
	}
	return NULL;
}

/* The first child that nodes of this table have; NULL if they have none. */
static const char *
child_of(const struct rme_param *table)
{
	while (table != NULL && table->name != NULL && table->kind != RME_PARAM_NODE) {
		table++;
	}
	return table != NULL ? table->name : NULL;
}

static bool
unknown_param(const struct rmi_bind *b, const struct rmi_bind_in *in, const struct rmi_yaml_pair *pair)
{
	struct rmi_suggest s = {.word = pair->key};
	for (const struct rme_param *p = in->table; p != NULL && p->name != NULL; p++) {
		rmi_suggest_offer(&s, p->name);
	}
	rmi_diag_error(b->diags, &pair->mark, "node '%s' has no parameter '%.80s'", in->path, pair->key);
	const char *child = child_of(in->table);
	if (child != NULL && strncmp(pair->mark.source->name, "--", 2) == 0) {
		rmi_diag_hint(b->diags, "parameters of the node inside are those of %s.%s", in->path, child);
		return false;
	}
	rmi_diag_did_you_mean(b->diags, s.best);
	if (in->table == NULL || in->table->name == NULL) {
		rmi_diag_hint(b->diags, "it takes none");
	}
	return false;
}

static bool
bind_child(const struct rmi_bind *b, const struct rmi_bind_in *in, const struct rmi_yaml_pair *pair, void *member)
{
	const char *path = rmi_arena_printf(&b->diags->arena, "%s.%s", in->path, pair->key);
	const struct rmi_node_def *child = rmi_pipeline_read_child(b->diags, pair->value);
	if (path == NULL || child == NULL) {
		return false;
	}
	return b->make_child(b->ctx, path, child, member);
}

/* @return false = out of memory */
static bool
to_value(const struct rmi_bind *b, const struct rme_param *p, const struct rmi_yaml_pair *pair, struct rme_value *out)
{
	const struct rmi_yaml_node *v = pair->value;
	*out = (struct rme_value){.key = pair->key, .boolean = v->boolean, .number = v->number, .text = v->text};
	static const enum rme_value_kind kinds[] = {
	    [RMI_YAML_NULL] = RME_VALUE_NULL,
	    [RMI_YAML_BOOL] = RME_VALUE_BOOL,
	    [RMI_YAML_NUMBER] = RME_VALUE_NUMBER,
	    [RMI_YAML_TEXT] = RME_VALUE_TEXT,
	    [RMI_YAML_LIST] = RME_VALUE_JSON,
	    [RMI_YAML_MAP] = RME_VALUE_JSON,
	};
	out->kind = p->kind == RME_PARAM_JSON ? RME_VALUE_JSON : kinds[v->kind];
	if (out->kind == RME_VALUE_JSON) {
		out->text = rmi_yaml_to_json(&b->diags->arena, v);
		return out->text != NULL;
	}
	if (p->kind == RME_PARAM_PATH && out->kind == RME_VALUE_TEXT) {
		out->text = rmi_yaml_path_text(&b->diags->arena, v);
		return out->text != NULL;
	}
	return true;
}

/* Values for rme_params_bind(), with the places they came from. */
struct values {
	struct rme_value value[RME_PARAMS_MAX];
	const struct rmi_mark *mark[RME_PARAMS_MAX];
	size_t n;
};

static bool
add_value(const struct rmi_bind *b, struct values *vs, const struct rme_param *p, const struct rmi_yaml_pair *pair)
{
	if (pair->value->kind == RMI_YAML_NULL) {
		return true; /* "key:" without a value is as good as not written */
	}
	if (vs->n == RME_PARAMS_MAX || !to_value(b, p, pair, &vs->value[vs->n])) {
		rmi_diag_error(b->diags, &pair->mark, "too many parameters, or out of memory");
		return false;
	}
	vs->mark[vs->n++] = &pair->value->mark;
	return true;
}

/* All but the children, whose members rme_params_bind() would clear. */
static bool
bind_values(const struct rmi_bind *b, const struct rmi_bind_in *in, const struct rmi_yaml_node *map, void *config)
{
	struct values vs = {.n = 0};
	bool ok = true;
	for (size_t i = 0; i < map->n; i++) {
		const struct rmi_yaml_pair *pair = &map->pairs[i];
		const struct rme_param *p = find_param(in->table, pair->key);
		if (p != NULL && p->kind != RME_PARAM_NODE) {
			ok = add_value(b, &vs, p, pair) && ok;
		} else if (p == NULL && !rmi_schema_is_private_key(pair->key)) {
			ok = unknown_param(b, in, pair);
		}
	}
	for (size_t i = 0; i < in->n_extra && vs.n < RME_PARAMS_MAX; i++) {
		vs.mark[vs.n] = in->mark;
		vs.value[vs.n++] = in->extra[i];
	}
	struct rme_error err;
	size_t bad;
	const struct rme_params_in values = {vs.value, vs.n};
	if (ok && rme_params_bind(in->table, &values, config, &bad, &err) != RME_OK) {
		rmi_diag_error(b->diags, bad < vs.n ? vs.mark[bad] : in->mark, "node '%s': %s", in->path, err.text);
		return false;
	}
	return ok;
}

bool
rmi_bind_params(const struct rmi_bind *b, const struct rmi_bind_in *in, void *config)
{
	const struct rmi_yaml_node *map = rmi_bind_settings(b, in->path, in->settings);
	if (map == NULL) {
		rmi_diag_error(b->diags, in->mark, "%s", rme_err_text(RME_ENOMEM));
		return false;
	}
	bool ok = bind_values(b, in, map, config);
	for (const struct rme_param *p = in->table; p != NULL && p->name != NULL; p++) {
		if (p->kind != RME_PARAM_NODE) {
			continue;
		}
		const struct rmi_yaml_pair *pair = NULL;
		for (size_t i = 0; i < map->n && pair == NULL; i++) {
			pair = strcmp(map->pairs[i].key, p->name) == 0 ? &map->pairs[i] : NULL;
		}
		if (pair != NULL) {
			ok = bind_child(b, in, pair, (char *)config + p->offset) && ok;
		} else if (p->required) {
			rmi_diag_error(
			    b->diags, in->mark, "node '%s': '%s' is missing (%s)", in->path, p->name, p->help);
			ok = false;
		}
	}
	return ok;
}

bool
rmi_bind_check_overrides(const struct rmi_bind *b)
{
	bool ok = true;
	const struct rmi_override *o = b->def->overrides.items;
	for (size_t i = 0; i < b->def->overrides.n; i++) {
		if (!o[i].used) {
			rmi_diag_error(
			    b->diags, &o[i].value->mark, "there is no node '%s' to set '%s' of", o[i].node, o[i].key);
			ok = false;
		}
	}
	return ok;
}
