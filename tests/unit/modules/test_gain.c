#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "gain/gain.c"
#include "guest_host.h"

static int
configure(const char *json)
{
	return rme_export_configure(json, (uint32_t)strlen(json));
}

static void
six_decibels_double(void **state)
{
	(void)state;
	int16_t in[4] = {100, -100, 20000, -20000};
	int16_t out[4];
	uint32_t n = sizeof out;
	assert_int_equal(configure("{\"params\": {\"db\": 6.02}}"), 0);
	assert_int_equal(rme_export_initialize("s"), 1);
	assert_int_equal(rme_export_process((const uint8_t *)in, sizeof in, (uint8_t *)out, &n), 0);
	assert_int_equal(n, sizeof out);
	assert_int_equal(out[0], 200);
	assert_int_equal(out[1], -200);
	assert_int_equal(out[2], 32767);
	assert_int_equal(out[3], -32768);
}

static void
nothing_configured_changes_nothing(void **state)
{
	(void)state;
	int16_t in[2] = {-32768, 12345};
	int16_t out[2];
	uint32_t n = sizeof out;
	assert_int_equal(configure("{}"), 0);
	assert_int_equal(rme_export_process((const uint8_t *)in, sizeof in, (uint8_t *)out, &n), 0);
	assert_memory_equal(in, out, sizeof in);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	uint8_t byte = 0;
	uint8_t out[4];
	uint32_t n = sizeof out;
	assert_int_equal(configure("{\"params\":{\"db\":99}}"), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "db"));
	assert_int_equal(configure("{\"params\":{\"db\":\"loud\"}}"), RME_GUEST_BAD_INPUT);
	assert_int_equal(configure("{}"), 0);
	assert_int_equal(rme_export_process(&byte, 1, out, &n), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "even"));
}

static void
asks_for_more_room(void **state)
{
	(void)state;
	int16_t in[8] = {0};
	uint8_t out[16];
	uint32_t n = 4;
	assert_int_equal(configure("{}"), 0);
	assert_int_equal(rme_export_process((const uint8_t *)in, sizeof in, out, &n), RME_GUEST_TOO_SMALL);
	assert_int_equal(n, 16);
	assert_int_equal(rme_export_process((const uint8_t *)in, sizeof in, out, &n), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(six_decibels_double),
	    cmocka_unit_test(nothing_configured_changes_nothing),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(asks_for_more_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
