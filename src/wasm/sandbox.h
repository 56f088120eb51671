#ifndef RMI_WASM_SANDBOX_H
#define RMI_WASM_SANDBOX_H

/**
 * @file
 * What takes a process of ours its rights, before it touches a stranger's bytes: system calls (seccomp), files and signals
 * (Landlock), limits. Used by rme-guest and rme-aotc. See docs/design/wasm-isolation.md.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

/** A rule about one system call; the first that fits decides. */
struct rmi_syscall_rule {
	int number;
	uint32_t action; /**< SECCOMP_RET_... */
	uint32_t
	    arg; /**< 0 = any arguments; else the argument number, from 1, of which the low 32 bits are looked at */
	uint32_t mask, value; /**< it fits where (argument & mask) == value */
};

/** Shorthands: allow it; allow it where an argument fits; answer with an errno. */
#define RMI_ALLOW(nr)             {.number = (nr), .action = 0x7fff0000u}
#define RMI_ALLOW_IF(nr, a, m, v) {.number = (nr), .action = 0x7fff0000u, .arg = (a), .mask = (m), .value = (v)}
#define RMI_ANSWER(nr, err)       {.number = (nr), .action = 0x00050000u | (uint32_t)(err)}
#define RMI_TRAP(nr)              {.number = (nr), .action = 0x00030000u}
#define RMI_KILL(nr)              {.number = (nr), .action = 0x80000000u}
#define RMI_KILL_IF(nr, a, m, v)  {.number = (nr), .action = 0x80000000u, .arg = (a), .mask = (m), .value = (v)}

enum { RMI_SYSCALL_RULES_MAX = 160, RMI_SECCOMP_KILL = 0, RMI_SECCOMP_ALLOW = 1 };

/**
 * Put a filter on every thread of this process, for good; a call that no rule fits is answered by @p otherwise:
 * RMI_SECCOMP_KILL (the process dies of SIGSYS) or RMI_SECCOMP_ALLOW (for what earlier filters let through).
 * @return RME_OK, RME_EUNSUPPORTED (no seccomp in this kernel, or not allowed), RME_EINVAL
 */
RME_NODISCARD enum rme_err
rmi_seccomp_install(const struct rmi_syscall_rule *rules, size_t n, unsigned otherwise, struct rme_error *err);

/** Give up privileges for good, die with the thread that started this process, leave no core file. */
RME_NODISCARD bool rmi_sandbox_begin(void);

/**
 * No file can be opened any more by this thread and those that it makes, but beneath @p writable (NULL = nowhere); no
 * connection, no signal out of the process, as far as the kernel can.
 * @return the kernel's Landlock version, 0 = it has none and nothing was done
 */
int rmi_landlock_restrict(const char *writable);

/** What this kernel has, without using it. */
struct rmi_sandbox_support {
	bool seccomp;
	int landlock; /**< version, 0 = none */
};
void rmi_sandbox_probe(struct rmi_sandbox_support *out);

/** setrlimit() for soft and hard limit. */
RME_NODISCARD bool rmi_sandbox_limit(int resource, uint64_t value);

#endif
