/* Compiled modules on disk: found again, verified, never loaded when damaged; and the compiler's limits. */
#include "wasm_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
	const struct rmi_wasm_engine_config config = {.cache_dir = folder, .optimize_first = true};
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

static void
what_is_loaded_runs_on_when_its_file_goes(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = new_engine();
	struct rmi_wasm_module *m;
	struct rmi_aot_cache *c;
	struct rmi_aot_trimmed gone;
	const struct rmi_wasm_module_spec spec = {.name = "smallest", .path = fixture_path("smallest")};
	assert_int_equal(rmi_wasm_module_open(&m, e, &spec, &fixture_err), RME_OK);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	assert_int_equal(rmi_aot_cache_trim(c, 0, &gone, &fixture_err), RME_OK);
	assert_true(gone.files >= 1 && gone.bytes > 0);
	struct rmi_aot_listing l;
	assert_int_equal(rmi_aot_cache_list(c, &l, &fixture_err), RME_OK);
	assert_int_equal(l.n, 0);
	rmi_aot_listing_done(&l);
	rmi_aot_cache_free(c);
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect(in, "abc", "cba");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
}

static void
widen(const char *path, size_t mode)
{
	assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void
a_file_that_others_may_write_to_is_not_used(void **state)
{
	(void)state;
	struct rmi_wasm_engine *e = new_engine();
	(void)run_once(e);
	assert_true(for_each_file(widen, 0666) >= 1);
	assert_false(run_once(e).from_cache);
	assert_true(run_once(e).from_cache);
	rmi_wasm_engine_free(e);
}

static void
a_folder_of_someone_else_is_not_used(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	if (geteuid() != 0) {
		skip(); /* only root can give a folder away */
	}
	assert_int_equal(chown(folder, 12345, (gid_t)-1), 0);
	fixture_assert_error(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_EDENIED, "belongs to user 12345");
	/* Modules run nevertheless; they are compiled in a folder of their own, and nothing is kept. */
	struct rmi_wasm_engine *e = new_engine();
	assert_false(run_once(e).from_cache);
	assert_false(status_of(e).cache_open);
	rmi_wasm_engine_free(e);
	assert_int_equal(chown(folder, 0, (gid_t)-1), 0);
}

static void
a_link_to_a_folder_is_not_followed(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	char link_path[600];
	(void)snprintf(link_path, sizeof(link_path), "%s/link", folder);
	assert_int_equal(symlink("/tmp", link_path), 0);
	assert_int_equal(rmi_aot_cache_open(&c, link_path, 0, &fixture_err), RME_EIO);
	assert_int_equal(unlink(link_path), 0);
}

static void
leftovers_of_a_killed_writer_go(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	struct rmi_aot_listing l;
	char old[600], young[600];
	(void)snprintf(old, sizeof(old), "%s/0123.aot.1.tmp", folder);
	(void)snprintf(young, sizeof(young), "%s/0123.aot.2.tmp", folder);
	const char *both[] = {old, young};
	for (size_t i = 0; i < 2; i++) {
		int fd = open(both[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		close(fd);
	}
	const struct timespec ages[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	assert_int_equal(utimensat(AT_FDCWD, old, ages, 0), 0);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	assert_int_equal(rmi_aot_cache_list(c, &l, &fixture_err), RME_OK);
	rmi_aot_listing_done(&l);
	rmi_aot_cache_free(c);
	assert_int_not_equal(access(old, F_OK), 0);
	assert_int_equal(access(young, F_OK), 0); /* may be somebody's who writes just now */
	assert_int_equal(unlink(young), 0);
}

/* Runs in a child: opens the large module over the same folder, and tells by its exit status how it got the code. */
static int
open_in_child(void)
{
	struct rmi_wasm_engine *e;
	struct rmi_wasm_module *m;
	struct rme_error err;
	/* A guard of its own choice would be another key where a busy machine makes its trial fail. */
	const struct rmi_wasm_engine_config config = {
	    .cache_dir = folder, .optimize_first = true, .guard = RMI_GUARD_INTERRUPTIBLE};
	const struct rmi_wasm_module_spec spec = {.name = "wasi", .path = fixture_path("wasi")};
	if (rmi_wasm_engine_new(&e, &config, &err) != RME_OK || rmi_wasm_module_open(&m, e, &spec, &err) != RME_OK) {
		return 3;
	}
	struct rmi_wasm_code_info info;
	rmi_wasm_module_code_info(m, &info);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
	return info.from_cache ? 1 : 2;
}

static void
two_processes_compile_once(void **state)
{
	(void)state;
	enum { PROCESSES = 3 };
	pid_t pids[PROCESSES];
	int compiled = 0, found = 0;
	for (int i = 0; i < PROCESSES; i++) {
		char self[] = "/proc/self/exe", word[] = "open-in-child";
		char *argv[] = {self, word, folder, NULL};
		assert_int_equal(posix_spawn(&pids[i], self, NULL, NULL, argv, environ), 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		compiled += WEXITSTATUS(status) == 2;
		found += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(compiled, 1);
	assert_int_equal(found, PROCESSES - 1);
}

static void
a_full_disk_costs_the_cache_only(void **state)
{
	(void)state;
	struct rmi_aot_cache *c;
	struct rlimit before, small = {.rlim_cur = 4096};
	uint8_t *object = calloc(1, 100000);
	const uint8_t key[RMI_SHA256_BYTES] = {0xcd};
	const struct rmi_aot_code code = {.object = object, .len = 100000, .level = 3};
	struct rmi_aot_code got;
	bool damaged;
	assert_non_null(object);
	assert_int_equal(rmi_aot_cache_open(&c, folder, 0, &fixture_err), RME_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum rme_err e = rmi_aot_cache_put(c, key, &code, &fixture_err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	fixture_assert_error(e, RME_EIO, "cannot be written");
	assert_false(rmi_aot_cache_get(c, key, &got, &damaged));
	assert_false(damaged);
	struct rmi_aot_listing l;
	assert_int_equal(rmi_aot_cache_list(c, &l, &fixture_err), RME_OK);
	rmi_aot_listing_done(&l);
	DIR *dir = opendir(folder);
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		assert_null(strstr(d->d_name, ".tmp"));
	}
	closedir(dir);
	rmi_aot_cache_free(c);
	free(object);
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
	const struct rmi_wasm_engine_config config = {.cache_dir = "", .optimize_first = true};
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
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "open-in-child") == 0) {
		(void)snprintf(folder, sizeof(folder), "%s", argv[2]);
		return open_in_child();
	}
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_second_time_is_taken_from_the_cache),
	    cmocka_unit_test(flipped_bytes_are_noticed_and_compiled_anew),
	    cmocka_unit_test(a_folder_that_others_may_write_to_is_not_used),
	    cmocka_unit_test(a_symbolic_link_is_not_followed),
	    cmocka_unit_test(least_recently_used_files_go_first),
	    cmocka_unit_test(what_is_loaded_runs_on_when_its_file_goes),
	    cmocka_unit_test(a_file_that_others_may_write_to_is_not_used),
	    cmocka_unit_test(a_folder_of_someone_else_is_not_used),
	    cmocka_unit_test(a_link_to_a_folder_is_not_followed),
	    cmocka_unit_test(leftovers_of_a_killed_writer_go),
	    cmocka_unit_test(two_processes_compile_once),
	    cmocka_unit_test(a_full_disk_costs_the_cache_only),
	    cmocka_unit_test(the_compiler_is_limited),
	    cmocka_unit_test(an_engine_without_a_cache_works),
	    cmocka_unit_test(the_interpreter_runs_where_it_was_asked_for),
	};
	return cmocka_run_group_tests_name("cache", tests, setup, teardown);
}
