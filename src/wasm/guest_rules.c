#include "wasm/guest_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/sanitizer.h"

enum { RULES_MAX = 96, DESCRIPTOR_MAX = 1024, SYS_SECCOMP_CODE = 1 /* SYS_SECCOMP of <asm-generic/siginfo.h> */ };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Read by a signal handler, set before the second filter. */
static volatile bool loaded;

static const char fd_folder[] = "/proc/self/fd/";

/* The number in "/proc/self/fd/N", -1 = it is another path. Runs in a signal handler. */
static int
descriptor_of(const char *path)
{
	const size_t n = sizeof(fd_folder) - 1;
	int fd = 0;
	if (strncmp(path, fd_folder, n) != 0 || path[n] == '\0') {
		return -1;
	}
	for (const char *at = path + n; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || fd > DESCRIPTOR_MAX) {
			return -1;
		}
		fd = fd * 10 + (*at - '0');
	}
	return fd;
}

/* In place of openat: the same file once more, where the path is that of a descriptor. */
static long
open_again(const char *path)
{
	int fd = descriptor_of(path);
	if (fd < 0 || loaded) {
		return -EACCES; /* the C library looks at /proc/sys when it gives memory back, and can do without */
	}
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0) {
		return -errno;
	}
	(void)lseek(copy, 0, SEEK_SET); /* the offset is shared */
	return copy;
}

static void
answer_call(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	ucontext_t *u = context;
	greg_t *regs = u->uc_mcontext.gregs;
	int before = errno;
	if (info->si_code != SYS_SECCOMP_CODE) {
		const struct sigaction plain = {.sa_handler = SIG_DFL}; /* sent by somebody: it is what it always was */
		(void)sigaction(SIGSYS, &plain, NULL);
		(void)raise(SIGSYS);
	} else if (info->si_syscall == SYS_openat) {
		const char *path;
		memcpy(&path, &regs[REG_RSI], sizeof(path));
		regs[REG_RAX] = open_again(path);
	} else {
		regs[REG_RAX] = -ENOSYS;
	}
	errno = before;
}

