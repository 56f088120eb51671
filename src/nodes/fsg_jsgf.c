#include "nodes/fsg_jsgf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 1024 };

struct rule {
	const char *name;
	size_t name_len;
	const char *body; /* behind the "=" */
	int line;
	bool is_public;
	bool open;      /* being replaced by what it stands for */
	uint32_t entry; /* where its innermost replacement begins */
};

struct parser {
	struct rmi_fsg_graph *g;
	struct rule *rules;
	size_t n_rules;
	const char *at;
	int line;
	int depth;
	struct rme_error *err;
};

static enum rme_err alternatives(struct parser *p, uint32_t from, uint32_t to, const char *closer);

static enum rme_err
fail(const struct parser *p, enum rme_err code, const char *what)
{
	return rme_error_set(p->err, code, "grammar", "line %d: %s", p->line, what);
}

static enum rme_err
fail_name(const struct parser *p, enum rme_err code, const char *name, size_t len, const char *what)
{
	return rme_error_set(
	    p->err, code, "grammar", "line %d: <%.*s> %s", p->line, (int)(len < 60 ? len : 60), name, what);
}

static enum rme_err
new_state(struct parser *p, uint32_t *out)
{
	if (p->g->n_states >= RMI_FSG_STEPS_MAX) {
		return fail(p, RME_ELIMIT, "the grammar stands for too much");
	}
	*out = p->g->n_states++;
	return RME_OK;
}

static enum rme_err
add_step(struct parser *p, struct rmi_fsg_step step)
{
	struct rmi_fsg_graph *g = p->g;
	if (g->n_steps >= RMI_FSG_STEPS_MAX) {
		return fail(p, RME_ELIMIT, "the grammar stands for too much");
	}
	if (g->n_steps == g->cap_steps) {
		size_t cap = g->cap_steps == 0 ? 256 : 2 * g->cap_steps;
		struct rmi_fsg_step *grown = realloc(g->steps, cap * sizeof(*grown));
		if (grown == NULL) {
			return fail(p, RME_ENOMEM, "no memory");
		}
		g->steps = grown;
		g->cap_steps = cap;
	}
	g->steps[g->n_steps++] = step;
	return RME_OK;
}

static enum rme_err
add_empty(struct parser *p, uint32_t from, uint32_t to, double probability)
{
	return add_step(p, (struct rmi_fsg_step){from, to, RMI_FSG_EMPTY, probability});
}

/* The number of a word. */
static enum rme_err
intern(struct parser *p, const char *text, size_t len, uint32_t *out)
{
	struct rmi_fsg_graph *g = p->g;
	for (uint32_t i = 0; i < g->n_words; i++) {
		if (strncmp(g->words[i], text, len) == 0 && g->words[i][len] == '\0') {
			*out = i;
			return RME_OK;
		}
	}
	if (len > RMI_FSG_WORD_BYTES_MAX || g->n_words == RMI_FSG_WORDS_MAX) {
		return fail(p, RME_ELIMIT, "a word that is too long, or too many of them");
	}
	char *copy = strndup(text, len);
	if (copy == NULL) {
		return fail(p, RME_ENOMEM, "no memory");
	}
	*out = g->n_words;
	g->words[g->n_words++] = copy;
	return RME_OK;
}

/* Go on to just behind @p end. */
static enum rme_err
skip_past(struct parser *p, const char *end, const char *what)
{
	const char *found = strstr(p->at, end);
	if (found == NULL) {
		return fail(p, RME_ECONFIG, what);
	}
	for (; p->at < found + strlen(end); p->at++) {
		p->line += *p->at == '\n';
	}
	return RME_OK;
}

static enum rme_err
skip_blank(struct parser *p)
{
	for (;;) {
		if (strncmp(p->at, "/*", 2) == 0) {
			enum rme_err e = skip_past(p, "*/", "this comment does not end");
			if (e != RME_OK) {
				return e;
			}
		} else if (strncmp(p->at, "//", 2) == 0) {
			p->at += strcspn(p->at, "\n");
		} else if (isspace((unsigned char)*p->at)) {
			p->line += *p->at == '\n';
			p->at++;
		} else {
			return RME_OK;
		}
	}
}

/* Blanks and tags: {tag}. */
static enum rme_err
skip_tags(struct parser *p)
{
	enum rme_err e = skip_blank(p);
	while (e == RME_OK && *p->at == '{') {
		e = skip_past(p, "}", "this tag does not end");
		e = e == RME_OK ? skip_blank(p) : e;
	}
	return e;
}

