#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/text_case.h"

static struct rmi_span
span(const char *text)
{
	return (struct rmi_span){text, strlen(text)};
}

static void
expect_case(const char *in, enum rmi_case how, const char *expected)
{
	struct rmi_case_table *t = NULL;
	assert_int_equal(rmi_case_table_new(&t), RME_OK);
	char *out = malloc(rmi_text_room(strlen(in)) + 1); /* the exact room, for ASan to watch */
	assert_non_null(out);
	out[rmi_text_case(out, span(in), how, t)] = '\0';
	assert_string_equal(out, expected);
	free(out);
	rmi_case_table_free(t);
}

static void
letters_change_case(void **state)
{
	(void)state;
	expect_case("héllo wörld ñ я", RMI_CASE_UPPER, "HÉLLO WÖRLD Ñ Я");
	expect_case("ÉCOLE Straße", RMI_CASE_LOWER, "école straße");
	expect_case("straße", RMI_CASE_UPPER, "STRAßE"); /* one to one, as the header says */
	expect_case("hello wORLD it's o'neil 3rd", RMI_CASE_TITLE, "Hello World It'S O'Neil 3Rd");
	expect_case("", RMI_CASE_UPPER, "");
	expect_case("ɐ\xff", RMI_CASE_UPPER, "Ɐ\xef\xbf\xbd"); /* two bytes become three, a bad one too */
}

static void
characters_are_reversed(void **state)
{
	(void)state;
	char out[64];
	static const char in[] = "aé日😀\xff";
	out[rmi_text_reverse(out, span(in))] = '\0';
	assert_string_equal(out, "\xef\xbf\xbd😀日éa");
	assert_int_equal(rmi_text_characters(span(in)), 5);
	out[rmi_text_without_spaces(out, span(" a b\tc "))] = '\0';
	assert_string_equal(out, "ab\tc");
}

static void
words_are_found(void **state)
{
	(void)state;
	struct rmi_span first, last;
	assert_int_equal(rmi_text_words(span("  one\u00a0two\u3000three\nfour  "), &first, &last), 4);
	assert_memory_equal(first.text, "one", first.len);
	assert_int_equal(first.len, 3);
	assert_memory_equal(last.text, "four", last.len);
	assert_int_equal(last.len, 4);
	assert_int_equal(rmi_text_words(span(" \t "), &first, &last), 0);
	assert_int_equal(first.len, 0);
	assert_int_equal(last.len, 0);
	assert_int_equal(rmi_text_words(span("é"), &first, &last), 1);
	assert_int_equal(first.len, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(letters_change_case),
	    cmocka_unit_test(characters_are_reversed),
	    cmocka_unit_test(words_are_found),
	};
	return cmocka_run_group_tests_name("text_case", tests, NULL, NULL);
}
