/* What takes a process its rights: each filter is put on a child, which then does what it should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sanitizer.h"
#include "wasm/aotc_rules.h"
#include "wasm/guest_rules.h"

enum { SURVIVED = 0, REFUSED = 77, NOT_CONFINED = 78 };

/* The child's exit status, or minus the signal it died of. */
static int
in_child(bool (*confine)(void), int (*act)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)!rmi_sandbox_limit(RLIMIT_CORE, 0);
		_exit(confine() ? act() : NOT_CONFINED);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int bell = -1;

static bool
as_guest_loading(void)
{
	bell = eventfd(0, 0);
	return rmi_sandbox_begin() && rmi_guest_rules_prepare() && rmi_guest_rules_load(NULL) == RME_OK;
}

static bool
as_guest_running(void)
{
	return as_guest_loading() && rmi_guest_rules_run(bell, NULL) == RME_OK;
}

static bool
as_compiler(void)
{
	return rmi_sandbox_begin() && rmi_aotc_rules_apply(NULL) == RME_OK;
}

/* ---- acts ---- */

static int
nothing(void)
{
	return SURVIVED;
}

static int
make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? SURVIVED : REFUSED;
}

static int
run_program(void)
{
	char *argv[] = {NULL};
	return execve("/bin/true", argv, argv) == 0 ? SURVIVED : REFUSED;
}

static int
make_process(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 ? SURVIVED : REFUSED;
}

static int
send_signal(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 ? SURVIVED : REFUSED;
}

static int
kill_others(void)
{
	return kill(1, 0) == 0 ? SURVIVED : REFUSED;
}

static int
trace_others(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) == 0 ? SURVIVED : REFUSED;
}

static int
open_file(void)
{
	int fd = open("/etc/passwd", O_RDONLY);
	return fd >= 0 ? SURVIVED : errno == EACCES ? REFUSED : 1;
}

static int
open_descriptor(void)
{
	char path[32], have[4] = "";
	int fd = memfd_create("x", 0);
	if (write(fd, "abc", 3) != 3) {
		return 1;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_RDONLY);
	return again >= 0 && again != fd && read(again, have, 3) == 3 && strcmp(have, "abc") == 0 ? SURVIVED : REFUSED;
}

static int
new_machine_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED ? SURVIVED : REFUSED;
}

static int
memory_into_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? SURVIVED : REFUSED;
}

static int
more_memory(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && mprotect(p, 1 << 20, PROT_READ | PROT_WRITE) == 0 &&
	               madvise(p, 4096, MADV_DONTNEED) == 0
	           ? SURVIVED
	           : REFUSED;
}

static int
ring_bell(void)
{
	const uint64_t one = 1;
	return write(bell, &one, sizeof(one)) == (ssize_t)sizeof(one) ? SURVIVED : REFUSED;
}

static int
write_elsewhere(void)
{
	return write(STDOUT_FILENO, "", 0) == 0 ? SURVIVED : REFUSED;
}

static void *
return_at_once(void *arg)
{
	return arg;
}

static int
make_thread(void)
{
	pthread_t t;
	return pthread_create(&t, NULL, return_at_once, NULL) == 0 && pthread_join(t, NULL) == 0 ? SURVIVED : REFUSED;
}

/* ---- tests ---- */

struct trial {
	const char *what;
	int (*act)(void);
	int loading, running, compiling; /* what comes of it under each filter */
};

