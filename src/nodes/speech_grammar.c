#include "nodes/speech_grammar.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a rule stands for is the sum of its words and of the rules it names; the sums are made from the leaves up. */
enum walk { WALK_NEW = 0, WALK_OPEN, WALK_DONE };

struct rule {
	const char *name;
	size_t name_len;
	size_t first_ref, n_refs; /* in grammar.refs */
	uint64_t words;           /* its own, then those of the rules it names too */
	enum walk walk;
};

struct ref {
	const char *name;
	size_t name_len;
	int line;
	bool last;       /* part of its alternative */
	struct rule *to; /* NULL for <NULL> and <VOID> */
};

struct grammar {
	struct rule *rules;
	size_t n_rules;
	struct ref *refs;
	size_t n_refs, cap_refs;
	const char *at;
	int line, nesting;
	struct rme_error *err;
};

enum rme_err
rmi_grammar_load(char **out, const char *text_or_file, struct rme_error *err)
{
	if (strncmp(text_or_file, "#JSGF", 5) == 0) {
		if (strlen(text_or_file) > RMI_GRAMMAR_BYTES_MAX) {
			return rme_error_set(err, RME_ELIMIT, "grammar", "longer than %d bytes", RMI_GRAMMAR_BYTES_MAX);
		}
		*out = strdup(text_or_file);
		return *out != NULL ? RME_OK : rme_error_set(err, RME_ENOMEM, "grammar", "no memory");
	}
	FILE *f = fopen(text_or_file, "re");
	if (f == NULL) {
		return rme_error_set(err, RME_ENOTFOUND, "grammar",
		    "%.120s: %s (write a file name, or the grammar itself, which starts with #JSGF)", text_or_file,
		    strerror(errno));
	}
	enum rme_err e = RME_OK;
	char *text = malloc(RMI_GRAMMAR_BYTES_MAX + 2);
	size_t n = text != NULL ? fread(text, 1, RMI_GRAMMAR_BYTES_MAX + 1, f) : 0;
	if (text == NULL) {
		e = rme_error_set(err, RME_ENOMEM, "grammar", "no memory");
	} else if (ferror(f)) {
		e = rme_error_set(err, RME_EIO, "grammar", "%.160s cannot be read", text_or_file);
	} else if (n > RMI_GRAMMAR_BYTES_MAX) {
		e = rme_error_set(
		    err, RME_ELIMIT, "grammar", "%.120s is longer than %d bytes", text_or_file, RMI_GRAMMAR_BYTES_MAX);
	}
	(void)fclose(f);
	if (e != RME_OK) {
		free(text);
		return e;
	}
	text[n] = '\0';
	*out = text;
	return RME_OK;
}

static enum rme_err
grammar_fail(struct grammar *g, enum rme_err code, const char *what)
{
	return rme_error_set(g->err, code, "grammar", "line %d: %s", g->line, what);
}

/* Go on to just behind @p end. */
static enum rme_err
skip_past(struct grammar *g, const char *end, const char *what)
{
	const char *found = strstr(g->at, end);
	if (found == NULL) {
		return grammar_fail(g, RME_ECONFIG, what);
	}
	for (; g->at < found + strlen(end); g->at++) {
		g->line += *g->at == '\n';
	}
	return RME_OK;
}

/* Go on to the next sign that is neither space nor comment; it may be the final NUL. */
static enum rme_err
skip_blank(struct grammar *g)
{
	for (;;) {
		if (strncmp(g->at, "/*", 2) == 0) {
			enum rme_err e = skip_past(g, "*/", "this comment does not end");
			if (e != RME_OK) {
				return e;
			}
		} else if (strncmp(g->at, "//", 2) == 0) {
			g->at += strcspn(g->at, "\n");
		} else if (isspace((unsigned char)*g->at)) {
			g->line += *g->at == '\n';
			g->at++;
		} else {
			return RME_OK;
		}
	}
}

/* A name in angle brackets. */
static enum rme_err
take_name(struct grammar *g, const char **name, size_t *len)
{
	*name = g->at + 1;
	*len = strcspn(*name, "<>;=|\n");
	if (*len == 0 || (*name)[*len] != '>') {
		return grammar_fail(g, RME_ECONFIG, "a rule name is written <name>");
	}
	g->at = *name + *len + 1;
	return RME_OK;
}

