#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"

static int64_t
parsed(const char *text, enum rmi_unit unit)
{
	int64_t out = -7;
	enum rme_err e = rmi_units_parse(&out, text, unit);
	assert_true((e == RME_OK) == (out != -7));
	return e == RME_OK ? out : e == RME_ELIMIT ? -2 : -1;
}

static void
times_need_a_unit(void **state)
{
	(void)state;
	assert_int_equal(parsed("20ms", RMI_UNIT_NS), 20000000);
	assert_int_equal(parsed("1.5s", RMI_UNIT_NS), 1500000000);
	assert_int_equal(parsed(" 2 h", RMI_UNIT_NS), 7200000000000);
	assert_int_equal(parsed("0.000000001s", RMI_UNIT_NS), 1);
	assert_int_equal(parsed("0.0000000019s", RMI_UNIT_NS), 1);
	assert_int_equal(parsed("0", RMI_UNIT_NS), 0);
	assert_int_equal(parsed("5", RMI_UNIT_NS), -1);
	assert_int_equal(parsed("0.5", RMI_UNIT_NS), -1);
}

static void
sizes_are_bytes_without_a_unit(void **state)
{
	(void)state;
	assert_int_equal(parsed("640", RMI_UNIT_BYTES), 640);
	assert_int_equal(parsed("64KiB", RMI_UNIT_BYTES), 65536);
	assert_int_equal(parsed("100KB", RMI_UNIT_BYTES), 100000);
	assert_int_equal(parsed("0.5 GiB", RMI_UNIT_BYTES), 536870912);
	assert_int_equal(parsed("8Mbit/s", RMI_UNIT_BITS_PER_S), 8000000);
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	const char *const wrong[] = {
	    "", " ", "-1ms", "+1ms", "ms", "1.ms", ".5s", "1,5s", "0x10s", "1e3s", "1msx", "1 m s", "inf", "20MS"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parsed(wrong[i], RMI_UNIT_NS), -1);
	}
}

static void
too_much_is_a_limit(void **state)
{
	(void)state;
	assert_int_equal(parsed("9223372036854775807ns", RMI_UNIT_NS), INT64_MAX);
	assert_int_equal(parsed("9223372036854775808ns", RMI_UNIT_NS), -2);
	assert_int_equal(parsed("99999999999999999999999999h", RMI_UNIT_NS), -2);
	assert_int_equal(parsed("2562047.9h", RMI_UNIT_NS), -2);
	assert_int_equal(parsed("2562047h", RMI_UNIT_NS), 9223369200000000000);
}

static void
what_is_written_reads_back(void **state)
{
	(void)state;
	static const int64_t values[] = {0, 1, 999, 1000, 1500000, 20000000, 3600000000000, 65536, INT64_MAX};
	char buf[RMI_UNITS_TEXT_MAX];
	for (int unit = RMI_UNIT_BYTES; unit <= RMI_UNIT_BITS_PER_S; unit++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			(void)rmi_units_format(buf, sizeof(buf), values[i], (enum rmi_unit)unit);
			assert_int_equal(parsed(buf, (enum rmi_unit)unit), values[i]);
		}
	}
	assert_string_equal(rmi_units_format(buf, sizeof(buf), 20000000, RMI_UNIT_NS), "20ms");
	assert_string_equal(rmi_units_format(buf, sizeof(buf), 65536, RMI_UNIT_BYTES), "64KiB");
	assert_string_equal(rmi_units_format(buf, sizeof(buf), 1500, RMI_UNIT_BYTES), "1500B");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_need_a_unit),
	    cmocka_unit_test(sizes_are_bytes_without_a_unit),
	    cmocka_unit_test(nonsense_is_refused),
	    cmocka_unit_test(too_much_is_a_limit),
	    cmocka_unit_test(what_is_written_reads_back),
	};
	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
