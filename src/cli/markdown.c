#include "cli/help.h"

#include <string.h>

#include "base/text.h"

/* In tables a bar ends the cell. */
static void
write_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|') {
			(void)fputc('\\', out);
		}
		(void)fputc(*text, out);
	}
}

static void
write_option(FILE *out, const struct rmi_option *o)
{
	char left[64], buf[512];
	(void)rmi_help_option_text(left, sizeof(left), o);
	struct rmi_text t = rmi_text_begin(buf, sizeof(buf));
	rmi_text_add(&t, "%s", o->help);
	if (o->choices != NULL) {
		rmi_text_add(&t, ": ");
		rmi_text_add_words(&t, o->choices);
	}
	if (o->fallback != NULL) {
		rmi_text_add(&t, "; default `%s`", o->fallback);
	}
	if (o->required) {
		rmi_text_add(&t, "; required");
	}
	if (o->many && o->kind != RMI_OPTION_FLAG) {
		rmi_text_add(&t, "; may be repeated");
	}
	(void)fputs("| `", out);
	write_cell(out, left + strspn(left, " "));
	(void)fputs("` | ", out);
	write_cell(out, buf);
	(void)fputs(" |\n", out);
}

static void
write_options(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		write_option(out, o);
	}
}

static void
write_operands(FILE *out, const struct rmi_command *cmd)
{
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL; op++) {
		(void)fprintf(out, "| `%s` | ", op->name);
		write_cell(out, op->help);
		for (size_t i = 0; op->choices != NULL && op->choices[i] != NULL; i++) {
			(void)fprintf(out, "%s`%s`", i > 0 ? ", " : ": ", op->choices[i]);
		}
		(void)fputs(" |\n", out);
	}
}

static void
write_command(FILE *out, const struct rmi_command *cmd, const char *path)
{
	char usage[256];
	rmi_help_usage_text(usage, sizeof(usage), cmd);
	(void)fprintf(out, "\n## %s\n\n`%s %s`: %s.\n", path, path, usage, cmd->summary);
	if (cmd->help != NULL) {
		(void)fprintf(out, "\n%s\n", cmd->help);
	}
	if (cmd->options != NULL || (cmd->operands != NULL && cmd->commands == NULL)) {
		(void)fputs("\n| argument | meaning |\n|---|---|\n", out);
		write_operands(out, cmd);
		write_options(out, cmd->options);
	}
	if (cmd->examples != NULL) {
		(void)fprintf(out, "\n```\n%s\n```\n", cmd->examples);
	}
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		char sub[128];
		(void)snprintf(sub, sizeof(sub), "%s %s", path, cmd->commands[i]->name);
		write_command(out, cmd->commands[i], sub);
	}
}

void
rmi_markdown_write(FILE *out, const struct rmi_command *root)
{
	(void)fputs("## Common options\n\n| option | meaning |\n|---|---|\n", out);
	write_options(out, rmi_common_options);
	for (size_t i = 0; root->commands[i] != NULL; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s %s", root->name, root->commands[i]->name);
		write_command(out, root->commands[i], path);
	}
}
