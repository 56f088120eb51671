#include "wasm/pool.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/quiet_thread.h"
#include "wasm/instance.h"
#include "wasm/instance_state.h"
#include "wasm/module_state.h"

enum { STACK_BYTES = 256 << 10 };

/* A module that lacks warm instances. modules_lock is held. */
static struct rmi_wasm_module *
find_cold(struct rmi_wasm_engine *e)
{
	for (struct rmi_wasm_module *m = e->modules; m != NULL; m = m->next) {
		if (m->state == RMI_MODULE_READY && m->warm_wanted && !m->warm_failed &&
		    m->n_warm < e->warm_instances) {
			return m;
		}
	}
	return NULL;
}

/*
 * Makes one warm instance. modules_lock is held, and released meanwhile. Warm instances do not count as references to
 * their module: otherwise it would never end.
 */
static void
warm_up(struct rmi_wasm_module *m)
{
	pthread_mutex_t *lock = &m->engine->modules_lock;
	struct rmi_wasm_instance *in = NULL;
	m->refs++;
	pthread_mutex_unlock(lock);
	bool ok = rmi_wasm_instance_new(&in, m, NULL) == RME_OK;
	pthread_mutex_lock(lock);
	if (ok && in->code == m->code) {
		in->next_warm = m->warm;
		m->warm = in;
		m->n_warm++;
		m->refs--;
		in = NULL;
	}
	m->warm_failed = !ok; /* whoever takes one will see why */
	pthread_mutex_unlock(lock);
	rmi_wasm_instance_free(in); /* of code that was replaced meanwhile */
	rmi_wasm_module_unref(m);
	pthread_mutex_lock(lock);
}

static void *
keep_warm(void *arg)
{
	struct rmi_wasm_engine *e = arg;
	(void)prctl(PR_SET_NAME, "rme-warm");
	pthread_mutex_lock(&e->modules_lock);
	while (!e->warm_stop) {
		struct rmi_wasm_module *m = find_cold(e);
		if (m != NULL) {
			warm_up(m);
		} else {
			pthread_cond_wait(&e->warm_asked, &e->modules_lock);
		}
	}
	pthread_mutex_unlock(&e->modules_lock);
	return NULL;
}

/* Without the thread every instance is made when it is taken. modules_lock is held. */
static void
start_thread(struct rmi_wasm_engine *e)
{
	e->warm_running = rmi_quiet_thread(&e->warm_thread, keep_warm, e, STACK_BYTES) == 0;
}

enum rme_err
rmi_wasm_pool_take(struct rmi_wasm_instance **out, struct rmi_wasm_module *m, struct rme_error *err)
{
	struct rmi_wasm_engine *e = m->engine;
	pthread_mutex_lock(&e->modules_lock);
	struct rmi_wasm_instance *in = m->warm;
	if (in != NULL) {
		m->warm = in->next_warm;
		m->n_warm--;
		m->refs++; /* from here on it counts */
	}
	m->warm_wanted = true;
	if (e->warm_instances > 0 && !e->warm_running && !e->warm_stop) {
		start_thread(e);
	}
	pthread_cond_signal(&e->warm_asked);
	pthread_mutex_unlock(&e->modules_lock);
	if (in == NULL) {
		return rmi_wasm_instance_new(out, m, err);
	}
	*out = in;
	return RME_OK;
}

unsigned
rmi_wasm_pool_ready(struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	unsigned n = m->n_warm;
	pthread_mutex_unlock(&m->engine->modules_lock);
	return n;
}

void
rmi_wasm_pool_stop(struct rmi_wasm_engine *e)
{
	pthread_mutex_lock(&e->modules_lock);
	bool running = e->warm_running;
	e->warm_stop = true;
	e->warm_running = false;
	pthread_cond_signal(&e->warm_asked);
	pthread_mutex_unlock(&e->modules_lock);
	if (running) {
		pthread_join(e->warm_thread, NULL);
	}
}

struct rmi_wasm_instance *
rmi_wasm_pool_empty(struct rmi_wasm_module *m)
{
	struct rmi_wasm_instance *list = m->warm;
	m->warm = NULL;
	m->n_warm = 0;
	return list;
}

void
rmi_wasm_pool_discard(struct rmi_wasm_instance *list)
{
	while (list != NULL) {
		struct rmi_wasm_instance *in = list;
		list = in->next_warm;
		in->uncounted = true;
		rmi_wasm_instance_free(in);
	}
}
