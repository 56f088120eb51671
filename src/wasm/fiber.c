#include "wasm/fiber.h"

#include <link.h>
#include <string.h>

#include "base/clock.h"
#include "wasm/invoke.h"
#include "wasm/wasm_process.h"

/*
 * Saves the registers that the System V ABI makes a callee keep (the control words of the floating-point units too) on the
 * stack that is left, stores its pointer, and takes them from the other. No system call: swapcontext() makes two, to save
 * and set a signal mask that does not differ.
 */
void rmi_fiber_switch(void **left_sp, void *sp);
/* Where a new fiber begins: r12 holds the function, r13 its argument. Unwinders stop here. */
void rmi_fiber_begin(void);
__asm__(".text\n"
        ".p2align 4\n"
        ".globl rmi_fiber_switch\n"
        ".hidden rmi_fiber_switch\n"
        ".type rmi_fiber_switch, @function\n"
        "rmi_fiber_switch:\n"
        "\t.cfi_startproc\n"
        "\tendbr64\n"
        "\tpush %rbp\n"
        "\tpush %rbx\n"
        "\tpush %r12\n"
        "\tpush %r13\n"
        "\tpush %r14\n"
        "\tpush %r15\n"
        "\tsub $8, %rsp\n"
        "\t.cfi_def_cfa_offset 64\n"
        "\t.cfi_offset %rbp, -16\n"
        "\t.cfi_offset %rbx, -24\n"
        "\t.cfi_offset %r12, -32\n"
        "\t.cfi_offset %r13, -40\n"
        "\t.cfi_offset %r14, -48\n"
        "\t.cfi_offset %r15, -56\n"
        "\tstmxcsr (%rsp)\n"
        "\tfnstcw 4(%rsp)\n"
        "\tmov %rsp, (%rdi)\n"
        "\tmov %rsi, %rsp\n" /* the other stack looks the same from here */
        "\tldmxcsr (%rsp)\n"
        "\tfldcw 4(%rsp)\n"
        "\tadd $8, %rsp\n"
        "\tpop %r15\n"
        "\tpop %r14\n"
        "\tpop %r13\n"
        "\tpop %r12\n"
        "\tpop %rbx\n"
        "\tpop %rbp\n"
        "\t.cfi_def_cfa_offset 8\n"
        "\tret\n"
        "\t.cfi_endproc\n"
        ".size rmi_fiber_switch, . - rmi_fiber_switch\n"
        ".p2align 4\n"
        ".globl rmi_fiber_begin\n"
        ".hidden rmi_fiber_begin\n"
        ".type rmi_fiber_begin, @function\n"
        "rmi_fiber_begin:\n"
        "\t.cfi_startproc\n"
        "\t.cfi_undefined %rip\n"
        "\tmov %r13, %rdi\n"
        "\tcall *%r12\n"
        "\tud2\n"
        "\t.cfi_endproc\n"
        ".size rmi_fiber_begin, . - rmi_fiber_begin\n");

/* What rmi_fiber_switch() leaves on a stack, lowest address first. */
struct switch_frame {
	uint32_t mxcsr;
	uint16_t x87_control, unused;
	uintptr_t r15, r14, r13, r12, rbx, rbp, return_to;
};

struct found_block {
	uint8_t *data;
	size_t bytes;
};

static int
find_block(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct found_block *b = ctx;
	if (size < sizeof(*info) || strstr(info->dlpi_name, "libwasmedge.so") == NULL) {
		return 0;
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_TLS) {
			b->data = info->dlpi_tls_data; /* of the thread that asks; NULL until it was needed */
			b->bytes = info->dlpi_phdr[i].p_memsz;
		}
	}
	return 1;
}

/* The dynamic linker makes the block when it is needed: by machine code of a module that is entered on this thread. */
static enum rme_err
touch_block(struct rmi_wasm_process *p, struct rme_error *err)
{
	struct rmi_invoke call = {.function = p->self.touch, .deadline_ns = rmi_monotonic_ns() + RMI_NS_PER_S};
	const struct rmi_invoke_target target = {.process = p, .zone = p->self.touch_zone};
	pthread_mutex_lock(&p->load_lock);
	enum rme_err e = rmi_invoke(&call, &target, err);
	pthread_mutex_unlock(&p->load_lock);
	return e;
}

