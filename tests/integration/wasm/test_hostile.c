/* Modules that mean no good, or are broken: each ends in a clear error, and the process lives. */
#include "wasm_fixture.h"

#include <pthread.h>
#include <rme/packet.h>
#include "base/cancel.h"
#include "base/clock.h"

/* Long enough for a busy machine to do in it what is not endless. */
#define LIMIT_MS 200

static const struct rme_module_limits limits = {.timeout_ns = LIMIT_MS * RMI_NS_PER_MS};
static struct rmi_wasm_module *moody, *patient;

static int
open_moody(void **state)
{
	if (fixture_setup(state) != 0) {
		return -1;
	}
	moody = fixture_open_limited("moody", limits);
	patient = fixture_open("moody");
	return 0;
}

static int
close_moody(void **state)
{
	rmi_wasm_module_unref(moody);
	rmi_wasm_module_unref(patient);
	return fixture_teardown(state);
}

/* The next item is served by a new instance of the same module, on the same thread. */
static void
assert_next_instance_works(void)
{
	struct rmi_wasm_instance *in = fixture_instance(patient, NULL);
	fixture_expect(in, "echo fine", "fine");
	rmi_wasm_instance_free(in);
}

static void
endless_loops_in_process_are_stopped(void **state)
{
	(void)state;
	static const char *const loops[] = {"loop plain", "loop fill", "loop grow", "loop host"};
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		struct rmi_wasm_instance *in = fixture_instance(moody, NULL);
		fixture_expect_error(in, loops[i], RME_ETIMEDOUT, "module moody: stopped after 200 ms (limit)");
		assert_true(rmi_wasm_instance_dead(in));
		fixture_expect_error(in, "echo x", RME_ECLOSED, "this instance has ended");
		rmi_wasm_instance_free(in);
		assert_next_instance_works();
	}
}

static struct rmi_wasm_instance *
open_session(const char *session, enum rme_err code, const char *text)
{
	/* the environment must outlive the instance */
	static struct rmi_guest_env env;
	struct rmi_wasm_instance *in;
	env.session_id = session;
	assert_int_equal(rmi_wasm_instance_new(&in, moody, &fixture_err), RME_OK);
	fixture_assert_error(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &fixture_err), code, text);
	return in;
}

static void
endless_loops_at_the_start_are_stopped(void **state)
{
	(void)state;
	rmi_wasm_instance_free(
	    open_session("loop-configure", RME_ETIMEDOUT, "module moody: configure: stopped after 200 ms (limit)"));
	rmi_wasm_instance_free(
	    open_session("loop-initialize", RME_ETIMEDOUT, "module moody: initialize: stopped after 200 ms (limit)"));
	struct rmi_wasm_module *m = fixture_open_limited("loop_initialize", limits);
	struct rmi_wasm_instance *in = NULL;
	fixture_assert_error(rmi_wasm_instance_new(&in, m, &fixture_err), RME_ETIMEDOUT,
	    "module loop_initialize: _initialize: stopped after 200 ms (limit)");
	assert_null(in);
	rmi_wasm_module_unref(m);
	assert_next_instance_works();
}

static enum rme_err
call_next(struct rmi_wasm_instance *in)
{
	struct rme_bytes out;
	return rmi_wasm_instance_next(in, NULL, &out, &fixture_err);
}

static enum rme_err
call_flush(struct rmi_wasm_instance *in)
{
	struct rme_bytes out;
	return rmi_wasm_instance_flush(in, NULL, &out, &fixture_err);
}

static enum rme_err
call_output_format(struct rmi_wasm_instance *in)
{
	struct rme_bytes out;
	return rmi_wasm_instance_output_format(in, &out, &fixture_err);
}

static enum rme_err
call_confidence(struct rmi_wasm_instance *in)
{
	float f;
	return rmi_wasm_instance_confidence(in, &f, &fixture_err);
}

static enum rme_err
call_reset(struct rmi_wasm_instance *in)
{
	return rmi_wasm_instance_reset(in, &fixture_err);
}

static enum rme_err
call_estimate(struct rmi_wasm_instance *in)
{
	struct rmi_guest_estimate e;
	return rmi_wasm_instance_estimate(in, (struct rme_bytes){(const uint8_t *)"x", 1}, &e, &fixture_err);
}

static void
endless_loops_in_every_other_entry_are_stopped(void **state)
{
	(void)state;
	static const struct {
		const char *session, *text;
		enum rme_err (*call)(struct rmi_wasm_instance *in);
	} entries[] = {
	    {"loop-next", "next: stopped after 200 ms", call_next},
	    {"loop-flush", "flush: stopped after 200 ms", call_flush},
	    {"loop-reset", "reset: stopped after 200 ms", call_reset},
	    {"loop-confidence", "confidence: stopped after 200 ms", call_confidence},
	    {"loop-output_format", "output_format: stopped after 200 ms", call_output_format},
	    {"loop-estimate", "estimate: stopped", call_estimate},
	};
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct rmi_wasm_instance *in = open_session(entries[i].session, RME_OK, "");
		fixture_expect(in, "echo x", "x");
		fixture_assert_error(entries[i].call(in), RME_ETIMEDOUT, entries[i].text);
		assert_true(rmi_wasm_instance_dead(in));
		rmi_wasm_instance_free(in);
	}
	rmi_wasm_instance_free(open_session("loop-cleanup", RME_OK, ""));
	struct rmi_wasm_instance *in = fixture_instance(moody, NULL);
	fixture_expect(in, "bad-alloc 1", "");
	fixture_expect_error(in,
	    "an item that is longer than the room that was taken at first, so that more has to be asked for: "
	    "................................................................................................"
	    "................................................................................................",
	    RME_ETIMEDOUT, "rme_alloc: stopped after 200 ms");
	rmi_wasm_instance_free(in);
	assert_next_instance_works();
}

