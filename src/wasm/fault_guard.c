/*
 * Most of this runs in signal handlers: it may not allocate, lock, or call what does. The state is global, since signal
 * handlers are; it is written before they are installed, but for who had a signal before us.
 */
#include "wasm/fault_guard.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "wasm/lane.h"

#if RMI_ASAN
#define IN_HANDLER __attribute__((no_sanitize("address")))
#else
#define IN_HANDLER
#endif

enum { KICKS_IN_VAIN = 3 };
enum { SIGNALS = 5, TRAP_FLAG = 0x100 /* of the x86 flags register: stop after each instruction */ };
enum { KEPT = 8, LEVELS_MAX = 4, NESTED_BYTES = 256 << 10 };

/*
 * Who had a signal before us, and who before those: handlers may be put over ours, and we over them. A ring, so that a
 * handler that runs reads what is complete.
 */
struct previous {
	struct sigaction kept[KEPT];
	atomic_uint n;     /* how many there ever were; the newest is the one before this */
	atomic_bool spent; /* the newest asked to be called once only, and was */
};

static struct fault_guard {
	rmi_engine_handler engine;
	uintptr_t engine_low, engine_high; /* text of the library that the engine's handler is in */
	struct previous before[SIGNALS];
	atomic_bool installed;
} guard;

static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * A previous handler that runs, in the frame that called it. It may be left by siglongjmp(), so that the thread's pointer
 * goes stale: the mark tells.
 */
struct passing {
	uint64_t mark;
	unsigned level;
};
#define PASSING_MARK UINT64_C(0x726d655f70617373)

static _Thread_local struct passing *passing __attribute__((tls_model("initial-exec")));

static const int signals[SIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGURG, SIGTRAP};

static int
find_engine_text(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	const uintptr_t handler = *(const uintptr_t *)ctx;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t low = info->dlpi_addr + p->p_vaddr;
		if (p->p_type == PT_LOAD && handler >= low && handler - low < p->p_memsz) {
			guard.engine_low = low;
			guard.engine_high = low + p->p_memsz;
			return 1;
		}
	}
	return 0;
}

/* Run a handler as the kernel would have: with the signals blocked that it asked for. */
IN_HANDLER static void
run_handler(const struct sigaction *a, int sig, siginfo_t *info, void *context)
{
	sigset_t block = a->sa_mask, before;
	if ((a->sa_flags & SA_NODEFER) == 0) {
		sigaddset(&block, sig);
	}
	(void)pthread_sigmask(SIG_BLOCK, &block, &before);
	if ((a->sa_flags & SA_SIGINFO) != 0) {
		a->sa_sigaction(sig, info, context);
	} else {
		a->sa_handler(sig);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * Which handler's turn it is: 0 = the newest. A fault below a handler that we called, be it that it asks the handler that it
 * replaced (us), or that it put that one back and raises the signal again, goes to the one before it.
 */
IN_HANDLER static unsigned
level_of_turn(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), at = (uintptr_t)passing;
	bool below = at > here && at - here < NESTED_BYTES && at % _Alignof(struct passing) == 0;
	return below && passing->mark == (PASSING_MARK ^ at) ? passing->level + 1 : 0;
}

IN_HANDLER static const struct sigaction *
action_of_level(struct previous *old, unsigned level)
{
	unsigned n = atomic_load(&old->n);
	if (level >= LEVELS_MAX || level >= n) {
		return NULL;
	}
	const struct sigaction *a = &old->kept[(n - 1 - level) % KEPT];
	bool once = level == 0 && (a->sa_flags & (int)SA_RESETHAND) != 0;
	return once && atomic_exchange(&old->spent, true) ? NULL : a;
}

/* @return false where nobody takes it: it is to have its default effect */
IN_HANDLER static bool
call_previous(struct previous *old, int sig, siginfo_t *info, void *context)
{
	unsigned level = level_of_turn();
	const struct sigaction *a = action_of_level(old, level);
	bool plain = a == NULL || (a->sa_flags & SA_SIGINFO) == 0;
	if (a == NULL || (plain && a->sa_handler == SIG_DFL)) {
		return sig == SIGURG; /* ignored by default */
	}
	if (plain && a->sa_handler == SIG_IGN) {
		return info->si_code <= 0 || sig == SIGURG; /* the kernel lets nobody ignore a real fault */
	}
	struct passing now = {.level = level}, *outer = passing;
	now.mark = PASSING_MARK ^ (uintptr_t)&now;
	passing = &now;
	run_handler(a, sig, info, context);
	now.mark = 0;
	passing = outer;
	return true;
}

/* Give the signal to whoever had it before us. */
IN_HANDLER static void
pass_on(int sig, siginfo_t *info, void *context)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		if (signals[i] == sig && call_previous(&guard.before[i], sig, info, context)) {
			return;
		}
	}
	/* Nobody's: take the handler off and let it happen again, so that the core file shows where. */
	struct sigaction normal = {.sa_handler = SIG_DFL};
	(void)sigaction(sig, &normal, NULL);
	if (info->si_code <= 0) { /* sent by someone: it would not happen again by itself */
		(void)raise(sig);
	}
}

