#include "serve/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_valid(void **state)
{
	(void)state;
	static const char *const good[] = {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
	    "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa4z"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(rmi_utf8_valid(good[i], strlen(good[i])));
	}
}

static void
test_invalid(void **state)
{
	(void)state;
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xe0\x9f\xbf",
	    "\xe0\xa0", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	    "\xff", "ok\xe2\x82"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(rmi_utf8_valid(bad[i], strlen(bad[i])));
	}
}

static void
test_clean(void **state)
{
	(void)state;
	char text[] = "a\xff\xc3\xa4\xe2\x82z\xc3";
	rmi_utf8_clean(text);
	assert_string_equal(text, "a?\xc3\xa4??z?");
}

static void
test_put(void **state)
{
	(void)state;
	static const struct {
		uint32_t code;
		const char *text;
	} vectors[] = {{0x24, "$"}, {0xe4, "\xc3\xa4"}, {0x20ac, "\xe2\x82\xac"}, {0x1f600, "\xf0\x9f\x98\x80"},
	    {0xd800, ""}, {0xdfff, ""}, {0x110000, ""}};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		char out[RMI_UTF8_MAX];
		size_t n = rmi_utf8_put(vectors[i].code, out);
		assert_int_equal(n, strlen(vectors[i].text));
		assert_memory_equal(out, vectors[i].text, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_valid), cmocka_unit_test(test_invalid),
	    cmocka_unit_test(test_clean), cmocka_unit_test(test_put)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
