#include "serve/param_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
test_values(void **state)
{
	(void)state;
	struct rmi_param_list l = {.n = 0};
	assert_int_equal(rmi_param_list_add(&l, "a", "True", NULL), RME_OK);
	assert_int_equal(rmi_param_list_add(&l, "b", "16_000", NULL), RME_OK);
	assert_int_equal(rmi_param_list_add(&l, "c", "plain text", NULL), RME_OK);
	assert_int_equal(rmi_param_list_add(&l, "d", "(1, 'x')", NULL), RME_OK);
	assert_int_equal(rmi_param_list_add(&l, "e", "None", NULL), RME_OK);
	assert_int_equal(l.n, 5);
	assert_int_equal(l.values[0].kind, RME_VALUE_BOOL);
	assert_true(l.values[0].boolean);
	assert_int_equal(l.values[1].kind, RME_VALUE_NUMBER);
	assert_true(l.values[1].number == 16000);
	assert_string_equal(l.values[1].text, "16000");
	assert_int_equal(l.values[2].kind, RME_VALUE_TEXT);
	assert_string_equal(l.values[2].text, "plain text");
	assert_int_equal(l.values[3].kind, RME_VALUE_JSON);
	assert_string_equal(l.values[3].text, "[1,\"x\"]");
	assert_int_equal(l.values[4].kind, RME_VALUE_NULL);
	assert_string_equal(l.values[4].key, "e");
	rmi_param_list_done(&l);
}

static void
test_objects(void **state)
{
	(void)state;
	struct rmi_param_list l = {.n = 0};
	struct rme_error err = {.code = RME_OK};
	static const char json[] = "{\"rate\": 8000, \"deep\": {\"x\": [true]}}";
	assert_int_equal(rmi_param_list_add_json(&l, "", 0, &err), RME_OK);
	assert_int_equal(l.n, 0);
	assert_int_equal(rmi_param_list_add_json(&l, json, strlen(json), &err), RME_OK);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.values[1].text, "{\"x\":[true]}");
	assert_int_equal(rmi_param_list_add_json(&l, "[1]", 3, &err), RME_ECONFIG);
	assert_int_equal(rmi_param_list_add_json(&l, "{broken", 7, &err), RME_ECONFIG);
	assert_int_equal(rmi_param_list_add_json(&l, "{\"a\":\"x\\u0000y\"}", 16, &err), RME_ECONFIG);
	assert_int_equal(rmi_param_list_add_json(&l, "\xff", 1, &err), RME_EPROTO);
	rmi_param_list_done(&l);
}

static void
test_limits(void **state)
{
	(void)state;
	struct rmi_param_list l = {.n = 0};
	struct rme_error err = {.code = RME_OK};
	char key[RMI_PARAM_KEY_MAX + 2];
	for (int i = 0; i < RME_PARAMS_MAX; i++) {
		(void)snprintf(key, sizeof key, "k%d", i);
		assert_int_equal(rmi_param_list_add(&l, key, "1", &err), RME_OK);
	}
	assert_int_equal(rmi_param_list_add(&l, "more", "1", &err), RME_ELIMIT);
	rmi_param_list_done(&l);
	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = '\0';
	assert_int_equal(rmi_param_list_add(&l, key, "1", &err), RME_ECONFIG);
	assert_int_equal(rmi_param_list_add(&l, "\xff", "1", &err), RME_ECONFIG);
	rmi_param_list_done(&l);
}

static void
test_keep_known(void **state)
{
	(void)state;
	static const struct rme_param table[] = {{.name = "b"}, {.name = "d"}, {.name = NULL}};
	struct rmi_param_list l = {.n = 0};
	for (const char *k = "abcd"; *k != '\0'; k++) {
		const char key[] = {*k, '\0'};
		assert_int_equal(rmi_param_list_add(&l, key, "1", NULL), RME_OK);
	}
	rmi_param_list_keep_known(&l, table);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.values[0].key, "b");
	assert_string_equal(l.values[1].key, "d");
	rmi_param_list_keep_known(&l, NULL);
	assert_int_equal(l.n, 0);
	rmi_param_list_done(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_limits), cmocka_unit_test(test_keep_known)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
