/* A large module runs plainly compiled code at once, and optimized code as soon as that is there. */
#include "wasm_fixture.h"

#include <unistd.h>
#include "wasm/instance_state.h"
#include "wasm/module_state.h"
#include "wasm/pool.h"

static char folder[] = "/tmp/rme-test-tiers.XXXXXX";

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

static struct rmi_wasm_engine *
engine_over(const char *cache, bool optimize_first)
{
	struct rmi_wasm_engine *e;
	const struct rmi_wasm_engine_config config = {.cache_dir = cache, .optimize_first = optimize_first};
	assert_int_equal(rmi_wasm_engine_new(&e, &config, &fixture_err), RME_OK);
	return e;
}

static struct rmi_wasm_module *
open_large(struct rmi_wasm_engine *e)
{
	struct rmi_wasm_module *m;
	const struct rmi_wasm_module_spec spec = {.name = "large", .path = fixture_path("large")};
	if (rmi_wasm_module_open(&m, e, &spec, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	return m;
}

static struct rmi_wasm_code_info
info_of(struct rmi_wasm_module *m)
{
	struct rmi_wasm_code_info info;
	rmi_wasm_module_code_info(m, &info);
	return info;
}

static uint32_t
answer(struct rmi_wasm_instance *in)
{
	static const uint8_t item[] = "what all of its functions depend on";
	struct rme_bytes out = {0};
	uint32_t x;
	if (rmi_wasm_instance_process(in, NULL, (struct rme_bytes){item, sizeof(item)}, &out, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	assert_int_equal(out.len, sizeof(x));
	memcpy(&x, out.data, sizeof(x));
	return x;
}

static void
wait_for_optimized(struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	while (m->info.optimizing) {
		pthread_cond_wait(&m->engine->modules_changed, &m->engine->modules_lock);
	}
	pthread_mutex_unlock(&m->engine->modules_lock);
}

static void
it_runs_plainly_first_and_optimized_later(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_over(folder, false);
	struct rmi_wasm_module *m = open_large(e);
	struct rmi_wasm_code_info info = info_of(m);
	assert_int_equal(info.optimize_level, 0);
	assert_true(info.optimizing);
	struct rmi_wasm_instance *first = fixture_instance(m, NULL);
	uint32_t plain = answer(first);
	wait_for_optimized(m);
	info = info_of(m);
	assert_int_equal(info.optimize_level, 3);
	assert_true(rmi_wasm_instance_outdated(first));
	assert_int_equal(answer(first), plain); /* it goes on as it is */
	struct rmi_wasm_instance *second = fixture_instance(m, NULL);
	assert_false(rmi_wasm_instance_outdated(second));
	assert_ptr_not_equal(first->code, second->code);
	assert_int_equal(answer(second), plain);
	rmi_wasm_instance_free(first);
	assert_int_equal(answer(second), plain);
	rmi_wasm_instance_free(second);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

static void
the_next_process_finds_the_optimized_code(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_over(folder, false);
	struct rmi_wasm_module *m = open_large(e);
	struct rmi_wasm_code_info info = info_of(m);
	assert_true(info.from_cache);
	assert_int_equal(info.optimize_level, 3);
	assert_false(info.optimizing);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

static void
warm_instances_are_replaced(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_over("", false);
	struct rmi_wasm_module *m = open_large(e);
	struct rmi_wasm_instance *in;
	assert_int_equal(rmi_wasm_pool_take(&in, m, &fixture_err), RME_OK); /* has the next one made */
	rmi_wasm_instance_free(in);
	wait_for_optimized(m);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rmi_wasm_pool_take(&in, m, &fixture_err), RME_OK);
		assert_false(rmi_wasm_instance_outdated(in));
		rmi_wasm_instance_free(in);
	}
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

static void
an_engine_ends_while_it_optimizes(void **state)
{
	(void)state;
	char other[] = "/tmp/rme-test-tiers2.XXXXXX";
	assert_non_null(mkdtemp(other));
	struct rmi_wasm_engine *e = engine_over(other, false);
	struct rmi_wasm_module *m = open_large(e);
	assert_true(info_of(m).optimizing);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
	/* What is kept stands in for it: there at once, and still worth optimizing. */
	e = engine_over(other, false);
	m = open_large(e);
	struct rmi_wasm_code_info info = info_of(m);
	assert_true(info.from_cache);
	assert_int_equal(info.optimize_level, 0);
	assert_true(info.optimizing);
	assert_int_equal(rmi_wasm_code_cached(e, info.admitted_sha256), RMI_CODE_CACHED_PLAIN);
	wait_for_optimized(m);
	assert_int_equal(rmi_wasm_code_cached(e, info.admitted_sha256), RMI_CODE_CACHED);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
	fixture_remove_folder(other);
}

static void
optimize_first_waits(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_over("", true);
	struct rmi_wasm_module *m = open_large(e);
	assert_int_equal(info_of(m).optimize_level, 3);
	assert_false(info_of(m).optimizing);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_runs_plainly_first_and_optimized_later),
	    cmocka_unit_test(the_next_process_finds_the_optimized_code),
	    cmocka_unit_test(warm_instances_are_replaced),
	    cmocka_unit_test(an_engine_ends_while_it_optimizes),
	    cmocka_unit_test(optimize_first_waits),
	};
	return cmocka_run_group_tests_name("tiers", tests, setup, teardown);
}
