/* Settings of the command line that change a pipeline file. Values are read as YAML, and wrong ones are shown like those of
 * a file. */

#include <string.h>

#include "base/suggest.h"
#include "config/pipeline_file.h"

/* "left=right", taken apart. */
struct setting {
	const char *left;
	const struct rmi_yaml_node *right;
};

static bool
fail_memory(struct rmi_diags *d)
{
	static const struct rmi_source command_line = {.name = "command line", .text = ""};
	rmi_diag_error(d, &(struct rmi_mark){.source = &command_line}, "%s", rme_err_text(RME_ENOMEM));
	return false;
}

static bool
fail_setting(struct rmi_diags *d, const char *option, const char *text, const char *want)
{
	struct rmi_source *s = rmi_arena_calloc(&d->arena, 1, sizeof(*s));
	if (s == NULL) {
		return fail_memory(d);
	}
	s->name = option;
	s->text = text;
	s->len = strlen(text);
	rmi_diag_error(d, &(struct rmi_mark){s, 1, 1, (unsigned)s->len}, "this is not %s", want);
	return false;
}

static bool
split_setting(struct setting *out, struct rmi_diags *d, const char *option, const char *text, const char *want)
{
	const char *eq = strchr(text, '=');
	if (eq == NULL || eq == text || eq[1] == '\0') {
		return fail_setting(d, option, text, want);
	}
	const struct rmi_source source = {.name = option, .text = eq + 1, .len = strlen(eq + 1)};
	out->left = rmi_arena_strndup(&d->arena, text, (size_t)(eq - text));
	out->right = rmi_yaml_parse(d, &source, NULL);
	return out->right != NULL && (out->left != NULL || fail_memory(d));
}

/* One more item at the end of a list, zeroed. */
static void *
append(struct rmi_diags *d, struct rmi_list *list, size_t size)
{
	char *items = rmi_arena_calloc(&d->arena, list->n + 1, size);
	if (items == NULL) {
		return NULL;
	}
	if (list->n > 0) {
		memcpy(items, list->items, list->n * size);
	}
	list->items = items;
	return items + list->n++ * size;
}

static bool
add_override(struct rmi_pipeline_def *def, struct rmi_diags *d, const struct rmi_override *o)
{
	char id[RMI_NAME_MAX + 1];
	size_t len = strcspn(o->node, ".");
	(void)snprintf(id, sizeof(id), "%.*s", (int)len, o->node);
	struct rmi_suggest s = {.word = id};
	const struct rmi_node_def *nodes = def->nodes.items;
	for (size_t i = 0; i < def->nodes.n; i++) {
		if (strcmp(nodes[i].id, id) == 0) {
			struct rmi_override *slot = append(d, &def->overrides, sizeof(*slot));
			if (slot == NULL) {
				return fail_memory(d);
			}
			*slot = *o;
			return true;
		}
		rmi_suggest_offer(&s, nodes[i].id);
	}
	rmi_diag_error(d, &o->value->mark, "the pipeline has no node '%s'", id);
	rmi_diag_did_you_mean(d, s.best);
	return false;
}

bool
rmi_pipeline_set_param(struct rmi_pipeline_def *def, struct rmi_diags *d, const char *text)
{
	struct setting s;
	if (!split_setting(&s, d, "--param", text, "NODE.KEY=VALUE")) {
		return false;
	}
	const char *dot = strrchr(s.left, '.');
	if (dot == NULL || dot == s.left || dot[1] == '\0') {
		return fail_setting(d, "--param", text, "NODE.KEY=VALUE");
	}
	const char *node = rmi_arena_strndup(&d->arena, s.left, (size_t)(dot - s.left));
	const struct rmi_override o = {.node = node, .key = dot + 1, .value = s.right};
	return node != NULL ? add_override(def, d, &o) : fail_memory(d);
}

bool
rmi_pipeline_set_mode(struct rmi_pipeline_def *def, struct rmi_diags *d, const char *text)
{
	struct setting s;
	if (!split_setting(&s, d, "--mode", text, "NODE=MODE")) {
		return false;
	}
	const struct rmi_override o = {.node = s.left, .key = "mode", .value = s.right};
	return add_override(def, d, &o);
}

static bool
take_text(struct rmi_diags *d, const struct setting *s, const char **out)
{
	if (s->right->text == NULL) {
		rmi_diag_error(d, &s->right->mark, "this is not text but %s", rmi_yaml_kind_name(s->right->kind));
		return false;
	}
	*out = s->right->text;
	return true;
}

bool
rmi_pipeline_set_endpoint(struct rmi_pipeline_def *def, struct rmi_diags *d, const char *text)
{
	struct setting s;
	const char *address;
	if (!split_setting(&s, d, "--endpoint", text, "NAME=ADDRESS") || !take_text(d, &s, &address)) {
		return false;
	}
	struct rmi_endpoint_def *e = def->endpoints.items;
	for (size_t i = 0; i < def->endpoints.n; i++) {
		if (strcmp(e[i].bound.key, s.left) == 0) {
			e[i].address = address;
			e[i].bound.mark = s.right->mark; /* what is wrong with it is wrong there */
			return true;
		}
	}
	e = append(d, &def->endpoints, sizeof(*e));
	if (e == NULL) {
		return fail_memory(d);
	}
	*e = (struct rmi_endpoint_def){.bound = {s.right, s.left, s.right->mark}, .address = address};
	return true;
}

bool
rmi_pipeline_set_service(struct rmi_pipeline_def *def, struct rmi_diags *d, const char *text)
{
	struct setting s;
	const char *endpoint;
	if (!split_setting(&s, d, "--service", text, "NAME=ENDPOINT") || !take_text(d, &s, &endpoint)) {
		return false;
	}
	struct rmi_service_def *v = def->services.items;
	for (size_t i = 0; i < def->services.n; i++) {
		if (strcmp(v[i].bound.key, s.left) == 0) {
			v[i].endpoint = endpoint;
			return true;
		}
	}
	v = append(d, &def->services, sizeof(*v));
	if (v == NULL) {
		return fail_memory(d);
	}
	*v = (struct rmi_service_def){.bound = {s.right, s.left, s.right->mark}, .endpoint = endpoint};
	return true;
}
