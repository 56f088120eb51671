#ifndef RMI_WASM_MODULE_STATE_H
#define RMI_WASM_MODULE_STATE_H

/** @file The inside of a module, shared by module.c, instance.c and pool.c. */

#include <stdatomic.h>
#include <stdint.h>
#include "wasm/code.h"
#include "wasm/engine_state.h"
#include "wasm/module.h"

struct rmi_wasm_instance;

enum rmi_module_state { RMI_MODULE_LOADING, RMI_MODULE_READY, RMI_MODULE_FAILED };

struct rmi_wasm_module {
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_process *process;
	char *name, *function_name;
	struct rme_module_limits limits;
	struct rmi_module_summary summary;
	struct rmi_wasm_code_info info;

	atomic_bool writes_input; /* an instance was seen to: large items are copied for all */

	struct rmi_wasm_module *next; /* all down to n_warm guarded by the engine's modules_lock */
	enum rmi_module_state state;
	struct rme_error failure;
	unsigned refs;
	bool warm_wanted, warm_failed;
	struct rmi_wasm_instance *warm; /* see pool.h */
	unsigned n_warm;

	struct rmi_wasm_code *code; /* these three and info guarded likewise, once it is ready */
	bool optimize_wanted;       /* in the optimizer's queue */
	uint8_t *wasm;              /* admitted bytes; NULL where no better code is wanted */
	size_t wasm_len;
};

/** With a reference. */
struct rmi_wasm_code *rmi_wasm_module_code(struct rmi_wasm_module *m);
/** True if new instances are made from this code. */
bool rmi_wasm_module_code_is(struct rmi_wasm_module *m, const struct rmi_wasm_code *code);
/** Use this code for instances from now on. Owns a reference to @p code. */
void rmi_wasm_module_improve(struct rmi_wasm_module *m, struct rmi_wasm_code *code, const struct rmi_aot_code *aot);

#endif
