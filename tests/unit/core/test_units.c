#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/units.h"

static void
durations(void **state)
{
	(void)state;
	int64_t ns = -1;
	assert_true(rmi_parse_duration("20ms", &ns));
	assert_int_equal(ns, 20000000);
	assert_true(rmi_parse_duration("1.5s", &ns));
	assert_int_equal(ns, 1500000000);
	assert_true(rmi_parse_duration("2 h", &ns));
	assert_int_equal(ns, INT64_C(7200000000000));
	assert_true(rmi_parse_duration("0", &ns));
	assert_int_equal(ns, 0);
	const char *const bad[] = {"", "20", "ms", "-1s", "1 fortnight", "nans", "infs", "0x10s", "1e30h", "1s "};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(rmi_parse_duration(bad[i], &ns));
	}
}

static void
sizes(void **state)
{
	(void)state;
	int64_t n = -1;
	assert_true(rmi_parse_bytes("640", &n));
	assert_int_equal(n, 640);
	assert_true(rmi_parse_bytes("64KiB", &n));
	assert_int_equal(n, 65536);
	assert_true(rmi_parse_bytes("100KB", &n));
	assert_int_equal(n, 100000);
	assert_true(rmi_parse_bytes("1.5 MiB", &n));
	assert_int_equal(n, 1572864);
	assert_false(rmi_parse_bytes("-3", &n));
	assert_false(rmi_parse_bytes("3 apples", &n));
	assert_false(rmi_parse_bytes("99999999999GiB", &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(durations), cmocka_unit_test(sizes)};
	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
