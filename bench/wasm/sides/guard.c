/*
 * guard FOLDER FAST_VAD SENTENCE signals|interruptible [CACHE] - the engine of src/wasm, with one of its guards. With CACHE:
 * one item and the end, for starts from nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "side.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/instance_state.h"
#include "wasm/module.h"
#include "wasm/wasm_process.h"

enum { PATH_BYTES = 512, IDLE = 500, STOPS = 10, TURNS = 1000, BATCH = 50, TRAPS = 40, MADE = 200, STOP_AFTER_MS = 2 };

static const char *const names[] = {"probe", "fir_scalar", "fir", "fir_simd", "fast_vad"};
enum { PROBE, FIR_SCALAR, FIR, FIR_SIMD, FAST_VAD, MODULES };

static struct rmi_wasm_engine *engine;
static struct rmi_wasm_module *modules[MODULES];
static struct rmi_wasm_instance *instances[MODULES];
static const struct rmi_guest_env env;
static struct side_audio audio;

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		side_fail("guard: %s", err->text);
	}
}

static struct rmi_wasm_instance *
open_instance(struct rmi_wasm_module *m)
{
	struct rme_error err = {0};
	struct rmi_wasm_instance *in = NULL;
	check(rmi_wasm_instance_new(&in, m, &err), &err);
	check(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &err), &err);
	return in;
}

static enum rme_err
process(struct rmi_wasm_instance *in, const void *data, size_t len, int64_t deadline_ns, struct rme_error *err)
{
	struct rme_bytes out;
	const struct rmi_guest_item item = {.deadline_ns = deadline_ns};
	return rmi_wasm_instance_process(in, &item, (struct rme_bytes){data, len}, &out, err);
}

static void
must_process(struct rmi_wasm_instance *in, const void *data, size_t len)
{
	struct rme_error err = {0};
	check(process(in, data, len, 0, &err), &err);
}

static void
measure_kernel(int which, struct side_answer *a)
{
	const uint8_t *frame = side_frame();
	double start = side_now_ns();
	if (which == FAST_VAD) {
		for (int i = 0; i < SIDE_VAD_BATCH; i++) {
			must_process(instances[which], side_next_item(&audio), SIDE_VAD_ITEM);
		}
		side_add(a, (side_now_ns() - start) / SIDE_VAD_BATCH / 2);
	} else {
		must_process(instances[which], frame, SIDE_FRAME * sizeof(float));
		side_add(a, (side_now_ns() - start) / SIDE_REPEATS);
	}
}

/* The guarded call alone: stack, deadline, watchdog. */
static void
measure_call(int n_args, struct side_answer *a)
{
	const char *name = n_args == 0 ? "reset" : "add";
	struct rme_error err = {0};
	struct rmi_wasm_instance *in = instances[PROBE];
	const WasmEdge_String text = {.Length = (uint32_t)strlen(name), .Buf = name};
	const struct rmi_invoke_target target = {
	    .process = in->process, .zone = &in->zone, .canceled = &in->canceled, .instance = in};
	struct rmi_invoke call = {.args = {2, 3}, .n_args = (uint32_t)n_args, .n_results = 1};
	call.function = in->process->we.ModuleInstanceFindFunction(in->guest, text);
	double start = side_now_ns();
	for (int i = 0; i < SIDE_CALLS; i++) {
		call.deadline_ns = rmi_monotonic_ns() + RMI_NS_PER_S;
		check(rmi_invoke(&call, &target, &err), &err);
	}
	side_add(a, (side_now_ns() - start) / SIDE_CALLS);
}

static void
measure_item(int arg, struct side_answer *a)
{
	(void)arg;
	double start = side_now_ns();
	for (int i = 0; i < SIDE_CALLS; i++) {
		must_process(instances[PROBE], "x", 1);
	}
	side_add(a, (side_now_ns() - start) / SIDE_CALLS);
}

static void
measure_host_call(int arg, struct side_answer *a)
{
	(void)arg;
	double start = side_now_ns();
	must_process(instances[PROBE], "h", 1);
	side_add(a, (side_now_ns() - start) / SIDE_HOST_CALLS);
}

static void
measure_traps(int arg, struct side_answer *a)
{
	(void)arg;
	double spent = 0;
	for (int i = 0; i < TRAPS; i++) {
		struct rme_error err = {0};
		struct rmi_wasm_instance *in = open_instance(modules[PROBE]);
		double start = side_now_ns();
		enum rme_err e = process(in, "t", 1, 0, &err);
		spent += side_now_ns() - start;
		if (e != RME_EMODULE) {
			side_fail("guard: an access outside the memory did not trap");
		}
		rmi_wasm_instance_free(in);
	}
	side_add(a, spent / TRAPS);
}

static void
measure_instances(int end, struct side_answer *a)
{
	double made = 0, ended = 0;
	for (int i = 0; i < MADE; i++) {
		struct rme_error err = {0};
		struct rmi_wasm_instance *in = NULL;
		double start = side_now_ns();
		check(rmi_wasm_instance_new(&in, modules[PROBE], &err), &err);
		double middle = side_now_ns();
		rmi_wasm_instance_free(in);
		made += middle - start;
		ended += side_now_ns() - middle;
	}
	side_add(a, (end ? ended : made) / MADE);
}

