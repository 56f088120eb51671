#include "wasm/aotc_rules.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Files: it writes an object, links it to another, and renames that; where they may be is Landlock's business. Threads: the
 * linker's, no processes: clone3, whose flags a filter cannot see, is not there, and the C library does without.
 */
static const struct rmi_syscall_rule always[] = {
    RMI_ALLOW(SYS_futex),
    RMI_ALLOW(SYS_mprotect),
    RMI_ALLOW(SYS_mmap),
    RMI_ALLOW(SYS_munmap),
    RMI_ALLOW(SYS_mremap),
    RMI_ALLOW(SYS_madvise),
    RMI_ALLOW(SYS_brk),
    RMI_ALLOW(SYS_openat),
    RMI_ALLOW(SYS_close),
    RMI_ALLOW(SYS_read),
    RMI_ALLOW(SYS_pread64),
    RMI_ALLOW(SYS_readv),
    RMI_ALLOW(SYS_write),
    RMI_ALLOW(SYS_pwrite64),
    RMI_ALLOW(SYS_writev),
    RMI_ALLOW(SYS_lseek),
    RMI_ALLOW(SYS_fstat),
    RMI_ALLOW(SYS_newfstatat),
    RMI_ALLOW(SYS_fcntl),
    RMI_ALLOW(SYS_ftruncate),
    RMI_ALLOW(SYS_fallocate),
    RMI_ALLOW(SYS_access),
    RMI_ALLOW(SYS_unlink),
    RMI_ALLOW(SYS_rename),
    RMI_ALLOW(SYS_fchmod),
    RMI_ALLOW(SYS_umask),
    RMI_ALLOW(SYS_fsync),
    RMI_ALLOW(SYS_getcwd),
    RMI_ALLOW(SYS_readlink),
    RMI_ALLOW_IF(SYS_clone, 1, CLONE_THREAD, CLONE_THREAD),
    RMI_ANSWER(SYS_clone3, ENOSYS),
    RMI_ALLOW(SYS_rseq),
    RMI_ALLOW(SYS_set_robust_list),
    RMI_ALLOW(SYS_sched_getaffinity),
    RMI_ALLOW(SYS_sched_yield),
    RMI_ALLOW(SYS_getcpu),
    RMI_ALLOW(SYS_rt_sigprocmask),
    RMI_ALLOW(SYS_rt_sigaction),
    RMI_ALLOW(SYS_rt_sigreturn),
    RMI_ALLOW(SYS_sigaltstack),
    RMI_ALLOW(SYS_getpid),
    RMI_ALLOW(SYS_gettid),
    RMI_ALLOW(SYS_getrandom),
    RMI_ALLOW(SYS_clock_gettime),
    RMI_ALLOW(SYS_gettimeofday),
    RMI_ALLOW(SYS_getrusage),
    RMI_ALLOW(SYS_clock_nanosleep),
    RMI_ALLOW(SYS_nanosleep),
    RMI_ALLOW(SYS_uname),
    RMI_ALLOW(SYS_exit),
    RMI_ALLOW(SYS_exit_group),
    RMI_ALLOW(SYS_restart_syscall),
    RMI_ANSWER(SYS_prctl, EPERM),
    RMI_ANSWER(SYS_ioctl, ENOTTY),
    RMI_ANSWER(SYS_sysinfo, EPERM),
    RMI_ANSWER(SYS_statx, ENOSYS),
    RMI_ANSWER(SYS_prlimit64, EPERM),
};

enum rme_err
rmi_aotc_rules_apply(struct rme_error *err)
{
	struct rmi_syscall_rule rules[1 + sizeof(always) / sizeof(always[0])] = {
	    RMI_ALLOW_IF(SYS_tgkill, 1, UINT32_MAX, (uint32_t)getpid()), /* abort() */
	};
	memcpy(rules + 1, always, sizeof(always));
	return rmi_seccomp_install(rules, sizeof(rules) / sizeof(rules[0]), RMI_SECCOMP_KILL, err);
}
