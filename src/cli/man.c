#include "cli/help.h"

#include <string.h>

/* Text as man(7) takes it: no line starts with a dot or a quote, hyphens and backslashes are literal. */
static void
write_text(FILE *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((p == text || p[-1] == '\n') && (*p == '.' || *p == '\'')) {
			(void)fputs("\\&", out);
		}
		if (*p == '\\') {
			(void)fputs("\\e", out);
		} else if (*p == '-') {
			(void)fputs("\\-", out);
		} else {
			(void)fputc(*p, out);
		}
	}
}

static void
write_options(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		char left[64];
		(void)rmi_help_option_text(left, sizeof(left), o);
		(void)fputs(".TP\n.B ", out);
		write_text(out, left + strspn(left, " "));
		(void)fputc('\n', out);
		write_text(out, o->help);
		for (size_t i = 0; o->kind == RMI_OPTION_ENUM && o->choices[i] != NULL; i++) {
			(void)fprintf(out, "%s%s", i > 0 ? ", " : ": ", o->choices[i]);
		}
		if (o->fallback != NULL) {
			(void)fputs(" (default: ", out);
			write_text(out, o->fallback);
			(void)fputc(')', out);
		}
		(void)fputs(".\n", out);
	}
}

static void
write_paragraphs(FILE *out, const char *text)
{
	while (text != NULL && *text != '\0') {
		const char *end = strstr(text, "\n\n");
		char paragraph[2048];
		(void)snprintf(paragraph, sizeof(paragraph), "%.*s",
		    (int)(end != NULL ? (size_t)(end - text) : strlen(text)), text);
		(void)fputs(".PP\n", out);
		write_text(out, paragraph);
		(void)fputc('\n', out);
		text = end != NULL ? end + 2 : NULL;
	}
}

static void
write_command(FILE *out, const struct rmi_command *cmd, const char *path)
{
	char usage[256];
	rmi_help_usage_text(usage, sizeof(usage), cmd);
	(void)fprintf(out, ".SS %s\n.B ", path);
	write_text(out, path);
	(void)fputs(" ", out);
	write_text(out, usage);
	(void)fputs("\n.PP\n", out);
	write_text(out, cmd->summary);
	(void)fputs(".\n", out);
	write_paragraphs(out, cmd->help);
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL; op++) {
		(void)fprintf(out, ".TP\n.I %s\n", op->name);
		write_text(out, op->help);
		(void)fputs(".\n", out);
	}
	write_options(out, cmd->options);
	if (cmd->examples != NULL) {
		(void)fputs(".PP\nExamples:\n.PP\n.nf\n", out);
		write_text(out, cmd->examples);
		(void)fputs("\n.fi\n", out);
	}
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		char sub[128];
		(void)snprintf(sub, sizeof(sub), "%s %s", path, cmd->commands[i]->name);
		write_command(out, cmd->commands[i], sub);
	}
}

void
rmi_man_write(FILE *out, const struct rmi_command *root)
{
	(void)fprintf(out, ".TH %s 1\n.SH NAME\n%s \\- ", root->name, root->name);
	write_text(out, root->summary);
	(void)fprintf(out, "\n.SH SYNOPSIS\n.B %s\n[options] COMMAND ...\n.SH DESCRIPTION\n", root->name);
	write_paragraphs(out, root->help);
	(void)fputs(".SH COMMON OPTIONS\n", out);
	write_options(out, rmi_common_options);
	(void)fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; root->commands[i] != NULL; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s %s", root->name, root->commands[i]->name);
		write_command(out, root->commands[i], path);
	}
	(void)fputs(".SH EXIT STATUS\n", out);
	static const struct {
		int code;
		const char *text;
	} exits[] = {
	    {RMI_EXIT_OK, "success"},
	    {RMI_EXIT_FAILED, "the run failed"},
	    {RMI_EXIT_USAGE, "wrong command line"},
	    {RMI_EXIT_CONFIG, "a configuration file or parameter is wrong"},
	    {RMI_EXIT_REMOTE, "a remote service is not available"},
	    {RMI_EXIT_MODULE, "a module trapped or hit a limit"},
	    {RMI_EXIT_PARTIAL, "done, but some items failed"},
	    {RMI_EXIT_TIMEOUT, "the time allowed ran out"},
	    {RMI_EXIT_INTERRUPTED, "interrupted"},
	    {RMI_EXIT_TERMINATED, "terminated"},
	};
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		(void)fprintf(out, ".TP\n%d\n%s.\n", exits[i].code, exits[i].text);
	}
}