static enum rme_err
take_name(struct parser *p, const char **name, size_t *len)
{
	*name = p->at + 1;
	*len = strcspn(*name, "<>;=|\n");
	if (*len == 0 || (*name)[*len] != '>') {
		return fail(p, RME_ECONFIG, "a rule name is written <name>");
	}
	p->at = *name + *len + 1;
	return RME_OK;
}

/* A name may be written with the grammar's name before it: <cards.suit>. */
static struct rule *
find_rule(const struct parser *p, const char *name, size_t len)
{
	const char *dot = memrchr(name, '.', len);
	size_t skip = dot == NULL ? 0 : (size_t)(dot - name) + 1;
	for (size_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].name_len == len - skip && memcmp(p->rules[i].name, name + skip, len - skip) == 0) {
			return &p->rules[i];
		}
	}
	return NULL;
}

/* What a rule stands for, between two states. */
static enum rme_err
replace(struct parser *p, struct rule *rule, uint32_t from, uint32_t to)
{
	const char *at = p->at;
	int line = p->line;
	uint32_t entry = 0;
	if (++p->depth > RMI_FSG_DEPTH_MAX) {
		return fail(p, RME_ELIMIT, "rules and brackets are nested too deep");
	}
	enum rme_err e = new_state(p, &entry);
	e = e == RME_OK ? add_empty(p, from, entry, 1.0) : e;
	rule->open = true;
	rule->entry = entry;
	p->at = rule->body;
	p->line = rule->line;
	e = e == RME_OK ? alternatives(p, entry, to, ";") : e;
	rule->open = false;
	if (e == RME_OK) {
		p->at = at;
		p->line = line;
	}
	p->depth--;
	return e;
}

/* <NULL> and <VOID>, which are no rules. */
static enum rme_err
special(struct parser *p, const char *name, size_t len, const uint32_t ends[2])
{
	if (len == 4 && memcmp(name, "NULL", 4) == 0) {
		return add_empty(p, ends[0], ends[1], 1.0);
	}
	if (len == 4 && memcmp(name, "VOID", 4) == 0) {
		return RME_OK; /* leads nowhere */
	}
	return fail_name(p, RME_ECONFIG, name, len, "is not defined");
}

/* A rule within itself: a loop, where nothing comes after it. @p closer is ";" outside of all brackets. */
static enum rme_err
come_back(struct parser *p, const struct rule *rule, uint32_t from, const char *closer)
{
	enum rme_err e = skip_tags(p);
	if (e == RME_OK && (closer[0] != ';' || (*p->at != '|' && *p->at != ';'))) {
		return fail_name(p, RME_EUNSUPPORTED, rule->name, rule->name_len,
		    "comes back to itself; a rule may name itself only as the last part of an alternative");
	}
	return e == RME_OK ? add_empty(p, from, rule->entry, 1.0) : e;
}

/* <name> within a rule. */
static enum rme_err
reference(struct parser *p, const uint32_t ends[2], const char *closer)
{
	const char *name;
	size_t len;
	enum rme_err e = take_name(p, &name, &len);
	if (e != RME_OK) {
		return e;
	}
	struct rule *rule = find_rule(p, name, len);
	if (rule == NULL) {
		return special(p, name, len, ends);
	}
	return rule->open ? come_back(p, rule, ends[0], closer) : replace(p, rule, ends[0], ends[1]);
}

static enum rme_err
bracket(struct parser *p, uint32_t from, uint32_t to)
{
	bool optional = *p->at == '[';
	p->at++;
	if (++p->depth > RMI_FSG_DEPTH_MAX) {
		return fail(p, RME_ELIMIT, "rules and brackets are nested too deep");
	}
	enum rme_err e = alternatives(p, from, to, optional ? "]" : ")");
	p->depth--;
	p->at += e == RME_OK;
	return e;
}

static enum rme_err
word(struct parser *p, uint32_t from, uint32_t to)
{
	bool quoted = *p->at == '"';
	p->at += quoted;
	size_t len = strcspn(p->at, quoted ? "\"\n" : " \t\r\n<>{}\"/()[]|*+=;");
	if (quoted && p->at[len] != '"') {
		return fail(p, RME_ECONFIG, "this quoted word does not end");
	}
	if (len == 0) {
		return fail(p, RME_ECONFIG, "a word, <rule>, ( or [ is wanted here");
	}
	uint32_t number = 0;
	enum rme_err e = intern(p, p->at, len, &number);
	p->at += len + quoted;
	return e == RME_OK ? add_step(p, (struct rmi_fsg_step){from, to, number, 1.0}) : e;
}

