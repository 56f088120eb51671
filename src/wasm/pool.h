#ifndef RMI_WASM_POOL_H
#define RMI_WASM_POOL_H

/**
 * @file
 * Warm instances: each open module that is in use has some that are instantiated and whose _initialize has run, so that a
 * session finds one ready. A thread of the engine makes new ones. Instances are never taken back: what a session has used
 * is over. Any thread.
 */

#include <rme/err.h>

struct rmi_wasm_engine;
struct rmi_wasm_instance;
struct rmi_wasm_module;

/** A fresh instance: a warm one, else a new one. Returns what rmi_wasm_instance_new() returns. */
RME_NODISCARD enum rme_err
rmi_wasm_pool_take(struct rmi_wasm_instance **out, struct rmi_wasm_module *m, struct rme_error *err);

/** Instances of the module that are ready now. */
unsigned rmi_wasm_pool_ready(struct rmi_wasm_module *m);

/** Stop the engine's thread. For rmi_wasm_engine_free(). */
void rmi_wasm_pool_stop(struct rmi_wasm_engine *e);
/** Take the warm instances of a module out, as a list. modules_lock is held, or nobody uses the module any more. */
struct rmi_wasm_instance *rmi_wasm_pool_empty(struct rmi_wasm_module *m);
/** Free such a list. Their module must still be there; modules_lock is not held. */
void rmi_wasm_pool_discard(struct rmi_wasm_instance *list);

#endif
