#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/compile_failures.h"

static struct rmi_compile_failures failures;
static struct rme_error err;

static int
setup(void **state)
{
	(void)state;
	memset(&failures, 0, sizeof(failures));
	rmi_compile_failures_init(&failures);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rmi_compile_failures_done(&failures);
	return 0;
}

static const uint8_t *
key_of(unsigned n)
{
	static uint8_t key[RMI_SHA256_BYTES];
	memset(key, 0, sizeof(key));
	memcpy(key + 20, &n, sizeof(n));
	return key;
}

static void
note(unsigned n, enum rme_err code, int64_t at_ns)
{
	struct rme_error why = {.code = code};
	(void)snprintf(why.text, sizeof(why.text), "failure %u", n);
	rmi_compile_failures_note(&failures, key_of(n), &why, at_ns);
}

static enum rme_err
find(unsigned n, int64_t now_ns)
{
	memset(&err, 0, sizeof(err));
	return rmi_compile_failures_find(&failures, key_of(n), now_ns, &err);
}

static void
it_tells_what_was_noted_and_that_it_is_remembered(void **state)
{
	(void)state;
	assert_int_equal(find(0, 0), RME_OK);
	note(0, RME_EMODULE, 5 * RMI_NS_PER_S);
	note(1, RME_ELIMIT, 6 * RMI_NS_PER_S);
	assert_int_equal(find(0, 12 * RMI_NS_PER_S), RME_EMODULE);
	assert_string_equal(err.text, "failure 0 (remembered from 7 s ago; it is compiled again after 600 s)");
	assert_int_equal(err.code, RME_EMODULE);
	assert_int_equal(find(1, 6 * RMI_NS_PER_S), RME_ELIMIT);
	assert_int_equal(find(2, 6 * RMI_NS_PER_S), RME_OK);
	assert_int_equal(err.code, RME_OK);
}

static void
it_forgets_in_time(void **state)
{
	(void)state;
	note(0, RME_ELIMIT, 1);
	assert_int_equal(find(0, RMI_COMPILE_FAILURE_KEPT_NS), RME_ELIMIT);
	assert_int_equal(find(0, RMI_COMPILE_FAILURE_KEPT_NS + 1), RME_OK);
	note(0, RME_ELIMIT, RMI_COMPILE_FAILURE_KEPT_NS + 1); /* tried again, and failed again */
	assert_int_equal(find(0, RMI_COMPILE_FAILURE_KEPT_NS + 2), RME_ELIMIT);
}

static void
the_oldest_makes_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RMI_COMPILE_FAILURES_MAX; i++) {
		note(i, RME_EMODULE, 100 + i);
	}
	note(0, RME_EMODULE, 1000); /* is the youngest now, in its place */
	note(RMI_COMPILE_FAILURES_MAX, RME_EMODULE, 1001);
	assert_int_equal(find(0, 1001), RME_EMODULE);
	assert_int_equal(find(1, 1001), RME_OK);
	for (unsigned i = 2; i <= RMI_COMPILE_FAILURES_MAX; i++) {
		assert_int_equal(find(i, 1001), RME_EMODULE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_tells_what_was_noted_and_that_it_is_remembered, setup, teardown),
	    cmocka_unit_test_setup_teardown(it_forgets_in_time, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_oldest_makes_room, setup, teardown),
	};
	return cmocka_run_group_tests_name("compile_failures", tests, NULL, NULL);
}
