#ifndef RMI_WASM_CODE_H
#define RMI_WASM_CODE_H

/**
 * @file
 * The code of a module as the engine has it loaded. A module may get better code while it is in use: instances hold a
 * reference to what they were made from. Any thread.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "wasm/aot_compile.h"
#include "wasm/wasm_process.h"

struct rmi_wasm_code {
	atomic_uint refs;
	struct rmi_wasm_process *process;
	WasmEdge_ASTModuleContext *ast;
	int object_fd;       /**< stays open: the loader knows the code by this path, and reuses what has the same */
	uintptr_t low, high; /**< machine code; both 0 = interpreter */
	bool interruptible;  /**< looks at the engine's stop flag */
};

/**
 * Load machine code, from a sealed copy.
 * @param name  of the module, for messages
 * @return RME_OK, RME_EMODULE (the engine refuses it), RME_EIO, RME_ELIMIT, RME_EUNSUPPORTED, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_wasm_code_load(struct rmi_wasm_code **out, struct rmi_wasm_process *p,
    const struct rmi_aot_code *aot, const char *name, struct rme_error *err);
/** For the interpreter, from the admitted bytes. */
RME_NODISCARD enum rme_err rmi_wasm_code_interpret(struct rmi_wasm_code **out, struct rmi_wasm_process *p,
    struct rme_bytes wasm, const char *name, struct rme_error *err);

struct rmi_wasm_code *rmi_wasm_code_ref(struct rmi_wasm_code *c);
/** The last reference unloads it; its instances must be gone. NULL is a no-op. */
void rmi_wasm_code_unref(struct rmi_wasm_code *c);

#endif
