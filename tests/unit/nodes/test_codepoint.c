#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/codepoint.h"

static void
every_character_comes_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x110000; code++) {
		char bytes[RMI_CODEPOINT_BYTES_MAX];
		size_t n = rmi_codepoint_put(bytes, code);
		if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
			assert_int_equal(n, 0);
			continue;
		}
		uint32_t back = 0;
		assert_int_equal(rmi_codepoint_next(bytes, bytes + n, &back), n);
		assert_int_equal(back, code);
	}
}

static void
a_bad_byte_is_one_bad_character(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xc3", "\xe2\x28"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t code = 0;
		assert_int_equal(rmi_codepoint_next(bad[i], bad[i] + strlen(bad[i]), &code), 1);
		assert_int_equal(code, RMI_CODEPOINT_BAD);
	}
	uint32_t code = 0;
	assert_int_equal(rmi_codepoint_next(bad[0], bad[0], &code), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_character_comes_back),
	    cmocka_unit_test(a_bad_byte_is_one_bad_character),
	};
	return cmocka_run_group_tests_name("codepoint", tests, NULL, NULL);
}