/* Does not return: jumps to where the guest was entered. */
IN_HANDLER static void
trap(struct rmi_lane *lane, enum rmi_stop why, int sig)
{
	rmi_lane_stop(lane, why);
	atomic_store(&lane->stepping, RMI_STEP_LEAVING);
	siginfo_t info;
	memset(&info, 0, sizeof(info));
	info.si_code = FPE_INTDIV; /* the engine looks at it for SIGFPE only */
	guard.engine(sig == SIGFPE ? SIGFPE : SIGSEGV, &info, NULL);
}

IN_HANDLER static uintptr_t
program_counter(const void *context)
{
	const ucontext_t *u = context;
	return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}

IN_HANDLER static bool
in_guest_code(const struct rmi_lane *lane, uintptr_t pc)
{
	return pc >= lane->zone->code_low && pc < lane->zone->code_high;
}

/* The engine reserves 4 GiB below and 8 GiB above a memory, which is as far as an address can be computed. */
IN_HANDLER static bool
near_memory(const struct rmi_lane *lane, uintptr_t address)
{
	uintptr_t memory = (uintptr_t)lane->zone->memory;
	return address >= memory - ((uintptr_t)4 << 30) && address < memory + ((uintptr_t)8 << 30);
}

/* Have it go on instruction by instruction until it is back in guest code: on_step traps it there. */
IN_HANDLER static void
step_to_guest(struct rmi_lane *lane, ucontext_t *context)
{
	if (!RMI_TSAN) { /* it delivers SIGTRAP too late */
		atomic_store(&lane->stepping, RMI_STEP_TO_GUEST);
		context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
	}
}

/*
 * The stack ended. In guest code: trap. Anywhere else (the engine or the C library below a call of the guest, maybe with
 * a lock held) it must not be jumped out of: open the soft guard, let it go on instruction by instruction, and trap when
 * it is back in guest code. @return false where the fault is none of the guest's
 */
IN_HANDLER static bool
handle_stack_fault(struct rmi_lane *lane, int sig, uintptr_t address, ucontext_t *context)
{
	uintptr_t pc = program_counter(context);
	if (in_guest_code(lane, pc)) {
		trap(lane, RMI_STOP_STACK, sig);
	}
	if (!lane->stack->soft_open && rmi_guest_stack_in_soft_guard(lane->stack, address)) {
		rmi_lane_stop(lane, RMI_STOP_STACK);
		step_to_guest(lane, context);
		return rmi_guest_stack_open_soft(lane->stack);
	}
	if (pc >= guard.engine_low && pc < guard.engine_high) {
		trap(lane, RMI_STOP_STACK, sig); /* the engine used up the soft guard: nothing better is left */
	}
	return false;
}

/*
 * A write to a window of items, by the guest or by a host function for it: the window is private, so that it may have its way
 * with a copy of the page. @return false where it is none, or the guest is being stopped
 */