/* After a part: once, * any number of times, + at least once. Each further time has probability one half. */
static enum rme_err
repeat(struct parser *p, const uint32_t part[2], uint32_t from, uint32_t to)
{
	enum rme_err e = skip_tags(p);
	if (e != RME_OK || (*p->at != '*' && *p->at != '+')) {
		e = e == RME_OK ? add_empty(p, from, part[0], 1.0) : e;
		return e == RME_OK ? add_empty(p, part[1], to, 1.0) : e;
	}
	bool star = *p->at == '*';
	p->at++;
	if (star) {
		e = add_empty(p, from, part[0], 0.5);
		e = e == RME_OK ? add_empty(p, from, to, 0.5) : e;
		return e == RME_OK ? add_empty(p, part[1], from, 1.0) : e;
	}
	e = add_empty(p, from, part[0], 1.0);
	e = e == RME_OK ? add_empty(p, part[1], part[0], 0.5) : e;
	return e == RME_OK ? add_empty(p, part[1], to, 0.5) : e;
}

static enum rme_err
part(struct parser *p, uint32_t from, uint32_t to, const char *closer)
{
	uint32_t ends[2] = {0, 0};
	enum rme_err e = new_state(p, &ends[0]);
	e = e == RME_OK ? new_state(p, &ends[1]) : e;
	if (e != RME_OK) {
		return e;
	}
	switch (*p->at) {
	case '<':
		e = reference(p, ends, closer);
		break;
	case '(':
	case '[':
		e = bracket(p, ends[0], ends[1]);
		break;
	default:
		e = word(p, ends[0], ends[1]);
		break;
	}
	return e == RME_OK ? repeat(p, ends, from, to) : e;
}

/* /weight/ before an alternative. */
static enum rme_err
weight(struct parser *p, double *out)
{
	*out = 1.0;
	if (*p->at != '/') {
		return RME_OK;
	}
	char *end;
	*out = strtod(p->at + 1, &end);
	if (*end != '/' || !(*out >= 0.0 && *out <= 1e9)) {
		return fail(p, RME_ECONFIG, "a weight is written /0.5/");
	}
	p->at = end + 1;
	return skip_blank(p);
}

/* A sequence of parts, up to "|" or the closing sign. */
static enum rme_err
sequence(struct parser *p, uint32_t from, uint32_t to, const char *closer)
{
	uint32_t now = from;
	enum rme_err e = skip_tags(p);
	while (e == RME_OK && *p->at != '|' && *p->at != closer[0]) {
		uint32_t next = 0;
		if (*p->at == '\0') {
			return fail(p, RME_ECONFIG, "the grammar ends within a rule");
		}
		e = new_state(p, &next);
		e = e == RME_OK ? part(p, now, next, closer) : e;
		e = e == RME_OK ? skip_tags(p) : e;
		now = next;
	}
	return e == RME_OK ? add_empty(p, now, to, 1.0) : e;
}

/* A choice under construction: the steps to its alternatives. */
struct choice {
	size_t steps[512];
	size_t n;
	double sum;
};

static enum rme_err
add_choice(struct parser *p, struct choice *c, uint32_t from, uint32_t to, double w)
{
	if (c->n == sizeof(c->steps) / sizeof(c->steps[0])) {
		return fail(p, RME_ELIMIT, "more than 512 alternatives");
	}
	c->steps[c->n++] = p->g->n_steps;
	c->sum += w;
	return add_empty(p, from, to, w);
}

/* Up to the closing sign, which is left. What is in [] may be left out: one more alternative. */
static enum rme_err
alternatives(struct parser *p, uint32_t from, uint32_t to, const char *closer)
{
	struct choice c = {.n = 0, .sum = 0.0};
	enum rme_err e = closer[0] == ']' ? add_choice(p, &c, from, to, 1.0) : RME_OK;
	for (bool more = true; e == RME_OK && more;) {
		uint32_t start = 0;
		double w = 1.0;
		e = skip_blank(p);
		e = e == RME_OK ? weight(p, &w) : e;
		e = e == RME_OK ? new_state(p, &start) : e;
		e = e == RME_OK ? add_choice(p, &c, from, start, w) : e;
		e = e == RME_OK ? sequence(p, start, to, closer) : e;
		more = e == RME_OK && *p->at == '|';
		p->at += more;
	}
	for (size_t i = 0; e == RME_OK && i < c.n; i++) {
		p->g->steps[c.steps[i]].probability /= c.sum > 0.0 ? c.sum : 1.0;
	}
	return e;
}

