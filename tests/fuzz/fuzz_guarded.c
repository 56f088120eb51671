/*
 * Modules under the guard. Made from the input, they are valid: the admission pass and the engine must take them. Input
 * that is a module itself is only opened by the interpreter, which has no guard against recursion; machine code is run.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guarded_run.h"
#include "module_gen.h"

enum { ROOM = 1 << 16, COMPILE_EVERY = 64 /* the compiler takes a hundred times longer than all else */ };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_compiled(const uint8_t *data, size_t size)
{
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ data[i]) * 16777619U;
	}
	return (hash >> 8) % COMPILE_EVERY == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t wasm[ROOM];
	bool compiled = is_compiled(data, size);
	if (size >= 8 && memcmp(data, "\0asm", 4) == 0) {
		(void)guarded_run(data, size, compiled, compiled);
		return 0;
	}
	size_t n = module_gen(wasm, sizeof(wasm), data, size, compiled);
	if (n > 0 && !guarded_run(wasm, n, compiled, true)) {
		abort();
	}
	return 0;
}
