#include "cli/graph.h"

#include <string.h>

#include "cli/open_pipeline.h"

enum { LABEL_MAX = 192, PATH_MAX_TEXT = 160 };

static const char *
name_of(const struct rme_node_spec *spec)
{
	return spec->name != NULL ? spec->name : spec->type->name;
}

/* The format between two stages, "" where it is not known beforehand. */
static const char *
format_text(const struct rme_format *f, char text[RME_FORMAT_TEXT_MAX])
{
	text[0] = '\0';
	if (f->media != RME_MEDIA_ANY) {
		(void)rme_format_print(f, text);
	}
	return text;
}

/* ---- text ---- */

static void
ascii_children(FILE *out, const struct rme_node_spec *spec, const char *indent)
{
	const struct rme_node_spec *child;
	const char *param;
	for (size_t i = 0; (param = rmi_spec_child(spec, i, &child)) != NULL; i++) {
		char label[LABEL_MAX], deeper[LABEL_MAX];
		rmi_describe_spec(label, sizeof(label), child);
		(void)fprintf(out, "%s+- %s: %s\n", indent, param, label);
		(void)snprintf(deeper, sizeof(deeper), "%s   ", indent);
		ascii_children(out, child, deeper);
	}
}

static void
ascii_format(FILE *out, const struct rme_format *f)
{
	char text[RME_FORMAT_TEXT_MAX];
	(void)format_text(f, text);
	(void)fprintf(out, "  |%s%s\n", text[0] != '\0' ? "  " : "", text);
}

void
rmi_graph_ascii(FILE *out, const struct rme_plan *plan, bool color)
{
	const struct rme_plan_stage *st;
	size_t n = rme_plan_stages(plan, &st);
	(void)fputs("[input]\n", out);
	for (size_t i = 0; i < n; i++) {
		char label[LABEL_MAX];
		rmi_describe_spec(label, sizeof(label), &st[i].spec);
		ascii_format(out, &st[i].in);
		(void)fprintf(out, "[%s%s%s] %s%s\n", rmi_style_on(color, RMI_STYLE_BOLD), name_of(&st[i].spec),
		    rmi_style_off(color), label, st[i].inserted ? " (inserted)" : "");
		ascii_children(out, &st[i].spec, "  |  ");
	}
	ascii_format(out, &st[n - 1].out);
	(void)fputs("[output]\n", out);
}

/* ---- Graphviz ---- */

static void
quoted(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			(void)fputc('\\', out);
		}
		(void)fputc(*text, out);
	}
}

static void
dot_node(FILE *out, const struct rme_node_spec *spec, const char *path, const char *style)
{
	char label[LABEL_MAX];
	rmi_describe_spec(label, sizeof(label), spec);
	(void)fputs("  \"", out);
	quoted(out, path);
	(void)fputs("\" [label=\"", out);
	quoted(out, path);
	(void)fputs("\\n", out);
	quoted(out, label);
	(void)fprintf(out, "\"%s];\n", style);
}

static void
dot_edge(FILE *out, const char *from, const char *to, const char *label, const char *style)
{
	(void)fputs("  \"", out);
	quoted(out, from);
	(void)fputs("\" -> \"", out);
	quoted(out, to);
	(void)fputs("\" [label=\"", out);
	quoted(out, label);
	(void)fprintf(out, "\"%s];\n", style);
}

static void
dot_children(FILE *out, const struct rme_node_spec *spec, const char *path)
{
	const struct rme_node_spec *child;
	const char *param;
	for (size_t i = 0; (param = rmi_spec_child(spec, i, &child)) != NULL; i++) {
		char sub[PATH_MAX_TEXT];
		(void)snprintf(sub, sizeof(sub), "%s.%s", path, param);
		dot_node(out, child, sub, strcmp(param, "cloud") == 0 ? ", style=\"rounded,dashed\"" : "");
		dot_edge(out, path, sub, param, ", dir=both, style=dashed");
		dot_children(out, child, sub);
	}
}

