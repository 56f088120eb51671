#include "cli/args.h"

#include "base/suggest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct rmi_option rmi_common_options[] = {
    {.name = "help", .letter = 'h', .help = "show this help and exit"},
    {.name = "quiet", .letter = 'q', .help = "write errors only"},
    {.name = "verbose", .letter = 'v', .many = true, .help = "say more; twice: still more"},
    {.name = "color",
        .kind = RMI_OPTION_ENUM,
        .value = "WHEN",
        .fallback = "auto",
        .choices = color_choices,
        .help = "color messages (NO_COLOR is honored)"},
    {.name = NULL},
};

/* The state of one parse. */
struct parse {
	struct rmi_args *args;
	struct rmi_cli *cli;
	char **argv;
	int argc;
	int next; /* index of the word to read next */
	bool options_ended;
};

const struct rmi_command *
rmi_args_command(const struct rmi_args *args)
{
	return args->path[args->depth - 1];
}

char *
rmi_args_path(const struct rmi_args *args, char *buf, size_t size)
{
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < args->depth && used < size; i++) {
		int n = snprintf(buf + used, size - used, "%s%s", i > 0 ? " " : "", args->path[i]->name);
		used += n > 0 ? (size_t)n : 0;
	}
	return buf;
}

static int
complain(const struct parse *p, const char *text, const char *hint)
{
	char path[128];
	(void)rmi_args_path(p->args, path, sizeof(path));
	int code = rmi_complain_usage(p->cli, "%s", text);
	if (hint != NULL) {
		rmi_say(p->cli, "     did you mean '%s'?", hint);
	}
	rmi_say(p->cli, "Try '%s --help'.", path);
	return code;
}

static const struct rmi_option *
find_in(const struct rmi_option *table, const char *name, size_t len, char letter)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		if (letter != 0 ? o->letter == letter : strlen(o->name) == len && memcmp(o->name, name, len) == 0) {
			return o;
		}
	}
	return NULL;
}

static const struct rmi_option *
find_option(const struct rmi_command *cmd, const char *name, size_t len, char letter)
{
	const struct rmi_option *o = find_in(cmd->options, name, len, letter);
	return o != NULL ? o : find_in(rmi_common_options, name, len, letter);
}

static void
offer_options(struct rmi_suggest *s, const struct rmi_option *table)
{
	for (const struct rmi_option *o = table; o != NULL && o->name != NULL; o++) {
		rmi_suggest_offer(s, o->name);
	}
}

static int
unknown_option(const struct parse *p, const char *word, size_t len)
{
	char name[RMI_SUGGEST_WORD_MAX + 1], text[160], hint[RMI_SUGGEST_WORD_MAX + 3];
	(void)snprintf(text, sizeof(text), "unknown option '%.*s'", (int)(len < 100 ? len : 100), word);
	struct rmi_suggest s = {.word = name};
	if (len < 3 || len - 2 > RMI_SUGGEST_WORD_MAX) {
		return complain(p, text, NULL);
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len - 2), word + 2);
	offer_options(&s, rmi_args_command(p->args)->options);
	offer_options(&s, rmi_common_options);
	(void)snprintf(hint, sizeof(hint), "--%s", s.best != NULL ? s.best : "");
	return complain(p, text, s.best != NULL ? hint : NULL);
}

static int
bad_value(const struct parse *p, const struct rmi_option *o, const char *value)
{
	char expected[160], text[320];
	rmi_option_expects(expected, sizeof(expected), o);
	(void)snprintf(text, sizeof(text), "option '--%s': '%.100s' is not %s", o->name, value, expected);
	struct rmi_suggest s = {.word = value};
	for (size_t i = 0; o->kind == RMI_OPTION_ENUM && o->choices[i] != NULL; i++) {
		rmi_suggest_offer(&s, o->choices[i]);
	}
	return complain(p, text, s.best);
}

static size_t
count_of(const struct rmi_args *args, const struct rmi_option *o)
{
	size_t n = 0;
	for (size_t i = 0; i < args->n_values; i++) {
		n += args->values[i].option == o;
	}
	return n;
}

static int
add_value(struct parse *p, const struct rmi_option *o, const char *value)
{
	char text[160];
	if (o->kind != RMI_OPTION_FLAG && !o->many && count_of(p->args, o) > 0) {
		(void)snprintf(text, sizeof(text), "option '--%s' is given twice", o->name);
		return complain(p, text, NULL);
	}
	struct rmi_value v = {.option = o};
	if (!rmi_option_read(&v, value)) {
		return bad_value(p, o, value);
	}
	p->args->values[p->args->n_values++] = v;
	return RMI_EXIT_OK;
}

/* The value that follows as the next word. A word with two dashes is an option that was meant, not a value. */
static int
add_next_value(struct parse *p, const struct rmi_option *o)
{
	const char *value = p->next < p->argc ? p->argv[p->next] : NULL;
	if (value == NULL || strncmp(value, "--", 2) == 0) {
		char text[160];
		(void)snprintf(text, sizeof(text), "option '--%s' needs a value", o->name);
		return complain(p, text, NULL);
	}
	p->next++;
	return add_value(p, o, value);
}

static int
descend(struct parse *p, const char *word)
{
	const struct rmi_command *cmd = rmi_args_command(p->args);
	struct rmi_suggest s = {.word = word};
	for (size_t i = 0; cmd->commands[i] != NULL; i++) {
		if (strcmp(cmd->commands[i]->name, word) == 0) {
			assert(p->args->depth < RMI_COMMAND_DEPTH_MAX);
			p->args->path[p->args->depth++] = cmd->commands[i];
			return RMI_EXIT_OK;
		}
		rmi_suggest_offer(&s, cmd->commands[i]->name);
	}
	char text[160];
	(void)snprintf(text, sizeof(text), "unknown command '%.100s'", word);
	return complain(p, text, s.best);
}