static enum rme_err
add_ref(struct grammar *g, struct rule *rule)
{
	if (g->n_refs == g->cap_refs) {
		size_t cap = g->cap_refs == 0 ? 64 : 2 * g->cap_refs;
		struct ref *grown = realloc(g->refs, cap * sizeof(*grown));
		if (grown == NULL) {
			return grammar_fail(g, RME_ENOMEM, "no memory");
		}
		g->refs = grown;
		g->cap_refs = cap;
	}
	struct ref *ref = &g->refs[g->n_refs];
	*ref = (struct ref){.line = g->line};
	enum rme_err e = take_name(g, &ref->name, &ref->name_len);
	e = e == RME_OK ? skip_blank(g) : e;
	while (e == RME_OK && *g->at == '{') {
		e = skip_past(g, "}", "this tag does not end");
		e = e == RME_OK ? skip_blank(g) : e;
	}
	if (e == RME_OK) {
		ref->last = *g->at != '\0' && strchr("|;)]", *g->at) != NULL;
		g->n_refs++;
		rule->n_refs++;
	}
	return e;
}

static enum rme_err
nest(struct grammar *g, char sign)
{
	g->nesting += sign == '(' || sign == '[' ? 1 : -1;
	g->at++;
	if (g->nesting < 0) {
		return grammar_fail(g, RME_ECONFIG, "a bracket is closed that was not opened");
	}
	return g->nesting <= RMI_GRAMMAR_NESTING_MAX ? RME_OK
	                                             : grammar_fail(g, RME_ELIMIT, "brackets are nested too deep");
}

/* One sign or word of a rule's right-hand side. */
static enum rme_err
take_part(struct grammar *g, struct rule *rule)
{
	switch (*g->at) {
	case '<':
		return add_ref(g, rule);
	case '{':
		return skip_past(g, "}", "this tag does not end");
	case '"':
		rule->words++;
		g->at++;
		return skip_past(g, "\"", "this quoted word does not end");
	case '/': /* weight */
		g->at++;
		return skip_past(g, "/", "this weight does not end");
	case '(':
	case ')':
	case '[':
	case ']':
		return nest(g, *g->at);
	case '|':
	case '*':
	case '+':
		g->at++;
		return RME_OK;
	case '}':
		return grammar_fail(g, RME_ECONFIG, "a tag is closed that was not opened");
	case '=':
	case '>':
		return grammar_fail(g, RME_ECONFIG, "a rule ends with a semicolon; is one missing?");
	default:
		rule->words++;
		g->at += strcspn(g->at, " \t\r\n<>{}\"/()[]|*+=;");
		return RME_OK;
	}
}

/* After "<name>": = ... ; */
static enum rme_err
take_rule(struct grammar *g)
{
	if (g->n_rules == RMI_GRAMMAR_RULES_MAX) {
		return grammar_fail(g, RME_ELIMIT, "too many rules");
	}
	struct rule *rule = &g->rules[g->n_rules];
	rule->first_ref = g->n_refs;
	enum rme_err e = take_name(g, &rule->name, &rule->name_len);
	e = e == RME_OK ? skip_blank(g) : e;
	if (e == RME_OK && *g->at != '=') {
		e = grammar_fail(g, RME_ECONFIG, "after the name of a rule comes =");
	}
	g->at += e == RME_OK;
	while (e == RME_OK) {
		e = skip_blank(g);
		if (e != RME_OK || *g->at == ';') {
			break;
		}
		e = *g->at == '\0' ? grammar_fail(g, RME_ECONFIG, "the last rule does not end with a semicolon")
		                   : take_part(g, rule);
	}
	if (e == RME_OK && g->nesting != 0) {
		e = grammar_fail(g, RME_ECONFIG, "a bracket is not closed");
	}
	g->at += e == RME_OK;
	g->n_rules += e == RME_OK;
	return e;
}

static bool
at_word(const struct grammar *g, const char *word)
{
	size_t n = strlen(word);
	return strncmp(g->at, word, n) == 0 && !isalnum((unsigned char)g->at[n]);
}

/* The whole text: header, grammar name, rules. */
static enum rme_err
take_all(struct grammar *g)
{
	enum rme_err e = skip_past(g, ";", "the header #JSGF V1.0; is missing");
	for (;;) {
		e = e == RME_OK ? skip_blank(g) : e;
		if (e != RME_OK || *g->at == '\0') {
			return e;
		}
		if (*g->at == '<') {
			e = take_rule(g);
		} else if (at_word(g, "public")) {
			g->at += strlen("public");
		} else if (at_word(g, "grammar")) {
			e = skip_past(g, ";", "the name of the grammar does not end with a semicolon");
		} else if (at_word(g, "import")) {
			e = grammar_fail(
			    g, RME_EUNSUPPORTED, "import is not supported: put all rules into one grammar");
		} else {
			e = grammar_fail(g, RME_ECONFIG, "expected: public, or <name> = ...;");
		}
	}
}

