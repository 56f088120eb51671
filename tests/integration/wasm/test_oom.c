/* Modules when memory runs out: every failure is said, nothing is left behind, and the next one works. */
#include "wasm_fixture.h"

#include <math.h>
#include <unistd.h>
#include "base/frame_ring.h"
#include "harness.h"
#include "wasm/aot_cache.h"
#include "wasm/instance_state.h"
#include "wasm/pool.h"
#include "wasm/windows.h"

enum { FRAME = 100000, ROUNDS = 3 };

static char folder[] = "/tmp/rme-test-oom.XXXXXX";

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fixture_remove_folder(folder);
	return 0;
}

static void
expect_excuse(enum rme_err e)
{
	if (e != RME_OK && !harness_oom_hit()) {
		fail_msg("%s: %s", rme_err_name(e), fixture_err.text);
	}
}

/* Large items and results, so that rings and windows are made. */
static enum rme_err
run_frames(struct rmi_wasm_instance *in, struct rmi_frame_source *from)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	enum rme_err e = RME_OK;
	for (int i = 0; i < ROUNDS && e == RME_OK; i++) {
		struct rme_packet *p = NULL, *result = NULL;
		struct rme_bytes out = {0};
		uint8_t *data;
		e = rmi_frame_source_packet(from, &p, &meta, FRAME, &data);
		if (e != RME_OK) {
			return e;
		}
		memset(data, i, FRAME);
		data[0] = 'c';
		const struct rmi_guest_item item = {.packet = p};
		e = rmi_wasm_instance_process(in, &item, (struct rme_bytes){data, FRAME}, &out, &fixture_err);
		e = e != RME_OK ? e : rmi_wasm_instance_packet(in, &meta, out, &result);
		if (e == RME_OK) {
			size_t len;
			const uint8_t *got = rme_packet_data(result, &len);
			assert_int_equal(len, FRAME);
			assert_int_equal(got[FRAME - 1], i + 1);
		}
		rme_packet_unref(result);
		rme_packet_unref(p);
	}
	return e;
}

static void
open_and_run(void *ctx)
{
	const char *name = ctx;
	static const struct rmi_guest_env env = {.session_id = "session-1"};
	struct rmi_wasm_engine *engine = NULL;
	struct rmi_wasm_module *m = NULL;
	struct rmi_wasm_instance *in = NULL;
	struct rmi_frame_source frames = {0};
	const struct rmi_wasm_engine_config config = {
	    .cache_dir = folder, .warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {
	    .name = name, .path = fixture_path(name), .limits = {.result_bytes = 1 << 20}};
	fixture_err = (struct rme_error){0};
	enum rme_err e = rmi_wasm_engine_new(&engine, &config, &fixture_err);
	e = e != RME_OK ? e : rmi_wasm_module_open(&m, engine, &spec, &fixture_err);
	e = e != RME_OK ? e : rmi_wasm_pool_take(&in, m, &fixture_err);
	e = e != RME_OK ? e : rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &fixture_err);
	e = e != RME_OK ? e : run_frames(in, &frames);
	expect_excuse(e);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(engine);
	rmi_frame_source_done(&frames);
}

static void
modules_survive_every_failing_allocation(void **state)
{
	(void)state;
	char name[] = "frames";
	open_and_run(name); /* compiles, and makes what a process has once */
	size_t n = harness_oom_sweep(open_and_run, name);
	assert_true(n > 20);
	open_and_run(name);
}

static void
keep_and_list(void *ctx)
{
	(void)ctx;
	struct rmi_aot_cache *c = NULL;
	struct rmi_aot_listing l = {0};
	struct rmi_aot_trimmed gone;
	struct rmi_aot_code got = {0};
	bool damaged;
	uint8_t object[200] = {1}, key[RMI_SHA256_BYTES] = {0};
	const struct rmi_aot_code code = {.object = object, .len = sizeof(object), .level = 3};
	enum rme_err e = rmi_aot_cache_open(&c, folder, 0, &fixture_err);
	for (uint8_t i = 0; i < 3 && e == RME_OK; i++) {
		key[0] = i;
		e = rmi_aot_cache_put(c, key, &code, &fixture_err);
	}
	if (e == RME_OK && rmi_aot_cache_get(c, key, &got, &damaged)) {
		assert_int_equal(got.len, sizeof(object));
		rmi_aot_code_done(&got);
	}
	e = e != RME_OK ? e : rmi_aot_cache_list(c, &l, &fixture_err);
	rmi_aot_listing_done(&l);
	e = e != RME_OK ? e : rmi_aot_cache_trim(c, 300, &gone, &fixture_err);
	expect_excuse(e);
	rmi_aot_cache_free(c);
}

static void
the_cache_survives_every_failing_allocation(void **state)
{
	(void)state;
	assert_true(harness_oom_sweep(keep_and_list, NULL) > 3);
}

/* A file that is right must not be taken for a damaged one because memory was short. */
static void
get_what_is_there(void *ctx)
{
	struct rmi_aot_cache *c = ctx;
	struct rmi_aot_code got = {0};
	const uint8_t key[RMI_SHA256_BYTES] = {0xee};
	bool damaged = false, found = rmi_aot_cache_get(c, key, &got, &damaged);
	assert_true(found || harness_oom_hit());
	assert_false(damaged);
	rmi_aot_code_done(&got);
}

static void
a_file_is_not_damaged_because_memory_is_short(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	uint8_t object[200] = {1};
	const uint8_t key[RMI_SHA256_BYTES] = {0xee};
	const struct rmi_aot_code code = {.object = object, .len = sizeof(object), .level = 3};
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	assert_int_equal(rmi_aot_cache_put(c, key, &code, &fixture_err), RME_OK);
	assert_true(harness_oom_sweep(get_what_is_there, c) > 0);
	rmi_aot_cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(modules_survive_every_failing_allocation),
	    cmocka_unit_test(the_cache_survives_every_failing_allocation),
	    cmocka_unit_test(a_file_is_not_damaged_because_memory_is_short),
	};
	return cmocka_run_group_tests_name("oom", tests, setup, teardown);
}