/* After "<name>": remember where the rule's body begins, and go on behind it. */
static enum rme_err
take_rule(struct parser *p, bool is_public)
{
	if (p->n_rules == RULES_MAX) {
		return fail(p, RME_ELIMIT, "too many rules");
	}
	struct rule *rule = &p->rules[p->n_rules++];
	*rule = (struct rule){.is_public = is_public};
	enum rme_err e = take_name(p, &rule->name, &rule->name_len);
	e = e == RME_OK ? skip_blank(p) : e;
	if (e == RME_OK && *p->at != '=') {
		return fail(p, RME_ECONFIG, "after the name of a rule comes =");
	}
	p->at += e == RME_OK;
	rule->body = p->at;
	rule->line = p->line;
	while (e == RME_OK) {
		e = skip_blank(p);
		if (e != RME_OK || *p->at == ';') {
			break;
		}
		if (*p->at == '\0') {
			return fail(p, RME_ECONFIG, "the last rule does not end with a semicolon");
		}
		bool tag = *p->at == '{';
		bool quoted = *p->at == '"';
		p->at++;
		e = tag      ? skip_past(p, "}", "this tag does not end")
		    : quoted ? skip_past(p, "\"", "this quoted word does not end")
		             : RME_OK;
	}
	p->at += e == RME_OK;
	return e;
}

static bool
at_word(const struct parser *p, const char *text)
{
	size_t n = strlen(text);
	return strncmp(p->at, text, n) == 0 && !isalnum((unsigned char)p->at[n]);
}

static enum rme_err
take_grammar_name(struct parser *p)
{
	p->at += strlen("grammar");
	enum rme_err e = skip_blank(p);
	size_t n = strcspn(p->at, " \t\r\n;");
	n = n < sizeof(p->g->name) - 1 ? n : sizeof(p->g->name) - 1;
	memcpy(p->g->name, p->at, n);
	return e == RME_OK ? skip_past(p, ";", "the name of the grammar does not end with a semicolon") : e;
}

static enum rme_err
take_rules(struct parser *p)
{
	bool is_public = false;
	enum rme_err e = strncmp(p->at, "#JSGF", 5) == 0 ? skip_past(p, ";", "the header #JSGF V1.0; is missing")
	                                                 : fail(p, RME_ECONFIG, "the header #JSGF V1.0; is missing");
	for (;;) {
		e = e == RME_OK ? skip_blank(p) : e;
		if (e != RME_OK || *p->at == '\0') {
			return e;
		}
		if (*p->at == '<') {
			e = take_rule(p, is_public);
			is_public = false;
		} else if (at_word(p, "public")) {
			p->at += strlen("public");
			is_public = true;
		} else if (at_word(p, "grammar")) {
			e = take_grammar_name(p);
		} else if (at_word(p, "import")) {
			e = fail(p, RME_EUNSUPPORTED, "import is not supported: put all rules into one grammar");
		} else {
			e = fail(p, RME_ECONFIG, "expected: public, or <name> = ...;");
		}
	}
}

static enum rme_err
replace_public(struct parser *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n_rules; i++) {
		n += p->rules[i].is_public;
	}
	if (n == 0) {
		return fail(p, RME_ECONFIG, "no rule is public: nothing may be spoken");
	}
	enum rme_err e = RME_OK;
	for (size_t i = 0; e == RME_OK && i < p->n_rules; i++) {
		uint32_t start = 0;
		if (!p->rules[i].is_public) {
			continue;
		}
		e = new_state(p, &start);
		e = e == RME_OK ? add_empty(p, 0, start, 1.0 / (double)n) : e;
		e = e == RME_OK ? replace(p, &p->rules[i], start, 1) : e;
	}
	return e;
}

enum rme_err
rmi_fsg_parse(struct rmi_fsg_graph *g, const char *text, struct rme_error *err)
{
	*g = (struct rmi_fsg_graph){.n_states = 2};
	struct parser p = {.g = g, .at = text, .line = 1, .err = err};
	p.rules = calloc(RULES_MAX, sizeof(*p.rules));
	g->words = (char **)calloc(RMI_FSG_WORDS_MAX, sizeof(char *));
	enum rme_err e = p.rules == NULL || g->words == NULL ? fail(&p, RME_ENOMEM, "no memory") : take_rules(&p);
	e = e == RME_OK ? replace_public(&p) : e;
	free(p.rules);
	return e;
}

void
rmi_fsg_graph_done(struct rmi_fsg_graph *g)
{
	for (uint32_t i = 0; i < g->n_words; i++) {
		free(g->words[i]);
	}
	free((void *)g->words);
	free(g->steps);
	*g = (struct rmi_fsg_graph){0};
}
