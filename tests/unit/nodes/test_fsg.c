#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/fsg.h"

static struct rmi_fsg
read_rules(const char *rules)
{
	char text[8192];
	struct rmi_fsg g;
	struct rme_error err = {0};
	(void)snprintf(text, sizeof(text), "#JSGF V1.0;\ngrammar test;\n%s", rules);
	if (rmi_fsg_read(&g, text, &err) != RME_OK) {
		fail_msg("%s: %s", rules, err.text);
	}
	return g;
}

/* ln of the best way through the grammar with these words from a state on. */
static double
follow(const struct rmi_fsg *g, uint32_t state, char **words)
{
	if (*words == NULL) {
		return g->last[state];
	}
	double best = -INFINITY;
	for (uint32_t i = 0; i < g->n_arcs; i++) {
		if (g->arcs[i].from == state && strcmp(g->words[g->arcs[i].word], *words) == 0) {
			best = fmax(best, g->arcs[i].weight + follow(g, g->arcs[i].to, words + 1));
		}
	}
	return best;
}

/* Probability of a sentence. */
static double
of(const struct rmi_fsg *g, const char *sentence)
{
	char text[200];
	char *words[40] = {NULL};
	(void)snprintf(text, sizeof(text), "%s", sentence);
	size_t n = 0;
	for (char *rest = NULL, *w = strtok_r(text, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
		words[n++] = w;
	}
	return exp(follow(g, 0, words));
}

static void
sentences_have_their_probabilities(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *sentence;
		double probability;
	} cases[] = {
	    {"public <a> = one two;", "one two", 1.0},
	    {"public <a> = one two;", "one", 0.0},
	    {"public <a> = one | two | three four;", "three four", 1.0 / 3},
	    {"public <a> = /3/ one | /1/ two;", "two", 0.25},
	    {"public <a> = go [fast];", "go", 0.5},
	    {"public <a> = go [fast | slow] home;", "go slow home", 1.0 / 3},
	    {"public <a> = x*;", "", 0.5},
	    {"public <a> = x*;", "x x", 0.125},
	    {"public <a> = x+;", "", 0.0},
	    {"public <a> = x+;", "x x x", 0.125},
	    {"public <a> = (x | y)+ z;", "y x z", 1.0 / 16},
	    {"public <a> = x <a> | y;", "x x y", 0.125},
	    {"public <a> = <b> <b>; <b> = p | q;", "q p", 0.25},
	    {"public <a> = p; public <b> = q;", "q", 0.5},
	    {"public <a> = <NULL> | <VOID> v | w;", "w", 1.0 / 3},
	    {"public <a> = <VOID> v | w;", "v", 0.0},
	    {"public <a> = \"new york\" {tag};", "new", 0.0},
	    {"/* no */ public <a> = one // two\n three {t} ;", "one three", 1.0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_fsg g = read_rules(cases[i].rules);
		double p = of(&g, cases[i].sentence);
		if (!(fabs(p - cases[i].probability) < 1e-9)) {
			fail_msg("%s: \"%s\" has %f", cases[i].rules, cases[i].sentence, p);
		}
		rmi_fsg_done(&g);
	}
}

static void
states_with_the_same_future_are_one(void **state)
{
	(void)state;
	struct rmi_fsg g = read_rules("public <a> = (one | two | three) (x | y) end | four (x | y) end;");
	assert_string_equal(g.name, "test");
	assert_int_equal(g.n_states, 4);
	assert_int_equal(g.n_words, 7);
	rmi_fsg_done(&g);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rme_err code;
		const char *says;
	} bad[] = {
	    {"public <a> = x;", RME_ECONFIG, "#JSGF V1.0; is missing"},
	    {"#JSGF V1.0;\n<a> = x;", RME_ECONFIG, "no rule is public"},
	    {"#JSGF V1.0;\npublic <a> = <b>;", RME_ECONFIG, "line 2: <b> is not defined"},
	    {"#JSGF V1.0;\n\npublic <a> = <a> x | y;", RME_EUNSUPPORTED, "line 3: <a> comes back to itself"},
	    {"#JSGF V1.0;\npublic <a> = ( x ;", RME_ECONFIG, "line 2"},
	    {"#JSGF V1.0;\npublic <a> = x", RME_ECONFIG, "semicolon"},
	    {"#JSGF V1.0;\nimport <other>;", RME_EUNSUPPORTED, "import"},
	    {"#JSGF V1.0;\npublic <a> = /x/ y;", RME_ECONFIG, "weight"},
	    {"#JSGF V1.0;\npublic <a> = \"x;", RME_ECONFIG, "quoted"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rmi_fsg g;
		struct rme_error err = {0};
		assert_int_equal(rmi_fsg_read(&g, bad[i].text, &err), bad[i].code);
		if (strstr(err.text, bad[i].says) == NULL) {
			fail_msg("%s: %s", bad[i].text, err.text);
		}
		rmi_fsg_done(&g);
	}
}

/* Each rule names the one before it twice: the last stands for 2^40 words. */
static void
what_stands_for_too_much_is_refused(void **state)
{
	(void)state;
	char text[4096] = "#JSGF V1.0;\n<r0> = x | y;\n";
	size_t n = strlen(text);
	for (int i = 1; i <= 40; i++) {
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%s<r%d> = <r%d> <r%d>;\n", i == 40 ? "public " : "", i, i - 1, i - 1);
	}
	struct rmi_fsg g;
	struct rme_error err = {0};
	assert_int_equal(rmi_fsg_read(&g, text, &err), RME_ELIMIT);
	rmi_fsg_done(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sentences_have_their_probabilities),
	    cmocka_unit_test(states_with_the_same_future_are_one),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(what_stands_for_too_much_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
