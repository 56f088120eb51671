#ifndef RMI_WASM_WASM_PROCESS_H
#define RMI_WASM_WASM_PROCESS_H

/**
 * @file
 * What there is once per process, because the engine and the kernel have it once per process: the loaded library, the
 * signal handlers, the watchdog. All of src/wasm that is global is here. It is made when the first module is opened and
 * stays until the process ends, since a signal handler cannot be taken back safely.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "wasm/engine.h"
#include "wasm/wasmedge_api.h"

struct rmi_fault_guard;
struct rmi_lane;
struct rmi_watchdog;
struct rmi_zone;

/** A tiny module of our own, see self_module.h. */
struct rmi_self_module {
	WasmEdge_ASTModuleContext *ast;
	uintptr_t code_low, code_high; /**< its machine code */
	/** Its "run" in an instance whose park returns at once, where fibers work: any thread, with load_lock held. */
	const WasmEdge_FunctionInstanceContext *touch;
	const struct rmi_zone *touch_zone;
};

struct rmi_wasm_process {
	struct rmi_wasmedge we;
	WasmEdge_ConfigureContext *conf;
	WasmEdge_StoreContext *store;            /**< holds the host modules */
	WasmEdge_FunctionInstanceContext *no_op; /**< host function that does nothing */
	WasmEdge_ValType i32, i64, f32, f64;
	_Atomic uint32_t instances;
	struct rmi_watchdog *watchdog;

	pthread_mutex_t guard_lock; /**< one thread starts the guard */
	enum rmi_wasm_guard guard;  /**< AUTO until it has started (and where all is interpreted) */
	const char *guard_reason;
	struct rmi_self_module self;
	bool fibers;            /**< guests may wait as fibers (fiber_check.h); set with the guard */
	char fibers_reason[96]; /**< why, or why not */

	pthread_mutex_t lane_lock;        /**< guards the list's head and free_for_reuse */
	_Atomic(struct rmi_lane *) lanes; /**< all that were ever made */
	pthread_key_t lane_key;
	_Atomic bool forked; /**< in a child of fork(): no watchdog, so no guests */

	pthread_mutex_t load_lock; /**< the dynamic linker's list is read right after a load */
};

/** The one; made and the library loaded at the first call. Any thread. */
RME_NODISCARD enum rme_err rmi_wasm_process_get(struct rmi_wasm_process **out, struct rme_error *err);

/** Gives the machine code of a module: rmi_wasm_process_guard() needs one for its pin. */
struct rmi_code_source {
	/** @param[out] object  an ELF object in a sealed memfd; stays open */
	enum rme_err (*compile)(void *ctx, struct rme_bytes wasm, int *object_fd, struct rme_error *err);
	void *ctx;
	bool no_fibers; /**< a guest process: its threads wait themselves, and the check would only delay the start */
};
/** Start what guards compiled guests, once; later calls find it started. The first caller's wish decides. Any thread. */
RME_NODISCARD enum rme_err rmi_wasm_process_guard(struct rmi_wasm_process *p, enum rmi_wasm_guard wanted,
    const struct rmi_code_source *source, struct rme_error *err);

/* In lane.c. */
bool rmi_lane_key_init(struct rmi_wasm_process *p);

#endif