static int
parse_long(struct parse *p, const char *word)
{
	const char *eq = strchr(word, '=');
	size_t len = eq != NULL ? (size_t)(eq - word) : strlen(word);
	const struct rmi_option *o = find_option(rmi_args_command(p->args), word + 2, len - 2, 0);
	if (o == NULL && p->args->depth == 1 && strcmp(word, "--version") == 0) {
		return descend(p, "version"); /* what one types first at a command one does not know */
	}
	if (o == NULL) {
		return unknown_option(p, word, len);
	}
	if (o->kind != RMI_OPTION_FLAG) {
		return eq != NULL ? add_value(p, o, eq + 1) : add_next_value(p, o);
	}
	if (eq != NULL) {
		char text[160];
		(void)snprintf(text, sizeof(text), "option '--%s' takes no value", o->name);
		return complain(p, text, NULL);
	}
	return add_value(p, o, NULL);
}

/* "-v", "-vq", "-i FILE", "-iFILE" */
static int
parse_letters(struct parse *p, const char *word)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct rmi_option *o = find_option(rmi_args_command(p->args), NULL, 0, *c);
		if (o == NULL) {
			char letter[3] = {'-', *c, '\0'};
			return unknown_option(p, letter, 2);
		}
		if (o->kind != RMI_OPTION_FLAG) {
			return c[1] != '\0' ? add_value(p, o, c + 1) : add_next_value(p, o);
		}
		int code = add_value(p, o, NULL);
		if (code != RMI_EXIT_OK) {
			return code;
		}
	}
	return RMI_EXIT_OK;
}

static int
parse_word(struct parse *p, const char *word)
{
	if (p->options_ended || word[0] != '-' || word[1] == '\0') {
		if (rmi_args_command(p->args)->commands != NULL) {
			return descend(p, word);
		}
		p->args->operands[p->args->n_operands++] = word;
		return RMI_EXIT_OK;
	}
	if (strcmp(word, "--") == 0) {
		p->options_ended = true;
		return RMI_EXIT_OK;
	}
	return word[1] == '-' ? parse_long(p, word) : parse_letters(p, word);
}

static int
check_choice(const struct parse *p, const struct rmi_operand *op, const char *word)
{
	struct rmi_suggest s = {.word = word};
	for (size_t i = 0; op->choices[i] != NULL; i++) {
		if (strcmp(op->choices[i], word) == 0) {
			return RMI_EXIT_OK;
		}
		rmi_suggest_offer(&s, op->choices[i]);
	}
	char text[160];
	(void)snprintf(text, sizeof(text), "%s: unknown word '%.100s'", op->name, word);
	return complain(p, text, s.best);
}

static int
check_operands(const struct parse *p)
{
	char text[160];
	size_t i = 0;
	const struct rmi_operand *op = rmi_args_command(p->args)->operands;
	for (; op != NULL && op->name != NULL; op++) {
		if (i >= p->args->n_operands && !op->optional) {
			(void)snprintf(text, sizeof(text), "missing %s (%s)", op->name, op->help);
			return complain(p, text, NULL);
		}
		do {
			const char *word = rmi_args_operand(p->args, i);
			int code = word != NULL && op->choices != NULL ? check_choice(p, op, word) : RMI_EXIT_OK;
			if (code != RMI_EXIT_OK) {
				return code;
			}
			i++;
		} while (op->many && i < p->args->n_operands);
	}
	if (i < p->args->n_operands) {
		(void)snprintf(text, sizeof(text), "unexpected argument '%.100s'", p->args->operands[i]);
		return complain(p, text, NULL);
	}
	return RMI_EXIT_OK;
}

static int
check_required(const struct parse *p)
{
	for (const struct rmi_option *o = rmi_args_command(p->args)->options; o != NULL && o->name != NULL; o++) {
		if (o->required && count_of(p->args, o) == 0) {
			char text[160];
			(void)snprintf(text, sizeof(text), "option '--%s' is required (%s)", o->name, o->help);
			return complain(p, text, NULL);
		}
	}
	return RMI_EXIT_OK;
}

static void
apply_common(struct rmi_args *args, struct rmi_cli *cli)
{
	args->help = rmi_args_given(args, "help");
	cli->verbosity = rmi_args_given(args, "quiet") ? -1 : (int)rmi_args_count(args, "verbose");
	rmi_cli_set_color(cli, rmi_args_text(args, "color"));
}

int
rmi_args_parse(struct rmi_args *out, struct rmi_cli *cli, const struct rmi_command *root, int argc, char **argv)
{
	*out = (struct rmi_args){.path = {root}, .depth = 1};
	struct parse p = {.args = out, .cli = cli, .argv = argv, .argc = argc};
	size_t room = 1;
	for (int i = 0; i < argc; i++) {
		room += strlen(argv[i]); /* "-vvv" are three values */
	}
	out->values = calloc(room, sizeof(*out->values));
	out->operands = calloc((size_t)argc + 1, sizeof(*out->operands));
	if (out->values == NULL || out->operands == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	int code = RMI_EXIT_OK;
	while (p.next < argc && code == RMI_EXIT_OK) {
		const char *word = argv[p.next++];
		code = parse_word(&p, word);
	}
	if (code != RMI_EXIT_OK) {
		return code;
	}
	apply_common(out, cli);
	if (out->help) {
		return RMI_EXIT_OK;
	}
	code = check_operands(&p);
	return code != RMI_EXIT_OK ? code : check_required(&p);
}

void
rmi_args_done(struct rmi_args *args)
{
	free(args->values);
	free(args->operands);
	*args = (struct rmi_args){.depth = 0};
}
