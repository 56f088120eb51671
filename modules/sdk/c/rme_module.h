#ifndef RME_MODULE_H
#define RME_MODULE_H

/*
 * Write a RemoteMedia Edge module in C: include this header alone, write a few functions over a state struct, name them in
 * RME_MODULE(). The header makes the exports of module interface 1 (docs/reference/module-abi.md) from them; no pointer
 * into guest memory, allocator or length word is left to the author. No libc is needed.
 *
 *	struct gain { float factor; };
 *
 *	static int
 *	gain_process(struct gain *s, struct rme_in in, struct rme_out *out)
 *	{
 *		for (uint32_t i = 0; i < rme_count(in, 2); i++)
 *			rme_put_s16(out, rme_clip_s16((float)rme_s16(in, i) * s->factor));
 *		return RME_GUEST_OK;
 *	}
 *
 *	RME_MODULE(struct gain, .process = gain_process, .result_per_input = 1)
 *
 * One instance serves one session. The state is all zero before configure(), and the only thing that a module may write:
 * no static variables, because of what follows.
 *
 * Compiled natively the same functions are plain C functions (rme_export_process() and so on), so a module can be unit
 * tested, sanitized and fuzzed on the host; the test supplies the imports. Compiled natively with RME_NATIVE_TWIN they
 * become a table (rme_native.h), from which the host makes a native node of the module's name with one state per session.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define RME_GUEST_EXPORT(name) __attribute__((export_name(name)))
#define RME_GUEST_IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#else
#define RME_GUEST_EXPORT(name)
#define RME_GUEST_IMPORT(name)
#endif

/* What the functions of a module return. Any other negative number is the module's own error. */
enum rme_guest_result {
	RME_GUEST_OK = 0,
	RME_GUEST_FAILED = -1,
	RME_GUEST_UNSUPPORTED = -2,
	RME_GUEST_BAD_INPUT = -3,
	RME_GUEST_NOT_READY = -4,
	RME_GUEST_TOO_SMALL = -5,
};

/* What rme_remote_call() returns. */
enum rme_remote_status {
	RME_REMOTE_OK = 0,
	RME_REMOTE_NETWORK = -1,
	RME_REMOTE_UNAVAILABLE = -2, /* also: offline, circuit breaker open */
	RME_REMOTE_TOO_SMALL = -5,
	RME_REMOTE_NOT_GRANTED = -6,
	RME_REMOTE_DEADLINE = -7, /* or the budget is spent */
	RME_REMOTE_BAD_ARGUMENT = -8,
};

/* How much an item would cost (in the units of the registry's cost model), and how doubtful the answer would be, 0..1. */
struct rme_estimate {
	float work_units, doubt;
};

#include "rme_guest_exports.h"
#include "rme_guest_alloc.h"
#include "rme_guest_io.h"
#include "rme_guest_json.h"
#include "rme_guest_params.h"
#include "rme_guest_host.h"
#include "rme_guest_arena.h"
#include "rme_guest_entry.h"

#endif
