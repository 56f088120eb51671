#ifndef RMI_WASM_GUEST_RULES_H
#define RMI_WASM_GUEST_RULES_H

/** @file Which system calls rme-guest may make. Two filters: one before the module's code is loaded, a narrower one after. */

#include "wasm/sandbox.h"

/**
 * The first: what loading and running need. Opening a file is answered by the program itself (SIGSYS): a descriptor that it
 * has already, or an error; the kernel opens nothing.
 * @param bell_fd  the only descriptor that may be written to after the load
 */
RME_NODISCARD enum rme_err rmi_guest_rules_load(struct rme_error *err);
/** The second, on top: no new machine code, no new descriptors, writing to @p bell_fd alone. */
RME_NODISCARD enum rme_err rmi_guest_rules_run(int bell_fd, struct rme_error *err);
/** Install the handler that the first filter's answer to open needs. */
RME_NODISCARD bool rmi_guest_rules_prepare(void);

#endif
