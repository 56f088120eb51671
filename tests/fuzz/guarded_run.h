#ifndef FUZZ_GUARDED_RUN_H
#define FUZZ_GUARDED_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Opens a module, and calls each of its entry points. Aborts if a call neither succeeds nor fails with a reason.
 * @param compiled  as machine code, else in the interpreter. @param run  false = open it only
 * @return false where it could not be opened
 */
bool guarded_run(const uint8_t *wasm, size_t len, bool compiled, bool run);

#endif
