#include "cli/help.h"

#include <string.h>

#include "base/text.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

const char *
rmi_help_value_name(const struct rmi_option *o)
{
	static const char *const names[] = {
	    [RMI_OPTION_FLAG] = "",
	    [RMI_OPTION_STRING] = "TEXT",
	    [RMI_OPTION_FILE] = "FILE",
	    [RMI_OPTION_INT] = "N",
	    [RMI_OPTION_NUMBER] = "X",
	    [RMI_OPTION_SIZE] = "SIZE",
	    [RMI_OPTION_DURATION] = "TIME",
	    [RMI_OPTION_RATE] = "RATE",
	    [RMI_OPTION_ENUM] = "WORD",
	};
	return o->value != NULL ? o->value : names[o->kind];
}

int
rmi_help_option_text(char *buf, size_t size, const struct rmi_option *o)
{
	char letter[8] = "    ";
	if (o->letter != 0) {
		(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	}
	const char *value = rmi_help_value_name(o);
	return snprintf(buf, size, "%s--%s%s%s", letter, o->name, *value != '\0' ? " " : "", value);
}

void
rmi_help_usage_text(char *buf, size_t size, const struct rmi_command *cmd)
{
	size_t n = (size_t)snprintf(buf, size, "[options]");
	if (cmd->commands != NULL) {
		(void)snprintf(buf + n, size - n, cmd->run != NULL ? " [COMMAND]" : " COMMAND");
		return;
	}
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL && n < size; op++) {
		const char *open = op->optional ? "[" : "", *close = op->optional ? "]" : "";
		n += (size_t)snprintf(buf + n, size - n, " %s%s%s%s", open, op->name, op->many ? "..." : "", close);
	}
}

/* One paragraph, folded at blanks; lines after the first start at @p indent. */
static void
write_folded(FILE *out, const char *text, int column, int indent, int width)
{
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		if (column > indent && column + (int)len + 1 > width) {
			(void)fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fwrite(text, 1, len, out);
		column += (int)len;
		text += len;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static void
write_row(FILE *out, const char *left, const char *right)
{
	int n = fprintf(out, "  %s", left);
	if (n >= HELP_COLUMN - 1) {
		(void)fputc('\n', out);
		n = 0;
	}
	(void)fprintf(out, "%*s", HELP_COLUMN - n, "");
	write_folded(out, right, HELP_COLUMN, HELP_COLUMN, HELP_WIDTH);
}

static void
write_title(FILE *out, bool color, const char *title)
{
	(void)fprintf(out, "\n%s%s:%s\n", rmi_style_on(color, RMI_STYLE_BOLD), title, rmi_style_off(color));
}

static void
write_options(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		char left[64];
		(void)rmi_help_option_text(left, sizeof(left), o);
		char buf[512];
		struct rmi_text right = rmi_text_begin(buf, sizeof(buf));
		rmi_text_add(&right, "%s", o->help);
		if (o->choices != NULL) {
			rmi_text_add(&right, ": ");
			rmi_text_add_words(&right, o->choices);
		}
		if (o->fallback != NULL) {
			rmi_text_add(&right, " [default: %s]", o->fallback);
		}
		if (o->required) {
			rmi_text_add(&right, " [required]");
		}
		if (o->many && o->kind != RMI_OPTION_FLAG) {
			rmi_text_add(&right, " [may be repeated]");
		}
		write_row(out, left, buf);
	}
}

static void
write_operands(FILE *out, bool color, const struct rmi_command *cmd)
{
	if (cmd->operands == NULL || cmd->commands != NULL) {
		return;
	}
	write_title(out, color, "Arguments");
	for (const struct rmi_operand *op = cmd->operands; op->name != NULL; op++) {
		char right[512];
		size_t n = (size_t)snprintf(right, sizeof(right), "%s", op->help);
		for (size_t i = 0; op->choices != NULL && op->choices[i] != NULL && n < sizeof(right); i++) {
			n +=
			    (size_t)snprintf(right + n, sizeof(right) - n, "%s%s", i > 0 ? ", " : ": ", op->choices[i]);
		}
		write_row(out, op->name, right);
	}
}

static void
write_paragraphs(FILE *out, const char *text)
{
	while (text != NULL && *text != '\0') {
		const char *end = strstr(text, "\n\n");
		char paragraph[2048];
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
		(void)snprintf(paragraph, sizeof(paragraph), "%.*s", (int)len, text);
		(void)fputc('\n', out);
		write_folded(out, paragraph, 0, 0, HELP_WIDTH);
		text = end != NULL ? end + 2 : NULL;
	}
}

/* Two blanks and a '#' set off what an example does. */
static void
write_examples(FILE *out, bool color, const char *text)
{
	write_title(out, color, "Examples");
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		const char *note = memmem(text, len, "  # ", 4);
		size_t n = note != NULL ? (size_t)(note - text) : len;
		(void)fprintf(out, "  %.*s", (int)n, text);
		if (note != NULL) {
			(void)fprintf(out, "%*s%s%.*s%s", n < 58 ? (int)(58 - n) : 0, "",
			    rmi_style_on(color, RMI_STYLE_DIM), (int)(len - n), note, rmi_style_off(color));
		}
		(void)fputc('\n', out);
		text += len;
		text += *text == '\n';
	}
}

void
rmi_help_write(FILE *out, bool color, const struct rmi_command *cmd, const char *path)
{
	char usage[256];
	rmi_help_usage_text(usage, sizeof(usage), cmd);
	(void)fprintf(out, "%s - %s\n", path, cmd->summary);
	(void)fprintf(
	    out, "\n%sUsage:%s %s %s\n", rmi_style_on(color, RMI_STYLE_BOLD), rmi_style_off(color), path, usage);
	write_paragraphs(out, cmd->help);
	if (cmd->commands != NULL) {
		write_title(out, color, "Commands");
		for (size_t i = 0; cmd->commands[i] != NULL; i++) {
			write_row(out, cmd->commands[i]->name, cmd->commands[i]->summary);
		}
	}
	write_operands(out, color, cmd);
	if (cmd->options != NULL) {
		write_title(out, color, "Options");
		write_options(out, cmd->options);
	}
	write_title(out, color, "Common options");
	write_options(out, rmi_common_options);
	if (cmd->examples != NULL) {
		write_examples(out, color, cmd->examples);
	}
}