/* A name may be written with the grammar's name before it: <cards.suit>. */
static bool
names_rule(const struct ref *ref, const struct rule *rule)
{
	const char *dot = memrchr(ref->name, '.', ref->name_len);
	size_t skip = dot == NULL ? 0 : (size_t)(dot - ref->name) + 1;
	return ref->name_len - skip == rule->name_len && memcmp(ref->name + skip, rule->name, rule->name_len) == 0;
}

static bool
is_special(const struct ref *ref)
{
	return ref->name_len == 4 && (memcmp(ref->name, "NULL", 4) == 0 || memcmp(ref->name, "VOID", 4) == 0);
}

static enum rme_err
resolve(struct grammar *g, struct ref *ref)
{
	for (size_t i = 0; i < g->n_rules; i++) {
		if (names_rule(ref, &g->rules[i])) {
			ref->to = &g->rules[i];
			return RME_OK;
		}
	}
	if (is_special(ref)) {
		return RME_OK;
	}
	return rme_error_set(g->err, RME_ECONFIG, "grammar", "line %d: <%.*s> is not defined", ref->line,
	    (int)(ref->name_len < 60 ? ref->name_len : 60), ref->name);
}

/* The recognizer takes recursion only where it is a loop: <a> = x <a> | y. It does not say so, it goes wrong. */
static enum rme_err
check_recursion(struct grammar *g, const struct rule *rule, const struct ref *ref)
{
	if (ref->to == NULL || ref->to->walk != WALK_OPEN || (ref->to == rule && ref->last)) {
		return RME_OK;
	}
	return rme_error_set(g->err, RME_EUNSUPPORTED, "grammar",
	    "line %d: <%.*s> comes back to itself; a rule may name itself only as the last part of an alternative",
	    ref->line, (int)(ref->name_len < 60 ? ref->name_len : 60), ref->name);
}

/* Close a rule whose references are all closed; else put the first that is not on the stack. */
static enum rme_err
sum_rule(struct grammar *g, struct rule *rule, struct rule **stack, size_t *depth)
{
	uint64_t sum = rule->words;
	for (size_t i = rule->first_ref; i < rule->first_ref + rule->n_refs; i++) {
		const struct ref *ref = &g->refs[i];
		if (ref->to != NULL && ref->to->walk == WALK_NEW) {
			stack[(*depth)++] = ref->to;
			return RME_OK;
		}
		enum rme_err e = check_recursion(g, rule, ref);
		if (e != RME_OK) {
			return e;
		}
		sum += ref->to != NULL && ref->to != rule && ref->to->words > 0 ? ref->to->words : 1;
		if (sum > RMI_GRAMMAR_SIZE_MAX) {
			return rme_error_set(g->err, RME_ELIMIT, "grammar", "<%.*s> stands for more than %d words",
			    (int)(rule->name_len < 60 ? rule->name_len : 60), rule->name, RMI_GRAMMAR_SIZE_MAX);
		}
	}
	rule->words = sum;
	rule->walk = WALK_DONE;
	--*depth;
	return RME_OK;
}

/* Depth first over the rules; @p stack has room for one entry per rule. */
static enum rme_err
sum_all(struct grammar *g, struct rule **stack)
{
	for (size_t i = 0; i < g->n_refs; i++) {
		enum rme_err e = resolve(g, &g->refs[i]);
		if (e != RME_OK) {
			return e;
		}
	}
	for (size_t i = 0; i < g->n_rules; i++) {
		size_t depth = 0;
		if (g->rules[i].walk == WALK_NEW) {
			stack[depth++] = &g->rules[i];
		}
		while (depth > 0) {
			stack[depth - 1]->walk = WALK_OPEN;
			enum rme_err e = sum_rule(g, stack[depth - 1], stack, &depth);
			if (e != RME_OK) {
				return e;
			}
		}
	}
	return RME_OK;
}

enum rme_err
rmi_grammar_check(const char *text, struct rme_error *err)
{
	struct grammar g = {.at = text, .line = 1, .err = err};
	g.rules = calloc(RMI_GRAMMAR_RULES_MAX, sizeof(*g.rules));
	struct rule **stack = calloc(RMI_GRAMMAR_RULES_MAX, sizeof(*stack));
	enum rme_err e = g.rules == NULL || stack == NULL ? grammar_fail(&g, RME_ENOMEM, "no memory") : take_all(&g);
	if (e == RME_OK && g.n_rules == 0) {
		e = grammar_fail(&g, RME_ECONFIG, "the grammar has no rule");
	}
	if (e == RME_OK) {
		e = sum_all(&g, stack);
	}
	free(stack);
	free(g.rules);
	free(g.refs);
	return e;
}
