#include "config/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rme/format.h>

#include "base/suggest.h"
#include "base/units.h"
#include "config/scalar.h"

/* Binds one value to the member at @p out; @return false after an error. */
typedef bool (*bind_fn)(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out);

static bool
fail_kind(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, const char *want)
{
	if (v->kind == RMI_YAML_NUMBER) {
		rmi_diag_error(d, &v->mark, "'%s' takes %s, not %.80s", f->key, want, v->text);
	} else if (v->kind == RMI_YAML_TEXT) {
		rmi_diag_error(d, &v->mark, "'%s' takes %s, not the text '%.80s'", f->key, want, v->text);
	} else {
		rmi_diag_error(d, &v->mark, "'%s' takes %s, not %s", f->key, want, rmi_yaml_kind_name(v->kind));
	}
	return false;
}

static bool
fail_memory(struct rmi_diags *d, const struct rmi_yaml_node *v)
{
	rmi_diag_error(d, &v->mark, "%s", rme_err_text(RME_ENOMEM));
	return false;
}

static bool
is_scalar(const struct rmi_yaml_node *v)
{
	return v->kind == RMI_YAML_TEXT || v->kind == RMI_YAML_NUMBER || v->kind == RMI_YAML_BOOL;
}

static bool
bind_text(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (!is_scalar(v)) {
		return fail_kind(d, f, v, "text");
	}
	if (v->text[0] == '\0') {
		rmi_diag_error(d, &v->mark, "'%s' is empty", f->key);
		return false;
	}
	*(const char **)out = v->text;
	return true;
}

static bool
is_name(const char *text)
{
	size_t n = strlen(text);
	return n > 0 && n <= RMI_NAME_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool
check_name(struct rmi_diags *d, const struct rmi_mark *mark, const char *text)
{
	if (is_name(text)) {
		return true;
	}
	rmi_diag_error(d, mark, "'%.80s' is no name", text);
	rmi_diag_hint(d, "names are letters, digits, '_' and '-', at most %d of them", RMI_NAME_MAX);
	return false;
}

static bool
bind_name(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	return bind_text(d, f, v, out) && check_name(d, &v->mark, v->text);
}

static bool
bind_path(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (!bind_text(d, f, v, out)) {
		return false;
	}
	const char *file = v->mark.source->name, *slash = strrchr(file, '/');
	if (v->text[0] == '/' || slash == NULL) {
		return true;
	}
	const char *path = rmi_arena_printf(&d->arena, "%.*s/%s", (int)(slash - file), file, v->text);
	if (path == NULL) {
		return fail_memory(d, v);
	}
	*(const char **)out = path;
	return true;
}

static bool
bind_bool(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_BOOL) {
		fail_kind(d, f, v, "true or false");
		if (v->kind == RMI_YAML_TEXT && (strcmp(v->text, "yes") == 0 || strcmp(v->text, "on") == 0)) {
			rmi_diag_did_you_mean(d, "true");
		} else if (v->kind == RMI_YAML_TEXT && (strcmp(v->text, "no") == 0 || strcmp(v->text, "off") == 0)) {
			rmi_diag_did_you_mean(d, "false");
		}
		return false;
	}
	*(bool *)out = v->boolean;
	return true;
}

/* A bound of the field as one would write it. */
static const char *
bound_text(char *buf, size_t size, const struct rmi_field *f, double bound)
{
	if (f->kind == RMI_FIELD_DURATION) {
		return rmi_units_format(buf, size, (int64_t)(bound * 1e9), RMI_UNIT_NS);
	}
	if (f->kind == RMI_FIELD_BYTES) {
		return rmi_units_format(buf, size, (int64_t)bound, RMI_UNIT_BYTES);
	}
	(void)snprintf(buf, size, "%.15g", bound);
	return buf;
}

static bool
in_range(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, double value)
{
	if ((f->min == 0 && f->max == 0) || (value >= f->min && value <= f->max)) {
		return true;
	}
	char buf[RMI_UNITS_TEXT_MAX];
	bool small = value < f->min;
	const char *bound = bound_text(buf, sizeof(buf), f, small ? f->min : f->max);
	if (f->min == f->max) {
		rmi_diag_error(d, &v->mark, "'%s' must be %s", f->key, bound);
	} else {
		rmi_diag_error(d, &v->mark, "'%s': %.80s is too %s; the %s is %s", f->key, v->text,
		    small ? "small" : "large", small ? "least" : "most", bound);
	}
	return false;
}

