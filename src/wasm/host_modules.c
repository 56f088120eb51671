#include "wasm/host_modules.h"

#include <stdatomic.h>
#include <string.h>

#include "wasm/instance_state.h"

enum { IMPORT_PARAMS_MAX = 16, HOST_ERROR_CODE = 1 };

/* Indexed by enum rmi_import_id. */
static rmi_host_function *const functions[] = {
    [RMI_IMPORT_CALL_REMOTE_SERVICE] = rmi_host_call_remote_service,
    [RMI_IMPORT_STREAM_TO_REMOTE] = rmi_host_stream_to_remote,
    [RMI_IMPORT_GET_REMOTE_SESSION] = rmi_host_get_remote_session,
    [RMI_IMPORT_LOG] = rmi_host_log,
    [RMI_IMPORT_ERROR] = rmi_host_error,
    [RMI_IMPORT_NOW_NS] = rmi_host_now_ns,
    [RMI_IMPORT_ABORT] = rmi_host_abort,
    [RMI_IMPORT_FD_WRITE] = rmi_wasi_fd_write,
    [RMI_IMPORT_ENVIRON_GET] = rmi_wasi_nothing,
    [RMI_IMPORT_ENVIRON_SIZES_GET] = rmi_wasi_zero_sizes,
    [RMI_IMPORT_ARGS_GET] = rmi_wasi_nothing,
    [RMI_IMPORT_ARGS_SIZES_GET] = rmi_wasi_zero_sizes,
    [RMI_IMPORT_CLOCK_TIME_GET] = rmi_wasi_clock_time_get,
    [RMI_IMPORT_RANDOM_GET] = rmi_wasi_random_get,
    [RMI_IMPORT_PROC_EXIT] = rmi_wasi_proc_exit,
    [RMI_IMPORT_SCHED_YIELD] = rmi_wasi_nothing,
    [RMI_IMPORT_FD_PRESTAT_GET] = rmi_wasi_bad_descriptor,
    [RMI_IMPORT_WASI_REST] = rmi_wasi_not_supported,
};

/*
 * Every call of the host comes through here. in_host is set before stop is read, and the watchdog does it the other way
 * round: either the memory is not taken away while a host function works on it, or the function does not begin.
 */
static WasmEdge_Result
enter_host(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)frame;
	const struct rmi_import *import = data;
	struct rmi_lane *lane = rmi_lane_running();
	if (lane == NULL) {
		return WasmEdge_Result_Fail; /* nothing but a guest in a lane may call */
	}
	struct rmi_host_call h = {.lane = lane, .in = lane->instance, .params = params, .results = results};
	atomic_store(&lane->in_host, 1);
	if (rmi_guest_stack_room(lane->stack) < RMI_STACK_HOST_BYTES) {
		rmi_lane_stop(lane, RMI_STOP_STACK);
	}
	if (atomic_load(&lane->stop) == RMI_STOP_NONE) {
		functions[import->id](&h);
	}
	atomic_store(&lane->in_host, 0);
	bool stopped = atomic_load(&lane->stop) != RMI_STOP_NONE;
	return stopped || h.trap ? lane->process->we.ResultGen(WasmEdge_ErrCategory_UserLevelError, HOST_ERROR_CODE)
	                         : WasmEdge_Result_Success;
}

static WasmEdge_ValType
type_of_letter(const struct rmi_wasm_process *p, char c)
{
	switch (c) {
	case 'i':
		return p->i32;
	case 'I':
		return p->i64;
	case 'f':
		return p->f32;
	default:
		return p->f64;
	}
}

static bool
add_function(struct rmi_wasm_process *p, WasmEdge_ModuleInstanceContext *module, const struct rmi_import *import)
{
	WasmEdge_ValType params[IMPORT_PARAMS_MAX], results[1];
	uint32_t n_params = 0, n_results = 0;
	const char *c = import->type;
	for (; *c != ':'; c++) {
		params[n_params++] = type_of_letter(p, *c);
	}
	if (c[1] != '\0') {
		results[n_results++] = type_of_letter(p, c[1]);
	}
	WasmEdge_FunctionTypeContext *type = p->we.FunctionTypeCreate(params, n_params, results, n_results);
	if (type == NULL) {
		return false;
	}
	void *data;
	memcpy(&data, &import, sizeof(data)); /* the interface takes no const */
	WasmEdge_FunctionInstanceContext *f = p->we.FunctionInstanceCreate(type, enter_host, data, 0);
	p->we.FunctionTypeDelete(type);
	if (f == NULL) {
		return false;
	}
	const WasmEdge_String name = {.Length = (uint32_t)strlen(import->name), .Buf = import->name};
	p->we.ModuleInstanceAddFunction(module, name, f);
	return true;
}

static bool
register_module(struct rmi_wasm_process *p, WasmEdge_ExecutorContext *executor, const char *name)
{
	const WasmEdge_String text = {.Length = (uint32_t)strlen(name), .Buf = name};
	WasmEdge_ModuleInstanceContext *module = p->we.ModuleInstanceCreate(text);
	if (module == NULL) {
		return false;
	}
	size_t n;
	const struct rmi_import *list = rmi_import_list(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].module, name) == 0 && !add_function(p, module, &list[i])) {
			return false;
		}
	}
	return p->we.ExecutorRegisterImport(executor, p->store, module).Code == WasmEdge_Result_Success.Code;
}

enum rme_err
rmi_host_modules_register(struct rmi_wasm_process *p, struct rme_error *err)
{
	WasmEdge_ExecutorContext *executor = p->we.ExecutorCreate(p->conf, NULL);
	bool ok = executor != NULL && register_module(p, executor, "env") &&
	          register_module(p, executor, "wasi_snapshot_preview1");
	if (executor != NULL) {
		p->we.ExecutorDelete(executor);
	}
	return ok ? RME_OK : rme_error_set(err, RME_ENOMEM, NULL, "the functions for modules cannot be registered");
}