/* In sessions, after one item each. */
static void
measure_idle(int which, struct side_answer *a)
{
	static struct rmi_wasm_instance *idle[IDLE];
	double before = side_rss_kib();
	for (int i = 0; i < IDLE; i++) {
		idle[i] = open_instance(modules[which]);
		must_process(
		    idle[i], which == FAST_VAD ? (const char *)audio.data : "x", which == FAST_VAD ? SIDE_VAD_ITEM : 1);
	}
	side_add(a, (side_rss_kib() - before) / IDLE);
	for (int i = 0; i < IDLE; i++) {
		rmi_wasm_instance_free(idle[i]);
	}
}

/* One item in each of many sessions: their tables are not in the caches. */
static void
measure_turns(int arg, struct side_answer *a)
{
	(void)arg;
	static struct rmi_wasm_instance *many[TURNS];
	static size_t turn; /* few of them at a time, so that a round is short */
	for (int i = 0; i < TURNS && many[i] == NULL; i++) {
		many[i] = open_instance(modules[FAST_VAD]);
	}
	double start = side_now_ns();
	for (int i = 0; i < BATCH; i++, turn++) {
		must_process(
		    many[turn % TURNS], audio.data + turn / TURNS % audio.items * SIDE_VAD_ITEM, SIDE_VAD_ITEM);
	}
	side_add(a, (side_now_ns() - start) / BATCH / 2);
}

static void
measure_stops(int arg, struct side_answer *a)
{
	(void)arg;
	for (int i = 0; i < STOPS; i++) {
		struct rme_error err = {0};
		struct rmi_wasm_instance *in = open_instance(modules[PROBE]);
		int64_t deadline = rmi_monotonic_ns() + STOP_AFTER_MS * RMI_NS_PER_MS;
		enum rme_err e = process(in, "l", 1, deadline, &err);
		int64_t late = rmi_monotonic_ns() - deadline;
		if (e != RME_ETIMEDOUT) {
			side_fail("guard: an endless loop was not stopped: %s", err.text);
		}
		side_add(a, (double)late);
		rmi_wasm_instance_free(in);
	}
}

static const struct row {
	const char *name;
	void (*measure)(int arg, struct side_answer *a);
	int arg;
} rows[] = {
    {"fir_scalar", measure_kernel, FIR_SCALAR},
    {"fir", measure_kernel, FIR},
    {"fir_simd", measure_kernel, FIR_SIMD},
    {"fast_vad", measure_kernel, FAST_VAD},
    {"fast_vad_turns", measure_turns, 0},
    {"entry_nop", measure_call, 0},
    {"entry_add", measure_call, 2},
    {"item", measure_item, 0},
    {"host_call", measure_host_call, 0},
    {"trap", measure_traps, 0},
    {"instance_new", measure_instances, 0},
    {"instance_free", measure_instances, 1},
    {"idle", measure_idle, PROBE},
    {"idle_fast_vad", measure_idle, FAST_VAD},
    {"stop", measure_stops, 0},
};

void
side_measure(const char *row, struct side_answer *a)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(row, rows[i].name) == 0) {
			rows[i].measure(rows[i].arg, a);
		}
	}
}

static void
open_module(int which, const char *folder, const char *fast_vad)
{
	char path[PATH_BYTES];
	struct rme_error err = {0};
	(void)snprintf(path, sizeof(path), "%s/%s.wasm", folder, names[which]);
	const struct rmi_wasm_module_spec spec = {.path = which == FAST_VAD ? fast_vad : path};
	check(rmi_wasm_module_open(&modules[which], engine, &spec, &err), &err);
	instances[which] = open_instance(modules[which]);
}

int
main(int argc, char **argv)
{
	struct rme_error err = {0};
	bool cold = argc == 6;
	if (argc != 5 && !cold) {
		side_fail("usage: guard FOLDER FAST_VAD SENTENCE signals|interruptible [CACHE]");
	}
	bool signals = strcmp(argv[4], "signals") == 0;
	const struct rmi_wasm_engine_config config = {.guard = signals ? RMI_GUARD_SIGNALS : RMI_GUARD_INTERRUPTIBLE,
	    .warm_instances = -1,
	    .optimize_first = true,
	    .cache_dir = cold ? argv[5] : NULL};
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	if (cold) {
		open_module(FAST_VAD, argv[1], argv[2]);
		must_process(instances[FAST_VAD], "\0\0", 2);
		side_say_ready();
		return 0;
	}
	audio = side_read_audio(argv[3]);
	for (int i = 0; i < MODULES; i++) {
		open_module(i, argv[1], argv[2]);
	}
	side_serve();
	for (int i = 0; i < MODULES; i++) {
		rmi_wasm_instance_free(instances[i]);
		rmi_wasm_module_unref(modules[i]);
	}
	rmi_wasm_engine_free(engine);
	return 0;
}