static bool
bind_number(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_NUMBER) {
		return fail_kind(d, f, v, "a number");
	}
	if (!in_range(d, f, v, v->number)) {
		return false;
	}
	*(double *)out = v->number;
	return true;
}

static bool
bind_int(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_NUMBER || v->number != trunc(v->number) || fabs(v->number) > 9007199254740992.0) {
		return fail_kind(d, f, v, "a whole number");
	}
	if (!in_range(d, f, v, v->number)) {
		return false;
	}
	*(int64_t *)out = (int64_t)v->number;
	return true;
}

static bool
find_choice(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, size_t *index)
{
	if (!is_scalar(v)) {
		return fail_kind(d, f, v, "a word");
	}
	struct rmi_suggest s = {.word = v->text};
	char words[256] = "";
	size_t n = 0;
	for (size_t i = 0; f->choices[i] != NULL; i++) {
		if (strcmp(f->choices[i], v->text) == 0) {
			*index = i;
			return true;
		}
		rmi_suggest_offer(&s, f->choices[i]);
		if (n < sizeof(words)) {
			n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", i > 0 ? ", " : "", f->choices[i]);
		}
	}
	rmi_diag_error(d, &v->mark, "'%s': '%.80s' is not one of %s", f->key, v->text, words);
	rmi_diag_did_you_mean(d, s.best);
	return false;
}

static bool
bind_choice(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	size_t index;
	if (!find_choice(d, f, v, &index)) {
		return false;
	}
	*(int *)out = (int)index;
	return true;
}

static bool
bind_choices(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_LIST) {
		return fail_kind(d, f, v, "a list");
	}
	unsigned bits = 0;
	bool ok = true;
	for (size_t i = 0; i < v->n; i++) {
		size_t index;
		if (find_choice(d, f, v->items[i], &index)) {
			bits |= 1u << index;
		} else {
			ok = false;
		}
	}
	*(unsigned *)out = bits;
	return ok;
}

static bool
bind_quantity(
    struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out, enum rmi_unit unit)
{
	const char *example = unit == RMI_UNIT_NS ? "20ms" : "64KiB";
	if (!is_scalar(v)) {
		char want[64];
		(void)snprintf(want, sizeof(want), "%s such as %s", unit == RMI_UNIT_NS ? "a time" : "a size", example);
		return fail_kind(d, f, v, want);
	}
	int64_t q;
	enum rme_err e = rmi_units_parse(&q, v->text, unit);
	if (e != RME_OK) {
		rmi_diag_error(d, &v->mark, "'%s': '%.80s' is %s", f->key, v->text,
		    e == RME_ELIMIT       ? "too large"
		    : unit == RMI_UNIT_NS ? "no time"
		                          : "no size");
		rmi_diag_hint(d, "write a number and a unit (%s), for example %s", rmi_units_names(unit), example);
		return false;
	}
	if (!in_range(d, f, v, unit == RMI_UNIT_NS ? (double)q / 1e9 : (double)q)) {
		return false;
	}
	*(int64_t *)out = q;
	return true;
}

static bool
bind_duration(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	return bind_quantity(d, f, v, out, RMI_UNIT_NS);
}

static bool
bind_bytes(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	return bind_quantity(d, f, v, out, RMI_UNIT_BYTES);
}

static bool
bind_format(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_TEXT) {
		return fail_kind(d, f, v, "a media format");
	}
	struct rme_error err;
	struct rme_format format;
	if (rme_format_parse(&format, v->text, strlen(v->text), &err) != RME_OK) {
		rmi_diag_error(d, &v->mark, "'%s': %s", f->key, err.text);
		return false;
	}
	*(struct rme_format *)out = format;
	return true;
}

static bool
bind_any(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	(void)d;
	(void)f;
	*(const struct rmi_yaml_node **)out = v;
	return true;
}

static bool
bind_settings(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	return v->kind == RMI_YAML_MAP ? bind_any(d, f, v, out) : fail_kind(d, f, v, "a map of settings");
}

