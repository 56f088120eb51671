#include "serve/literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a config text becomes, as JSON. */
static void
check(const char *text, const char *json)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *v = NULL;
	assert_int_equal(rmi_literal_read(doc, text, strlen(text), &v, NULL), RME_OK);
	char *got = yyjson_mut_val_write(v, YYJSON_WRITE_NOFLAG, NULL);
	if (got == NULL || strcmp(got, json) != 0) {
		print_error("%s\n", text);
	}
	assert_non_null(got);
	assert_string_equal(got, json);
	free(got);
	yyjson_mut_doc_free(doc);
}

static void
test_json(void **state)
{
	(void)state;
	check("true", "true");
	check("null", "null");
	check(" 3 ", "3");
	check("-2.5e3", "-2500.0");
	check("\"text\"", "\"text\"");
	check("{\"a\": [1, {\"b\": null}]}", "{\"a\":[1,{\"b\":null}]}");
}

static void
test_python_words_and_numbers(void **state)
{
	(void)state;
	check("True", "true");
	check("False", "false");
	check("None", "null");
	check("16_000", "16000");
	check("+7", "7");
	check("0x_fF", "255");
	check("-0b101", "-5");
	check("0o17", "15");
	check("0xffffffffffffffff", "18446744073709551615");
	check(".5", "0.5");
	check("2.", "2.0");
	check("1_0.2_5e-1", "1.025");
	check("1e5", "100000.0");
	check("00.5", "\"00.5\"");
}

static void
test_python_strings(void **state)
{
	(void)state;
	check("'it''s'", "\"its\"");
	check("'a' \"b\"\n'''c'''", "\"abc\"");
	check("'\\n\\t\\\\\\'\\x41\\u00e4\\U0001F600\\101\\q'", "\"\\n\\t\\\\'A\xc3\xa4\xf0\x9f\x98\x80"
	                                                        "A\\\\q\"");
	check("r'\\d+\\''", "\"\\\\d+\\\\'\"");
	check("u'x'", "\"x\"");
	check("'''line\nline'''", "\"line\\nline\"");
	check("''", "\"\"");
}

static void
test_python_containers(void **state)
{
	(void)state;
	check("(1920, 1080)", "[1920,1080]");
	check("(1,)", "[1]");
	check("()", "[]");
	check("(1)", "1");
	check("[1, 'a', None,]", "[1,\"a\",null]");
	check("{'a': (1, 2), 3: True, None: {}}", "{\"a\":[1,2],\"3\":true,\"null\":{}}");
	check("{'a': 1, 'a': 2}", "{\"a\":2}");
	check("{}", "{}");
}

/* Whatever is no literal is taken as it stands. */
static void
test_plain_text(void **state)
{
	(void)state;
	static const char *const plain[] = {"", "text", "a b", "Truest", "1 2", "012", "1__0", "1_", "0x", "1e", "b'x'",
	    "f'x'", "1+2j", "{1, 2}", "[1", "(1,,2)", "{'a' 1}", "{[1]: 2}", "'open", "'''open'", "'a\nb'", "'\\x4'",
	    "'\\ud800'", "'\\N{DASH}'", "nan", "inf", "--1", "[1] x", "True False", "fixie-ai/ultravox", "-", ".",
	    "'\\", "0xfffffffffffffffff", "-0x8000000000000001", ",", "*", "r", "'a' r"};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *v = NULL;
		assert_int_equal(rmi_literal_read(doc, plain[i], strlen(plain[i]), &v, NULL), RME_OK);
		if (!yyjson_mut_equals_str(v, plain[i])) {
			print_error("not taken as it stands: %s\n", plain[i]);
		}
		assert_true(yyjson_mut_equals_str(v, plain[i]));
		yyjson_mut_doc_free(doc);
	}
}

static enum rme_err
read_repeated(const char *piece, size_t times, bool *plain)
{
	size_t n = strlen(piece);
	char *text = malloc(n * times + 1);
	assert_non_null(text);
	for (size_t i = 0; i < times; i++) {
		memcpy(text + i * n, piece, n);
	}
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *v = NULL;
	enum rme_err e = rmi_literal_read(doc, text, n * times, &v, NULL);
	*plain = e == RME_OK && yyjson_mut_is_str(v);
	yyjson_mut_doc_free(doc);
	free(text);
	return e;
}

static void
test_limits(void **state)
{
	(void)state;
	bool plain;
	assert_int_equal(read_repeated("x", RMI_LITERAL_MAX_BYTES, &plain), RME_OK);
	assert_int_equal(read_repeated("x", RMI_LITERAL_MAX_BYTES + 1, &plain), RME_ELIMIT);
	assert_int_equal(read_repeated("[", 60000, &plain), RME_OK);
	assert_true(plain);
	assert_int_equal(read_repeated("(", 60000, &plain), RME_OK);
	assert_true(plain);
	assert_int_equal(read_repeated("\xff", 1, &plain), RME_EPROTO);
	check("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	check("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	    "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_python_words_and_numbers),
	    cmocka_unit_test(test_python_strings), cmocka_unit_test(test_python_containers),
	    cmocka_unit_test(test_plain_text), cmocka_unit_test(test_limits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
