#ifndef RMI_WASM_HOST_MODULES_H
#define RMI_WASM_HOST_MODULES_H

/**
 * @file
 * What guests may call: the modules "env" and "wasi_snapshot_preview1", one of each per process, with a function for
 * every entry of import_list.h. A host function works for whatever instance runs on its thread.
 */

#include <stdint.h>
#include <rme/err.h>
#include "wasm/import_list.h"
#include "wasm/lane.h"
#include "wasm/wasm_process.h"

/** One call by a guest. */
struct rmi_host_call {
	struct rmi_lane *lane;
	struct rmi_wasm_instance *in;
	const WasmEdge_Value *params;
	WasmEdge_Value *results;
	bool trap; /**< set to end the guest instead of returning */
};
typedef void rmi_host_function(struct rmi_host_call *h);

static inline uint32_t
rmi_host_u32(const struct rmi_host_call *h, unsigned index)
{
	return (uint32_t)h->params[index].Value;
}

static inline void
rmi_host_return(struct rmi_host_call *h, int32_t value)
{
	h->results[0] = (WasmEdge_Value){.Value = (uint32_t)value, .Type = h->lane->process->i32};
}

RME_NODISCARD enum rme_err rmi_host_modules_register(struct rmi_wasm_process *p, struct rme_error *err);

/* The functions, by file. host_env.c: */
rmi_host_function rmi_host_log, rmi_host_error, rmi_host_now_ns, rmi_host_abort;
/* host_service.c: */
rmi_host_function rmi_host_call_remote_service, rmi_host_stream_to_remote, rmi_host_get_remote_session;
/* host_wasi.c: */
rmi_host_function rmi_wasi_fd_write, rmi_wasi_nothing, rmi_wasi_zero_sizes, rmi_wasi_clock_time_get,
    rmi_wasi_random_get, rmi_wasi_proc_exit, rmi_wasi_bad_descriptor, rmi_wasi_not_supported;

#endif
