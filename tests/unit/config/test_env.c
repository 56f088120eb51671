#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/env.h"

static const char *
get(void *ctx, const char *name)
{
	(void)ctx;
	static char longer[40000];
	memset(longer, 'x', sizeof(longer) - 1);
	return strcmp(name, "A") == 0       ? "one"
	       : strcmp(name, "B_2") == 0   ? "${A}: {not: yaml}"
	       : strcmp(name, "EMPTY") == 0 ? ""
	       : strcmp(name, "LONG") == 0  ? longer
	                                    : NULL;
}

static const struct rmi_env env = {.get = get};

static void
expect(const char *text, const char *want)
{
	struct rmi_arena arena = {.blocks = NULL};
	struct rme_error err = {.code = RME_OK};
	const char *got = text;
	enum rme_err e = rmi_env_expand(&got, &arena, &env, &err);
	if (e != RME_OK) {
		print_error("%s: %s\n", text, err.text);
	}
	assert_int_equal(e, RME_OK);
	assert_string_equal(got, want);
	rmi_arena_done(&arena);
}

static void
expect_error(const char *text, enum rme_err code, const char *part)
{
	struct rmi_arena arena = {.blocks = NULL};
	struct rme_error err = {.code = RME_OK};
	const char *got = text;
	assert_int_equal(rmi_env_expand(&got, &arena, &env, &err), code);
	assert_ptr_equal(got, text);
	assert_non_null(strstr(err.text, part));
	rmi_arena_done(&arena);
}

static void
variables_are_replaced_once(void **state)
{
	(void)state;
	expect("plain", "plain");
	expect("", "");
	expect("${A}", "one");
	expect("<${A}-${A}>", "<one-one>");
	expect("${B_2}", "${A}: {not: yaml}");
	expect("${EMPTY}", "");
	expect("${EMPTY:-two}", "two");
	expect("${NONE:-}", "");
	expect("${NONE:-a:-b}", "a:-b");
	expect("${A:?must be set}", "one");
	expect("$$", "$");
	expect("$${A}", "${A}");
	expect("cost: 5$ and $A", "cost: 5$ and $A");
}

static void
what_is_wrong_is_said(void **state)
{
	(void)state;
	expect_error("${NONE}", RME_ECONFIG, "variable NONE is not set; set it, or give a default: ${NONE:-text}");
	expect_error("x ${NONE:?the address} y", RME_ECONFIG, "variable NONE is not set: the address");
	expect_error("${EMPTY:?x}", RME_ECONFIG, "variable EMPTY is not set: x");
	const char *const wrong[] = {"${", "${}", "${A", "${1}", "${A-x}", "${A:x}", "${A b}", "${ A}", "${A:-${B_2"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		expect_error(wrong[i], RME_ECONFIG, "wrong variable");
	}
	expect_error("${LONG}${LONG}", RME_ELIMIT, "64 KiB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(variables_are_replaced_once),
	    cmocka_unit_test(what_is_wrong_is_said),
	};
	return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
