#ifndef RMI_WASM_PIN_H
#define RMI_WASM_PIN_H

/**
 * @file
 * The pin: one thread that enters a tiny guest and never comes back. The engine installs its signal handlers when the
 * number of running guests goes from 0 to 1 and resets them when it goes back to 0, without a lock: with several threads
 * that kills the process, and it costs 6 system calls per entry. With a guest that always runs the number never is 0.
 * While the engine's handlers are installed for the first time, the pin replaces them by ours (fault_guard.h).
 */

#include <rme/err.h>
#include "wasm/wasm_process.h"

/** To be called once, with the process's own module loaded, before any other guest is entered. */
RME_NODISCARD enum rme_err rmi_pin_start(struct rmi_wasm_process *p, struct rme_error *err);

#endif
