#include "cli/help.h"

#include <string.h>

enum { PATH_MAX_TEXT = 128 };

typedef void (*visit_fn)(FILE *out, const struct rmi_command *cmd, const char *path);

/* Calls @p visit for a command and all below it. */
static void
walk(FILE *out, const struct rmi_command *cmd, const char *path, visit_fn visit)
{
	visit(out, cmd, path);
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		char sub[PATH_MAX_TEXT];
		(void)snprintf(sub, sizeof(sub), "%s %s", path, cmd->commands[i]->name);
		walk(out, cmd->commands[i], sub, visit);
	}
}

/* Text between single quotes of a shell. */
static void
write_quoted(FILE *out, const char *text, const char *escaped)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			(void)fputs("'\\''", out);
			continue;
		}
		if (strchr(escaped, *text) != NULL) {
			(void)fputc('\\', out);
		}
		(void)fputc(*text, out);
	}
}

static void
write_words(FILE *out, const char *const *words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		(void)fprintf(out, "%s%s", i > 0 ? " " : "", words[i]);
	}
}

/* ---- bash ---- */

static void
bash_options(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		(void)fprintf(out, " --%s", o->name);
	}
}

/* The word before the cursor is an option: complete its value. */
static void
bash_values(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		if (o->kind == RMI_OPTION_FLAG) {
			continue;
		}
		(void)fprintf(out, "\t\t--%s", o->name);
		if (o->letter != 0) {
			(void)fprintf(out, "|-%c", o->letter);
		}
		(void)fputs(") ", out);
		if (o->kind == RMI_OPTION_FILE) {
			(void)fputs("COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", out);
		} else if (o->kind == RMI_OPTION_ENUM) {
			(void)fputs("COMPREPLY=($(compgen -W '", out);
			write_words(out, o->choices);
			(void)fputs("' -- \"$cur\")); return ;;\n", out);
		} else {
			(void)fputs("return ;;\n", out);
		}
	}
}

static void
bash_visit(FILE *out, const struct rmi_command *cmd, const char *path)
{
	(void)fprintf(out, "\t'%s')\n\t\tcase \"$prev\" in\n", path);
	bash_values(out, cmd->options);
	bash_values(out, rmi_common_options);
	(void)fputs("\t\tesac\n\t\twords='", out);
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		(void)fprintf(out, "%s ", cmd->commands[i]->name);
	}
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL; op++) {
		write_words(out, op->choices);
	}
	bash_options(out, cmd->options);
	bash_options(out, rmi_common_options);
	(void)fprintf(out, "'\n\t\tfiles=%d ;;\n", cmd->operands != NULL && cmd->operands->suffix != NULL);
}

static void
bash_group(FILE *out, const struct rmi_command *cmd, const char *path)
{
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		(void)fprintf(out, "\t\t'%s %s') path=\"$path $word\" ;;\n", path, cmd->commands[i]->name);
	}
}

static void
write_bash(FILE *out, const struct rmi_command *root)
{
	(void)fprintf(out, "# bash completion for %s\n", root->name);
	(void)fprintf(
	    out, "_%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n", root->name);
	(void)fprintf(out, "\tlocal path=%s words='' files=0 i word\n\tCOMPREPLY=()\n", root->name);
	(void)fputs(
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tword=${COMP_WORDS[i]}\n\t\tcase \"$path $word\" in\n", out);
	walk(out, root, root->name, bash_group);
	(void)fputs("\t\tesac\n\tdone\n\tcase \"$path\" in\n", out);
	walk(out, root, root->name, bash_visit);
	(void)fputs(
	    "\tesac\n\tif [[ $files = 1 && $cur != -* ]]; then\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\telse\n"
	    "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n\tfi\n}\n",
	    out);
	(void)fprintf(out, "complete -o filenames -F _%s %s\n", root->name, root->name);
}

/* ---- zsh ---- */

/* What completes the option's value. */
static void
zsh_value(FILE *out, const struct rmi_option *o)
{
	if (o->kind == RMI_OPTION_FILE) {
		(void)fputs(":file:_files", out);
	} else if (o->kind == RMI_OPTION_ENUM) {
		(void)fputs(":word:(", out);
		write_words(out, o->choices);
		(void)fputc(')', out);
	} else if (o->kind != RMI_OPTION_FLAG) {
		(void)fprintf(out, ":%s: ", rmi_help_value_name(o));
	}
}

static void
zsh_spec(FILE *out, const struct rmi_option *o, const char *word, const char *joint)
{
	(void)fprintf(out, " \\\n\t\t\t'%s%s%s[", o->many ? "*" : "", word, o->kind == RMI_OPTION_FLAG ? "" : joint);
	write_quoted(out, o->help, "[]:");
	(void)fputc(']', out);
	zsh_value(out, o);
	(void)fputc('\'', out);
}

static void
zsh_options(FILE *out, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		char word[64];
		(void)snprintf(word, sizeof(word), "--%s", o->name);
		zsh_spec(out, o, word, "=");
		if (o->letter != 0) {
			(void)snprintf(word, sizeof(word), "-%c", o->letter);
			zsh_spec(out, o, word, "+");
		}
	}
}

