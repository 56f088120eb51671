/*
 * A program with signal handlers of its own goes on having them while modules run: installed before or after the engine
 * starts, left by siglongjmp(), with masks and flags, in crash-report style, default and ignored. Each test in a process
 * of its own.
 */
#include "wasm_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FINE = 7, PAGE = 4096, ROUNDS = 500 };

static int *volatile nowhere = (int *)16; /* no guest's memory */
static sigjmp_buf recover_at;
static volatile sig_atomic_t handled, was_blocked;
static void *volatile fault_address;
static int report_fd = -1;

/* Of a child: does not return where it is not so. */
static void
must(bool so, const char *what)
{
	if (!so) {
		(void)fprintf(stderr, "in the child: %s\n", what);
		_exit(1);
	}
}

static struct rmi_wasm_module *module;
static struct rmi_wasm_instance *instance;

/* A trap ends an instance; each use is a new one. */
static void
trap_in_a_guest(void)
{
	struct rmi_wasm_instance *in = fixture_instance(module, NULL);
	struct rme_bytes out;
	static const char *const traps[] = {"trap oob", "trap divide", "trap recurse"};
	static atomic_uint turn;
	const char *how = traps[atomic_fetch_add(&turn, 1) % 3];
	struct rme_error err = {0};
	enum rme_err e =
	    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){(const uint8_t *)how, strlen(how)}, &out, &err);
	must(e == RME_EMODULE, err.text);
	rmi_wasm_instance_free(in);
}

static void
use_a_guest(void)
{
	module = module != NULL ? module : fixture_open("moody");
	instance = instance != NULL ? instance : fixture_instance(module, NULL);
	fixture_expect(instance, "echo x", "x");
	trap_in_a_guest();
}

static void
install(int sig, void (*plain)(int), void (*detailed)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {.sa_flags = flags | (detailed != NULL ? SA_SIGINFO : 0)};
	if (detailed != NULL) {
		a.sa_sigaction = detailed;
	} else {
		a.sa_handler = plain;
	}
	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, SIGUSR1);
	must(sigaction(sig, &a, NULL) == 0, "sigaction");
}

static void
set_plain(int sig, void (*handler)(int))
{
	install(sig, handler, NULL, 0);
}

static void
note(int sig)
{
	sigset_t now;
	handled++;
	(void)pthread_sigmask(SIG_SETMASK, NULL, &now);
	was_blocked = (sigismember(&now, SIGUSR1) != 0 ? 1 : 0) | (sigismember(&now, sig) != 0 ? 2 : 0);
}

static void
recover(int sig, siginfo_t *info, void *context)
{
	(void)context;
	note(sig);
	fault_address = info->si_addr;
	siglongjmp(recover_at, 1);
}

static void
recover_plainly(int sig)
{
	note(sig);
	siglongjmp(recover_at, 1);
}

static void
fault_once(void)
{
	int before = handled;
	if (sigsetjmp(recover_at, 1) == 0) {
		*nowhere = 1;
	}
	must(handled == before + 1, "the host's handler did not get its fault");
	sigset_t now;
	(void)pthread_sigmask(SIG_SETMASK, NULL, &now);
	must(sigismember(&now, SIGSEGV) == 0 && sigismember(&now, SIGUSR1) == 0, "signals stayed blocked");
}

