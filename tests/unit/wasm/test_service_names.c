#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/service_names.h"

static void
from_json_or_copied(void **state)
{
	(void)state;
	struct rmi_service_names s;
	static const char *const names[] = {"a", "b"};
	assert_int_equal(rmi_service_names_init(&s, "[\"x\",\"y\",\"z\"]", names, 2, NULL), RME_OK);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.names[2], "z");
	rmi_service_names_done(&s);
	assert_int_equal(rmi_service_names_init(&s, NULL, names, 2, NULL), RME_OK);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.names[1], "b");
	rmi_service_names_done(&s);
	rmi_service_names_done(&s);
	assert_int_equal(rmi_service_names_init(&s, NULL, NULL, 0, NULL), RME_OK);
	assert_int_equal(s.n, 0);
	rmi_service_names_done(&s);
}

static void
wrong_lists_are_refused(void **state)
{
	(void)state;
	struct rmi_service_names s;
	struct rme_error err;
	static const char *const wrong[] = {"{}", "[1]", "\"x\"", "[\"x\"", ""};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(rmi_service_names_init(&s, wrong[i], NULL, 0, &err), RME_ECONFIG);
	}
	const char *many[RMI_SERVICE_NAMES_MAX + 1];
	for (size_t i = 0; i <= RMI_SERVICE_NAMES_MAX; i++) {
		many[i] = "x";
	}
	assert_int_equal(rmi_service_names_init(&s, NULL, many, RMI_SERVICE_NAMES_MAX + 1, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "at most 64"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_json_or_copied),
	    cmocka_unit_test(wrong_lists_are_refused),
	};
	return cmocka_run_group_tests_name("service_names", tests, NULL, NULL);
}
