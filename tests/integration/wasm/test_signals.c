/* Signals that are not a guest's go to whoever had them; children of fork() run no guests. Each test in a process of its own. */
#include "wasm_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDLED = 42, FINE = 7 };

static void
handle(int sig)
{
	(void)sig;
	_exit(HANDLED);
}

static void
use_a_module(void)
{
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	fixture_expect(in, "echo x", "x");
	fixture_expect_error(in, "trap oob", RME_EMODULE, "out of bounds");
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
crash(void)
{
	int *volatile nowhere = (int *)16; /* no guest's memory */
	*nowhere = 1;
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
crash_with_a_handler_from_before(void)
{
	const struct sigaction a = {.sa_handler = handle};
	(void)sigaction(SIGSEGV, &a, NULL);
	use_a_module();
	crash();
}

static void
crash_with_a_handler_from_after(void)
{
	const struct sigaction a = {.sa_handler = handle};
	use_a_module();
	(void)sigaction(SIGSEGV, &a, NULL);
	use_a_module(); /* our handlers come back, with this one behind them */
	crash();
}

static void
the_hosts_own_handler_is_kept(void **state)
{
	(void)state;
	int status = in_child(crash_with_a_handler_from_before);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED);
	status = in_child(crash_with_a_handler_from_after);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == HANDLED);
}

static void
crash_without_a_handler(void)
{
	const struct sigaction a = {.sa_handler = SIG_DFL};
	(void)sigaction(SIGSEGV, &a, NULL);
	use_a_module();
	crash();
}

static void
a_real_crash_is_still_one(void **state)
{
	(void)state;
	int status = in_child(crash_without_a_handler);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void
fork_and_call(void)
{
	struct rmi_wasm_module *m = fixture_open("moody");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		struct rme_bytes out;
		const struct rme_bytes x = {(const uint8_t *)"echo x", 6};
		enum rme_err e = rmi_wasm_instance_process(in, NULL, x, &out, &fixture_err);
		_exit(e == RME_EUNSUPPORTED && strstr(fixture_err.text, "fork") != NULL ? FINE : 1);
	}
	int status = -1;
	(void)waitpid(pid, &status, 0);
	fixture_expect(in, "echo x", "x");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void
a_child_of_fork_is_refused_clearly(void **state)
{
	(void)state;
	int status = in_child(fork_and_call);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == FINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_hosts_own_handler_is_kept),
	    cmocka_unit_test(a_real_crash_is_still_one),
	    cmocka_unit_test(a_child_of_fork_is_refused_clearly),
	};
	return cmocka_run_group_tests_name("signals", tests, fixture_setup, fixture_teardown);
}
