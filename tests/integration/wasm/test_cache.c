/* Compiled modules on disk: found again, verified, never loaded when damaged; and the compiler's limits. */
#include "wasm_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "wasm/aot_cache.h"
#include "wasm/aot_compile.h"

static char folder[] = "/tmp/rme-test-aot.XXXXXX";

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
new_engine(void)
{
	struct rmi_wasm_engine *e;
	const struct rmi_wasm_engine_config config = {.cache_dir = folder};
	assert_int_equal(rmi_wasm_engine_new(&e, &config, &fixture_err), RME_OK);
	return e;
}

/* Open, run one item, close. */
static struct rmi_wasm_code_info
run_once(struct rmi_wasm_engine *e)
{
	struct rmi_wasm_module *m;
	struct rmi_wasm_code_info info;
	const struct rmi_wasm_module_spec spec = {.name = "smallest", .path = fixture_path("smallest")};
	if (rmi_wasm_module_open(&m, e, &spec, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect(in, "abc", "cba");
	rmi_wasm_module_code_info(m, &info);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	return info;
}

static struct rmi_wasm_status
status_of(struct rmi_wasm_engine *e)
{
	struct rmi_wasm_status s;
	rmi_wasm_engine_status(e, &s);
	return s;
}

static void
the_second_time_is_taken_from_the_cache(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = new_engine();
	struct rmi_wasm_code_info info = run_once(e);
	assert_false(info.from_cache);
	assert_int_equal(info.optimize_level, 3);
	assert_true(info.code_bytes > info.file_bytes / 4);
	info = run_once(e);
	assert_true(info.from_cache);
	rmi_wasm_engine_free(e);
	e = new_engine();
	info = run_once(e);
	assert_true(info.from_cache);
	assert_int_equal(status_of(e).compiled, 0);
	assert_true(status_of(e).started);
	rmi_wasm_engine_free(e);
}

/* Calls fn for every cache file. */
static unsigned
for_each_file(void (*fn)(const char *path, size_t arg), size_t arg)
{
	unsigned n = 0;
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		if (strstr(d->d_name, ".aot") != NULL) {
			char path[600];
			(void)snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
			fn(path, arg);
			n++;
		}
	}
	closedir(dir);
	return n;
}

static void
flip_byte(const char *path, size_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t b;
	struct stat st;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	off_t where = (off_t)(at % (size_t)st.st_size);
	assert_int_equal(pread(fd, &b, 1, where), 1);
	b ^= 0x10;
	assert_int_equal(pwrite(fd, &b, 1, where), 1);
	close(fd);
}

static void
shorten(const char *path, size_t len)
{
	assert_int_equal(truncate(path, (off_t)len), 0);
}

static void
flipped_bytes_are_noticed_and_compiled_anew(void **state)
{
	(void)state;
	static const size_t places[] = {0, 8, 40, 72, 88, 127, 128, 5000};
	struct rmi_wasm_engine *e = new_engine();
	(void)run_once(e);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint64_t rejected = status_of(e).rejected;
		assert_true(for_each_file(flip_byte, places[i]) >= 1);
		assert_false(run_once(e).from_cache);
		assert_int_equal(status_of(e).rejected, rejected + 1);
		assert_true(run_once(e).from_cache);
	}
	assert_true(for_each_file(shorten, 100) >= 1);
	assert_false(run_once(e).from_cache);
	assert_true(for_each_file(shorten, 1000) >= 1);
	assert_false(run_once(e).from_cache);
	rmi_wasm_engine_free(e);
}

static void
a_folder_that_others_may_write_to_is_not_used(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_EDENIED);
	assert_non_null(strstr(fixture_err.text, "chmod 700"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	rmi_aot_cache_free(c);
	assert_int_equal(rmi_aot_cache_open(&c, "/proc/none/cache", 0, &fixture_err), RME_EIO);
}

static void
a_symbolic_link_is_not_followed(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	char link_path[600];
	const uint8_t key[RMI_SHA256_BYTES] = {0xab};
	char hex[RMI_SHA256_HEX];
	rmi_sha256_hex(key, hex);
	(void)snprintf(link_path, sizeof(link_path), "%s/%s.aot", folder, hex);
	assert_int_equal(symlink("/etc/passwd", link_path), 0);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	struct rmi_aot_code code;
	bool damaged = false;
	assert_false(rmi_aot_cache_get(c, key, &code, &damaged));
	assert_true(damaged);
	struct stat st;
	assert_int_not_equal(lstat(link_path, &st), 0);
	rmi_aot_cache_free(c);
}

/* Make a file look as if it was used some hours ago. */
static void
set_age(const char *dir, const uint8_t key[RMI_SHA256_BYTES], int hours)
{
	char hex[RMI_SHA256_HEX], path[600];
	rmi_sha256_hex(key, hex);
	(void)snprintf(path, sizeof(path), "%s/%s.aot", dir, hex);
	struct timespec t[2];
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &t[0]), 0);
	t[0].tv_sec -= hours * 3600;
	t[1] = t[0];
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void
least_recently_used_files_go_first(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	char other[] = "/tmp/rme-test-lru.XXXXXX";
	uint8_t object[1000] = {1}, key[RMI_SHA256_BYTES] = {0};
	const struct rmi_aot_code code = {.object = object, .len = sizeof(object), .level = 3};
	assert_non_null(mkdtemp(other));
	assert_int_equal(rmi_aot_cache_open(&c, other, 3 * (sizeof(object) + 128), &fixture_err), RME_OK);
	struct rmi_aot_code got;
	bool damaged;
	for (uint8_t i = 0; i < 5; i++) {
		key[0] = i;
		assert_int_equal(rmi_aot_cache_put(c, key, &code, &fixture_err), RME_OK);
		set_age(other, key, 5 - i);
		key[0] = 0;
		assert_true(rmi_aot_cache_get(c, key, &got, &damaged)); /* 0 stays fresh */
		assert_int_equal(got.level, 3);
		rmi_aot_code_done(&got);
	}
	for (uint8_t i = 0; i < 5; i++) {
		key[0] = i;
		bool there = rmi_aot_cache_get(c, key, &got, &damaged);
		assert_int_equal(there, i == 0 || i >= 3);
		if (there) {
			rmi_aot_code_done(&got);
		}
	}
	rmi_aot_cache_free(c);
	fixture_remove_folder(other);
}

