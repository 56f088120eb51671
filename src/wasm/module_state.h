#ifndef RMI_WASM_MODULE_STATE_H
#define RMI_WASM_MODULE_STATE_H

/** @file The inside of a module, shared by module.c, instance.c and pool.c. */

#include <stdatomic.h>
#include <stdint.h>
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

	struct rmi_wasm_module *next; /* all down to n_warm guarded by the engine's modules_lock */
	enum rmi_module_state state;
	struct rme_error failure;
	unsigned refs;
	bool warm_wanted, warm_failed;
	struct rmi_wasm_instance *warm; /* see pool.h */
	unsigned n_warm;

	WasmEdge_ASTModuleContext *ast;
	int object_fd; /* stays open: the loader knows the code by this path, and reuses what has the same */
	uintptr_t code_low, code_high;
};

#endif
