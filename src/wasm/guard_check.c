#include "wasm/guard_check.h"

#include "base/clock.h"
#include "base/sanitizer.h"
#include "wasm/invoke.h"
#include "wasm/self_module.h"

enum { PAGE = 64 << 10, ROUNDS = 1 << 28 /* end by themselves where nothing else ends them */ };

#define PATIENCE_NS (2 * RMI_NS_PER_S)
#define DEADLINE_NS (200 * RMI_NS_PER_US)

static WasmEdge_Result
go_on(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)data;
	(void)frame;
	(void)params;
	(void)results;
	return WasmEdge_Result_Success;
}

/* @return the call was ended for this reason */
static bool
ends_for(
    struct rmi_wasm_process *p, struct rmi_invoke *call, WasmEdge_ModuleInstanceContext *guest, enum rmi_stop reason)
{
	const WasmEdge_String memory_name = {.Length = 6, .Buf = "memory"};
	WasmEdge_MemoryInstanceContext *memory = p->we.ModuleInstanceFindMemory(guest, memory_name);
	if (call->function == NULL || memory == NULL || p->we.MemoryInstanceGetPageSize(memory) != 1) {
		return false;
	}
	const struct rmi_zone zone = {.code_low = p->self.code_low,
	    .code_high = p->self.code_high,
	    .memory = p->we.MemoryInstanceGetPointer(memory, 0, 1),
	    .memory_bytes = PAGE};
	const struct rmi_invoke_target target = {.process = p, .zone = &zone};
	return rmi_invoke(call, &target, NULL) == RME_OK && call->stop == reason;
}

static const char *
try_guest(struct rmi_wasm_process *p, WasmEdge_ModuleInstanceContext *guest)
{
	const WasmEdge_String wait = {.Length = 4, .Buf = "wait"}, spin = {.Length = 4, .Buf = "spin"};
	struct rmi_invoke fault = {.function = p->we.ModuleInstanceFindFunction(guest, wait),
	    .args = {1, RMI_SELF_FAULT},
	    .n_args = 2,
	    .n_results = 1,
	    .deadline_ns = rmi_monotonic_ns() + PATIENCE_NS};
	struct rmi_invoke loop = {
	    .function = p->we.ModuleInstanceFindFunction(guest, spin), .args = {ROUNDS}, .n_args = 1};
	if (!ends_for(p, &fault, guest, RMI_STOP_FAULT)) {
		return "a guest's fault was no trap";
	}
	loop.deadline_ns = rmi_monotonic_ns() + DEADLINE_NS;
	return ends_for(p, &loop, guest, RMI_STOP_TIMEOUT) ? NULL : "a loop could not be stopped";
}

const char *
rmi_guard_check(struct rmi_wasm_process *p)
{
	const struct rmi_wasmedge *we = &p->we;
	struct rmi_lane *lane;
	if (RMI_TSAN) {
		return "ThreadSanitizer delays signals";
	}
	if (!rmi_wasmedge_known(we)) {
		return "this version of the engine is not known";
	}
	if (rmi_lane_of_thread(&lane, p, NULL) != RME_OK) {
		return "out of memory";
	}
	const char *problem = "out of memory";
	WasmEdge_StoreContext *store = we->StoreCreate();
	WasmEdge_ModuleInstanceContext *host = rmi_self_module_host(p, go_on, NULL), *guest = NULL;
	if (store != NULL && host != NULL && we->ExecutorRegisterImport(lane->executor, store, host).Code == 0 &&
	    we->ExecutorInstantiate(lane->executor, &guest, store, p->self.ast).Code == 0) {
		problem = try_guest(p, guest);
	}
	we->ModuleInstanceDelete(guest);
	we->StoreDelete(store);
	we->ModuleInstanceDelete(host);
	return problem;
}
