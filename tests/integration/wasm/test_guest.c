/* What modules can do that keep to the interface. */
#include "wasm_fixture.h"

#include <math.h>

static void
smallest_module_runs(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("smallest");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect(in, "abc", "cba");
	fixture_expect(in, "", "");
	fixture_expect(in, "stressed", "desserts");
	struct rme_bytes out;
	float confidence;
	assert_int_equal(rmi_wasm_instance_next(in, NULL, &out, &fixture_err), RME_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(rmi_wasm_instance_flush(in, NULL, &out, &fixture_err), RME_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(rmi_wasm_instance_output_format(in, &out, &fixture_err), RME_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(rmi_wasm_instance_confidence(in, &confidence, &fixture_err), RME_OK);
	assert_true(isnan(confidence));
	assert_int_equal(rmi_wasm_instance_reset(in, &fixture_err), RME_OK);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
large_items_and_results_get_their_room(void **state)
{
	(void)state;
	enum { LEN = 60000 };
	struct rmi_wasm_module *m = fixture_open("smallest");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	uint8_t *data = malloc(LEN);
	assert_non_null(data);
	for (size_t i = 0; i < LEN; i++) {
		data[i] = (uint8_t)(i * 31);
	}
	struct rme_bytes out;
	for (size_t len = 1; len <= LEN; len = len * 3 + 1) {
		assert_int_equal(
		    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){data, len}, &out, &fixture_err), RME_OK);
		assert_int_equal(out.len, len);
		for (size_t i = 0; i < len; i++) {
			assert_int_equal(out.data[i], data[len - 1 - i]);
		}
	}
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	free(data);
}

static void
static_windows_work(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("windows");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect(in, "\x01\x02\x21", "\x02\x04\x42");
	fixture_expect_error(in, "0123456789012345678901234567890123456789012345678901234567890123456789", RME_ELIMIT,
	    "do not fit into its window of 64 bytes");
	fixture_expect(in, "\x03", "\x06");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
session_and_configuration_reach_the_module(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in;
	const struct rmi_guest_env env = {.session_id = "s \"1\""};
	const struct rmi_guest_start start = {
	    .params = "{\"threshold\":0.5}", .input = "audio/pcm;format=s16le;rate=16000;channels=1"};
	assert_int_equal(rmi_wasm_instance_new(&in, m, &fixture_err), RME_OK);
	assert_int_equal(rmi_wasm_instance_open(in, &env, &start, &fixture_err), RME_OK);
	fixture_expect(in, "say session", "s \"1\"");
	fixture_expect(in, "say configuration",
	    "{\"params\":{\"threshold\":0.5},\"input\":\"audio/"
	    "pcm;format=s16le;rate=16000;channels=1\",\"session\":\"s "
	    "\\\"1\\\"\"}");
	fixture_expect(in, "say initialized", "1");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
a_module_may_refuse_its_configuration_or_its_session(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in;
	const struct rmi_guest_env env = {.session_id = "x"}, failing = {.session_id = "fail-initialize"};
	assert_int_equal(rmi_wasm_instance_new(&in, m, &fixture_err), RME_OK);
	fixture_assert_error(
	    rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){.params = "{\"x\":\"refuse\"}"}, &fixture_err),
	    RME_ECONFIG, "module moody: the parameter is not to my taste (status -1)");
	rmi_wasm_instance_free(in);
	assert_int_equal(rmi_wasm_instance_new(&in, m, &fixture_err), RME_OK);
	fixture_assert_error(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){.params = "[1]"}, &fixture_err),
	    RME_ECONFIG, "JSON object");
	rmi_wasm_instance_free(in);
	assert_int_equal(rmi_wasm_instance_new(&in, m, &fixture_err), RME_OK);
	fixture_assert_error(rmi_wasm_instance_open(in, &failing, &(struct rmi_guest_start){0}, &fixture_err),
	    RME_EMODULE, "failed (status -1)");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
several_outputs_rest_and_confidence(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_bytes out;
	float confidence;
	fixture_expect(in, "many 3", "first");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rmi_wasm_instance_next(in, NULL, &out, &fixture_err), RME_OK);
		assert_int_equal(out.len, 1);
		assert_int_equal(out.data[0], '0' + i);
	}
	assert_int_equal(rmi_wasm_instance_next(in, NULL, &out, &fixture_err), RME_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(rmi_wasm_instance_confidence(in, &confidence, &fixture_err), RME_OK);
	assert_true(confidence == 0.75F);
	fixture_expect(in, "echo x", "x");
	assert_int_equal(rmi_wasm_instance_confidence(in, &confidence, &fixture_err), RME_OK);
	assert_true(isnan(confidence)); /* it says 7, which is no confidence */
	assert_int_equal(rmi_wasm_instance_flush(in, NULL, &out, &fixture_err), RME_OK);
	assert_memory_equal(out.data, "rest", 4);
	assert_int_equal(rmi_wasm_instance_flush(in, NULL, &out, &fixture_err), RME_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(rmi_wasm_instance_output_format(in, &out, &fixture_err), RME_OK);
	assert_memory_equal(out.data, "text/plain", 10);
	struct rmi_guest_estimate estimate;
	assert_int_equal(
	    rmi_wasm_instance_estimate(in, (struct rme_bytes){(const uint8_t *)"abc", 3}, &estimate, &fixture_err),
	    RME_OK);
	assert_true(estimate.work_units == 3.0F && estimate.doubt == 0.5F);
	fixture_expect(in, "many 0", "first");
	assert_int_equal(rmi_wasm_instance_reset(in, &fixture_err), RME_OK);
	fixture_expect(in, "say items", "1");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
errors_of_the_module_end_the_item_only(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect_error(in, "status 1", RME_EMODULE, "module moody: failed (status -1)");
	fixture_expect_error(in, "status 2", RME_EUNSUPPORTED, "not supported");
	fixture_expect_error(in, "status 3", RME_EFORMAT, "bad input");
	fixture_expect_error(in, "status 4", RME_EUNAVAILABLE, "not ready");
	fixture_expect_error(in, "status 77", RME_EMODULE, "its own error (status -77)");
	fixture_expect_error(in, "error no speech\nhere", RME_EFORMAT, "module moody: no speech here (status -3)");
	fixture_expect_error(in, "status 1", RME_EMODULE, "failed"); /* the text of the last error is gone */
	assert_false(rmi_wasm_instance_dead(in));
	fixture_expect(in, "echo still here", "still here");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
results_grow_up_to_their_limit(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open_limited("moody", (struct rme_module_limits){.result_bytes = 20000});
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_bytes out;
	static const uint8_t fits[] = "big 20000", over[] = "big 20001";
	assert_int_equal(
	    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){fits, sizeof(fits) - 1}, &out, &fixture_err),
	    RME_OK);
	assert_int_equal(out.len, 20000);
	for (size_t i = 0; i < out.len; i++) {
		assert_int_equal(out.data[i], i & 255);
	}
	fixture_assert_error(
	    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){over, sizeof(over) - 1}, &out, &fixture_err),
	    RME_ELIMIT, "its result of 20001 bytes is over the limit of 20000");
	fixture_expect(in, "echo x", "x");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