enum rme_err
rmi_fiber_prepare(struct rmi_lane *lane, struct rme_error *err)
{
	if (lane->engine_state != NULL) {
		return RME_OK;
	}
	struct found_block b = {0};
	enum rme_err e = touch_block(lane->process, err);
	if (e != RME_OK) {
		return e;
	}
	(void)dl_iterate_phdr(find_block, &b);
	if (b.data == NULL || b.bytes > RMI_ENGINE_STATE_MAX) {
		return rme_error_set(err, RME_EUNSUPPORTED, NULL,
		    "libwasmedge has no thread-local state of up to %d bytes", RMI_ENGINE_STATE_MAX);
	}
	lane->engine_state_bytes = b.bytes;
	memcpy(lane->engine_idle, b.data, b.bytes);
	lane->engine_state = b.data;
	return RME_OK;
}

/* On the fiber's stack. */
static void
run_fiber(void *arg)
{
	struct rmi_fiber *f = arg;
	f->fn(f->arg);
	f->over = true;
	rmi_fiber_switch(&f->sp, f->stack->thread_sp); /* for the last time */
}

/* The registers of a new fiber; the floating-point control words are those of this thread. */
static void
lay_first_frame(struct rmi_fiber *f)
{
	uint8_t *top = rmi_guest_stack_top(f->stack);
	uintptr_t function = (uintptr_t)run_fiber, begin = (uintptr_t)rmi_fiber_begin;
	struct switch_frame frame = {.r12 = function, .r13 = (uintptr_t)f, .return_to = begin};
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(frame.mxcsr), "=m"(frame.x87_control));
	f->sp = top - sizeof(frame); /* the return address is taken off: an aligned stack for the call */
	memcpy(f->sp, &frame, sizeof(frame));
}

static bool
switch_to(struct rmi_fiber *f, struct rmi_lane *lane)
{
	lane->fiber = f;
	rmi_fiber_switch(&f->stack->thread_sp, f->sp);
	lane->fiber = NULL;
	if (f->over) {
		f->stack = NULL; /* stays the lane's */
	}
	return f->over;
}

bool
rmi_fiber_start(struct rmi_fiber *f, struct rmi_lane *lane, void (*fn)(void *arg), void *arg)
{
	*f = (struct rmi_fiber){.stack = lane->stack, .fn = fn, .arg = arg};
	lay_first_frame(f);
	return switch_to(f, lane);
}

bool
rmi_fiber_resume(struct rmi_fiber *f, struct rmi_lane *lane)
{
	rmi_stack_pool_give(&lane->spare, lane->stack);
	lane->stack = f->stack;
	return switch_to(f, lane);
}

bool
rmi_fiber_suspend(struct rmi_lane *lane)
{
	struct rmi_fiber *f = lane->fiber;
	struct rmi_guest_stack *next = rmi_stack_pool_take(&lane->spare);
	if (next == NULL) {
		return false;
	}
	const struct rmi_zone *zone = lane->zone;
	const atomic_bool *canceled = lane->canceled;
	struct rmi_wasm_instance *instance = lane->instance;
	struct rmi_guest_run *run = lane->run;
	uint8_t engine_state[RMI_ENGINE_STATE_MAX];
	rmi_lane_leave(lane);
	uint32_t stop = atomic_load_explicit(&lane->stop, memory_order_relaxed);
	int64_t deadline_ns = atomic_load_explicit(&lane->deadline_ns, memory_order_relaxed);
	atomic_store_explicit(&lane->in_host, 0, memory_order_relaxed);
	memcpy(engine_state, lane->engine_state, lane->engine_state_bytes);
	memcpy(lane->engine_state, lane->engine_idle, lane->engine_state_bytes);
	lane->instance = NULL;
	lane->stack = next;

	rmi_fiber_switch(&f->sp, f->stack->thread_sp);

	memcpy(lane->engine_state, engine_state, lane->engine_state_bytes);
	lane->zone = zone;
	lane->canceled = canceled;
	lane->instance = instance;
	lane->run = run;
	atomic_store_explicit(&lane->in_host, 1, memory_order_relaxed); /* before the watchdog may look */
	rmi_lane_enter(lane, deadline_ns);
	if (stop != RMI_STOP_NONE) {
		rmi_lane_stop(lane, (enum rmi_stop)stop);
	} else if (canceled != NULL && atomic_load(canceled)) {
		rmi_lane_stop(lane, RMI_STOP_CANCELED); /* whoever did it saw nothing run here */
	}
	return true;
}
