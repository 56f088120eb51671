/* Where machine code comes from: the cache, else the compiler. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wasm/aot_key.h"
#include "wasm/engine_state.h"
#include "wasm/module.h"
#include "wasm/module_limits.h"
#include "wasm/program_path.h"

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

/* As configured, else as the environment says; 0 = default. */
static uint64_t
cache_bytes(struct rmi_wasm_engine *e)
{
	const char *said = e->cache_bytes > 0 ? NULL : secure_getenv("RME_MODULE_CACHE_BYTES");
	if (said == NULL) {
		return e->cache_bytes;
	}
	char *end;
	errno = 0;
	unsigned long long n = strtoull(said, &end, 10);
	if (said[0] < '0' || said[0] > '9' || *end != '\0' || errno != 0) {
		log_text(e, RME_LOG_WARN, "RME_MODULE_CACHE_BYTES is no number of bytes; 512 MiB are kept");
		return 0;
	}
	return n;
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
	if (path[0] != '\0' && rmi_aot_cache_open(&e->cache, path, cache_bytes(e), &err) != RME_OK && e->rt != NULL) {
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

/* What is looked for, and the keys of its codes. */
struct search {
	struct rmi_wasm_engine *e;
	const struct rmi_code_want *want;
	uint8_t best[RMI_SHA256_BYTES], plain[RMI_SHA256_BYTES];
};

static void
search_init(struct search *s, struct rmi_wasm_engine *e, const struct rmi_code_want *want)
{
	uint8_t hash[RMI_SHA256_BYTES];
	const struct rmi_wasmedge *we = &atomic_load(&e->process)->we;
	s->e = e;
	s->want = want;
	rmi_sha256_of(want->wasm.data, want->wasm.len, hash);
	rmi_aot_key(s->best, we, hash, want->interruptible, false);
	rmi_aot_key(s->plain, we, hash, want->interruptible, true);
}

static enum rme_err
run_compiler(struct rmi_aot_code *out, const struct search *s, int level, struct rme_error *err)
{
	char compiler[PATH_MAX];
	struct rmi_wasm_engine *e = s->e;
	const char *temporary = secure_getenv("TMPDIR");
	rmi_program_path("RME_AOTC", e->compiler, "rme-aotc", compiler);
	const struct rmi_aot_request q = {.wasm = s->want->wasm.data,
	    .len = s->want->wasm.len,
	    .compiler = compiler,
	    .work_dir = e->cache != NULL ? rmi_aot_cache_dir(e->cache) : (temporary != NULL ? temporary : "/tmp"),
	    .level = level,
	    .interruptible = s->want->interruptible,
	    .cancel = &e->optimize_cancel};
	enum rme_err r = rmi_aot_compile(out, &q, err);
	atomic_fetch_add(&e->compiled, r == RME_OK);
	return r;
}

/* What the compiler said of the module lately, at this level; RME_OK = nothing. */
static enum rme_err
recall(const struct search *s, int level, struct rme_error *err)
{
	return rmi_compile_failures_find(&s->e->failures, level > 0 ? s->best : s->plain, rmi_monotonic_ns(), err);
}

/* Unless it is known to fail. What the module is to blame for is remembered. */
static enum rme_err
compile_at(struct rmi_aot_code *out, const struct search *s, int level, struct rme_error *err)
{
	struct rme_error why = {0};
	enum rme_err r = recall(s, level, err);
	if (r != RME_OK) {
		return r;
	}
	r = run_compiler(out, s, level, &why);
	if (r == RME_EMODULE || r == RME_ELIMIT) {
		rmi_compile_failures_note(&s->e->failures, level > 0 ? s->best : s->plain, &why, rmi_monotonic_ns());
	}
	return r == RME_OK ? RME_OK : rme_error_set(err, r, NULL, "%s", why.text);
}

/* What compiling costs depends on the code, by far the most; see docs/design/wasm-code.md for the measurement. */
static bool
takes_long(const struct rmi_code_want *want)
{
	return want->code_bytes > RMI_OPTIMIZE_AT_ONCE_BYTES;
}

static void
keep(struct rmi_wasm_engine *e, const uint8_t key[RMI_SHA256_BYTES], const struct rmi_aot_code *code)
{
	struct rme_error not_kept;
	if (e->cache != NULL && rmi_aot_cache_put(e->cache, key, code, &not_kept) != RME_OK) {
		log_text(e, RME_LOG_WARN, not_kept.text);
	}
}

/* Level 3. What that is too much for gets level 0 for good, so that nobody tries again. */
static enum rme_err
compile_best(struct rmi_aot_code *out, const struct search *s, struct rme_error *err)
{
	struct rmi_wasm_engine *e = s->e;
	enum rme_err r = compile_at(out, s, 3, err);
	bool for_good = r != RME_EUNAVAILABLE;
	if (r == RME_ELIMIT || r == RME_EUNAVAILABLE) {
		log_text(e, RME_LOG_WARN,
		    r == RME_ELIMIT
		        ? "a module is too much for the optimizing compiler; it is compiled plainly and runs slower"
		        : "the optimizing compiler was killed; a module is compiled plainly for now and runs slower");
		r = look_in_cache(out, e, s->plain) ? RME_OK : compile_at(out, s, 0, err);
	}
	if (r == RME_OK) {
		out->preliminary = false;
	}
	if (r == RME_OK && for_good) {
		keep(e, s->best, out);
	}
	return r;
}

/* As compile_best() would fail, without the lock that another module's compiler may hold; RME_OK = it has to be tried. */
static enum rme_err
recall_best(const struct search *s, struct rme_error *err)
{
	enum rme_err r = recall(s, 3, err);
	return r == RME_ELIMIT ? recall(s, 0, err) : r;
}

/* As lock of a compiler that works long, or of one that is soon done. @return false = canceled */
static bool
lock_compiler(struct rmi_wasm_engine *e, bool takes_long_time, int *token)
{
	pthread_mutex_lock(takes_long_time ? &e->optimize_lock : &e->compile_lock);
	*token = -1;
	if (e->cache != NULL) {
		*token = rmi_aot_cache_lock(
		    e->cache, takes_long_time ? RMI_AOT_LOCK_LONG : RMI_AOT_LOCK_SHORT, &e->optimize_cancel);
	}
	return !rmi_canceled(&e->optimize_cancel);
}

static void
unlock_compiler(struct rmi_wasm_engine *e, bool takes_long_time, int token)
{
	rmi_aot_cache_unlock(token);
	pthread_mutex_unlock(takes_long_time ? &e->optimize_lock : &e->compile_lock);
}

static enum rme_err
obtain_best(struct rmi_aot_code *out, const struct search *s, struct rme_error *err)
{
	struct rmi_wasm_engine *e = s->e;
	int token;
	enum rme_err r = recall_best(s, err);
	if (r != RME_OK) {
		return r;
	}
	if (!lock_compiler(e, takes_long(s->want), &token)) {
		r = rme_error_set(err, RME_ECANCELED, NULL, "compiling was canceled");
	} else if (look_in_cache(out, e, s->best)) { /* somebody compiled it while we waited */
		atomic_fetch_add(&e->loaded, 1);
	} else {
		r = compile_best(out, s, err);
	}
	unlock_compiler(e, takes_long(s->want), token);
	return r;
}

enum rme_err
rmi_code_optimize(
    struct rmi_aot_code *out, struct rmi_wasm_engine *e, const struct rmi_code_want *want, struct rme_error *err)
{
	struct search s;
	search_init(&s, e, want);
	return obtain_best(out, &s, err);
}

/* Code that is there soon. */
static enum rme_err
obtain_preliminary(struct rmi_aot_code *out, const struct search *s, struct rme_error *err)
{
	struct rmi_wasm_engine *e = s->e;
	int token;
	enum rme_err r = recall(s, 0, err);
	if (r != RME_OK) {
		return r;
	}
	(void)lock_compiler(e, false, &token);
	if (look_in_cache(out, e, s->plain)) {
		atomic_fetch_add(&e->loaded, 1);
	} else {
		r = compile_at(out, s, 0, err);
		out->preliminary = r == RME_OK;
		if (r == RME_OK) {
			keep(e, s->plain, out);
		}
	}
	unlock_compiler(e, false, token);
	return r;
}

enum rme_err
rmi_code_obtain(
    struct rmi_aot_code *out, struct rmi_wasm_engine *e, const struct rmi_code_want *want, struct rme_error *err)
{
	struct search s;
	if (e->giver != NULL) {
		return e->giver->give(e->giver->ctx, out, want->wasm, err);
	}
	search_init(&s, e, want);
	if (look_in_cache(out, e, s.best)) {
		atomic_fetch_add(&e->loaded, 1);
		return RME_OK;
	}
	return want->soon && takes_long(want) ? obtain_preliminary(out, &s, err) : obtain_best(out, &s, err);
}

bool
rmi_code_best_is_cached(struct rmi_wasm_engine *e, const struct rmi_code_want *want)
{
	struct search s;
	struct rmi_aot_code code = {0};
	search_init(&s, e, want);
	bool found = look_in_cache(&code, e, s.best);
	rmi_aot_code_done(&code);
	return found;
}

enum rmi_code_cached
rmi_wasm_code_cached(struct rmi_wasm_engine *e, const uint8_t admitted_sha256[RMI_SHA256_BYTES])
{
	const struct rmi_wasm_process *p = atomic_load(&e->process);
	struct rmi_aot_code code = {0};
	uint8_t key[RMI_SHA256_BYTES];
	for (int preliminary = 0; p != NULL && preliminary < 2; preliminary++) {
		rmi_aot_key(key, &p->we, admitted_sha256, p->guard == RMI_GUARD_INTERRUPTIBLE, preliminary > 0);
		if (look_in_cache(&code, e, key)) {
			rmi_aot_code_done(&code);
			return preliminary > 0 ? RMI_CODE_CACHED_PLAIN : RMI_CODE_CACHED;
		}
	}
	return RMI_CODE_NOT_CACHED;
}
