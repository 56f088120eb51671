#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/speech_grammar.h"

static enum rme_err
check(const char *rules, struct rme_error *err)
{
	char text[4096];
	(void)snprintf(text, sizeof(text), "#JSGF V1.0;\ngrammar test;\n%s", rules);
	*err = (struct rme_error){0};
	return rmi_grammar_check(text, err);
}

static void
takes_what_the_standard_allows(void **state)
{
	(void)state;
	static const char *const good[] = {
	    "public <a> = one;",
	    "public <a> = /0.3/ one | /0.7/ two {tag} | \"New York\" | <NULL> | ( go [ on ] )* <b>+; <b> = x;",
	    "// note\n/* more\n lines */ public <a> = <test.b> ; <b> = y; // end",
	    "public <a> = go <a> | (go [ then <a> {tag} ]) | stop;", /* a loop */
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct rme_error err;
		if (check(good[i], &err) != RME_OK) {
			fail_msg("%s: %s", good[i], err.text);
		}
	}
}

static void
says_what_is_wrong_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *rules;
		enum rme_err code;
		const char *text;
	} bad[] = {
	    {"", RME_ECONFIG, "no rule"},
	    {"public <a> = one", RME_ECONFIG, "line 3: the last rule does not end"},
	    {"public <a> = one\n<b> = two;", RME_ECONFIG, "line 4: a rule ends with a semicolon"},
	    {"public <a> = <missing>;", RME_ECONFIG, "line 3: <missing> is not defined"},
	    {"public <a> = (one;", RME_ECONFIG, "not closed"},
	    {"public <a> = one);", RME_ECONFIG, "not opened"},
	    {"public <a> = one {tag;", RME_ECONFIG, "tag does not end"},
	    {"public <a> = one} two;", RME_ECONFIG, "tag is closed"},
	    {"public <a> one;", RME_ECONFIG, "comes ="},
	    {"public <> = one;", RME_ECONFIG, "written <name>"},
	    {"import <other.*>;\npublic <a> = one;", RME_EUNSUPPORTED, "import"},
	    {"public <a> = <a> go | stop;", RME_EUNSUPPORTED, "line 3: <a> comes back"},
	    {"public <a> = go <a>* | stop;", RME_EUNSUPPORTED, "line 3: <a> comes back"},
	    {"public <a> = go <b>;\n<b> = <a>;", RME_EUNSUPPORTED, "line 4: <a> comes back"},
	    {"/* no end", RME_ECONFIG, "comment does not end"},
	    {"nonsense", RME_ECONFIG, "expected"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rme_error err;
		assert_int_equal(check(bad[i].rules, &err), bad[i].code);
		if (strstr(err.text, bad[i].text) == NULL) {
			fail_msg("%s: got \"%s\"", bad[i].rules, err.text);
		}
	}
	struct rme_error err;
	assert_int_equal(rmi_grammar_check("", &err), RME_ECONFIG);
}

/* 30 short rules that stand for 2^30 words. */
static void
refuses_rules_that_stand_for_too_much(void **state)
{
	(void)state;
	char rules[2048] = "public <a0> = <a1> <a1>;";
	for (int i = 1; i < 30; i++) {
		size_t n = strlen(rules);
		(void)snprintf(rules + n, sizeof(rules) - n, "<a%d> = <a%d> <a%d>;", i, i + 1, i + 1);
	}
	size_t n = strlen(rules);
	(void)snprintf(rules + n, sizeof(rules) - n, "<a30> = x;");
	struct rme_error err;
	assert_int_equal(check(rules, &err), RME_ELIMIT);
	assert_non_null(strstr(err.text, "stands for more than"));
}

static void
refuses_deep_nesting(void **state)
{
	(void)state;
	char rules[512] = "public <a> = ";
	memset(rules + strlen(rules), '(', RMI_GRAMMAR_NESTING_MAX + 1);
	struct rme_error err;
	assert_int_equal(check(rules, &err), RME_ELIMIT);
}

static void
reads_text_and_files(void **state)
{
	(void)state;
	char *text = NULL;
	struct rme_error err;
	assert_int_equal(rmi_grammar_load(&text, "#JSGF V1.0; grammar g;", &err), RME_OK);
	assert_string_equal(text, "#JSGF V1.0; grammar g;");
	free(text);
	assert_int_equal(rmi_grammar_load(&text, "/nowhere/x.gram", &err), RME_ENOTFOUND);
	assert_non_null(strstr(err.text, "/nowhere/x.gram"));
	char *longer = calloc(1, RMI_GRAMMAR_BYTES_MAX + 2);
	assert_non_null(longer);
	memset(longer, ' ', RMI_GRAMMAR_BYTES_MAX + 1);
	memcpy(longer, "#JSGF", 5);
	assert_int_equal(rmi_grammar_load(&text, longer, &err), RME_ELIMIT);
	free(longer);
	assert_int_equal(rmi_grammar_load(&text, "/proc/self/mem", &err), RME_EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_the_standard_allows),
	    cmocka_unit_test(says_what_is_wrong_and_where),
	    cmocka_unit_test(refuses_rules_that_stand_for_too_much),
	    cmocka_unit_test(refuses_deep_nesting),
	    cmocka_unit_test(reads_text_and_files),
	};
	return cmocka_run_group_tests_name("speech_grammar", tests, NULL, NULL);
}