static bool
bind_texts(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_LIST) {
		return fail_kind(d, f, v, "a list");
	}
	const char **texts = rmi_arena_calloc(&d->arena, v->n, sizeof(*texts));
	if (texts == NULL) {
		return fail_memory(d, v);
	}
	bool ok = true;
	for (size_t i = 0; i < v->n; i++) {
		texts[i] = "";
		ok = bind_text(d, f, v->items[i], &texts[i]) && ok;
	}
	*(struct rmi_list *)out = (struct rmi_list){texts, v->n};
	return ok;
}

static bool
bind_object(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	void *object = rmi_arena_calloc(&d->arena, 1, f->schema->size);
	if (object == NULL) {
		return fail_memory(d, v);
	}
	bool ok = rmi_schema_bind(d, f->schema, v, object);
	*(void **)out = object;
	return ok;
}

static bool
bind_list(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_LIST) {
		return fail_kind(d, f, v, "a list");
	}
	char *items = rmi_arena_calloc(&d->arena, v->n, f->schema->size);
	if (items == NULL) {
		return fail_memory(d, v);
	}
	bool ok = true;
	for (size_t i = 0; i < v->n; i++) {
		ok = rmi_schema_bind(d, f->schema, v->items[i], items + i * f->schema->size) && ok;
	}
	*(struct rmi_list *)out = (struct rmi_list){items, v->n};
	return ok;
}

static bool
bind_map(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *v, void *out)
{
	if (v->kind != RMI_YAML_MAP) {
		return fail_kind(d, f, v, "a map of names");
	}
	char *items = rmi_arena_calloc(&d->arena, v->n, f->schema->size);
	if (items == NULL) {
		return fail_memory(d, v);
	}
	bool ok = true;
	for (size_t i = 0; i < v->n; i++) {
		char *item = items + i * f->schema->size;
		ok = check_name(d, &v->pairs[i].mark, v->pairs[i].key) && ok;
		ok = rmi_schema_bind(d, f->schema, v->pairs[i].value, item) && ok;
		struct rmi_bound *bound = (void *)item;
		bound->key = v->pairs[i].key;
		bound->mark = v->pairs[i].mark;
	}
	*(struct rmi_list *)out = (struct rmi_list){items, v->n};
	return ok;
}

static const bind_fn binders[] = {
    [RMI_FIELD_TEXT] = bind_text,
    [RMI_FIELD_NAME] = bind_name,
    [RMI_FIELD_PATH] = bind_path,
    [RMI_FIELD_BOOL] = bind_bool,
    [RMI_FIELD_INT] = bind_int,
    [RMI_FIELD_NUMBER] = bind_number,
    [RMI_FIELD_CHOICE] = bind_choice,
    [RMI_FIELD_CHOICES] = bind_choices,
    [RMI_FIELD_DURATION] = bind_duration,
    [RMI_FIELD_BYTES] = bind_bytes,
    [RMI_FIELD_FORMAT] = bind_format,
    [RMI_FIELD_TEXTS] = bind_texts,
    [RMI_FIELD_ANY] = bind_any,
    [RMI_FIELD_SETTINGS] = bind_settings,
    [RMI_FIELD_OBJECT] = bind_object,
    [RMI_FIELD_LIST] = bind_list,
    [RMI_FIELD_MAP] = bind_map,
};

bool
rmi_schema_is_private_key(const char *key)
{
	return strncmp(key, "x-", 2) == 0;
}

static const struct rmi_field *
find_field(const struct rmi_schema *s, const char *key)
{
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		if (strcmp(f->key, key) == 0) {
			return f;
		}
	}
	return NULL;
}

/* The key that was meant by an unknown one, or NULL. */
static const char *
meant_key(const struct rmi_schema *s, const char *key)
{
	struct rmi_suggest suggest = {.word = key};
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		rmi_suggest_offer(&suggest, f->key);
	}
	return suggest.best;
}

static bool
unknown_key(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_pair *pair)
{
	rmi_diag_error(d, &pair->mark, "unknown key '%.80s' in %s", pair->key, s->name);
	rmi_diag_did_you_mean(d, meant_key(s, pair->key));
	return false;
}

/* A required key that is there with a slip of the pen was complained about already. */
static bool
missing_key(
    struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_field *f, const struct rmi_yaml_node *node)
{
	for (size_t i = 0; i < node->n; i++) {
		if (find_field(s, node->pairs[i].key) == NULL && meant_key(s, node->pairs[i].key) == f->key) {
			return false;
		}
	}
	rmi_diag_error(d, &node->mark, "'%s' is missing (%s)", f->key, f->help);
	return false;
}