what_wasi_prints_goes_to_the_log(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("wasi");
	const struct rmi_guest_env env = {.rt = fixture_runtime(), .session_id = "abc"};
	fixture_log[0] = '\0';
	struct rmi_wasm_instance *in = fixture_instance(m, &env);
	fixture_expect(in, "hello", "52 0 21 0");
	fixture_expect_error(in, "exit", RME_EMODULE, "module wasi: ended itself with exit code 3");
	assert_true(rmi_wasm_instance_dead(in));
	rmi_wasm_instance_free(in);
	assert_non_null(strstr(fixture_log, "module wasi: session abc starts\n"));
	assert_non_null(strstr(fixture_log, "module wasi: item of 5 bytes\n"));
	rmi_wasm_module_unref(m);
}

static void
the_log_is_rate_limited(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("moody");
	const struct rmi_guest_env env = {.rt = fixture_runtime(), .session_id = "abc"};
	fixture_log[0] = '\0';
	struct rmi_wasm_instance *in = fixture_instance(m, &env);
	fixture_expect(in, "log 500", "");
	unsigned lines = 0;
	for (const char *at = fixture_log; (at = strstr(at, "moody: line\n")) != NULL; at++) {
		lines++;
	}
	assert_in_range(lines, 1, 60); /* at most 20 a second; a machine may be slow */
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
a_module_is_opened_once(void **state)
{
	(void)state;
	struct rmi_wasm_module *a = fixture_open("moody"), *b = fixture_open("moody");
	struct rmi_wasm_module *c = fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 5});
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	rmi_wasm_module_unref(a);
	rmi_wasm_module_unref(b);
	rmi_wasm_module_unref(c);
}

static void
files_that_are_not_right_are_refused(void **state)
{
	(void)state;
	struct rmi_wasm_module *m;
	static const uint8_t wrong[RMI_SHA256_BYTES] = {1};
	struct rmi_wasm_module_spec spec = {.path = "/nowhere/x.wasm"};
	fixture_assert_error(
	    rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err), RME_ENOTFOUND, "cannot be opened");
	assert_string_equal(fixture_err.where, "x.wasm");
	spec.path = "/proc";
	fixture_assert_error(rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err), RME_EIO, "is no file");
	spec = (struct rmi_wasm_module_spec){.path = fixture_path("moody"), .sha256 = wrong};
	fixture_assert_error(
	    rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err), RME_EDENIED, "lock file says");
	spec = (struct rmi_wasm_module_spec){.path = fixture_path("moody"), .function_name = "detect"};
	fixture_assert_error(
	    rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err), RME_EMODULE, "no function detect");
	spec = (struct rmi_wasm_module_spec){.path = fixture_path("moody"), .limits = {.memory_bytes = 65536}};
	fixture_assert_error(
	    rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err), RME_ELIMIT, "raise limits.memory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(smallest_module_runs),
	    cmocka_unit_test(large_items_and_results_get_their_room),
	    cmocka_unit_test(static_windows_work),
	    cmocka_unit_test(session_and_configuration_reach_the_module),
	    cmocka_unit_test(a_module_may_refuse_its_configuration_or_its_session),
	    cmocka_unit_test(several_outputs_rest_and_confidence),
	    cmocka_unit_test(errors_of_the_module_end_the_item_only),
	    cmocka_unit_test(results_grow_up_to_their_limit),
	    cmocka_unit_test(what_wasi_prints_goes_to_the_log),
	    cmocka_unit_test(the_log_is_rate_limited),
	    cmocka_unit_test(a_module_is_opened_once),
	    cmocka_unit_test(files_that_are_not_right_are_refused),
	};
	return cmocka_run_group_tests_name("guest", tests, fixture_setup, fixture_teardown);
}
