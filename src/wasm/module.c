#include "wasm/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wasm/module_source.h"
#include "wasm/module_state.h"
#include "wasm/optimizer.h"
#include "wasm/pool.h"

/* modules_lock is held where the module can be seen by others. */
static void
take_code(struct rmi_wasm_module *m, struct rmi_wasm_code *code, const struct rmi_aot_code *aot)
{
	m->code = code;
	m->info.code_bytes = aot->len;
	m->info.interruptible = aot->interruptible;
	m->info.from_cache = aot->from_cache;
	m->info.optimize_level = aot->level;
	m->info.compile_ns = aot->compile_ns;
	m->info.optimizing = aot->preliminary;
}

/* Machine code that is there soonest; where that is not the best, the best is wanted. */
static enum rme_err
load_compiled(struct rmi_wasm_module *m, struct rmi_module_source *o, struct rme_error *err)
{
	const struct rmi_code_want want = {.wasm = {o->admitted.wasm, o->admitted.len},
	    .code_bytes = o->admitted.summary.code_bytes,
	    .interruptible = m->process->guard == RMI_GUARD_INTERRUPTIBLE,
	    .soon = !m->engine->optimize_first};
	struct rmi_aot_code aot = {0};
	struct rmi_wasm_code *code;
	enum rme_err r = rmi_code_obtain(&aot, m->engine, &want, err);
	if (r != RME_OK) {
		return r;
	}
	int64_t start = rmi_monotonic_ns();
	r = rmi_wasm_code_load(&code, m->process, &aot, m->name, err);
	if (r == RME_OK) {
		take_code(m, code, &aot);
		m->info.load_ns = rmi_monotonic_ns() - start;
		if (aot.preliminary) {
			m->wasm = o->admitted.wasm;
			m->wasm_len = o->admitted.len;
			o->admitted.wasm = NULL;
		}
	}
	rmi_aot_code_done(&aot);
	return r;
}

static enum rme_err
load(struct rmi_wasm_module *m, struct rmi_module_source *o, struct rme_error *err)
{
	enum rme_err r = rmi_wasm_engine_start(m->engine, err);
	if (r != RME_OK) {
		return r;
	}
	m->process = atomic_load(&m->engine->process);
	if (m->engine->interpret) {
		m->info.interpreted = true;
		return rmi_wasm_code_interpret(
		    &m->code, m->process, (struct rme_bytes){o->admitted.wasm, o->admitted.len}, m->name, err);
	}
	return load_compiled(m, o, err);
}

static void
module_free(struct rmi_wasm_module *m)
{
	rmi_wasm_code_unref(m->code);
	free(m->wasm);
	free(m->name);
	free(m->function_name);
	free(m);
}

static struct rmi_wasm_module *
module_new(const struct rmi_module_source *o)
{
	struct rmi_wasm_module *m = calloc(1, sizeof(*m));
	if (m == NULL) {
		return NULL;
	}
	m->engine = o->e;
	m->name = strdup(o->name);
	m->function_name = strdup(o->spec->function_name != NULL ? o->spec->function_name : "process");
	if (m->name == NULL || m->function_name == NULL) {
		module_free(m);
		return NULL;
	}
	m->limits = o->limits;
	m->summary = o->admitted.summary;
	m->info.file_bytes = o->bytes.len;
	memcpy(m->info.file_sha256, o->sha256, RMI_SHA256_BYTES);
	memcpy(m->info.admitted_sha256, o->admitted.sha256, RMI_SHA256_BYTES);
	m->refs = 1;
	return m;
}

static bool
is_same(const struct rmi_wasm_module *m, const struct rmi_module_source *o)
{
	const char *function = o->spec->function_name != NULL ? o->spec->function_name : "process";
	return memcmp(m->info.file_sha256, o->sha256, RMI_SHA256_BYTES) == 0 && strcmp(m->name, o->name) == 0 &&
	       strcmp(m->function_name, function) == 0 && m->limits.memory_bytes == o->limits.memory_bytes &&
	       m->limits.timeout_ns == o->limits.timeout_ns && m->limits.result_bytes == o->limits.result_bytes;
}

/* modules_lock is held. */
static void
unlink_module(struct rmi_wasm_module *m)
{
	struct rmi_wasm_module **at = &m->engine->modules;
	while (*at != m) {
		at = &(*at)->next;
	}
	*at = m->next;
}

/* Drops a reference; modules_lock is held. @return true if the caller has to free it, once the lock is released */
static bool
drop(struct rmi_wasm_module *m)
{
	if (--m->refs > 0) {
		return false;
	}
	unlink_module(m);
	return true;
}

