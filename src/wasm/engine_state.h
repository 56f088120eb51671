#ifndef RMI_WASM_ENGINE_STATE_H
#define RMI_WASM_ENGINE_STATE_H

/** @file The inside of an engine, shared by engine.c, code_store.c and module.c. */

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <rme/packet.h>
#include <rme/runtime.h>
#include "base/cancel.h"
#include "wasm/aot_cache.h"
#include "wasm/aot_compile.h"
#include "wasm/compile_failures.h"
#include "wasm/engine.h"
#include "wasm/wasm_process.h"

struct rmi_optimize_job;
struct rmi_wasm_module;

struct rmi_wasm_engine {
	struct rme_runtime *rt;
	char *cache_dir, *compiler; /* as configured, NULL = default */
	enum rmi_wasm_guard wanted_guard;
	const struct rmi_code_giver *giver; /* NULL = cache and compiler */
	bool interpret, no_fibers;
	uint64_t cache_bytes;
	_Atomic uint64_t compiled, loaded, rejected;

	pthread_mutex_t start_lock;
	_Atomic(struct rmi_wasm_process *) process; /* NULL until started */
	struct rmi_aot_cache *cache;                /* set by the start; NULL = nothing is kept */

	pthread_mutex_t
	    compile_lock; /* one compiler at a time of those that someone waits for and that are soon done, */
	pthread_mutex_t optimize_lock; /* and one of those that take long */
	struct rmi_compile_failures failures;

	pthread_mutex_t modules_lock; /* guards the list and the state of its modules */
	pthread_cond_t modules_changed;
	struct rmi_wasm_module *modules;

	unsigned warm_instances; /* per module */
	pthread_cond_t warm_asked;
	bool warm_running, warm_stop; /* these two guarded by modules_lock */
	pthread_t warm_thread;

	bool optimize_first;
	pthread_cond_t optimize_asked;
	struct rmi_optimize_job *optimize_jobs; /* for the cache; guarded by modules_lock */
	bool optimize_running, optimize_stop;   /* these two guarded by modules_lock */
	pthread_t optimize_thread;
	struct rmi_cancel optimize_cancel;
};

/** Whose machine code. */
struct rmi_code_want {
	struct rme_bytes wasm; /**< admitted */
	size_t code_bytes;     /**< of its code section: what compiling costs */
	bool interruptible;
	bool soon; /**< level 0 will do for now, where level 3 would take long */
};
/**
 * Machine code: from the cache, or compiled and put there. Level 3, or level 0 where that goes over the compiler's limits
 * or `soon` allows it (out->preliminary). What failed lately because of the module fails at once, and says so. In
 * code_store.c.
 */
RME_NODISCARD enum rme_err rmi_code_obtain(
    struct rmi_aot_code *out, struct rmi_wasm_engine *e, const struct rmi_code_want *want, struct rme_error *err);
/**
 * As good as it gets: level 3, or level 0 where that goes over the compiler's limits. Blocks for as long as that takes.
 * @return as compiling; RME_ECANCELED (the engine ends)
 */
RME_NODISCARD enum rme_err rmi_code_optimize(
    struct rmi_aot_code *out, struct rmi_wasm_engine *e, const struct rmi_code_want *want, struct rme_error *err);
/** True if optimized code, or what stands for it, is in the cache. */
bool rmi_code_best_is_cached(struct rmi_wasm_engine *e, const struct rmi_code_want *want);
/** Where compiled modules are kept, or would be; "" = nowhere. @return false where there is no place for it */
bool rmi_code_store_dir(const struct rmi_wasm_engine *e, char path[PATH_MAX]);
/** Open the cache folder, or say in the log why nothing is kept. */
void rmi_code_store_open(struct rmi_wasm_engine *e);

#endif
