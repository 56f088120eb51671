#include "wasm/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPS_PER_RULE = 6, OPS_MAX = 5 + RMI_SYSCALL_RULES_MAX * OPS_PER_RULE };

/* Numbers of Landlock versions, as the kernel counts them. */
enum { LANDLOCK_REFER = 2, LANDLOCK_TRUNCATE = 3, LANDLOCK_NET = 4, LANDLOCK_IOCTL = 5, LANDLOCK_SCOPE = 6 };

/* Bits of newer kernels than the headers may be of. */
#define FS_FIRST    ((UINT64_C(1) << 13) - 1)
#define FS_REFER    (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL    (UINT64_C(1) << 15)
#define NET_ALL     UINT64_C(3)
#define SCOPE_ALL   UINT64_C(3)

/* The kernel's struct of version 6; a shorter size is given to older ones. */
struct ruleset {
	uint64_t fs, net, scope;
};

struct program {
	struct sock_filter op[OPS_MAX];
	unsigned short n;
};

static void
add(struct program *p, unsigned code, uint32_t k, unsigned jump_true, unsigned jump_false)
{
	p->op[p->n++] = (struct sock_filter){
	    .code = (unsigned short)code, .jt = (unsigned char)jump_true, .jf = (unsigned char)jump_false, .k = k};
}

static void
add_rule(struct program *p, const struct rmi_syscall_rule *r)
{
	const uint32_t number_at = (uint32_t)offsetof(struct seccomp_data, nr);
	if (r->arg == 0) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->number, 0, 1);
		add(p, BPF_RET | BPF_K, r->action, 0, 0);
		return;
	}
	const uint32_t arg_at = (uint32_t)offsetof(struct seccomp_data, args) + 8 * (r->arg - 1); /* little-endian */
	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->number, 0, 5);
	add(p, BPF_LD | BPF_W | BPF_ABS, arg_at, 0, 0);
	add(p, BPF_ALU | BPF_AND | BPF_K, r->mask, 0, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, r->value, 0, 1);
	add(p, BPF_RET | BPF_K, r->action, 0, 0);
	add(p, BPF_LD | BPF_W | BPF_ABS, number_at, 0, 0);
}

enum rme_err
rmi_seccomp_install(const struct rmi_syscall_rule *rules, size_t n, unsigned otherwise, struct rme_error *err)
{
	struct program p = {.n = 0};
	if (n > RMI_SYSCALL_RULES_MAX) {
		return rme_error_set(err, RME_EINVAL, NULL, "too many rules for system calls");
	}
	add(&p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add(&p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < n; i++) {
		add_rule(&p, &rules[i]);
	}
	/* The numbers of the x32 interface are other numbers for the same calls: no rule fits them, so they are let through
	   by no filter that kills, and this one must not be taken for all. */
	add(&p, BPF_RET | BPF_K, otherwise == RMI_SECCOMP_ALLOW ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS, 0, 0);
	const struct sock_fprog prog = {.len = p.n, .filter = p.op};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog) != 0) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, NULL, "system calls cannot be filtered: %s", strerror(errno));
	}
	return RME_OK;
}

bool
rmi_sandbox_limit(int resource, uint64_t value)
{
	const struct rlimit rl = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};
	return setrlimit((__rlimit_resource_t)resource, &rl) == 0;
}

bool
rmi_sandbox_begin(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       rmi_sandbox_limit(RLIMIT_CORE, 0);
}

static int
landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return v > 0 ? (int)v : 0;
}

static bool
allow_beneath(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = access};
	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC | O_DIRECTORY);
	if (beneath.parent_fd < 0) {
		return false;
	}
	long r = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
	return r == 0;
}

/* All that a kernel of this version knows to forbid. */
static struct ruleset
rules_of(int version)
{
	struct ruleset set = {.fs = FS_FIRST};
	set.fs |= version >= LANDLOCK_REFER ? FS_REFER : 0;
	set.fs |= version >= LANDLOCK_TRUNCATE ? FS_TRUNCATE : 0;
	set.fs |= version >= LANDLOCK_IOCTL ? FS_IOCTL : 0;
	set.net = version >= LANDLOCK_NET ? NET_ALL : 0;
	set.scope = version >= LANDLOCK_SCOPE ? SCOPE_ALL : 0;
	return set;
}

int
rmi_landlock_restrict(const char *writable)
{
	int version = landlock_version();
	if (version == 0) {
		return 0;
	}
	const struct ruleset set = rules_of(version);
	size_t size = version >= LANDLOCK_SCOPE ? 24 : version >= LANDLOCK_NET ? 16 : 8;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (rules < 0) {
		return 0;
	}
	bool ok = writable == NULL || allow_beneath(rules, writable, set.fs & ~FS_REFER);
	ok = ok && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return ok ? version : 0;
}

void
rmi_sandbox_probe(struct rmi_sandbox_support *out)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;
	out->seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	out->landlock = landlock_version();
}