static uint8_t *
read_module(const char *name, size_t *len)
{
	FILE *f = fopen(fixture_path(name), "rbe");
	assert_non_null(f);
	uint8_t *data = malloc(1 << 20);
	assert_non_null(data);
	*len = fread(data, 1, 1 << 20, f);
	(void)fclose(f);
	return data;
}

static void
the_compiler_is_limited(void **state)
{
	(void)state;
	struct rmi_aot_request q = {.compiler = getenv("RME_AOTC"), .work_dir = folder, .level = 3};
	struct rmi_aot_code code = {0};
	uint8_t *data = read_module("huge_frame", &q.len);
	q.wasm = data;
	q.limits = (struct rmi_aot_limits){.cpu_s = 1};
	fixture_assert_error(
	    rmi_aot_compile(&code, &q, &fixture_err), RME_ELIMIT, "stopped after 1 s of processor time (limit)");
	q.limits = (struct rmi_aot_limits){.wall_ns = 1};
	fixture_assert_error(rmi_aot_compile(&code, &q, &fixture_err), RME_ELIMIT, "(limit)");
	q.limits = (struct rmi_aot_limits){.memory_bytes = 200 << 20};
	fixture_assert_error(rmi_aot_compile(&code, &q, &fixture_err), RME_ELIMIT, "memory limit");
	q.len = 40;
	q.limits = (struct rmi_aot_limits){0};
	fixture_assert_error(rmi_aot_compile(&code, &q, &fixture_err), RME_EMODULE, "cannot be compiled");
	q.compiler = "/nowhere/rme-aotc";
	fixture_assert_error(rmi_aot_compile(&code, &q, &fixture_err), RME_EUNSUPPORTED, "set RME_AOTC");
	assert_null(code.object);
	free(data);
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		assert_null(strstr(d->d_name, "compile.")); /* nothing is left behind */
	}
	closedir(dir);
}

static void
an_engine_without_a_cache_works(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e;
	const struct rmi_wasm_engine_config config = {.cache_dir = ""};
	assert_int_equal(rmi_wasm_engine_new(&e, &config, &fixture_err), RME_OK);
	assert_false(run_once(e).from_cache);
	assert_false(run_once(e).from_cache);
	rmi_wasm_engine_free(e);
}

static void
the_interpreter_runs_where_it_was_asked_for(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e;
	const struct rmi_wasm_engine_config config = {.cache_dir = "", .interpret = true};
	assert_int_equal(rmi_wasm_engine_new(&e, &config, &fixture_err), RME_OK);
	struct rmi_wasm_code_info info = run_once(e);
	assert_true(info.interpreted);
	assert_true(status_of(e).interpret);
	struct rmi_wasm_module *m;
	const struct rmi_wasm_module_spec spec = {
	    .name = "moody", .path = fixture_path("moody"), .limits = {.timeout_ns = 200000000}};
	assert_int_equal(rmi_wasm_module_open(&m, e, &spec, &fixture_err), RME_OK);
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect_error(in, "loop plain", RME_ETIMEDOUT, "module moody: stopped after 200 ms (limit)");
	rmi_wasm_instance_free(in);
	in = fixture_instance(m, NULL);
	fixture_expect_error(in, "trap oob", RME_EMODULE, "out of bounds memory access");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_second_time_is_taken_from_the_cache),
	    cmocka_unit_test(flipped_bytes_are_noticed_and_compiled_anew),
	    cmocka_unit_test(a_folder_that_others_may_write_to_is_not_used),
	    cmocka_unit_test(a_symbolic_link_is_not_followed),
	    cmocka_unit_test(least_recently_used_files_go_first),
	    cmocka_unit_test(the_compiler_is_limited),
	    cmocka_unit_test(an_engine_without_a_cache_works),
	    cmocka_unit_test(the_interpreter_runs_where_it_was_asked_for),
	};
	return cmocka_run_group_tests_name("cache", tests, setup, teardown);
}
