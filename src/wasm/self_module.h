#ifndef RMI_WASM_SELF_MODULE_H
#define RMI_WASM_SELF_MODULE_H

/**
 * @file
 * A tiny module of our own, compiled and loaded once per process: the pin enters it for ever (pin.h), and the checks of
 * the guard (guard_check.h) and of fibers (fiber_check.h) use it. One module for all, so that a start costs one compilation.
 *
 * It imports "p" "park" () and exports memory, run () = park(), and wait (n, what) -> 1002 * n: it writes n to its memory and
 * to a global, calls park, and then what = 1 writes outside its memory, what = 2 recurses until the stack ends; and spin (n), a loop of n rounds.
 */

#include <stdint.h>
#include <rme/err.h>
#include "wasm/wasm_process.h"

enum { RMI_SELF_PLAIN = 0, RMI_SELF_FAULT = 1, RMI_SELF_RECURSION = 2, RMI_SELF_FACTOR = 1002 };

/** Its bytes, for processes that are given machine code by others. */
struct rme_bytes rmi_self_module_wasm(void);

/** Into p->self. To be called once, before any other module is loaded. What it makes stays for ever. */
RME_NODISCARD enum rme_err
rmi_self_module_load(struct rmi_wasm_process *p, const struct rmi_code_source *source, struct rme_error *err);

/** A host module "p" with this function as "park". NULL = out of memory */
WasmEdge_ModuleInstanceContext *
rmi_self_module_host(const struct rmi_wasm_process *p, WasmEdge_HostFunc_t park, void *data);

#endif