bool
rmi_guest_rules_prepare(void)
{
	struct sigaction sa = {.sa_sigaction = answer_call, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	sigemptyset(&sa.sa_mask);
	return sigaction(SIGSYS, &sa, NULL) == 0;
}

/* Both before and after the load. */
static const struct rmi_syscall_rule always[] = {
    RMI_ALLOW(SYS_futex),
    RMI_ALLOW(SYS_write),
    RMI_ALLOW(SYS_munmap),
    RMI_ALLOW(SYS_madvise),
    RMI_ALLOW(SYS_mmap),
    RMI_ALLOW(SYS_mprotect),
    RMI_ALLOW(SYS_mremap),
    RMI_ALLOW(SYS_brk),
    RMI_ALLOW(SYS_rt_sigreturn),
    RMI_ALLOW(SYS_rt_sigprocmask),
    RMI_ALLOW(SYS_rt_sigaction),
    RMI_ALLOW(SYS_sigaltstack),
    RMI_ALLOW(SYS_clock_gettime),
    RMI_ALLOW(SYS_gettimeofday),
    RMI_ALLOW(SYS_clock_nanosleep),
    RMI_ALLOW(SYS_nanosleep),
    RMI_ALLOW(SYS_restart_syscall),
    RMI_ALLOW(SYS_getpid),
    RMI_ALLOW(SYS_gettid),
    RMI_ALLOW(SYS_sched_yield),
    RMI_ALLOW(SYS_getrandom),
    RMI_ALLOW(SYS_pause),
    RMI_ALLOW(SYS_getcpu),
    RMI_ALLOW(SYS_sched_getaffinity),
    RMI_ALLOW(SYS_close),
    RMI_ALLOW(SYS_exit),
    RMI_ALLOW(SYS_exit_group),
    RMI_ALLOW(SYS_membarrier),
    RMI_ALLOW(SYS_rseq),
    RMI_ALLOW(SYS_set_robust_list),
    RMI_ALLOW(SYS_getuid),
    RMI_ANSWER(SYS_prctl, EPERM),
    RMI_ANSWER(SYS_ioctl, ENOTTY), /* names of threads and mappings; is it a terminal? */
#if RMI_ASAN || RMI_TSAN
    /* What their runtime does behind our back, reading /proc among it; the report of the process says so. */
    RMI_ALLOW(SYS_openat),
    RMI_ALLOW(SYS_open),
    RMI_ALLOW(SYS_read),
    RMI_ALLOW(SYS_readlink),
    RMI_ALLOW(SYS_getrlimit),
    RMI_ALLOW(SYS_prlimit64),
    RMI_ALLOW(SYS_sysinfo),
    RMI_ALLOW(SYS_getppid),
    RMI_ALLOW(SYS_uname),
    RMI_ALLOW(SYS_pipe2),
    RMI_ALLOW(SYS_process_vm_readv),
    RMI_ALLOW(SYS_stat),
    RMI_ALLOW(SYS_lstat),
    RMI_ALLOW(SYS_getdents64),
    RMI_ALLOW(SYS_readlinkat),
    RMI_ALLOW(SYS_personality),
    RMI_ALLOW(SYS_unlink),
#endif
};

/* Until the module is loaded. */
static const struct rmi_syscall_rule loading[] = {
    RMI_TRAP(SYS_openat), RMI_ALLOW(SYS_read), RMI_ALLOW(SYS_pread64), RMI_ALLOW(SYS_lseek), RMI_ALLOW(SYS_fstat),
    RMI_ALLOW(SYS_newfstatat), RMI_ALLOW(SYS_fcntl), RMI_ALLOW(SYS_memfd_create), RMI_ALLOW(SYS_readlink),
    RMI_ANSWER(SYS_access, EACCES), RMI_ANSWER(SYS_statx, ENOSYS), RMI_ANSWER(SYS_getcwd, ENOENT),
    RMI_ALLOW(SYS_seccomp), /* the second filter */
};

enum rme_err
rmi_guest_rules_load(struct rme_error *err)
{
	struct rmi_syscall_rule rules[RULES_MAX];
	size_t n = 0;
	/* Signals to itself only: the watchdog's, and abort(). */
	rules[n++] = (struct rmi_syscall_rule)RMI_ALLOW_IF(SYS_tgkill, 1, UINT32_MAX, (uint32_t)getpid());
	rules[n++] = (struct rmi_syscall_rule)RMI_ALLOW_IF(SYS_rt_tgsigqueueinfo, 1, UINT32_MAX, (uint32_t)getpid());
	memcpy(rules + n, always, sizeof(always));
	n += COUNT(always);
	memcpy(rules + n, loading, sizeof(loading));
	n += COUNT(loading);
	return rmi_seccomp_install(rules, n, RMI_SECCOMP_KILL, err);
}

enum rme_err
rmi_guest_rules_run(int bell_fd, struct rme_error *err)
{
	(void)bell_fd; /* a sanitizer reports where it likes */
	loaded = true;
	struct rmi_syscall_rule rules[] = {
	    RMI_KILL_IF(SYS_mmap, 3, PROT_EXEC, PROT_EXEC),
	    RMI_KILL_IF(SYS_mprotect, 3, PROT_EXEC, PROT_EXEC),
	    RMI_ANSWER(SYS_memfd_create, EPERM), /* large items are copied: shared windows would need it */
	    RMI_KILL(SYS_seccomp),
#if !RMI_ASAN && !RMI_TSAN
	    RMI_ALLOW_IF(SYS_write, 1, UINT32_MAX, (uint32_t)bell_fd),
	    RMI_KILL(SYS_write),
	    RMI_KILL(SYS_read),
	    RMI_KILL(SYS_pread64),
	    RMI_KILL(SYS_lseek),
	    RMI_KILL(SYS_fcntl),
	    RMI_KILL(SYS_readlink),
#endif
	};
	return rmi_seccomp_install(rules, COUNT(rules), RMI_SECCOMP_ALLOW, err);
}