IN_HANDLER static bool
let_write_to_window(const struct rmi_lane *lane, uintptr_t address)
{
	struct rmi_zone_windows *ws = lane->zone->windows;
	for (unsigned i = 0; ws != NULL && i < RMI_ZONE_WINDOWS; i++) {
		if (address < ws->low[i] || address >= ws->high[i]) {
			continue;
		}
		uint32_t before = atomic_fetch_or(&ws->written, 1u << i);
		if ((before >> i & 1) != 0 || atomic_load(&lane->stop) != RMI_STOP_NONE) {
			return false;
		}
		return mprotect((void *)ws->low[i], ws->high[i] - ws->low[i], PROT_READ | PROT_WRITE) == 0;
	}
	return false;
}

IN_HANDLER static bool
in_given_result(const struct rmi_lane *lane, uintptr_t address)
{
	const struct rmi_zone_windows *ws = lane->zone->windows;
	return ws != NULL && address >= ws->out_low && address < ws->out_high &&
	       atomic_load(&lane->stop) == RMI_STOP_NONE;
}

IN_HANDLER static bool
handle_guest_fault(struct rmi_lane *lane, int sig, const siginfo_t *info, ucontext_t *context)
{
	uintptr_t pc = program_counter(context), address = (uintptr_t)info->si_addr;
	if (sig == SIGFPE) {
		if (in_guest_code(lane, pc)) {
			trap(lane, RMI_STOP_DIVISION, sig);
		}
		return false;
	}
	if (rmi_guest_stack_in_guard(lane->stack, address)) {
		return handle_stack_fault(lane, sig, address, context);
	}
	if (let_write_to_window(lane, address)) {
		return true;
	}
	if (in_guest_code(lane, pc) || (near_memory(lane, address) && !atomic_load(&lane->in_host))) {
		trap(lane, in_given_result(lane, address) ? RMI_STOP_GIVEN : RMI_STOP_FAULT, sig);
	}
	return false;
}

IN_HANDLER static void
on_fault(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	struct rmi_lane *lane = rmi_lane_running();
	/* The interpreter checks every access: a fault below it is none of the guest's, and there is nowhere to jump to. */
	if (lane == NULL || lane->zone->code_low == 0 || !handle_guest_fault(lane, sig, info, context)) {
		pass_on(sig, info, context);
	}
	errno = saved;
}

/* AddressSanitizer does much at each free(): too many instructions to go through one by one. */
IN_HANDLER static bool
may_step(uintptr_t pc)
{
	return !RMI_ASAN || (pc >= guard.engine_low && pc < guard.engine_high);
}

/*
 * The watchdog's kick. In guest code no lock is held, so that jumping out is safe; anywhere else it will come again. A loop
 * of table.copy and the like is in the engine nearly all of the time: after some kicks it steps back to guest code.
 */
IN_HANDLER static void
on_kick(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	struct rmi_lane *lane = rmi_lane_running();
	if (info->si_code != SI_QUEUE || info->si_value.sival_ptr != &guard) {
		pass_on(sig, info, context);
	} else if (lane != NULL && atomic_load(&lane->stop) != RMI_STOP_NONE && !atomic_load(&lane->in_host)) {
		if (in_guest_code(lane, program_counter(context))) {
			trap(lane, RMI_STOP_TIMEOUT, SIGSEGV); /* the reason is there already, and stays */
		}
		if (atomic_load(&lane->kicks) > KICKS_IN_VAIN && atomic_load(&lane->stepping) == RMI_STEP_NONE &&
		    may_step(program_counter(context))) {
			step_to_guest(lane, context);
		}
	}
	errno = saved;
}

/* With a value that tells it from a SIGURG of the program's own. */
void
rmi_fault_guard_kick(pid_t tid)
{
	siginfo_t info;
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGURG;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_value.sival_ptr = &guard;
	(void)syscall(SYS_rt_tgsigqueueinfo, info.si_pid, tid, SIGURG, &info);
}

/* After each instruction since the soft guard was opened. */
IN_HANDLER static void
on_step(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	ucontext_t *u = context;
	struct rmi_lane *lane = rmi_lane_running();
	bool stepping = lane != NULL && atomic_load(&lane->stepping) == RMI_STEP_TO_GUEST;
	if (stepping && in_guest_code(lane, program_counter(context))) {
		trap(lane, RMI_STOP_STACK, SIGSEGV); /* or the reason that is there already */
	} else if (info->si_code != TRAP_TRACE || (u->uc_mcontext.gregs[REG_EFL] & TRAP_FLAG) == 0) {
		pass_on(sig, info, context); /* a breakpoint */
	} else if (!stepping) {
		u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG; /* the guest has been left in another way */
	}
	errno = saved;
}

