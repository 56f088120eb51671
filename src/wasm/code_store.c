/* Where machine code comes from: the cache, else the compiler. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wasm/aot_key.h"
#include "wasm/engine_state.h"
#include "wasm/module.h"

static const char compiler_name[] = "rme-aotc";

/* Where rme-aotc is: as configured, else beside the program, else where it was installed. */
static void
find_compiler(const struct rmi_wasm_engine *e, char path[PATH_MAX])
{
	const char *said = e->compiler != NULL ? e->compiler : secure_getenv("RME_AOTC");
	if (said != NULL) {
		(void)snprintf(path, PATH_MAX, "%s", said);
		return;
	}
	char exe[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
	(void)snprintf(path, PATH_MAX, "%s/%s", exe, compiler_name);
	if (access(path, X_OK) == 0) {
		return;
	}
	(void)snprintf(path, PATH_MAX, "%s/../libexec/rme/%s", exe, compiler_name);
	if (access(path, X_OK) == 0) {
		return;
	}
	(void)snprintf(path, PATH_MAX, "%s/%s", RMI_LIBEXECDIR, compiler_name);
}

static bool
default_cache_dir(char path[PATH_MAX])
{
	const char *cache = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
	if (cache != NULL && cache[0] == '/') {
		(void)snprintf(path, PATH_MAX, "%s/rme/aot", cache);
		return true;
	}
	if (home != NULL && home[0] == '/') {
		(void)snprintf(path, PATH_MAX, "%s/.cache/rme/aot", home);
		return true;
	}
	return false;
}

static void
log_text(struct rmi_wasm_engine *e, enum rme_log_level level, const char *text)
{
	if (e->rt != NULL) {
		rme_log(e->rt, level, "wasm", "%s", text);
	}
}

bool
rmi_code_store_dir(const struct rmi_wasm_engine *e, char path[PATH_MAX])
{
	if (e->cache_dir != NULL) {
		(void)snprintf(path, PATH_MAX, "%s", e->cache_dir);
		return true;
	}
	return default_cache_dir(path);
}

void
rmi_code_store_open(struct rmi_wasm_engine *e)
{
	char path[PATH_MAX];
	struct rme_error err;
	if (!rmi_code_store_dir(e, path)) {
		log_text(e, RME_LOG_WARN, "compiled modules are not kept: neither XDG_CACHE_HOME nor HOME is set");
		return;
	}
	if (path[0] != '\0' && rmi_aot_cache_open(&e->cache, path, 0, &err) != RME_OK && e->rt != NULL) {
		rme_log(e->rt, RME_LOG_WARN, "wasm", "compiled modules are not kept: %s: %s", err.where, err.text);
	}
}

static bool
look_in_cache(struct rmi_aot_code *out, struct rmi_wasm_engine *e, const uint8_t key[RMI_SHA256_BYTES])
{
	bool damaged = false;
	if (e->cache == NULL) {
		return false;
	}
	bool found = rmi_aot_cache_get(e->cache, key, out, &damaged);
	if (damaged) {
		atomic_fetch_add(&e->rejected, 1);
		log_text(
		    e, RME_LOG_WARN, "a compiled module in the cache was damaged; it was removed and is compiled anew");
	}
	return found;
}

static enum rme_err
compile(struct rmi_aot_code *out, struct rmi_wasm_engine *e, struct rme_bytes wasm, bool interruptible,
    struct rme_error *err)
{
	char compiler[PATH_MAX];
	const char *temporary = secure_getenv("TMPDIR");
	find_compiler(e, compiler);
	struct rmi_aot_request q = {.wasm = wasm.data,
	    .len = wasm.len,
	    .compiler = compiler,
	    .work_dir = e->cache != NULL ? rmi_aot_cache_dir(e->cache) : (temporary != NULL ? temporary : "/tmp"),
	    .level = 3,
	    .interruptible = interruptible};
	enum rme_err r = rmi_aot_compile(out, &q, err);
	if (r == RME_ELIMIT) {
		log_text(e, RME_LOG_WARN,
		    "a module is too much for the optimizing compiler; it is compiled plainly and runs slower");
		q.level = 0;
		r = rmi_aot_compile(out, &q, err);
	}
	atomic_fetch_add(&e->compiled, r == RME_OK);
	return r;
}

static enum rme_err
compile_and_keep(struct rmi_aot_code *out, struct rmi_wasm_engine *e, struct rme_bytes wasm,
    const uint8_t key[RMI_SHA256_BYTES], struct rme_error *err)
{
	enum rme_err r = compile(out, e, wasm, out->interruptible, err);
	struct rme_error not_kept;
	if (r == RME_OK && e->cache != NULL && rmi_aot_cache_put(e->cache, key, out, &not_kept) != RME_OK) {
		log_text(e, RME_LOG_WARN, not_kept.text);
	}
	return r;
}

enum rme_err
rmi_code_obtain(struct rmi_aot_code *out, struct rmi_wasm_engine *e, struct rme_bytes wasm, bool interruptible,
    struct rme_error *err)
{
	uint8_t hash[RMI_SHA256_BYTES], key[RMI_SHA256_BYTES];
	if (e->giver != NULL) {
		return e->giver->give(e->giver->ctx, out, wasm, err);
	}
	rmi_sha256_of(wasm.data, wasm.len, hash);
	rmi_aot_key(key, &atomic_load(&e->process)->we, hash, interruptible);
	if (look_in_cache(out, e, key)) {
		atomic_fetch_add(&e->loaded, 1);
		return RME_OK;
	}
	pthread_mutex_lock(&e->compile_lock);
	int token = e->cache != NULL ? rmi_aot_cache_lock(e->cache) : -1;
	enum rme_err r = RME_OK;
	if (look_in_cache(out, e, key)) { /* somebody compiled it while we waited */
		atomic_fetch_add(&e->loaded, 1);
	} else {
		out->interruptible = interruptible;
		r = compile_and_keep(out, e, wasm, key, err);
	}
	rmi_aot_cache_unlock(token);
	pthread_mutex_unlock(&e->compile_lock);
	return r;
}

bool
rmi_wasm_code_is_cached(struct rmi_wasm_engine *e, const uint8_t admitted_sha256[RMI_SHA256_BYTES])
{
	const struct rmi_wasm_process *p = atomic_load(&e->process);
	struct rmi_aot_code code = {0};
	uint8_t key[RMI_SHA256_BYTES];
	if (p == NULL) {
		return false;
	}
	rmi_aot_key(key, &p->we, admitted_sha256, p->guard == RMI_GUARD_INTERRUPTIBLE);
	bool found = look_in_cache(&code, e, key);
	rmi_aot_code_done(&code);
	return found;
}
