#include <rme/node.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/wire_up.h"
#include "config/schema_json.h"

enum { TYPES_MAX = RME_RUNTIME_TYPES_MAX };

/* The node types of this build, in order of their names. */
struct types {
	struct rmi_diags diags;
	struct rmi_wiring *wiring;
	const struct rme_node_type *type[TYPES_MAX];
	size_t n;
};

static int
by_name(const void *a, const void *b)
{
	const struct rme_node_type *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

static void
types_free(struct types *t)
{
	if (t != NULL) {
		rmi_wiring_free(t->wiring);
		rmi_diags_done(&t->diags);
		free(t);
	}
}

static struct types *
types_new(struct rmi_cli *cli)
{
	struct types *t = calloc(1, sizeof(*t));
	struct rme_error err = {.code = RME_ENOMEM};
	if (t != NULL) {
		const struct rmi_wiring_config config = {.cli = cli, .diags = &t->diags, .registry_path = ""};
		if (rmi_wiring_new(&t->wiring, &config, &err) == RME_OK) {
			const struct rme_node_type *type;
			for (size_t i = 0; (type = rme_runtime_type(rmi_wiring_runtime(t->wiring), i)) != NULL; i++) {
				if ((type->flags & RME_NODE_INTERNAL) == 0) {
					t->type[t->n++] = type;
				}
			}
			qsort(t->type, t->n, sizeof(t->type[0]), by_name);
			return t;
		}
	}
	types_free(t);
	(void)rmi_complain_error(cli, &err);
	return NULL;
}

static yyjson_mut_val *
param_json(yyjson_mut_doc *doc, const struct rme_param *p)
{
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	(void)yyjson_mut_obj_add_str(doc, o, "name", p->name);
	(void)yyjson_mut_obj_add_str(doc, o, "type", rme_param_kind_name(p->kind));
	(void)yyjson_mut_obj_add_bool(doc, o, "required", p->required);
	if (p->fallback != NULL) {
		(void)yyjson_mut_obj_add_str(doc, o, "default", p->fallback);
	}
	if (p->min < 0 || p->min > 0 || p->max < 0 || p->max > 0) {
		(void)yyjson_mut_obj_add_real(doc, o, "min", p->min);
		(void)yyjson_mut_obj_add_real(doc, o, "max", p->max);
	}
	if (p->kind == RME_PARAM_CHOICE) {
		yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, "choices");
		for (size_t i = 0; p->choices[i] != NULL; i++) {
			(void)yyjson_mut_arr_add_str(doc, list, p->choices[i]);
		}
	}
	if (p->help != NULL) {
		(void)yyjson_mut_obj_add_str(doc, o, "help", p->help);
	}
	return o;
}

static int
print_json(struct rmi_cli *cli, const struct rme_node_type *t)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	if (o == NULL) {
		yyjson_mut_doc_free(doc);
		return RMI_EXIT_FAILED;
	}
	(void)yyjson_mut_obj_add_str(doc, o, "name", t->name);
	(void)yyjson_mut_obj_add_str(doc, o, "category", t->category != NULL ? t->category : "");
	(void)yyjson_mut_obj_add_str(doc, o, "help", t->help != NULL ? t->help : "");
	(void)yyjson_mut_obj_add_bool(doc, o, "stateful", (t->flags & RME_NODE_STATEFUL) != 0);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, "params");
	for (const struct rme_param *p = t->params; p != NULL && p->name != NULL; p++) {
		(void)yyjson_mut_arr_append(list, param_json(doc, p));
	}
	char *text = yyjson_mut_val_write(o, 0, NULL);
	if (text != NULL) {
		(void)fprintf(cli->out, "%s\n", text);
	}
	free(text);
	yyjson_mut_doc_free(doc);
	return text != NULL ? RMI_EXIT_OK : RMI_EXIT_FAILED;
}

