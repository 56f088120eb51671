#ifndef RMI_WASM_GUEST_STACK_H
#define RMI_WASM_GUEST_STACK_H

/**
 * @file
 * The stack that guests run on, apart from the thread's own:
 *
 *     low  [ hard guard 32 MiB ][ soft guard 64 KiB ][ usable 512 KiB ]  high
 *
 * Machine code made from WebAssembly does not probe its frames, so the hard guard is larger than any frame that an
 * admitted function can have; it costs address space only. A fault of guest code in either guard is a stack overflow. The
 * soft guard is opened where host code runs into it (the C library below a host call), which then goes on step by step
 * until it is back in guest code. See docs/design/wasm-guard.md.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

enum {
	RMI_STACKS_KEPT = 512, /**< by a pool; what suspended guests used beyond that is given back */
	RMI_STACK_HARD_BYTES = 32 << 20,
	RMI_STACK_SOFT_BYTES = 64 << 10,
	RMI_STACK_USABLE_BYTES = 512 << 10,
	RMI_STACK_HOST_BYTES = 48 << 10, /**< a host call needs at least this much room */
};

struct rmi_guest_stack {
	struct rmi_guest_stack *next; /**< in a pool */
	uint8_t *base;                /**< lowest address, of the hard guard */
	volatile int soft_open;       /**< set by the fault handler */
	/* Of the call under way. */
	void *thread_sp; /**< where the thread's own stack was left */
	void (*fn)(void *arg);
	void *arg;
	void *sanitizer_guest, *sanitizer_thread; /* AddressSanitizer's view of both stacks */
	const void *thread_bottom;
	size_t thread_bytes;
};

/** Stacks that nobody uses, of one thread. */
struct rmi_stack_pool {
	struct rmi_guest_stack *first;
	unsigned n;
};

/** One of the pool, else a new one. NULL = no memory, address space or map entry is left */
struct rmi_guest_stack *rmi_stack_pool_take(struct rmi_stack_pool *pool);
/** @p s is not in use. */
void rmi_stack_pool_give(struct rmi_stack_pool *pool, struct rmi_guest_stack *s);
/** Free all of them. */
void rmi_stack_pool_empty(struct rmi_stack_pool *pool);

/** Run @p fn on the stack. Not from a function that runs on it. */
void rmi_guest_stack_run(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg);
/** From a function that runs on it: run @p fn on the thread's own stack meanwhile. */
void rmi_guest_stack_leave(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg);
/** Close the soft guard again. Not while it is in use. */
void rmi_guest_stack_reset(struct rmi_guest_stack *s);

static inline bool
rmi_guest_stack_in_guard(const struct rmi_guest_stack *s, uintptr_t address)
{
	uintptr_t low = (uintptr_t)s->base;
	return address >= low && address < low + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES;
}

static inline bool
rmi_guest_stack_in_soft_guard(const struct rmi_guest_stack *s, uintptr_t address)
{
	return rmi_guest_stack_in_guard(s, address) && address >= (uintptr_t)s->base + RMI_STACK_HARD_BYTES;
}

/** Open the soft guard. Async-signal-safe. */
bool rmi_guest_stack_open_soft(struct rmi_guest_stack *s);

/** Highest address, where the stack begins. */
static inline uint8_t *
rmi_guest_stack_top(const struct rmi_guest_stack *s)
{
	return s->base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES + RMI_STACK_USABLE_BYTES;
}

/** Room left above the guards, seen from a function that runs on it. */
static inline size_t
rmi_guest_stack_room(const struct rmi_guest_stack *s)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t low = (uintptr_t)s->base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES;
	return here > low ? here - low : 0;
}

#endif
