#include "remote/remote.h"

#include "core/runtime.h"
#include "core/service.h"
#include "rpc/tls.h"

#include <rme/node.h>
#include <rme/runtime.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void
tables_copy_and_fill_in(void **state)
{
	(void)state;
	struct rmi_remote *r = NULL;
	char name[] = "cloud";
	char ca[] = "ca.pem";
	struct rmi_tls tls = {.ca_file = ca};
	struct rmi_remote_endpoint e = {.name = name, .address = "host:1", .tls = &tls, .token = "secret"};
	assert_int_equal(rmi_remote_new(&r), RME_OK);
	assert_int_equal(rmi_remote_add_endpoint(r, &e, NULL), RME_OK);
	memset(name, 'x', 5);
	memset(ca, 'x', 2);
	memset(&tls, 0, sizeof tls);
	const struct rmi_remote_endpoint *got = rmi_remote_find_endpoint(r, "cloud");
	assert_non_null(got);
	assert_string_equal(got->address, "host:1");
	assert_string_equal(got->token, "secret");
	assert_string_equal(got->tls->ca_file, "ca.pem");
	assert_null(got->tls->cert_file);
	assert_true(got->timeout_ns == RMI_REMOTE_TIMEOUT_NS);
	struct rmi_remote_service s = {.name = "vad", .endpoint = "cloud"};
	assert_int_equal(rmi_remote_add_service(r, &s, NULL), RME_OK);
	const struct rmi_remote_service *vad = rmi_remote_find_service(r, "vad");
	assert_string_equal(vad->far_name, "vad");
	assert_true(vad->timeout_ns == RMI_REMOTE_TIMEOUT_NS);
	assert_null(vad->params_json);
	assert_null(rmi_remote_find_service(r, "asr"));
	assert_null(rmi_remote_find_endpoint(r, "edge"));
	rmi_remote_free(r);
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	struct rmi_remote *r = NULL;
	struct rme_error err = {0};
	struct rmi_remote_endpoint e = {.name = "a", .address = "host:1"};
	struct rmi_remote_service s = {.name = "vad", .endpoint = "b"};
	struct rmi_channel *ch = NULL;
	assert_int_equal(rmi_remote_new(&r), RME_OK);
	assert_int_equal(rmi_remote_add_endpoint(r, &e, &err), RME_OK);
	assert_int_equal(rmi_remote_add_endpoint(r, &e, &err), RME_ECONFIG);
	assert_int_equal(rmi_remote_add_service(r, &s, &err), RME_ECONFIG);
	assert_string_equal(err.text, "there is no endpoint 'b'");
	s.endpoint = "a";
	assert_int_equal(rmi_remote_add_service(r, &s, &err), RME_OK);
	assert_int_equal(rmi_remote_add_service(r, &s, &err), RME_ECONFIG);
	assert_int_equal(rmi_remote_channel(&ch, r, "nowhere", &err), RME_ENOTFOUND);
	rmi_remote_free(r);
	rmi_remote_free(NULL);
}

static void
tables_are_bounded(void **state)
{
	(void)state;
	struct rmi_remote *r = NULL;
	char name[16];
	struct rmi_remote_endpoint e = {.name = name, .address = "host:1"};
	assert_int_equal(rmi_remote_new(&r), RME_OK);
	for (int i = 0; i < RMI_REMOTE_ENDPOINTS_MAX; i++) {
		(void)snprintf(name, sizeof name, "e%d", i);
		assert_int_equal(rmi_remote_add_endpoint(r, &e, NULL), RME_OK);
	}
	(void)snprintf(name, sizeof name, "one more");
	assert_int_equal(rmi_remote_add_endpoint(r, &e, NULL), RME_ELIMIT);
	struct rmi_remote_service s = {.name = name, .endpoint = "e0"};
	for (int i = 0; i < RMI_REMOTE_SERVICES_MAX; i++) {
		(void)snprintf(name, sizeof name, "s%d", i);
		assert_int_equal(rmi_remote_add_service(r, &s, NULL), RME_OK);
	}
	(void)snprintf(name, sizeof name, "one more");
	assert_int_equal(rmi_remote_add_service(r, &s, NULL), RME_ELIMIT);
	rmi_remote_free(r);
}

static void
found_through_the_runtime(void **state)
{
	(void)state;
	struct rme_runtime *rt = NULL;
	struct rmi_remote *r = NULL;
	static const struct rmi_services_ops other_ops;
	struct rmi_services other = {.ops = &other_ops};
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rmi_remote_new(&r), RME_OK);
	assert_null(rmi_remote_of(rt));
	rmi_runtime_set_services(rt, &other);
	assert_null(rmi_remote_of(rt));
	rmi_runtime_set_services(rt, rmi_remote_services(r));
	assert_ptr_equal(rmi_remote_of(rt), r);
	rmi_remote_free(r);
	rme_runtime_free(rt);
}

static void
parameters_bind(void **state)
{
	(void)state;
	const struct rme_value values[] = {{.key = "service", .kind = RME_VALUE_TEXT, .text = "vad"},
	    {.key = "timeout", .kind = RME_VALUE_TEXT, .text = "250ms"},
	    {.key = "params", .kind = RME_VALUE_JSON, .text = "{\"threshold\":0.5}"}};
	const struct rme_params_in in = {.values = values, .n = 3};
	struct rmi_remote_node_config config;
	struct rme_error err = {0};
	assert_int_equal(rme_params_bind(rmi_remote_node_type.params, &in, &config, NULL, &err), RME_OK);
	assert_string_equal(config.service, "vad");
	assert_null(config.endpoint);
	assert_string_equal(config.params, "{\"threshold\":0.5}");
	assert_true(config.timeout_ns == 250000000);
	rme_params_done(rmi_remote_node_type.params, &config);
	const struct rme_params_in none = {.values = NULL, .n = 0};
	assert_int_equal(rme_params_bind(rmi_remote_node_type.params, &none, &config, NULL, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "service"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables_copy_and_fill_in),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(tables_are_bounded),
	    cmocka_unit_test(found_through_the_runtime),
	    cmocka_unit_test(parameters_bind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
