#ifndef RMI_WASM_AOTC_RULES_H
#define RMI_WASM_AOTC_RULES_H

/** @file Which system calls rme-aotc may make once its libraries are loaded: those of LLVM and its linker, and no more. */

#include "wasm/sandbox.h"

/** @return RME_OK, RME_EUNSUPPORTED (no seccomp here) */
RME_NODISCARD enum rme_err rmi_aotc_rules_apply(struct rme_error *err);

#endif
