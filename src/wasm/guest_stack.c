#include "wasm/guest_stack.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/sanitizer.h"

#if RMI_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum {
	TOTAL_BYTES = RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES + RMI_STACK_USABLE_BYTES,
	DEEP_KEPT = 8, /* stacks in a pool that may keep all their memory */
	SHALLOW_BYTES = 32 << 10
};

/*
 * Calls fn(arg) with the stack pointer at top, and stores the old one. The System V ABI makes the callee keep rbp, so it
 * carries the old stack pointer across; the CFI lets debuggers and unwinders walk through.
 */
void rmi_switch_stack(void *top, void (*fn)(void *arg), void *arg, void **old_sp);
__asm__(".text\n"
        ".p2align 4\n"
        ".globl rmi_switch_stack\n"
        ".hidden rmi_switch_stack\n"
        ".type rmi_switch_stack, @function\n"
        "rmi_switch_stack:\n"
        "\t.cfi_startproc\n"
        "\tendbr64\n"
        "\tpush %rbp\n"
        "\t.cfi_def_cfa_offset 16\n"
        "\t.cfi_offset %rbp, -16\n"
        "\tmov %rsp, %rbp\n"
        "\t.cfi_def_cfa_register %rbp\n"
        "\tmov %rsp, (%rcx)\n"
        "\tmov %rdi, %rsp\n"
        "\tmov %rdx, %rdi\n"
        "\tcall *%rsi\n"
        "\tmov %rbp, %rsp\n"
        "\tpop %rbp\n"
        "\t.cfi_def_cfa %rsp, 8\n"
        "\tret\n"
        "\t.cfi_endproc\n"
        ".size rmi_switch_stack, . - rmi_switch_stack\n");

static struct rmi_guest_stack *
make_stack(void)
{
	struct rmi_guest_stack *s = calloc(1, sizeof(*s));
	uint8_t *base =
	    mmap(NULL, TOTAL_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (s != NULL && base != MAP_FAILED &&
	    mprotect(base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES, RMI_STACK_USABLE_BYTES,
	        PROT_READ | PROT_WRITE) == 0) {
		s->base = base;
		return s;
	}
	if (base != MAP_FAILED) {
		munmap(base, TOTAL_BYTES);
	}
	free(s);
	return NULL;
}

static void
free_stack(struct rmi_guest_stack *s)
{
	munmap(s->base, TOTAL_BYTES);
	free(s);
}

struct rmi_guest_stack *
rmi_stack_pool_take(struct rmi_stack_pool *pool)
{
	struct rmi_guest_stack *s = pool->first;
	if (s == NULL) {
		return make_stack();
	}
	pool->first = s->next;
	pool->n--;
	return s;
}

void
rmi_stack_pool_give(struct rmi_stack_pool *pool, struct rmi_guest_stack *s)
{
	if (pool->n >= RMI_STACKS_KEPT) {
		free_stack(s);
		return;
	}
	/* What a deep guest has used is not kept for all of them. */
	if (pool->n >= DEEP_KEPT) {
		(void)madvise(s->base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES,
		    RMI_STACK_USABLE_BYTES - SHALLOW_BYTES, MADV_DONTNEED);
	}
	s->next = pool->first;
	pool->first = s;
	pool->n++;
}

void
rmi_stack_pool_empty(struct rmi_stack_pool *pool)
{
	while (pool->first != NULL) {
		free_stack(rmi_stack_pool_take(pool));
	}
}

bool
rmi_guest_stack_open_soft(struct rmi_guest_stack *s)
{
	s->soft_open = 1;
	return mprotect(s->base + RMI_STACK_HARD_BYTES, RMI_STACK_SOFT_BYTES, PROT_READ | PROT_WRITE) == 0;
}

void
rmi_guest_stack_reset(struct rmi_guest_stack *s)
{
	if (s->soft_open) {
		s->soft_open = 0;
		(void)mprotect(s->base + RMI_STACK_HARD_BYTES, RMI_STACK_SOFT_BYTES, PROT_NONE);
	}
}

#if RMI_ASAN

/* AddressSanitizer keeps shadow frames per stack and must be told of every switch, from the side that is left and from
 * the side that is entered. These functions must not have shadow frames themselves. */
#define UNCHECKED __attribute__((no_sanitize("address"), noinline))

UNCHECKED static void
enter_guest(void *arg)
{
	struct rmi_guest_stack *s = arg;
	__sanitizer_finish_switch_fiber(s->sanitizer_guest, &s->thread_bottom, &s->thread_bytes);
	s->fn(s->arg);
	__sanitizer_start_switch_fiber(NULL, s->thread_bottom, s->thread_bytes);
}

UNCHECKED void
rmi_guest_stack_run(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg)
{
	uint8_t *low = s->base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES;
	s->fn = fn;
	s->arg = arg;
	s->sanitizer_guest = NULL;
	__asan_unpoison_memory_region(low, RMI_STACK_USABLE_BYTES); /* frames that a trap jumped over */
	__sanitizer_start_switch_fiber(&s->sanitizer_thread, low, RMI_STACK_USABLE_BYTES);
	rmi_switch_stack(low + RMI_STACK_USABLE_BYTES, enter_guest, s, &s->thread_sp);
	__sanitizer_finish_switch_fiber(s->sanitizer_thread, NULL, NULL);
}

struct excursion {
	struct rmi_guest_stack *s;
	void (*fn)(void *arg);
	void *arg;
};

UNCHECKED static void
enter_thread(void *arg)
{
	struct excursion *x = arg;
	struct rmi_guest_stack *s = x->s;
	__sanitizer_finish_switch_fiber(s->sanitizer_thread, NULL, NULL);
	x->fn(x->arg);
	__sanitizer_start_switch_fiber(
	    &s->sanitizer_thread, s->base + RMI_STACK_HARD_BYTES + RMI_STACK_SOFT_BYTES, RMI_STACK_USABLE_BYTES);
}

UNCHECKED void
rmi_guest_stack_leave(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg)
{
	struct excursion x = {.s = s, .fn = fn, .arg = arg};
	void *guest_sp;
	__sanitizer_start_switch_fiber(&s->sanitizer_guest, s->thread_bottom, s->thread_bytes);
	rmi_switch_stack(s->thread_sp, enter_thread, &x, &guest_sp);
	__sanitizer_finish_switch_fiber(s->sanitizer_guest, NULL, NULL);
}

#else

void
rmi_guest_stack_run(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg)
{
	rmi_switch_stack(s->base + TOTAL_BYTES, fn, arg, &s->thread_sp);
}

void
rmi_guest_stack_leave(struct rmi_guest_stack *s, void (*fn)(void *arg), void *arg)
{
	void *guest_sp;
	rmi_switch_stack(s->thread_sp, fn, arg, &guest_sp);
}

#endif
