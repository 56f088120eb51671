#include "serve/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The vectors of RFC 4648, section 10, and one of all high bits. */
static const struct {
	const char *bytes;
	const char *text;
} VECTORS[] = {
    {"", ""},
    {"f", "Zg=="},
    {"f"
     "o",
        "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfb", "//77"},
};

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
		char text[16] = "";
		uint8_t bytes[16];
		size_t n = strlen(VECTORS[i].bytes);
		size_t len = strlen(VECTORS[i].text);
		size_t got;
		assert_int_equal(rmi_base64_chars(n), len);
		rmi_base64_write(text, (const uint8_t *)VECTORS[i].bytes, n);
		assert_memory_equal(text, VECTORS[i].text, len);
		assert_true(rmi_base64_read(bytes, &got, text, len));
		assert_int_equal(got, n);
		assert_memory_equal(bytes, VECTORS[i].bytes, n);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "Zg=", "Zg", "Z", "====", "=", "Zg==Zg==", "Z===", "Zh==", "Zm9=", "Zm9v\n", "Zm-v", "Zm_v", " Zm9"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint8_t bytes[16];
		size_t n;
		assert_false(rmi_base64_read(bytes, &n, bad[i], strlen(bad[i])));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
