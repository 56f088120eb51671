#include "wasm/optimizer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/quiet_thread.h"
#include "wasm/module_state.h"

enum { STACK_BYTES = 256 << 10 };

static void
log_outcome(const struct rmi_wasm_module *m, enum rme_err r, const struct rmi_aot_code *aot, const char *text)
{
	struct rme_runtime *rt = m->engine->rt;
	if (rt == NULL || r == RME_ECANCELED) {
		return;
	}
	if (r != RME_OK) {
		rme_log(rt, RME_LOG_WARN, "wasm", "module %s stays compiled plainly: %s", m->name, text);
	} else {
		rme_log(rt, RME_LOG_DEBUG, "wasm", "module %s: code of level %d after %.0f ms", m->name, aot->level,
		    (double)aot->compile_ns / 1e6);
	}
}

/* Wanted by nobody that could be told: what comes of it is found in the cache. */
struct rmi_optimize_job {
	struct rmi_optimize_job *next;
	struct rmi_code_want want; /* of the bytes below */
	uint8_t wasm[];
};

static void
drop_job(struct rmi_wasm_engine *e)
{
	struct rmi_optimize_job *job = e->optimize_jobs;
	e->optimize_jobs = job->next;
	free(job);
}

/* modules_lock is held, and released meanwhile; so is a reference to the module. */
static void
optimize(struct rmi_wasm_module *m)
{
	pthread_mutex_t *lock = &m->engine->modules_lock;
	const struct rmi_code_want want = {.wasm = {m->wasm, m->wasm_len},
	    .code_bytes = m->summary.code_bytes,
	    .interruptible = m->info.interruptible};
	struct rmi_aot_code aot = {0};
	struct rmi_wasm_code *code = NULL;
	struct rme_error err = {0};
	m->refs++;
	pthread_mutex_unlock(lock);
	enum rme_err r = rmi_code_optimize(&aot, m->engine, &want, &err);
	r = r != RME_OK ? r : rmi_wasm_code_load(&code, m->process, &aot, m->name, &err);
	log_outcome(m, r, &aot, err.text);
	if (r == RME_OK) {
		rmi_wasm_module_improve(m, code, &aot);
	}
	rmi_aot_code_done(&aot);
	pthread_mutex_lock(lock);
	m->info.optimizing = false;
	m->optimize_wanted = false;
	free(m->wasm);
	m->wasm = NULL;
	pthread_cond_broadcast(&m->engine->modules_changed);
	pthread_mutex_unlock(lock);
	rmi_wasm_module_unref(m);
	pthread_mutex_lock(lock);
}

/* The first of the jobs; modules_lock is held, and released meanwhile. */
static void
do_job(struct rmi_wasm_engine *e)
{
	const struct rmi_optimize_job *job = e->optimize_jobs;
	struct rmi_aot_code aot = {0};
	struct rme_error err = {0};
	pthread_mutex_unlock(&e->modules_lock);
	enum rme_err r = rmi_code_optimize(&aot, e, &job->want, &err);
	if (e->rt != NULL && r != RME_OK && r != RME_ECANCELED) {
		rme_log(e->rt, RME_LOG_WARN, "wasm", "an isolated module stays compiled plainly: %s", err.text);
	}
	rmi_aot_code_done(&aot);
	pthread_mutex_lock(&e->modules_lock);
	drop_job(e);
	pthread_cond_broadcast(&e->modules_changed);
}

static void *
keep_optimizing(void *arg)
{
	struct rmi_wasm_engine *e = arg;
	(void)prctl(PR_SET_NAME, "rme-optimize");
	pthread_mutex_lock(&e->modules_lock);
	while (!e->optimize_stop) {
		struct rmi_wasm_module *m = e->modules;
		while (m != NULL && !m->optimize_wanted) {
			m = m->next;
		}
		if (m != NULL) {
			optimize(m);
		} else if (e->optimize_jobs != NULL) {
			do_job(e);
		} else {
			pthread_cond_wait(&e->optimize_asked, &e->modules_lock);
		}
	}
	pthread_mutex_unlock(&e->modules_lock);
	return NULL;
}

static bool
start_thread(struct rmi_wasm_engine *e)
{
	return rmi_quiet_thread(&e->optimize_thread, keep_optimizing, e, STACK_BYTES) == 0;
}

/* modules_lock is held. */
static bool
is_running(struct rmi_wasm_engine *e)
{
	if (!e->optimize_running && !e->optimize_stop) {
		e->optimize_running = start_thread(e);
	}
	return e->optimize_running;
}

void
rmi_optimizer_ask(struct rmi_wasm_module *m)
{
	struct rmi_wasm_engine *e = m->engine;
	if (!is_running(e)) {
		m->info.optimizing = false; /* it stays as it is, and the next process tries again */
		return;
	}
	m->optimize_wanted = true;
	pthread_cond_signal(&e->optimize_asked);
}

void
rmi_optimizer_ask_for_cache(struct rmi_wasm_engine *e, const struct rmi_code_want *want)
{
	struct rmi_optimize_job *job = malloc(sizeof(*job) + want->wasm.len);
	if (job == NULL) {
		return;
	}
	memcpy(job->wasm, want->wasm.data, want->wasm.len);
	job->next = NULL;
	job->want = *want;
	job->want.wasm.data = job->wasm;
	pthread_mutex_lock(&e->modules_lock);
	struct rmi_optimize_job **at = &e->optimize_jobs;
	while (*at != NULL) {
		at = &(*at)->next;
	}
	if (is_running(e)) {
		*at = job;
		job = NULL;
		pthread_cond_signal(&e->optimize_asked);
	}
	pthread_mutex_unlock(&e->modules_lock);
	free(job);
}

uint32_t
rmi_optimizer_queued(struct rmi_wasm_engine *e)
{
	uint32_t n = 0;
	pthread_mutex_lock(&e->modules_lock);
	for (const struct rmi_wasm_module *m = e->modules; m != NULL; m = m->next) {
		n += m->optimize_wanted;
	}
	for (const struct rmi_optimize_job *job = e->optimize_jobs; job != NULL; job = job->next) {
		n++;
	}
	pthread_mutex_unlock(&e->modules_lock);
	return n;
}

void
rmi_optimizer_stop(struct rmi_wasm_engine *e)
{
	pthread_mutex_lock(&e->modules_lock);
	bool running = e->optimize_running;
	e->optimize_stop = true;
	e->optimize_running = false;
	pthread_cond_signal(&e->optimize_asked);
	pthread_mutex_unlock(&e->modules_lock);
	if (running) {
		rmi_cancel_fire(&e->optimize_cancel);
		pthread_join(e->optimize_thread, NULL);
	}
	while (e->optimize_jobs != NULL) {
		drop_job(e);
	}
}
