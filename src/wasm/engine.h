#ifndef RMI_WASM_ENGINE_H
#define RMI_WASM_ENGINE_H

/**
 * @file
 * The WebAssembly engine of a runtime: where compiled modules are kept, how guests are stopped, which modules are open.
 * Making one loads nothing; libwasmedge is loaded when the first module is opened. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rme_runtime;
struct rmi_wasm_engine;

/** How a runaway guest is stopped, see docs/design/wasm-guard.md. */
enum rmi_wasm_guard {
	RMI_GUARD_AUTO = 0,    /**< as $RME_GUARD says; without it signals where they work, else checks */
	RMI_GUARD_SIGNALS = 1, /**< plain machine code, stopped by memory protection and a directed signal */
	RMI_GUARD_INTERRUPTIBLE =
	    2, /**< machine code that checks a flag at every loop: works everywhere, 2.5-8x slower */
};

struct rmi_aot_code;

/** Gives machine code in place of cache and compiler: in a process that has neither (guest_main.c). Borrowed. */
struct rmi_code_giver {
	enum rme_err (*give)(void *ctx, struct rmi_aot_code *out, struct rme_bytes admitted, struct rme_error *err);
	void *ctx;
};

/** All-zero = defaults. Texts are copied. */
struct rmi_wasm_engine_config {
	struct rme_runtime *rt; /**< for the log; NULL = no log. Outlives the engine */
	const char *cache_dir;  /**< NULL = $XDG_CACHE_HOME/rme/aot, else $HOME/.cache/rme/aot; "" = keep nothing */
	const char *compiler;   /**< path of rme-aotc; NULL = $RME_AOTC, else beside the program, else as installed */
	enum rmi_wasm_guard guard;
	int warm_instances;                 /**< per module in use, kept ready for sessions; 0 = 1, negative = none */
	const struct rmi_code_giver *giver; /**< outlives the engine; NULL = cache and compiler */
	bool interpret;       /**< run modules in the interpreter, 300-500x slower; only where someone asked for it */
	bool optimize_first;  /**< have a module wait for its optimized code, however long that takes */
	uint64_t cache_bytes; /**< cap of the cache; 0 = $RME_MODULE_CACHE_BYTES, else 512 MiB */
	bool no_fibers; /**< a guest that waits for a service has a thread of its own, as where fibers do not work */
};

RME_NODISCARD enum rme_err
rmi_wasm_engine_new(struct rmi_wasm_engine **out, const struct rmi_wasm_engine_config *config, struct rme_error *err);
/** Every module and node type made with it must be gone. NULL is a no-op. */
void rmi_wasm_engine_free(struct rmi_wasm_engine *e);

/**
 * Load libwasmedge and start what guards guests. Happens by itself when the first module is opened.
 * @return RME_OK, RME_EUNSUPPORTED (not installed, or a version that is not known), RME_ENOMEM, and what compiling returns
 */
RME_NODISCARD enum rme_err rmi_wasm_engine_start(struct rmi_wasm_engine *e, struct rme_error *err);

/** What runs, for status pages and `rme doctor`. */
struct rmi_wasm_status {
	bool started;
	char version[32];          /**< of libwasmedge, "" before the start */
	enum rmi_wasm_guard guard; /**< AUTO before the start */
	char guard_reason[128];    /**< why this guard */
	bool fibers;               /**< guests that wait for services are suspended; false before the start */
	char fibers_reason[96];    /**< why, or why not */
	bool interpret;
	char cache_dir[256]; /**< where compiled modules are kept, or would be; "" = nowhere */
	bool cache_open;     /**< modules compiled from now on are kept there; false before the start */
	uint32_t instances;  /**< alive in this process */
	uint64_t compiled, loaded,
	    rejected;        /**< by this engine: modules compiled, taken from the cache, found damaged */
	uint32_t optimizing; /**< modules that run level 0 while level 3 is made */
};
void rmi_wasm_engine_status(struct rmi_wasm_engine *e, struct rmi_wasm_status *out);

/** Guests of this engine may wait as fibers (guest_run.h). */
bool rmi_wasm_engine_fibers(const struct rmi_wasm_engine *e);

/** "signals", "interruptible", "auto". Never NULL. */
const char *rmi_wasm_guard_name(enum rmi_wasm_guard g);

#endif
