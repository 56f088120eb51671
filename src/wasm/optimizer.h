#ifndef RMI_WASM_OPTIMIZER_H
#define RMI_WASM_OPTIMIZER_H

/**
 * @file
 * Optimizes behind what runs: a thread of the engine gives modules that were compiled plainly their optimized code, one
 * after the other. Any thread.
 */

#include <stdint.h>

struct rmi_wasm_engine;
struct rmi_wasm_module;

/** Queue a module whose wasm is set. modules_lock is held. */
void rmi_optimizer_ask(struct rmi_wasm_module *m);
struct rmi_code_want;
/** Have optimized code made for the cache, for whoever looks there later. Copies; without memory it is not made. */
void rmi_optimizer_ask_for_cache(struct rmi_wasm_engine *e, const struct rmi_code_want *want);
/** Modules that wait for their optimized code, with the one under way. */
uint32_t rmi_optimizer_queued(struct rmi_wasm_engine *e);
/** Stop a compiler that runs, and the thread. For rmi_wasm_engine_free(). */
void rmi_optimizer_stop(struct rmi_wasm_engine *e);

#endif