void
rmi_graph_dot(FILE *out, const struct rme_plan *plan, const char *name)
{
	const struct rme_plan_stage *st;
	size_t n = rme_plan_stages(plan, &st);
	(void)fputs("digraph \"", out);
	quoted(out, name);
	(void)fputs(
	    "\" {\n  rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
	    "  edge [fontname=\"sans-serif\", fontsize=10];\n  input [shape=plaintext];\n  output [shape=plaintext];\n",
	    out);
	const char *before = "input";
	for (size_t i = 0; i < n; i++) {
		char format[RME_FORMAT_TEXT_MAX];
		const char *path = name_of(&st[i].spec);
		dot_node(out, &st[i].spec, path, st[i].inserted ? ", style=\"rounded,dotted\"" : "");
		dot_edge(out, before, path, format_text(&st[i].in, format), "");
		dot_children(out, &st[i].spec, path);
		before = path;
	}
	char format[RME_FORMAT_TEXT_MAX];
	dot_edge(out, before, "output", format_text(&st[n - 1].out, format), "");
	(void)fputs("}\n", out);
}

/* ---- Mermaid ---- */

/* Names in Mermaid are letters and digits; the label says the rest. */
static void
mermaid_id(FILE *out, const char *path)
{
	for (; *path != '\0'; path++) {
		bool plain =
		    (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') || (*path >= '0' && *path <= '9');
		(void)fputc(plain ? *path : '_', out);
	}
}

static void
mermaid_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"') {
			(void)fputs("#quot;", out);
		} else {
			(void)fputc(*text, out);
		}
	}
}

static void
mermaid_node(FILE *out, const struct rme_node_spec *spec, const char *path)
{
	char label[LABEL_MAX];
	rmi_describe_spec(label, sizeof(label), spec);
	(void)fputs("  n_", out);
	mermaid_id(out, path);
	(void)fputs("[\"", out);
	mermaid_text(out, path);
	(void)fputs("<br>", out);
	mermaid_text(out, label);
	(void)fputs("\"]\n", out);
}

static void
mermaid_edge(FILE *out, const char *from, const char *to, const char *arrow, const char *label)
{
	(void)fputs("  n_", out);
	mermaid_id(out, from);
	(void)fprintf(out, " %s", arrow);
	if (label[0] != '\0') {
		(void)fputs("|\"", out);
		mermaid_text(out, label);
		(void)fputs("\"|", out);
	}
	(void)fputs(" n_", out);
	mermaid_id(out, to);
	(void)fputc('\n', out);
}

static void
mermaid_children(FILE *out, const struct rme_node_spec *spec, const char *path)
{
	const struct rme_node_spec *child;
	const char *param;
	for (size_t i = 0; (param = rmi_spec_child(spec, i, &child)) != NULL; i++) {
		char sub[PATH_MAX_TEXT];
		(void)snprintf(sub, sizeof(sub), "%s.%s", path, param);
		mermaid_node(out, child, sub);
		mermaid_edge(out, path, sub, "<-.->", param);
		mermaid_children(out, child, sub);
	}
}

void
rmi_graph_mermaid(FILE *out, const struct rme_plan *plan)
{
	const struct rme_plan_stage *st;
	size_t n = rme_plan_stages(plan, &st);
	(void)fputs("flowchart TD\n  n_input([input])\n  n_output([output])\n", out);
	const char *before = "input";
	char format[RME_FORMAT_TEXT_MAX];
	for (size_t i = 0; i < n; i++) {
		const char *path = name_of(&st[i].spec);
		mermaid_node(out, &st[i].spec, path);
		mermaid_edge(out, before, path, "-->", format_text(&st[i].in, format));
		mermaid_children(out, &st[i].spec, path);
		before = path;
	}
	mermaid_edge(out, before, "output", "-->", format_text(&st[n - 1].out, format));
}
