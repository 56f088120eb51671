#include "wasm/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wasm/engine_state.h"
#include "wasm/optimizer.h"
#include "wasm/pool.h"

static char *
copy_text(const char *text, bool *ok)
{
	char *copy = text != NULL ? strdup(text) : NULL;
	*ok = *ok && (text == NULL || copy != NULL);
	return copy;
}

enum rme_err
rmi_wasm_engine_new(struct rmi_wasm_engine **out, const struct rmi_wasm_engine_config *config, struct rme_error *err)
{
	const struct rmi_wasm_engine_config none = {0};
	config = config != NULL ? config : &none;
	struct rmi_wasm_engine *e = calloc(1, sizeof(*e));
	bool ok = e != NULL;
	if (ok) {
		e->rt = config->rt;
		e->cache_dir = copy_text(config->cache_dir, &ok);
		e->compiler = copy_text(config->compiler, &ok);
		e->wanted_guard = config->guard;
		e->interpret = config->interpret;
		e->no_fibers = config->no_fibers;
		e->giver = config->giver;
		e->optimize_first = config->optimize_first;
		e->cache_bytes = config->cache_bytes;
		e->warm_instances = config->warm_instances < 0 ? 0 : (unsigned)config->warm_instances;
		e->warm_instances = config->warm_instances == 0 ? 1 : e->warm_instances;
		pthread_cond_init(&e->warm_asked, NULL);
		pthread_mutex_init(&e->start_lock, NULL);
		pthread_mutex_init(&e->compile_lock, NULL);
		pthread_mutex_init(&e->optimize_lock, NULL);
		rmi_compile_failures_init(&e->failures);
		pthread_cond_init(&e->optimize_asked, NULL);
		rmi_cancel_init(&e->optimize_cancel);
		pthread_mutex_init(&e->modules_lock, NULL);
		pthread_cond_init(&e->modules_changed, NULL);
	}
	if (!ok) {
		rmi_wasm_engine_free(e);
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	*out = e;
	return RME_OK;
}

void
rmi_wasm_engine_free(struct rmi_wasm_engine *e)
{
	if (e == NULL) {
		return;
	}
	rmi_wasm_pool_stop(e);
	rmi_optimizer_stop(e);
	rmi_aot_cache_free(e->cache);
	pthread_cond_destroy(&e->warm_asked);
	pthread_cond_destroy(&e->modules_changed);
	pthread_mutex_destroy(&e->modules_lock);
	rmi_cancel_done(&e->optimize_cancel);
	pthread_cond_destroy(&e->optimize_asked);
	rmi_compile_failures_done(&e->failures);
	pthread_mutex_destroy(&e->optimize_lock);
	pthread_mutex_destroy(&e->compile_lock);
	pthread_mutex_destroy(&e->start_lock);
	free(e->cache_dir);
	free(e->compiler);
	free(e);
}

/* For the pin. */
static enum rme_err
compile_for_process(void *ctx, struct rme_bytes wasm, int *object_fd, struct rme_error *err)
{
	struct rmi_aot_code code = {0};
	const struct rmi_code_want want = {.wasm = wasm, .code_bytes = wasm.len};
	enum rme_err r = rmi_code_obtain(&code, ctx, &want, err);
	if (r != RME_OK) {
		return r;
	}
	*object_fd = rmi_sealed_memfd("rme-pin", code.object, code.len);
	rmi_aot_code_done(&code);
	return *object_fd >= 0 ? RME_OK : rme_error_set(err, RME_EIO, NULL, "no memory file for compiled code");
}

static enum rme_err
choose_guard(enum rmi_wasm_guard *out, const struct rmi_wasm_engine *e, struct rme_error *err)
{
	const char *word = getenv("RME_GUARD");
	*out = e->wanted_guard;
	if (e->wanted_guard != RMI_GUARD_AUTO || word == NULL || word[0] == '\0' || strcmp(word, "auto") == 0) {
		return RME_OK;
	}
	for (enum rmi_wasm_guard g = RMI_GUARD_SIGNALS; g <= RMI_GUARD_INTERRUPTIBLE; g++) {
		if (strcmp(word, rmi_wasm_guard_name(g)) == 0) {
			*out = g;
			return RME_OK;
		}
	}
	return rme_error_set(
	    err, RME_ECONFIG, NULL, "RME_GUARD is \"%.32s\"; it can be auto, signals or interruptible", word);
}

static enum rme_err
start(struct rmi_wasm_engine *e, struct rme_error *err)
{
	struct rmi_wasm_process *p;
	enum rme_err r = rmi_wasm_process_get(&p, err);
	if (r != RME_OK) {
		return r;
	}
	if (e->interpret) {
		atomic_store(&e->process, p);
		return RME_OK;
	}
	if (e->cache == NULL && e->giver == NULL) {
		rmi_code_store_open(e);
	}
	atomic_store(&e->process, p); /* compiling the pin needs it */
	const struct rmi_code_source source = {.compile = compile_for_process, .ctx = e, .no_fibers = e->giver != NULL};
	enum rmi_wasm_guard wanted = RMI_GUARD_AUTO;
	r = choose_guard(&wanted, e, err);
	r = r != RME_OK ? r : rmi_wasm_process_guard(p, wanted, &source, err);
	if (r != RME_OK) {
		atomic_store(&e->process, NULL);
	}
	return r;
}

enum rme_err
rmi_wasm_engine_start(struct rmi_wasm_engine *e, struct rme_error *err)
{
	enum rme_err r = RME_OK;
	pthread_mutex_lock(&e->start_lock);
	if (atomic_load(&e->process) == NULL) {
		r = start(e, err);
	}
	pthread_mutex_unlock(&e->start_lock);
	return r;
}

const char *
rmi_wasm_guard_name(enum rmi_wasm_guard g)
{
	switch (g) {
	case RMI_GUARD_SIGNALS:
		return "signals";
	case RMI_GUARD_INTERRUPTIBLE:
		return "interruptible";
	case RMI_GUARD_AUTO:
	default:
		return "auto";
	}
}

bool
rmi_wasm_engine_fibers(const struct rmi_wasm_engine *e)
{
	const struct rmi_wasm_process *p = atomic_load(&e->process);
	return p != NULL && p->fibers && !e->no_fibers && !e->interpret;
}

void
rmi_wasm_engine_status(struct rmi_wasm_engine *e, struct rmi_wasm_status *out)
{
	*out = (struct rmi_wasm_status){.interpret = e->interpret,
	    .compiled = atomic_load(&e->compiled),
	    .loaded = atomic_load(&e->loaded),
	    .rejected = atomic_load(&e->rejected),
	    .optimizing = rmi_optimizer_queued(e)};
	pthread_mutex_lock(&e->start_lock);
	struct rmi_wasm_process *p = atomic_load(&e->process);
	if (p != NULL) {
		out->started = true;
		(void)snprintf(out->version, sizeof(out->version), "%s", p->we.VersionGet());
		out->guard = p->guard;
		(void)snprintf(out->guard_reason, sizeof(out->guard_reason), "%s", p->guard_reason);
		out->fibers = rmi_wasm_engine_fibers(e);
		(void)snprintf(out->fibers_reason, sizeof(out->fibers_reason), "%s",
		    e->no_fibers ? "as configured" : (e->interpret ? "modules are interpreted" : p->fibers_reason));
		out->instances = atomic_load(&p->instances);
		out->cache_open = e->cache != NULL;
	}
	char path[PATH_MAX];
	if (rmi_code_store_dir(e, path)) {
		(void)snprintf(out->cache_dir, sizeof(out->cache_dir), "%.*s", (int)sizeof(out->cache_dir) - 1, path);
	}
	pthread_mutex_unlock(&e->start_lock);
}