/* Run in a child. @return its wait status */
static int
in_child(void (*fn)(void))
{
	int status = -1;
	(void)fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(FINE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
expect_fine(void (*fn)(void))
{
	int status = in_child(fn);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FINE);
}

static void
expect_death(void (*fn)(void), int sig)
{
	int status = in_child(fn);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
}

static void
recover_with_a_handler_from_before(void)
{
	install(SIGSEGV, NULL, recover, 0);
	for (int i = 0; i < 3; i++) {
		use_a_guest();
		fault_once();
		must(fault_address == nowhere, "another address was reported");
		must(was_blocked == 3, "the handler's mask was not in force");
	}
}

static void
recover_with_a_handler_from_after(void)
{
	use_a_guest();
	install(SIGSEGV, recover_plainly, NULL, SA_NODEFER);
	for (int i = 0; i < 3; i++) {
		use_a_guest(); /* a new instance: our handlers come back, with this one behind them */
		fault_once();
		must(was_blocked == 1, "the handler's mask was not in force");
	}
}

static void
handlers_that_jump_go_on_working(void **state)
{
	(void)state;
	expect_fine(recover_with_a_handler_from_before);
	expect_fine(recover_with_a_handler_from_after);
}

/* As crash reporters do: write down what happened, put the default back, and let it happen again. */
static void
report(int sig, siginfo_t *info, void *context)
{
	(void)context;
	(void)!write(report_fd, &info->si_addr, sizeof(info->si_addr));
	set_plain(sig, SIG_DFL);
}

static void
crash_with_a_reporter(void)
{
	install(SIGSEGV, NULL, report, 0);
	use_a_guest();
	*nowhere = 1;
}

static void
a_crash_reporter_reports(void **state)
{
	(void)state;
	int ends[2];
	void *address = NULL;
	assert_int_equal(pipe(ends), 0);
	report_fd = ends[1];
	expect_death(crash_with_a_reporter, SIGSEGV);
	assert_int_equal(read(ends[0], &address, sizeof(address)), (ssize_t)sizeof(address));
	assert_ptr_equal(address, nowhere);
	close(ends[0]);
	close(ends[1]);
}

static void
take_signals_that_are_sent(void)
{
	install(SIGSEGV, note, NULL, 0);
	use_a_guest();
	must(raise(SIGSEGV) == 0 && handled == 1 && was_blocked == 3, "a sent signal was not handled");
	set_plain(SIGSEGV, SIG_IGN);
	use_a_guest();
	must(raise(SIGSEGV) == 0, "raise");
	must(handled == 1, "an old handler was called");
	set_plain(SIGURG, note);
	use_a_guest();
	must(raise(SIGURG) == 0 && handled == 2, "SIGURG was not handled");
}

static void
crash_although_ignored(void)
{
	set_plain(SIGSEGV, SIG_IGN);
	use_a_guest();
	*nowhere = 1;
}

static void
die_of_a_signal_that_is_sent(void)
{
	set_plain(SIGFPE, SIG_DFL);
	use_a_guest();
	(void)raise(SIGFPE);
}

static void
signals_that_are_sent_and_ignored(void **state)
{
	(void)state;
	expect_fine(take_signals_that_are_sent);
	expect_death(crash_although_ignored, SIGSEGV);
	expect_death(die_of_a_signal_that_is_sent, SIGFPE);
}

static void
crash_twice_with_a_handler_for_once(void)
{
	install(SIGSEGV, NULL, recover, (int)SA_RESETHAND);
	use_a_guest();
	fault_once();
	*nowhere = 1;
}

static void
a_handler_for_once_is_called_once(void **state)
{
	(void)state;
	expect_death(crash_twice_with_a_handler_for_once, SIGSEGV);
}

/* Undefined, as a sanitizer would say; here the processor is to say it. */
__attribute__((noinline, no_sanitize("undefined"))) static int
divide(int a, int b)
{
	return a / b;
}

static void
fault_in_other_ways(void)
{
	install(SIGBUS, NULL, recover, 0);
	install(SIGFPE, NULL, recover, 0);
	use_a_guest();
	char path[] = "/tmp/rme-test-bus.XXXXXX";
	int fd = mkstemp(path);
	must(fd >= 0 && unlink(path) == 0, "no temporary file");
	volatile char *beyond = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	must(beyond != MAP_FAILED, "mmap");
	volatile int zero = 0, result = 1;
	for (int i = 0; i < 3; i++) {
		if (sigsetjmp(recover_at, 1) == 0) {
			result = beyond[0];
		}
		must(handled == 2 * i + 1, "the host's handler did not get its SIGBUS");
		if (sigsetjmp(recover_at, 1) == 0) {
			result = divide(result, zero);
		}
		must(handled == 2 * i + 2, "the host's handler did not get its SIGFPE");
		use_a_guest();
	}
}

static void
bus_errors_and_divisions(void **state)
{
	(void)state;
	expect_fine(fault_in_other_ways);
}

static struct sigaction theirs;

/* Knows nothing, and asks whom it replaced: that was us. */
static void
ask_the_one_before(int sig, siginfo_t *info, void *context)
{
	handled++;
	must(handled < 10, "round in circles");
	theirs.sa_sigaction(sig, info, context);
}

static void
crash_with_a_handler_that_asks_us(void)
{
	set_plain(SIGSEGV, SIG_DFL);
	use_a_guest();
	struct sigaction a = {.sa_sigaction = ask_the_one_before, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	must(sigaction(SIGSEGV, &a, &theirs) == 0, "sigaction");
	trap_in_a_guest(); /* we are first again, and it is behind us */
	must(handled == 0, "a guest's trap reached the host's handler");
	*nowhere = 1;
}

static void
handlers_that_ask_us_are_asked_once(void **state)
{
	(void)state;
	expect_death(crash_with_a_handler_that_asks_us, SIGSEGV);
}

static atomic_bool over;

static void *
keep_trapping(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS || !atomic_load(&over); i++) {
		trap_in_a_guest();
	}
	return NULL;
}

static void
fault_beside_traps(void)
{
	pthread_t thread;
	install(SIGSEGV, NULL, recover, 0);
	use_a_guest();
	must(pthread_create(&thread, NULL, keep_trapping, NULL) == 0, "no thread");
	for (int i = 0; i < ROUNDS; i++) {
		fault_once();
		trap_in_a_guest();
	}
	atomic_store(&over, true);
	must(pthread_join(thread, NULL) == 0 && handled == ROUNDS, "a guest's trap reached the host's handler");
}

static void
faults_of_the_host_beside_traps_of_guests(void **state)
{
	(void)state;
	expect_fine(fault_beside_traps);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handlers_that_jump_go_on_working),
	    cmocka_unit_test(a_crash_reporter_reports),
	    cmocka_unit_test(signals_that_are_sent_and_ignored),
	    cmocka_unit_test(a_handler_for_once_is_called_once),
	    cmocka_unit_test(bus_errors_and_divisions),
	    cmocka_unit_test(handlers_that_ask_us_are_asked_once),
	    cmocka_unit_test(faults_of_the_host_beside_traps_of_guests),
	};
	return cmocka_run_group_tests_name("handlers", tests, fixture_setup, fixture_teardown);
}