static void
traps_end_the_instance_and_not_the_module(void **state)
{
	(void)state;
	static const struct {
		const char *item, *text;
	} traps[] = {
	    {"trap oob", "module moody: trap: out of bounds memory access"},
	    {"trap divide", "module moody: trap: integer divide by zero"},
	    {"trap unreachable", "module moody: trap: unreachable"},
	    {"trap recurse", "module moody: trap: stack overflow (limit 512 KiB)"},
	    {"trap recurse-host", "module moody: trap: stack overflow (limit 512 KiB)"},
	    {"trap recurse-engine", "module moody: trap: stack overflow (limit 512 KiB)"},
	};
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
			struct rmi_wasm_instance *in = fixture_instance(patient, NULL);
			fixture_expect_error(in, traps[i].item, RME_EMODULE, traps[i].text);
			assert_true(rmi_wasm_instance_dead(in));
			rmi_wasm_instance_free(in);
			assert_next_instance_works();
		}
	}
}

static void
a_huge_frame_does_not_jump_over_the_guard(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("huge_frame");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect_error(in, "x", RME_EMODULE, "trap: stack overflow");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
lies_about_results_end_the_instance(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = fixture_instance(patient, NULL);
	fixture_expect_error(in, "lie length", RME_EMODULE, "longer than the room it has");
	assert_true(rmi_wasm_instance_dead(in));
	rmi_wasm_instance_free(in);
	in = fixture_instance(patient, NULL);
	fixture_expect_error(in, "lie size", RME_EMODULE, "does not fit, although it does");
	rmi_wasm_instance_free(in);
	in = fixture_instance(patient, NULL);
	fixture_expect(in, "bad-alloc 2", "");
	fixture_expect_error(in, "big 10000", RME_EMODULE, "its allocator gave an address outside its memory");
	rmi_wasm_instance_free(in);
	in = fixture_instance(patient, NULL);
	char *item = malloc(3 << 20);
	assert_non_null(item);
	memset(item, 'x', 3 << 20);
	struct rme_bytes out;
	fixture_assert_error(
	    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){(const uint8_t *)item, 3 << 20}, &out, &fixture_err),
	    RME_ELIMIT, "has no room for 4194304 bytes");
	free(item);
	fixture_expect(in, "echo x", "x");
	rmi_wasm_instance_free(in);
}

static void
the_deadline_of_the_item_counts_too(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = fixture_instance(moody, NULL);
	struct rmi_guest_item item = {.deadline_ns = rmi_monotonic_ns() - 1};
	struct rme_bytes out, loop = {(const uint8_t *)"loop plain", 10};
	fixture_assert_error(rmi_wasm_instance_process(in, &item, loop, &out, &fixture_err), RME_ETIMEDOUT,
	    "the deadline passed before it was called");
	assert_false(rmi_wasm_instance_dead(in));
	item.deadline_ns = rmi_monotonic_ns() + LIMIT_MS / 2 * RMI_NS_PER_MS;
	fixture_assert_error(rmi_wasm_instance_process(in, &item, loop, &out, &fixture_err), RME_ETIMEDOUT,
	    "stopped at the deadline of the item");
	assert_true(rmi_wasm_instance_dead(in));
	rmi_wasm_instance_free(in);
}

static void *
fire(void *cancel)
{
	rmi_cancel_fire(cancel);
	return NULL;
}

static void
canceling_the_session_stops_its_guest(void **state)
{
	(void)state;
	struct rmi_wasm_module *m =
	    fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 3600 * RMI_NS_PER_S});
	for (int i = 0; i < 20; i++) {
		struct rmi_cancel cancel;
		rmi_cancel_init(&cancel);
		const struct rmi_guest_env env = {.session_id = "s", .cancel = &cancel};
		struct rmi_wasm_instance *in = fixture_instance(m, &env);
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, fire, &cancel), 0);
		fixture_expect_error(in, "loop plain", RME_ECANCELED, "canceled");
		pthread_join(thread, NULL);
		rmi_wasm_instance_free(in);
		rmi_cancel_done(&cancel);
	}
	rmi_wasm_module_unref(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(endless_loops_in_process_are_stopped),
	    cmocka_unit_test(endless_loops_at_the_start_are_stopped),
	    cmocka_unit_test(endless_loops_in_every_other_entry_are_stopped),
	    cmocka_unit_test(traps_end_the_instance_and_not_the_module),
	    cmocka_unit_test(a_huge_frame_does_not_jump_over_the_guard),
	    cmocka_unit_test(lies_about_results_end_the_instance),
	    cmocka_unit_test(the_deadline_of_the_item_counts_too),
	    cmocka_unit_test(canceling_the_session_stops_its_guest),
	};
	return cmocka_run_group_tests_name("hostile", tests, open_moody, close_moody);
}
