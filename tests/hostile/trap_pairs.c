/*
 * A call that must be right, and one that must trap, in turns, by several threads: what the guard is made of, without the
 * session around it. An instance goes on after its traps, which nothing else allows.
 */
#include "hostile.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "wasm/instance.h"
#include "wasm/instance_state.h"
#include "wasm/module.h"
#include "wasm/wasm_process.h"

enum { THREADS = 4, NEW_INSTANCE_EVERY = 65536, DEEP_EVERY = 1024, KINDS = 6, KIND_DEEP = 6 };

struct worker {
	char sample[HOSTILE_TEXT_MAX]; /* the first that was bad */
	struct rmi_wasm_module *module;
	uint64_t wanted;
	_Atomic uint64_t done, bad;
	uint32_t seed;
	pthread_t thread;
};

static bool
invoke(struct rmi_wasm_instance *in, enum rmi_export_id id, struct rmi_invoke *call)
{
	const struct rmi_invoke_target target = {
	    .process = in->process, .zone = &in->zone, .canceled = &in->canceled, .instance = in};
	call->function = in->exports[id];
	call->n_args = 2;
	call->n_results = 1;
	call->deadline_ns = rmi_monotonic_ns() + 600 * RMI_NS_PER_S;
	return rmi_invoke(call, &target, NULL) == RME_OK;
}

/* One that was bad; the first is kept as text. */
static bool
bad_one(struct worker *w, const char *what, const struct rmi_invoke *call, uint32_t expected)
{
	if (w->sample[0] == '\0') {
		(void)snprintf(w->sample, sizeof(w->sample), "%s: stop %d, result %#x, value %#x, expected %#x", what,
		    (int)call->stop, call->result.Code, (unsigned)call->value.Value, expected);
	}
	return true;
}

static bool
call_is_bad(struct worker *w, struct rmi_wasm_instance *in, uint32_t x, uint32_t y)
{
	struct rmi_invoke call = {.args = {(int32_t)x, (int32_t)y}};
	if (!invoke(in, RMI_EXPORT_FLUSH, &call) || call.stop != RMI_STOP_NONE ||
	    call.result.Code != WasmEdge_Result_Success.Code || (uint32_t)call.value.Value != x * 31 + y) {
		return bad_one(w, "call", &call, x * 31 + y);
	}
	return false;
}

static bool
trap_is_bad(struct worker *w, struct rmi_wasm_instance *in, unsigned kind, uint32_t x)
{
	static const struct {
		const char *name;
		enum rmi_stop stop;
		enum WasmEdge_ErrCode code;
	} want[] = {
	    {"load", RMI_STOP_FAULT, 0},
	    {"division", RMI_STOP_NONE, WasmEdge_ErrCode_DivideByZero},
	    {"unreachable", RMI_STOP_NONE, WasmEdge_ErrCode_Unreachable},
	    {"conversion", RMI_STOP_NONE, WasmEdge_ErrCode_InvalidConvToInt},
	    {"call_indirect", RMI_STOP_NONE, WasmEdge_ErrCode_IndirectCallTypeMismatch},
	    {"memory.fill", RMI_STOP_NONE, WasmEdge_ErrCode_MemoryOutOfBounds},
	    {"recursion", RMI_STOP_STACK, 0},
	};
	struct rmi_invoke call = {.args = {(int32_t)kind, (int32_t)x}};
	bool entered = invoke(in, RMI_EXPORT_NEXT, &call);
	bool right = entered && call.stop == want[kind].stop && call.result.Code != WasmEdge_Result_Success.Code;
	right = right && (call.stop != RMI_STOP_NONE || call.result.Code == (uint32_t)want[kind].code);
	return right ? false : bad_one(w, want[kind].name, &call, (uint32_t)want[kind].code);
}

static void *
work(void *arg)
{
	static const struct rmi_guest_env env = {.session_id = "pairs"};
	static const struct rmi_guest_start start = {0};
	struct worker *w = arg;
	struct rmi_wasm_instance *in = NULL;
	uint64_t bad = 0;
	for (uint64_t i = 0; i < w->wanted; i++) {
		if (in == NULL || i % NEW_INSTANCE_EVERY == 0) {
			rmi_wasm_instance_free(in);
			in = NULL;
			if (rmi_wasm_instance_new(&in, w->module, NULL) != RME_OK ||
			    rmi_wasm_instance_open(in, &env, &start, NULL) != RME_OK) {
				bad++;
				break;
			}
		}
		uint32_t x = w->seed = w->seed * 1664525U + 1013904223U;
		bad += call_is_bad(w, in, x, x >> 5);
		bad += trap_is_bad(w, in, i % DEEP_EVERY == 7 ? KIND_DEEP : (unsigned)(x >> 8) % KINDS, x);
		atomic_store_explicit(&w->done, i + 1, memory_order_relaxed);
		atomic_store_explicit(&w->bad, bad, memory_order_relaxed);
	}
	rmi_wasm_instance_free(in);
	atomic_store(&w->bad, bad);
	return NULL;
}

static void
join_all(struct worker *workers, struct pairs *p, bool progress)
{
	for (size_t i = 0; i < THREADS; i++) {
		struct timespec until;
		for (;;) {
			(void)clock_gettime(CLOCK_REALTIME, &until);
			until.tv_sec += 5;
			if (pthread_timedjoin_np(workers[i].thread, NULL, &until) == 0) {
				break;
			}
			uint64_t done = 0;
			for (size_t k = 0; k < THREADS; k++) {
				done += atomic_load(&workers[k].done);
			}
			if (progress) {
				(void)fprintf(stderr, "pairs of call and trap: %llu of %llu\n",
				    (unsigned long long)done, (unsigned long long)p->wanted);
			}
		}
	}
}

bool
pairs_run(struct pairs *p, struct world *w, const char *module, bool progress)
{
	struct worker workers[THREADS] = {0};
	struct rme_error err = {0};
	struct rmi_wasm_module *m = NULL;
	const struct rmi_wasm_module_spec spec = {.name = "pairs", .path = module};
	if (rmi_wasm_module_open(&m, w->engine, &spec, &err) != RME_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return false;
	}
	int64_t start = rmi_monotonic_ns();
	p->threads = THREADS;
	for (size_t i = 0; i < THREADS; i++) {
		workers[i].module = m;
		workers[i].seed = (uint32_t)i * 7919U;
		workers[i].wanted = p->wanted / THREADS;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
			abort();
		}
	}
	join_all(workers, p, progress);
	p->seconds = (double)(rmi_monotonic_ns() - start) / 1e9;
	for (size_t i = 0; i < THREADS; i++) {
		p->done += workers[i].done;
		p->bad += workers[i].bad;
		if (workers[i].bad > 0) {
			(void)fprintf(stderr, "bad pair: %s\n", workers[i].sample);
		}
	}
	rmi_wasm_module_unref(m);
	return true;
}
