/*
 * bench_suspend CALLER.WASM - what it costs a guest to wait: the same host call answered at once, and answered after the
 * guest was suspended. The difference is suspending and resuming it, the second look at the call included. And what
 * memory each of 1,000 takes while they wait.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/service.h"
#include "wasm/engine.h"
#include "wasm/guest_run.h"
#include "wasm/instance.h"
#include "wasm/module.h"
#include "wasm/module_state.h"

enum { ROUNDS = 31, ITEMS = 1000, WAITING = 1000, CALLS = 16 /* of caller.c */ };

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_suspend: %s\n", err->text);
		exit(1);
	}
}

/* Echoes; at once, or when it is looked at again. */
struct echo {
	struct rmi_services services;
	bool at_once, silent;
};

static void
give(struct rmi_service_call *call)
{
	call->error.code = RME_OK;
	call->answer = call->in;
	call->in = NULL;
}

static bool
echo_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	if (((struct echo *)self)->at_once) {
		give(call);
		return true;
	}
	return false;
}

static bool
echo_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	*again_ns = INT64_MAX;
	if (((struct echo *)self)->silent) {
		return false;
	}
	give(call);
	return true;
}

static void
echo_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	(void)self;
	rme_packet_unref(call->in);
	call->in = NULL;
	call->error.code = RME_ECANCELED;
}

static const struct rmi_services_ops echo_ops = {.begin = echo_begin, .poll = echo_poll, .cancel = echo_cancel};

struct work {
	struct rmi_wasm_instance *in;
	int items;
	struct rme_error err;
	enum rme_err result;
};

static void
process_items(void *ctx)
{
	struct work *w = ctx;
	struct rme_bytes out;
	w->result = RME_OK;
	for (int i = 0; i < w->items && w->result == RME_OK; i++) {
		w->result =
		    rmi_wasm_instance_process(w->in, NULL, (struct rme_bytes){(const uint8_t *)"m", 1}, &out, &w->err);
	}
}

static int64_t
cpu_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * RMI_NS_PER_S + t.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Nanoseconds of processor time of one call. */
static double
measure(struct rmi_guest_run *run, struct work *w)
{
	bool over;
	int64_t start = cpu_ns();
	check(rmi_guest_run_start(run, process_items, w, &over, &w->err), &w->err);
	while (!over) {
		over = rmi_guest_run_go_on(run);
	}
	check(w->result, &w->err);
	return (double)(cpu_ns() - start) / w->items / CALLS;
}

static double
rss_kb(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1) {
		pages = 0;
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Memory that a thousand instances take more while their guests wait. */
static double
measure_memory(struct rmi_wasm_module *module, struct echo *echo, const struct rmi_guest_env *env)
{
	static struct work w[WAITING];
	static struct rmi_guest_run run[WAITING];
	struct rme_error err = {0};
	bool over;
	echo->silent = false;
	for (int i = 0; i < WAITING; i++) {
		check(rmi_wasm_instance_new(&w[i].in, module, &err), &err);
		check(rmi_wasm_instance_open(w[i].in, env, &(struct rmi_guest_start){0}, &err), &err);
		w[i].items = 1;
		run[i] = (struct rmi_guest_run){.process = module->process, .fibers = true};
		(void)measure(&run[i], &w[i]);
	}
	double before = rss_kb();
	echo->silent = true;
	for (int i = 0; i < WAITING; i++) {
		check(rmi_guest_run_start(&run[i], process_items, &w[i], &over, &err), &err);
	}
	double kb = (rss_kb() - before) / WAITING;
	for (int i = 0; i < WAITING; i++) {
		rmi_guest_run_cancel(&run[i]);
		rmi_wasm_instance_free(w[i].in);
	}
	return kb;
}

int
main(int argc, char **argv)
{
	static const char *const granted[] = {"echo"};
	struct rme_error err = {0};
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_module *module;
	struct work w = {.items = ITEMS};
	struct echo echo = {.services = {&echo_ops}};
	const struct rmi_guest_env env = {
	    .session_id = "s", .services = &echo.services, .granted = granted, .n_granted = 1};
	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_suspend CALLER.WASM\n");
		return 2;
	}
	const struct rmi_wasm_engine_config config = {.cache_dir = "", .warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {.path = argv[1]};
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	check(rmi_wasm_module_open(&module, engine, &spec, &err), &err);
	check(rmi_wasm_instance_new(&w.in, module, &err), &err);
	check(rmi_wasm_instance_open(w.in, &env, &(struct rmi_guest_start){0}, &err), &err);
	if (!rmi_wasm_engine_fibers(engine)) {
		struct rmi_wasm_status s;
		rmi_wasm_engine_status(engine, &s);
		(void)fprintf(stderr, "bench_suspend: no fibers here: %s\n", s.fibers_reason);
		return 1;
	}
	struct rmi_guest_run run = {.process = module->process, .fibers = true};
	double at_once[ROUNDS], suspended[ROUNDS], both[ROUNDS];
	for (int r = 0; r < ROUNDS; r++) {
		echo.at_once = true;
		at_once[r] = measure(&run, &w);
		echo.at_once = false;
		suspended[r] = measure(&run, &w);
		both[r] = suspended[r] - at_once[r];
	}
	qsort(at_once, ROUNDS, sizeof(at_once[0]), by_value);
	qsort(suspended, ROUNDS, sizeof(suspended[0]), by_value);
	qsort(both, ROUNDS, sizeof(both[0]), by_value);
	printf("wasm/suspend p50_ns %.0f call_at_once_p50_ns %.0f call_suspended_p50_ns %.0f waiting_kb %.1f\n",
	    both[ROUNDS / 2], at_once[ROUNDS / 2], suspended[ROUNDS / 2], measure_memory(module, &echo, &env));
	rmi_wasm_instance_free(w.in);
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	return 0;
}
