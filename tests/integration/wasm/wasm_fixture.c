#include "wasm_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>
#include <rme/runtime.h>

struct rme_error fixture_err;
struct rmi_wasm_engine *fixture_engine;
char fixture_log[16384];

static char cache_dir[] = "/tmp/rme-test-cache.XXXXXX";
static struct rme_runtime *runtime;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void
take_log(void *ctx, enum rme_log_level level, const char *topic, const char *text)
{
	(void)ctx;
	(void)level;
	(void)topic;
	pthread_mutex_lock(&log_lock);
	size_t n = strlen(fixture_log);
	(void)snprintf(fixture_log + n, sizeof(fixture_log) - n, "%s\n", text);
	pthread_mutex_unlock(&log_lock);
}

int
fixture_setup(void **state)
{
	(void)state;
	const struct rme_runtime_config config = {.workers = 1, .log_level = RME_LOG_DEBUG, .log = take_log};
	if (mkdtemp(cache_dir) == NULL || rme_runtime_new(&runtime, &config, &fixture_err) != RME_OK) {
		return -1;
	}
	const char *guard = getenv("RME_TEST_GUARD"), *waits = getenv("RME_TEST_WAITS");
	const struct rmi_wasm_engine_config engine = {.rt = runtime,
	    .cache_dir = cache_dir,
	    .no_fibers = waits != NULL && strcmp(waits, "threads") == 0,
	    .optimize_first = true,
	    .guard = guard != NULL && strcmp(guard, "interruptible") == 0 ? RMI_GUARD_INTERRUPTIBLE : RMI_GUARD_AUTO};
	return rmi_wasm_engine_new(&fixture_engine, &engine, &fixture_err) == RME_OK ? 0 : -1;
}

int
fixture_teardown(void **state)
{
	(void)state;
	rmi_wasm_engine_free(fixture_engine);
	rme_runtime_free(runtime);
	fixture_remove_folder(cache_dir);
	return 0;
}

const char *
fixture_cache_dir(void)
{
	return cache_dir;
}

struct rme_runtime *
fixture_runtime(void)
{
	return runtime;
}

void
fixture_remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	if (dir != NULL) {
		closedir(dir);
	}
	(void)rmdir(path);
}

enum rme_isolation
fixture_isolation(void)
{
	const char *said = getenv("RME_TEST_ISOLATION");
	return said != NULL && strcmp(said, "process") == 0 ? RME_ISOLATION_PROCESS : RME_ISOLATION_INPROC;
}

const char *
fixture_path(const char *name)
{
	static char path[512];
	const char *folder = getenv("RME_TEST_MODULES");
	(void)snprintf(path, sizeof(path), "%s/%s.wasm", folder != NULL ? folder : ".", name);
	return path;
}

struct rmi_wasm_module *
fixture_open_limited(const char *name, struct rme_module_limits limits)
{
	struct rmi_wasm_module *m = NULL;
	const struct rmi_wasm_module_spec spec = {.name = name, .path = fixture_path(name), .limits = limits};
	if (rmi_wasm_module_open(&m, fixture_engine, &spec, &fixture_err) != RME_OK) {
		fail_msg("%s: %s: %s", name, fixture_err.where, fixture_err.text);
	}
	return m;
}

struct rmi_wasm_module *
fixture_open(const char *name)
{
	return fixture_open_limited(name, (struct rme_module_limits){0});
}

struct rmi_wasm_instance *
fixture_instance(struct rmi_wasm_module *m, const struct rmi_guest_env *env)
{
	static const struct rmi_guest_env nothing = {.session_id = "session-1"};
	struct rmi_wasm_instance *in = NULL;
	const struct rmi_guest_start start = {0};
	if (rmi_wasm_instance_new(&in, m, &fixture_err) != RME_OK ||
	    rmi_wasm_instance_open(in, env != NULL ? env : &nothing, &start, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	return in;
}

static enum rme_err
process_text(struct rmi_wasm_instance *in, const char *data, struct rme_bytes *out)
{
	/* a copy of the exact length on the heap, so that a sanitizer sees reads past the end */
	size_t len = strlen(data);
	uint8_t *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, data, len);
	enum rme_err e = rmi_wasm_instance_process(in, NULL, (struct rme_bytes){copy, len}, out, &fixture_err);
	free(copy);
	return e;
}

void
fixture_expect(struct rmi_wasm_instance *in, const char *data, const char *output)
{
	struct rme_bytes out = {0};
	enum rme_err e = process_text(in, data, &out);
	if (e != RME_OK) {
		fail_msg("\"%s\": %s", data, fixture_err.text);
	}
	if (out.len != strlen(output) || memcmp(out.data, output, out.len) != 0) {
		fail_msg("\"%s\" gave \"%.*s\" and not \"%s\"", data, (int)out.len, (const char *)out.data, output);
	}
}

void
fixture_assert_error(enum rme_err got, enum rme_err code, const char *text)
{
	if (got != code || (got != RME_OK && strstr(fixture_err.text, text) == NULL)) {
		fail_msg("%s \"%s\" and not %s \"%s\"", rme_err_name(got), got != RME_OK ? fixture_err.text : "",
		    rme_err_name(code), text);
	}
}

void
fixture_expect_error(struct rmi_wasm_instance *in, const char *data, enum rme_err code, const char *text)
{
	struct rme_bytes out = {0};
	fixture_assert_error(process_text(in, data, &out), code, text);
}