static void
filters_let_through_what_they_should(void **state)
{
	(void)state;
	const int dies = -SIGSYS;
	const struct trial trials[] = {
	    {"nothing", nothing, SURVIVED, SURVIVED, SURVIVED},
	    {"socket", make_socket, dies, dies, dies},
	    {"execve", run_program, dies, dies, dies},
	    {"fork", make_process, dies, dies, dies},
	    {"tgkill of another process", send_signal, dies, dies, dies},
	    {"kill", kill_others, dies, dies, dies},
	    {"ptrace", trace_others, dies, dies, dies},
	    {"open of a file", open_file, REFUSED, REFUSED, SURVIVED /* Landlock's business */},
	    {"open of a descriptor's path", open_descriptor, SURVIVED, dies, dies},
	    {"mmap of code", new_machine_code, SURVIVED, dies, SURVIVED},
	    {"mprotect to code", memory_into_code, SURVIVED, dies, SURVIVED},
	    {"memory", more_memory, SURVIVED, SURVIVED, SURVIVED},
	    {"write to the bell", ring_bell, SURVIVED, SURVIVED, REFUSED /* there is none */},
	    {"write elsewhere", write_elsewhere, SURVIVED, dies, SURVIVED},
	    {"a thread", make_thread, dies, dies, SURVIVED},
	};
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		const struct trial *t = &trials[i];
		bell = -1;
		int loading = in_child(as_guest_loading, t->act), running = in_child(as_guest_running, t->act);
		int compiling = in_child(as_compiler, t->act);
		if (loading != t->loading || running != t->running || compiling != t->compiling) {
			fail_msg("%s: %d %d %d and not %d %d %d", t->what, loading, running, compiling, t->loading,
			    t->running, t->compiling);
		}
	}
}

static atomic_int go;

static void *
wait_and_break_the_rule(void *arg)
{
	while (atomic_load(&go) == 0) {
	}
	(void)socket(AF_INET, SOCK_STREAM, 0);
	return arg;
}

static bool
with_a_thread_before(void)
{
	static pthread_t t;
	return pthread_create(&t, NULL, wait_and_break_the_rule, NULL) == 0 && as_guest_running();
}

static int
let_it_go(void)
{
	atomic_store(&go, 1);
	(void)pause();
	return SURVIVED;
}

static void
threads_that_were_there_are_filtered_too(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_a_thread_before, let_it_go), -SIGSYS);
}

static bool
with_little_memory(void)
{
	return rmi_sandbox_limit(RLIMIT_DATA, (uint64_t)64 << 20);
}

/* An instance reserves 12 GiB of addresses, which must not count; what it may write to must. */
static int
reserve_and_use(void)
{
	const size_t reserved = (size_t)12 << 30, little = 1 << 20, much = 128 << 20;
	uint8_t *p = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || mprotect(p, little, PROT_READ | PROT_WRITE) != 0) {
		return 1;
	}
	return mprotect(p, much, PROT_READ | PROT_WRITE) != 0 && errno == ENOMEM ? REFUSED : SURVIVED;
}

static void
memory_is_limited_though_addresses_are_not(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_little_memory, reserve_and_use), REFUSED);
}

static char folder[] = "/tmp/rme-test-sandbox.XXXXXX";

static bool
with_landlock(void)
{
	return rmi_sandbox_begin() && rmi_landlock_restrict(folder) > 0;
}

static int
use_files(void)
{
	char inside[64];
	(void)snprintf(inside, sizeof(inside), "%s/file", folder);
	int fd = open(inside, O_RDWR | O_CREAT, 0600);
	bool outside = open("/etc/passwd", O_RDONLY) >= 0 || open("/tmp", O_RDONLY | O_DIRECTORY) >= 0;
	return fd >= 0 && unlink(inside) == 0 && !outside ? SURVIVED : REFUSED;
}

static void
landlock_leaves_one_folder(void **state)
{
	(void)state;
	struct rmi_sandbox_support kernel;
	rmi_sandbox_probe(&kernel);
	assert_true(kernel.seccomp);
	if (kernel.landlock == 0) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	assert_non_null(mkdtemp(folder));
	assert_int_equal(in_child(with_landlock, use_files), SURVIVED);
	(void)rmdir(folder);
}

int
main(void)
{
	if (RMI_ASAN || RMI_TSAN) {
		return 77; /* their own calls are let through as well, and a child of fork() is not theirs to watch */
	}
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filters_let_through_what_they_should),
	    cmocka_unit_test(threads_that_were_there_are_filtered_too),
	    cmocka_unit_test(memory_is_limited_though_addresses_are_not),
	    cmocka_unit_test(landlock_leaves_one_folder),
	};
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