void
rmi_fault_guard_save(struct rmi_saved_actions *before)
{
	(void)sigaction(SIGSEGV, NULL, &before->segv);
	(void)sigaction(SIGBUS, NULL, &before->bus);
	(void)sigaction(SIGFPE, NULL, &before->fpe);
}

static struct sigaction
our_action(int sig)
{
	/* NODEFER: the handler is left by a jump, which restores no mask. */
	struct sigaction a = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};
	a.sa_sigaction = sig == SIGURG ? on_kick : (sig == SIGTRAP ? on_step : on_fault);
	sigemptyset(&a.sa_mask);
	return a;
}

static void
remember_previous(size_t i, const struct sigaction *a)
{
	struct previous *old = &guard.before[i];
	unsigned n = atomic_load(&old->n);
	bool same = n > 0 && old->kept[(n - 1) % KEPT].sa_sigaction == a->sa_sigaction &&
	            old->kept[(n - 1) % KEPT].sa_flags == a->sa_flags;
	if (!same) {
		old->kept[n % KEPT] = *a;
		atomic_store(&old->n, n + 1);
	}
	atomic_store(&old->spent, false);
}

static bool
install(size_t i)
{
	const struct sigaction ours = our_action(signals[i]);
	return sigaction(signals[i], &ours, NULL) == 0;
}

bool
rmi_fault_guard_install(const struct rmi_saved_actions *before)
{
	struct sigaction engine;
	if (sigaction(SIGSEGV, NULL, &engine) != 0 || (engine.sa_flags & SA_SIGINFO) == 0 ||
	    engine.sa_sigaction == before->segv.sa_sigaction) {
		return false; /* the engine works otherwise than it is known to */
	}
	guard.engine = engine.sa_sigaction;
	uintptr_t handler = (uintptr_t)guard.engine;
	(void)dl_iterate_phdr(find_engine_text, &handler);
	remember_previous(0, &before->segv);
	remember_previous(1, &before->bus);
	remember_previous(2, &before->fpe);
	for (size_t i = 0; i < SIGNALS; i++) {
		struct sigaction now;
		if (i > 2 && sigaction(signals[i], NULL, &now) == 0) {
			remember_previous(i, &now);
		}
		if (!install(i)) {
			return false;
		}
	}
	atomic_store(&guard.installed, true);
	return guard.engine_low != 0;
}

static bool
is_ours(const struct sigaction *a, int sig)
{
	const int flags = SA_SIGINFO | SA_ONSTACK;
	return a->sa_sigaction == our_action(sig).sa_sigaction && (a->sa_flags & flags) == flags;
}

static void
take_back(size_t i)
{
	struct sigaction now;
	if (sigaction(signals[i], NULL, &now) != 0 || is_ours(&now, signals[i])) {
		return;
	}
	/* signal() puts handlers back without their flags: then it is ours, and must not be called as the one before us. */
	if (now.sa_sigaction != our_action(signals[i]).sa_sigaction) {
		remember_previous(i, &now);
	}
	(void)install(i);
}

static bool
all_ours(bool thorough)
{
	struct sigaction now;
	for (size_t i = 0; i < SIGNALS; i++) {
		bool often = signals[i] == SIGSEGV || signals[i] == SIGURG;
		if (!thorough && !often) {
			continue;
		}
		if (sigaction(signals[i], NULL, &now) != 0 || !is_ours(&now, signals[i])) {
			return false;
		}
	}
	return true;
}

void
rmi_fault_guard_check(bool thorough)
{
	if (!atomic_load(&guard.installed) || all_ours(thorough)) {
		return;
	}
	pthread_mutex_lock(&check_lock);
	for (size_t i = 0; i < SIGNALS; i++) {
		take_back(i);
	}
	pthread_mutex_unlock(&check_lock);
}
