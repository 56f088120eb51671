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
#include "wasm/aot_cache.h"
#include "wasm/aot_compile.h"
#include "wasm/engine.h"
#include "wasm/wasm_process.h"

struct rmi_wasm_module;

struct rmi_wasm_engine {
	struct rme_runtime *rt;
	char *cache_dir, *compiler; /* as configured, NULL = default */
	enum rmi_wasm_guard wanted_guard;
	const struct rmi_code_giver *giver; /* NULL = cache and compiler */
	bool interpret;
	_Atomic uint64_t compiled, loaded, rejected;

	pthread_mutex_t start_lock;
	_Atomic(struct rmi_wasm_process *) process; /* NULL until started */
	struct rmi_aot_cache *cache;                /* set by the start; NULL = nothing is kept */

	pthread_mutex_t compile_lock; /* one compiler at a time */

	pthread_mutex_t modules_lock; /* guards the list and the state of its modules */
	pthread_cond_t modules_changed;
	struct rmi_wasm_module *modules;

	unsigned warm_instances; /* per module */
	pthread_cond_t warm_asked;
	bool warm_running, warm_stop; /* these two guarded by modules_lock */
	pthread_t warm_thread;
};

/**
 * Machine code of admitted bytes: from the cache, or compiled and put there. Level 3, or level 0 where that goes over the
 * compiler's limits. In code_store.c.
 */
RME_NODISCARD enum rme_err rmi_code_obtain(struct rmi_aot_code *out, struct rmi_wasm_engine *e, struct rme_bytes wasm,
    bool interruptible, struct rme_error *err);
/** Where compiled modules are kept, or would be; "" = nowhere. @return false where there is no place for it */
bool rmi_code_store_dir(const struct rmi_wasm_engine *e, char path[PATH_MAX]);
/** Open the cache folder, or say in the log why nothing is kept. */
void rmi_code_store_open(struct rmi_wasm_engine *e);

#endif
