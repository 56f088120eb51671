#ifndef RMI_WASM_AOT_KEY_H
#define RMI_WASM_AOT_KEY_H

/**
 * @file
 * What compiled code depends on, as one hash: the admitted module, engine and LLVM builds, the processor's features (the
 * engine compiles for the machine it runs on, even where told otherwise), the way it was compiled, and our own format.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/sha256.h"

struct rmi_wasmedge;

/**
 * @param module  hash of the admitted bytes
 * @param preliminary  of code that only stands in for better code
 */
void rmi_aot_key(uint8_t out[RMI_SHA256_BYTES], const struct rmi_wasmedge *we, const uint8_t module[RMI_SHA256_BYTES],
    bool interruptible, bool preliminary);

#endif
