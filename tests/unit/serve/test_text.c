#include "serve/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
test_clean(void **state)
{
	(void)state;
	char text[] = "a\xff\xc3\xa4\xe2\x82z\xc3";
	rmi_text_clean(text);
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
		char out[RMI_TEXT_CHAR_MAX];
		size_t n = rmi_text_put(vectors[i].code, out);
		assert_int_equal(n, strlen(vectors[i].text));
		assert_memory_equal(out, vectors[i].text, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_clean), cmocka_unit_test(test_put)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
