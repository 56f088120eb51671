#include "wasm/fiber_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/sanitizer.h"
#include "wasm/fiber.h"
#include "wasm/invoke.h"
#include "wasm/self_module.h"

enum { PAGE = 64 << 10 };

#define CHECK_NS (2 * RMI_NS_PER_S)

/* One guest of the check. */
struct sample {
	struct rmi_wasm_process *p;
	struct rmi_lane *lane;
	WasmEdge_ModuleInstanceContext *guest;
	struct rmi_zone zone;
	struct rmi_fiber fiber;
	struct rmi_invoke call;
	enum rme_err entered;
};

/* The guests' "park". */
static WasmEdge_Result
wait_here(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)data;
	(void)frame;
	(void)params;
	(void)results;
	struct rmi_lane *lane = rmi_lane_running();
	if (lane->fiber == NULL) {
		return WasmEdge_Result_Success; /* rmi_fiber_prepare() */
	}
	atomic_store(&lane->in_host, 1);
	bool ok = rmi_fiber_suspend(lane);
	atomic_store(&lane->in_host, 0);
	return ok ? WasmEdge_Result_Success : WasmEdge_Result_Fail;
}

static bool
make_sample(struct sample *s, struct rmi_wasm_process *p, struct rmi_lane *lane, WasmEdge_StoreContext *store)
{
	const struct rmi_wasmedge *we = &p->we;
	const WasmEdge_String memory_name = {.Length = 6, .Buf = "memory"}, wait = {.Length = 4, .Buf = "wait"};
	*s = (struct sample){.p = p, .lane = lane};
	if (we->ExecutorInstantiate(lane->executor, &s->guest, store, p->self.ast).Code != 0) {
		s->guest = NULL;
		return false;
	}
	WasmEdge_MemoryInstanceContext *memory = we->ModuleInstanceFindMemory(s->guest, memory_name);
	s->call.function = we->ModuleInstanceFindFunction(s->guest, wait);
	if (memory == NULL || we->MemoryInstanceGetPageSize(memory) != 1 || s->call.function == NULL) {
		return false;
	}
	s->zone = (struct rmi_zone){.code_low = p->self.code_low,
	    .code_high = p->self.code_high,
	    .memory = we->MemoryInstanceGetPointer(memory, 0, 1),
	    .memory_bytes = PAGE};
	return true;
}

static void
call_sample(void *arg)
{
	struct sample *s = arg;
	const struct rmi_invoke_target target = {.process = s->p, .zone = &s->zone};
	s->entered = rmi_invoke(&s->call, &target, NULL);
}

/* @return it was suspended, as it has to be */
static bool
begin(struct sample *s, int32_t n, int32_t what)
{
	s->call.args[0] = n;
	s->call.args[1] = what;
	s->call.n_args = 2;
	s->call.n_results = 1;
	s->call.deadline_ns = rmi_monotonic_ns() + CHECK_NS;
	return !rmi_fiber_start(&s->fiber, s->lane, call_sample, s);
}

/* @return it has ended as it should: with its result, or for this reason */
static bool
end(struct sample *s, enum rmi_stop stop)
{
	if (!rmi_fiber_resume(&s->fiber, s->lane) || s->entered != RME_OK || s->call.stop != stop) {
		return false;
	}
	return stop != RMI_STOP_NONE || (s->call.result.Code == WasmEdge_Result_Success.Code &&
	                                    (int32_t)s->call.value.Value == RMI_SELF_FACTOR * s->call.args[0]);
}

/* @return why not, NULL = it works */
static const char *
try_all(struct sample s[2])
{
	if (!begin(&s[0], 3, RMI_SELF_PLAIN) || !begin(&s[1], 5, RMI_SELF_PLAIN)) {
		return "a guest cannot be suspended";
	}
	if (!end(&s[0], RMI_STOP_NONE) || !end(&s[1], RMI_STOP_NONE)) {
		return "a resumed guest went wrong";
	}
	if (!begin(&s[0], 7, RMI_SELF_FAULT) || !begin(&s[1], 9, RMI_SELF_RECURSION)) {
		return "a guest cannot be suspended again";
	}
	if (!end(&s[1], RMI_STOP_STACK)) {
		return "a stack overflow of a resumed guest was no trap";
	}
	return end(&s[0], RMI_STOP_FAULT) ? NULL : "a fault of a resumed guest was no trap";
}

/*
 * What is made here stays: one sample serves rmi_fiber_prepare(), and one that did not end must not lose what it stands on.
 */
static const char *
try_samples(struct rmi_wasm_process *p, struct rmi_lane *lane, struct rme_error *err)
{
	const struct rmi_wasmedge *we = &p->we;
	const WasmEdge_String run = {.Length = 3, .Buf = "run"};
	WasmEdge_StoreContext *store = we->StoreCreate();
	WasmEdge_ModuleInstanceContext *host = rmi_self_module_host(p, wait_here, NULL);
	struct sample *s = calloc(2, sizeof(*s));
	if (store == NULL || host == NULL || s == NULL ||
	    we->ExecutorRegisterImport(lane->executor, store, host).Code != 0 || !make_sample(&s[0], p, lane, store) ||
	    !make_sample(&s[1], p, lane, store)) {
		return "out of memory";
	}
	p->self.touch = we->ModuleInstanceFindFunction(s[0].guest, run);
	p->self.touch_zone = &s[0].zone;
	if (rmi_fiber_prepare(lane, err) != RME_OK) {
		return err->text;
	}
	const char *no = try_all(s);
	if (no == NULL) {
		we->ModuleInstanceDelete(s[1].guest);
	}
	return no;
}

/* The processor then keeps return addresses of its own, which a switch of stacks would have to exchange too. */
static bool
has_shadow_stack(void)
{
	uint64_t pointer = 0;
	__asm__ volatile("rdsspq %0" : "+r"(pointer)); /* does nothing where there is none */
	return pointer != 0;
}

bool
rmi_fiber_check(struct rmi_wasm_process *p, char *why, size_t cap)
{
	struct rmi_lane *lane;
	struct rme_error err = {0};
	const char *no = NULL;
	if (RMI_ASAN) {
		no = "AddressSanitizer";
	} else if (RMI_TSAN) {
		no = "ThreadSanitizer";
	} else if (!rmi_wasmedge_known(&p->we)) {
		no = "not tried with this version of the engine";
	} else if (has_shadow_stack()) {
		no = "this process has a shadow stack";
	} else if (rmi_lane_of_thread(&lane, p, &err) != RME_OK) {
		no = err.text;
	} else {
		no = try_samples(p, lane, &err);
	}
	(void)snprintf(why, cap, "%s", no != NULL ? no : "tried");
	return no == NULL;
}
