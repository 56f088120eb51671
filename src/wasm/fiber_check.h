#ifndef RMI_WASM_FIBER_CHECK_H
#define RMI_WASM_FIBER_CHECK_H

/** @file Whether guests can wait as fibers here: tried with this engine, on this machine, at every start. */

#include <stddef.h>
#include "wasm/wasm_process.h"

/**
 * Suspend two guests on this thread, go on with both in turn, and look whether each finds its own memory, global and locals;
 * then have a resumed one access what is not there, and one recurse without end, which must be traps of those. Needs the
 * pin. @return true, or false and why in @p why
 */
bool rmi_fiber_check(struct rmi_wasm_process *p, char *why, size_t cap);

#endif