/* An open module, or one that another thread is loading: wait for that. modules_lock is held. */
static struct rmi_wasm_module *
find_open(const struct rmi_module_source *o)
{
	struct rmi_wasm_module *m = o->e->modules;
	while (m != NULL && (m->state == RMI_MODULE_FAILED || !is_same(m, o))) {
		m = m->next;
	}
	if (m == NULL) {
		return NULL;
	}
	m->refs++;
	while (m->state == RMI_MODULE_LOADING) {
		pthread_cond_wait(&o->e->modules_changed, &o->e->modules_lock);
	}
	return m;
}

/* Loads a module that is in the list already, and tells those who wait for it. */
static enum rme_err
load_listed(struct rmi_wasm_module *m, struct rmi_module_source *o, struct rme_error *err)
{
	struct rme_error why = {0};
	enum rme_err r = load(m, o, &why);
	pthread_mutex_lock(&o->e->modules_lock);
	m->state = r == RME_OK ? RMI_MODULE_READY : RMI_MODULE_FAILED;
	m->failure = why;
	if (r == RME_OK && m->info.optimizing) {
		rmi_optimizer_ask(m);
	}
	pthread_cond_broadcast(&o->e->modules_changed);
	pthread_mutex_unlock(&o->e->modules_lock);
	return r == RME_OK ? RME_OK : rme_error_set(err, r, o->name, "%s", why.text);
}

static enum rme_err
find_or_load(struct rmi_wasm_module **out, struct rmi_module_source *o, struct rme_error *err)
{
	pthread_mutex_lock(&o->e->modules_lock);
	struct rmi_wasm_module *m = find_open(o);
	bool mine = m == NULL;
	if (mine) {
		m = module_new(o);
		if (m != NULL) {
			m->next = o->e->modules;
			o->e->modules = m;
		}
	}
	pthread_mutex_unlock(&o->e->modules_lock);
	if (m == NULL) {
		return rme_error_set(err, RME_ENOMEM, o->name, "out of memory");
	}
	enum rme_err r = mine ? load_listed(m, o, err) : RME_OK;
	if (!mine && m->state == RMI_MODULE_FAILED) {
		r = rme_error_set(err, m->failure.code, o->name, "%s", m->failure.text);
	}
	if (r != RME_OK) {
		rmi_wasm_module_unref(m);
		return r;
	}
	*out = m;
	return RME_OK;
}

enum rme_err
rmi_wasm_module_open(struct rmi_wasm_module **out, struct rmi_wasm_engine *e, const struct rmi_wasm_module_spec *spec,
    struct rme_error *err)
{
	struct rmi_module_source o = {.e = e};
	enum rme_err r = rmi_module_source_read(&o, spec, err);
	r = r != RME_OK ? r : find_or_load(out, &o, err);
	rmi_module_source_done(&o);
	return r;
}

struct rmi_wasm_module *
rmi_wasm_module_ref(struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	m->refs++;
	pthread_mutex_unlock(&m->engine->modules_lock);
	return m;
}

void
rmi_wasm_module_unref(struct rmi_wasm_module *m)
{
	if (m == NULL) {
		return;
	}
	pthread_mutex_t *lock = &m->engine->modules_lock;
	pthread_mutex_lock(lock);
	bool last = drop(m);
	pthread_mutex_unlock(lock);
	if (last) {
		rmi_wasm_pool_discard(rmi_wasm_pool_empty(m));
		module_free(m);
	}
}

const char *
rmi_wasm_module_name(const struct rmi_wasm_module *m)
{
	return m->name;
}

const struct rmi_module_summary *
rmi_wasm_module_summary(const struct rmi_wasm_module *m)
{
	return &m->summary;
}

const struct rme_module_limits *
rmi_wasm_module_limits(const struct rmi_wasm_module *m)
{
	return &m->limits;
}

void
rmi_wasm_module_code_info(const struct rmi_wasm_module *m, struct rmi_wasm_code_info *out)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	*out = m->info;
	pthread_mutex_unlock(&m->engine->modules_lock);
}

struct rmi_wasm_code *
rmi_wasm_module_code(struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	struct rmi_wasm_code *c = rmi_wasm_code_ref(m->code);
	pthread_mutex_unlock(&m->engine->modules_lock);
	return c;
}

bool
rmi_wasm_module_code_is(struct rmi_wasm_module *m, const struct rmi_wasm_code *code)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	bool same = m->code == code;
	pthread_mutex_unlock(&m->engine->modules_lock);
	return same;
}

void
rmi_wasm_module_improve(struct rmi_wasm_module *m, struct rmi_wasm_code *code, const struct rmi_aot_code *aot)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	struct rmi_wasm_code *before = m->code;
	take_code(m, code, aot);
	struct rmi_wasm_instance *outdated = rmi_wasm_pool_empty(m);
	pthread_cond_signal(&m->engine->warm_asked);
	pthread_mutex_unlock(&m->engine->modules_lock);
	rmi_wasm_pool_discard(outdated);
	rmi_wasm_code_unref(before);
}