/* What holds if the key is not given: the table's default, read like a value of the file. */
static bool
bind_fallback(struct rmi_diags *d, const struct rmi_field *f, const struct rmi_yaml_node *object, void *out)
{
	if (f->fallback == NULL) {
		return true;
	}
	struct rmi_yaml_node v = {.text = f->fallback, .mark = object->mark};
	rmi_scalar_type(&v);
	return binders[f->kind](d, f, &v, out);
}

static bool
bind_fields(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_node *node, void *out)
{
	bool ok = true;
	for (size_t i = 0; i < node->n; i++) {
		const struct rmi_yaml_pair *pair = &node->pairs[i];
		if (find_field(s, pair->key) == NULL && !rmi_schema_is_private_key(pair->key)) {
			ok = unknown_key(d, s, pair);
		}
	}
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		const struct rmi_yaml_node *v = rmi_yaml_get(node, f->key);
		void *member = rmi_field_member(out, f);
		if (v != NULL && v->kind != RMI_YAML_NULL) {
			ok = binders[f->kind](d, f, v, member) && ok;
		} else if (f->required) {
			ok = missing_key(d, s, f, node);
		} else {
			ok = bind_fallback(d, f, node, member) && ok;
		}
	}
	return ok;
}

/* None of the variants' keys is there: a mistyped one, or none at all. */
static void
report_no_variant(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_node *node)
{
	char keys[128] = "";
	size_t n = 0;
	const struct rmi_yaml_pair *typo = NULL;
	const char *meant = NULL;
	for (size_t i = 0; s->variants[i] != NULL; i++) {
		const char *key = s->variants[i]->only_key;
		n += (size_t)snprintf(keys + n, sizeof(keys) - n, "%s%s", i > 0 ? ", " : "", key);
		for (size_t k = 0; typo == NULL && k < node->n; k++) {
			struct rmi_suggest suggest = {.word = node->pairs[k].key};
			rmi_suggest_offer(&suggest, key);
			typo = suggest.best != NULL ? &node->pairs[k] : NULL;
			meant = suggest.best;
		}
	}
	if (typo != NULL) {
		rmi_diag_error(d, &typo->mark, "unknown key '%.80s' in %s", typo->key, s->name);
		rmi_diag_did_you_mean(d, meant);
	} else {
		rmi_diag_error(d, &node->mark, "%s does not say what it is", s->name);
		rmi_diag_hint(d, "give it one of the keys %s", keys);
	}
}

/* Exactly one of the variants' keys must be there. */
static const struct rmi_schema *
choose_variant(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_node *node)
{
	const struct rmi_schema *chosen = NULL;
	for (size_t i = 0; s->variants[i] != NULL; i++) {
		const struct rmi_schema *v = s->variants[i];
		if (rmi_yaml_get(node, v->only_key) == NULL) {
			continue;
		}
		if (chosen != NULL) {
			rmi_diag_error(
			    d, &node->mark, "%s has both '%s' and '%s'", s->name, chosen->only_key, v->only_key);
			rmi_diag_hint(d, "keep one of them");
			return NULL;
		}
		chosen = v;
	}
	if (chosen == NULL) {
		report_no_variant(d, s, node);
	}
	return chosen;
}

/* A plain value stands for a map with one key. */
static bool
bind_short(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_node *node, void *out)
{
	const struct rmi_yaml_pair pair = {.key = s->short_key, .mark = node->mark, .value = node};
	const struct rmi_yaml_node map = {.kind = RMI_YAML_MAP, .mark = node->mark, .pairs = &pair, .n = 1};
	return bind_fields(d, s, &map, out);
}

bool
rmi_schema_bind(struct rmi_diags *d, const struct rmi_schema *s, const struct rmi_yaml_node *node, void *out)
{
	memset(out, 0, s->size);
	struct rmi_bound *bound = out;
	bound->node = node;
	bound->mark = node->mark;
	if (is_scalar(node) && s->short_key != NULL) {
		return bind_short(d, s, node, out);
	}
	if (node->kind != RMI_YAML_MAP) {
		rmi_diag_error(d, &node->mark, "%s must be a map, not %s", s->name, rmi_yaml_kind_name(node->kind));
		return false;
	}
	if (s->variants != NULL) {
		s = choose_variant(d, s, node);
	}
	return s != NULL && bind_fields(d, s, node, out);
}