static void
print_markdown(FILE *out, const struct rme_node_type *t)
{
	(void)fprintf(out, "\n## %s\n\n%s\n", t->name, t->help != NULL ? t->help : "");
	if (t->params == NULL || t->params->name == NULL) {
		(void)fputs("\nIt takes no parameters.\n", out);
		return;
	}
	(void)fputs("\n| parameter | value | meaning |\n|---|---|---|\n", out);
	for (const struct rme_param *p = t->params; p->name != NULL; p++) {
		char text[512];
		rmi_param_text(text, sizeof(text), p);
		(void)fprintf(out, "| `%s` | %s | %s |\n", p->name, text, p->help != NULL ? p->help : "");
	}
}

static void
print_text(struct rmi_cli *cli, const struct rme_node_type *t)
{
	bool c = cli->color_out;
	(void)fprintf(cli->out, "%s%s%s (%s)\n%s\n", rmi_style_on(c, RMI_STYLE_BOLD), t->name, rmi_style_off(c),
	    t->category != NULL ? t->category : "", t->help != NULL ? t->help : "");
	for (const struct rme_param *p = t->params; p != NULL && p->name != NULL; p++) {
		char text[512];
		rmi_param_text(text, sizeof(text), p);
		(void)fprintf(cli->out, "\n  %s%s%s  %s%s%s\n      %s\n", rmi_style_on(c, RMI_STYLE_CYAN), p->name,
		    rmi_style_off(c), rmi_style_on(c, RMI_STYLE_DIM), text, rmi_style_off(c),
		    p->help != NULL ? p->help : "");
	}
}

static int
list_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct types *t = types_new(cli);
	if (t == NULL) {
		return RMI_EXIT_FAILED;
	}
	bool json = rmi_args_given(args, "json"), markdown = rmi_args_given(args, "markdown");
	int code = RMI_EXIT_OK;
	for (size_t i = 0; i < t->n && code == RMI_EXIT_OK; i++) {
		if (json) {
			code = print_json(cli, t->type[i]);
		} else if (markdown) {
			print_markdown(cli->out, t->type[i]);
		} else {
			(void)fprintf(cli->out, "%-24s %-8s %s\n", t->type[i]->name,
			    t->type[i]->category != NULL ? t->type[i]->category : "",
			    t->type[i]->help != NULL ? t->type[i]->help : "");
		}
	}
	types_free(t);
	return code;
}

static const struct rme_node_type *
find_type(struct rmi_cli *cli, const struct types *t, const char *name)
{
	struct rmi_suggest s = {.word = name};
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->type[i]->name, name) == 0) {
			return t->type[i];
		}
		rmi_suggest_offer(&s, t->type[i]->name);
	}
	rmi_complain(cli, "this build has no node type '%s'", name);
	if (s.best != NULL) {
		rmi_say(cli, "     did you mean '%s'?", s.best);
	}
	return NULL;
}

static int
info_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct types *t = types_new(cli);
	if (t == NULL) {
		return RMI_EXIT_FAILED;
	}
	const struct rme_node_type *type = find_type(cli, t, rmi_args_operand(args, 0));
	int code = type != NULL ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
	if (type != NULL && rmi_args_given(args, "json")) {
		code = print_json(cli, type);
	} else if (type != NULL && rmi_args_given(args, "markdown")) {
		print_markdown(cli->out, type);
	} else if (type != NULL) {
		print_text(cli, type);
	}
	types_free(t);
	return code;
}

static const struct rmi_option nodes_options[] = {
    RMI_OPTION_JSON,
    {.name = "markdown", .help = "print Markdown, for a reference page"},
    {.name = NULL},
};
static const struct rmi_operand info_operands[] = {
    {.name = "NAME", .help = "name of a node type"},
    {.name = NULL},
};
static const struct rmi_command nodes_list = {
    .name = "list",
    .summary = "list the node types of this build",
    .options = nodes_options,
    .run = list_run,
};
static const struct rmi_command nodes_info = {
    .name = "info",
    .summary = "tell what a node type does and which parameters it takes",
    .examples = "rme nodes info IntelligentRouter",
    .options = nodes_options,
    .operands = info_operands,
    .run = info_run,
};
static const struct rmi_command *const nodes_commands[] = {&nodes_list, &nodes_info, NULL};

const struct rmi_command rmi_command_nodes = {
    .name = "nodes",
    .summary = "tell which node types there are, and what they take",
    .options = nodes_options,
    .commands = nodes_commands,
    .run = list_run,
};
