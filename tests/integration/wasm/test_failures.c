/* What cannot be compiled is compiled once. The compiler is a script that counts how often it is started. */
#include "wasm_fixture.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/rme-test-failures.XXXXXX";
static char compiler[64], count[64];

static int
setup(void **state)
{
	if (mkdtemp(folder) == NULL || fixture_setup(state) != 0) {
		return -1;
	}
	(void)snprintf(compiler, sizeof(compiler), "%s/compiler", folder);
	(void)snprintf(count, sizeof(count), "%s/count", folder);
	/* What belongs to the process is compiled by then, and not counted. */
	return rmi_wasm_engine_start(fixture_engine, &fixture_err) == RME_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	fixture_remove_folder(folder);
	return fixture_teardown(state);
}

/* @param first  commands of the shell in front of the real compiler; $1 is the level */
static struct rmi_wasm_engine *
engine_with(const char *first, bool optimize_first)
{
	struct rmi_wasm_engine *e;
	FILE *f = fopen(compiler, "we");
	assert_non_null(f);
	(void)fprintf(
	    f, "#!/bin/sh\nulimit -c 0\necho $1 >>%s\n%s\nexec %s \"$@\"\n", count, first, getenv("RME_AOTC"));
	(void)fclose(f);
	assert_int_equal(chmod(compiler, 0700), 0);
	(void)unlink(count);
	const struct rmi_wasm_engine_config config = {
	    .cache_dir = "", .compiler = compiler, .optimize_first = optimize_first};
	assert_int_equal(rmi_wasm_engine_new(&e, &config, &fixture_err), RME_OK);
	return e;
}

static unsigned
starts(void)
{
	unsigned n = 0;
	FILE *f = fopen(count, "re");
	for (int c; f != NULL && (c = fgetc(f)) != EOF;) {
		n += c == '\n';
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return n;
}

static enum rme_err
open_as(struct rmi_wasm_engine *e, const char *name, const char *as, struct rme_error *err)
{
	char path[512];
	struct rmi_wasm_module *m = NULL;
	(void)snprintf(path, sizeof(path), "%s/%s.wasm", getenv("RME_TEST_MODULES"), name);
	const struct rmi_wasm_module_spec spec = {.name = as, .path = path};
	enum rme_err r = rmi_wasm_module_open(&m, e, &spec, err);
	rmi_wasm_module_unref(m);
	return r;
}

static enum rme_err
submit(struct rmi_wasm_engine *e, const char *name, const char *as)
{
	return open_as(e, name, as, &fixture_err);
}

static void
a_refused_module_is_compiled_once(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("", true);
	fixture_assert_error(submit(e, "ill_typed", "first"), RME_EMODULE, "cannot be compiled: type mismatch");
	assert_null(strstr(fixture_err.text, "remembered"));
	fixture_assert_error(submit(e, "ill_typed", "second"), RME_EMODULE,
	    "cannot be compiled: type mismatch (remembered from 0 s ago");
	assert_string_equal(fixture_err.where, "second");
	assert_int_equal(starts(), 1);
	assert_int_equal(submit(e, "smallest", "other"), RME_OK);
	assert_int_equal(starts(), 2);
	rmi_wasm_engine_free(e);
}

static void
so_is_one_that_both_levels_are_too_much_for(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("kill -XCPU $$", true);
	for (unsigned i = 0; i < 3; i++) {
		fixture_assert_error(submit(e, "smallest", "bomb"), RME_ELIMIT, "processor time (limit)");
		assert_int_equal(starts(), 2);
	}
	assert_non_null(strstr(fixture_err.text, "(remembered"));
	rmi_wasm_engine_free(e);
}

static void
so_is_one_that_would_run_plainly_first(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("kill -ABRT $$", false);
	for (unsigned i = 0; i < 3; i++) {
		fixture_assert_error(submit(e, "large", "bomb"), RME_ELIMIT, "memory limit");
		assert_int_equal(starts(), 1);
	}
	rmi_wasm_engine_free(e);
}

static void
only_the_level_that_failed_is_left_out(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("[ $1 = 0 ] || kill -XCPU $$", true);
	assert_int_equal(submit(e, "smallest", "slow"), RME_OK); /* level 3, level 0 */
	assert_int_equal(starts(), 2);
	assert_int_equal(submit(e, "smallest", "slow"), RME_OK); /* nothing is kept: level 0 */
	assert_int_equal(starts(), 3);
	rmi_wasm_engine_free(e);
}

static void
what_the_machine_is_to_blame_for_is_tried_again(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("kill -KILL $$", true); /* as a kernel without memory does */
	fixture_assert_error(submit(e, "smallest", "good"), RME_EUNAVAILABLE, "was killed");
	assert_int_equal(starts(), 2);
	fixture_assert_error(submit(e, "smallest", "good"), RME_EUNAVAILABLE, "was killed");
	assert_int_equal(starts(), 4);
	rmi_wasm_engine_free(e);
	e = engine_with("echo invalid path; exit 1", true); /* as the compiler does on a full disk */
	for (unsigned i = 1; i <= 2; i++) {
		fixture_assert_error(submit(e, "smallest", "good"), RME_EIO, "the compiler failed: invalid path");
		assert_int_equal(starts(), i);
	}
	rmi_wasm_engine_free(e);
	e = engine_with("exit 1", true);
	fixture_assert_error(submit(e, "smallest", "good"), RME_EIO, "said nothing");
	fixture_assert_error(submit(e, "smallest", "good"), RME_EIO, "said nothing");
	assert_int_equal(starts(), 2);
	rmi_wasm_engine_free(e);
}

struct submission {
	struct rmi_wasm_engine *e;
	const char *as;
	enum rme_err result;
	struct rme_error err;
};

static void *
submit_beside(void *arg)
{
	struct submission *s = arg;
	s->result = open_as(s->e, "ill_typed", s->as, &s->err);
	return NULL;
}

/* Under different names they are different modules, and wait for the one compiler. */
static void
those_that_wait_for_the_compiler_profit(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = engine_with("sleep 0.2", true);
	struct submission all[] = {{.e = e, .as = "a"}, {.e = e, .as = "b"}, {.e = e, .as = "c"}};
	pthread_t threads[3];
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, submit_beside, &all[i]), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(all[i].result, RME_EMODULE);
	}
	assert_int_equal(starts(), 1);
	rmi_wasm_engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refused_module_is_compiled_once),
	    cmocka_unit_test(so_is_one_that_both_levels_are_too_much_for),
	    cmocka_unit_test(so_is_one_that_would_run_plainly_first),
	    cmocka_unit_test(only_the_level_that_failed_is_left_out),
	    cmocka_unit_test(what_the_machine_is_to_blame_for_is_tried_again),
	    cmocka_unit_test(those_that_wait_for_the_compiler_profit),
	};
	return cmocka_run_group_tests_name("failures", tests, setup, teardown);
}
