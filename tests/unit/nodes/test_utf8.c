#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/utf8.h"

static void
every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x110000; code++) {
		char bytes[RMI_UTF8_BYTES_MAX];
		size_t n = rmi_utf8_put(bytes, code);
		if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
			assert_int_equal(n, 0);
			continue;
		}
		uint32_t back = 0;
		assert_int_equal(rmi_utf8_next(bytes, bytes + n, &back), n);
		assert_int_equal(back, code);
		assert_true(rmi_utf8_valid(bytes, n));
		assert_false(n > 1 && rmi_utf8_valid(bytes, n - 1));
	}
}

static void
bad_bytes_are_told(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "\x80",
	    "\xbf",
	    "\xc0\x80",
	    "\xc1\xbf",
	    "\xe0\x80\x80",
	    "\xe0\x9f\xbf",
	    "\xf0\x80\x80\x80",
	    "\xed\xa0\x80",
	    "\xf4\x90\x80\x80",
	    "\xf8\x88\x80\x80\x80",
	    "\xff",
	    "\xc3",
	    "\xe2\x82",
	    "\xc3(",
	    "a\xe2\x82",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(rmi_utf8_valid(bad[i], strlen(bad[i])));
	}
	uint32_t code = 0;
	const char *text = "\xe2\x28";
	assert_int_equal(rmi_utf8_next(text, text + 2, &code), 1);
	assert_int_equal(code, RMI_UTF8_BAD);
	assert_int_equal(rmi_utf8_next(text, text, &code), 0);
	assert_true(rmi_utf8_valid("\xef\xbf\xbd", 3)); /* the replacement sign, written out */
	assert_true(rmi_utf8_valid("", 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_character_comes_back),
	    cmocka_unit_test(bad_bytes_are_told),
	};
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
