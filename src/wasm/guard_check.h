#ifndef RMI_WASM_GUARD_CHECK_H
#define RMI_WASM_GUARD_CHECK_H

/** @file Whether plain code can be guarded by signals here: tried with this engine, on this machine, at every start. */

#include "wasm/wasm_process.h"

/**
 * Have a guest write where it may not, and one run past its deadline: both must be ended, and for that reason. Needs the
 * pin. @return NULL = it works; else what does not
 */
const char *rmi_guard_check(struct rmi_wasm_process *p);

#endif
