#ifndef RMI_WASM_FAULT_GUARD_H
#define RMI_WASM_FAULT_GUARD_H

/**
 * @file
 * Our handlers of SIGSEGV, SIGBUS, SIGFPE, SIGURG and SIGTRAP. A fault that a guest made becomes a trap: the handler calls the
 * engine's own, which jumps back to where the guest was entered. Every other one goes to whoever had the signal before, as
 * if we were not there: with the signals blocked that its handler asked for, once only where it asked for that, and it may be
 * left by siglongjmp(). Only the stack may be another: the thread's signal stack, where it has one.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** The engine's handler, as it was installed while a guest was entered. */
typedef void (*rmi_engine_handler)(int sig, siginfo_t *info, void *context);

/**
 * Take the engine's handlers away and put ours in their place. To be called by the pin (pin.h) from a host function, when
 * the engine's handlers are installed; @p before are the actions that were there before the engine's.
 */
struct rmi_saved_actions {
	struct sigaction segv, bus, fpe;
};
void rmi_fault_guard_save(struct rmi_saved_actions *before);
bool rmi_fault_guard_install(const struct rmi_saved_actions *before);

/** Have the handler of SIGURG run on this thread: it ends a guest whose lane says so, if the guest's own code runs. */
void rmi_fault_guard_kick(pid_t tid);

/**
 * Put our handlers back where somebody replaced them; theirs are called for what is not ours. Any thread.
 * @param thorough  look at all five; else at two, those that others replace: two system calls where all is well
 */
void rmi_fault_guard_check(bool thorough);

#endif