static void
zsh_visit(FILE *out, const struct rmi_command *cmd, const char *path)
{
	(void)fprintf(out, "\t'%s')\n", path);
	if (cmd->commands != NULL) {
		(void)fputs("\t\tlocal -a commands=(\n", out);
		for (size_t i = 0; cmd->commands[i] != NULL; i++) {
			(void)fprintf(out, "\t\t\t'%s:", cmd->commands[i]->name);
			write_quoted(out, cmd->commands[i]->summary, ":");
			(void)fputs("'\n", out);
		}
		(void)fputs("\t\t)\n\t\t_describe -t commands command commands\n", out);
	}
	(void)fputs("\t\t_arguments -S", out);
	zsh_options(out, cmd->options);
	zsh_options(out, rmi_common_options);
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL; op++) {
		(void)fprintf(out, " \\\n\t\t\t'%s:%s:", op->many ? "*" : op->optional ? ":" : "", op->name);
		if (op->choices != NULL) {
			(void)fputc('(', out);
			write_words(out, op->choices);
			(void)fputc(')', out);
		} else {
			(void)fputs(op->suffix != NULL ? "_files" : " ", out);
		}
		(void)fputc('\'', out);
	}
	(void)fputs(" ;;\n", out);
}

static void
zsh_group(FILE *out, const struct rmi_command *cmd, const char *path)
{
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		(void)fprintf(
		    out, "\t\t'%s %s') cmdpath=\"$cmdpath $word\"; base=$i ;;\n", path, cmd->commands[i]->name);
	}
}

static void
write_zsh(FILE *out, const struct rmi_command *root)
{
	(void)fprintf(out, "#compdef %s\n_%s() {\n\tlocal cmdpath=%s word\n\tlocal -i i base=1\n", root->name,
	    root->name, root->name);
	(void)fputs(
	    "\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tword=${words[i]}\n\t\tcase \"$cmdpath $word\" in\n", out);
	walk(out, root, root->name, zsh_group);
	(void)fputs("\t\tesac\n\tdone\n\t(( CURRENT -= base - 1 ))\n\twords=(\"${(@)words[base,-1]}\")\n\tcase "
	            "\"$cmdpath\" in\n",
	    out);
	walk(out, root, root->name, zsh_visit);
	(void)fprintf(out, "\tesac\n}\ncompdef _%s %s\n", root->name, root->name);
}

/* ---- fish ---- */

static void
fish_condition(FILE *out, const char *path)
{
	const char *words = strchr(path, ' ');
	if (words == NULL) {
		(void)fputs(" -n __fish_use_subcommand", out);
		return;
	}
	(void)fputs(" -n '", out);
	for (const char *p = words; *p != '\0';) {
		p += 1;
		size_t len = strcspn(p, " ");
		(void)fprintf(out, "%s__fish_seen_subcommand_from %.*s", p == words + 1 ? "" : "; and ", (int)len, p);
		p += len;
	}
	(void)fputc('\'', out);
}

static void
fish_options(FILE *out, const struct rmi_option *table, const char *root, const char *path)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		(void)fprintf(out, "complete -c %s", root);
		fish_condition(out, path);
		(void)fprintf(out, " -l %s", o->name);
		if (o->letter != 0) {
			(void)fprintf(out, " -s %c", o->letter);
		}
		if (o->kind == RMI_OPTION_FILE) {
			(void)fputs(" -rF", out);
		} else if (o->kind == RMI_OPTION_ENUM) {
			(void)fputs(" -xa '", out);
			write_words(out, o->choices);
			(void)fputc('\'', out);
		} else if (o->kind != RMI_OPTION_FLAG) {
			(void)fputs(" -x", out);
		}
		(void)fputs(" -d '", out);
		write_quoted(out, o->help, "");
		(void)fputs("'\n", out);
	}
}

static void
fish_visit(FILE *out, const struct rmi_command *cmd, const char *path)
{
	char root[PATH_MAX_TEXT];
	(void)snprintf(root, sizeof(root), "%.*s", (int)strcspn(path, " "), path);
	for (size_t i = 0; cmd->commands != NULL && cmd->commands[i] != NULL; i++) {
		(void)fprintf(out, "complete -c %s -f", root);
		fish_condition(out, path);
		(void)fprintf(out, " -a %s -d '", cmd->commands[i]->name);
		write_quoted(out, cmd->commands[i]->summary, "");
		(void)fputs("'\n", out);
	}
	for (const struct rmi_operand *op = cmd->operands; op != NULL && op->name != NULL; op++) {
		if (op->choices != NULL) {
			(void)fprintf(out, "complete -c %s -f", root);
			fish_condition(out, path);
			(void)fputs(" -a '", out);
			write_words(out, op->choices);
			(void)fputs("'\n", out);
		}
	}
	fish_options(out, cmd->options, root, path);
}

static void
write_fish(FILE *out, const struct rmi_command *root)
{
	(void)fprintf(out, "# fish completion for %s\n", root->name);
	walk(out, root, root->name, fish_visit);
	for (const struct rmi_option *o = rmi_common_options; o->name != NULL; o++) {
		(void)fprintf(out, "complete -c %s -l %s", root->name, o->name);
		if (o->letter != 0) {
			(void)fprintf(out, " -s %c", o->letter);
		}
		(void)fprintf(out, " -d '%s'\n", o->help);
	}
}

void
rmi_completion_write(FILE *out, const struct rmi_command *root, const char *shell)
{
	if (strcmp(shell, "bash") == 0) {
		write_bash(out, root);
	} else if (strcmp(shell, "zsh") == 0) {
		write_zsh(out, root);
	} else {
		write_fish(out, root);
	}
}
