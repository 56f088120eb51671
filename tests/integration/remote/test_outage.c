/* The far side absent, killed, frozen, and back again, as processes. */

#include "client.h"
#include "far.h"

#include "../rpc/echo.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct fixture {
	pid_t pid;
	uint16_t port;
	char address[64];
	struct client c;
	struct outcome o;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f || (f->pid = far_spawn("/proc/self/exe", 0, &f->port)) < 0) {
		return 1;
	}
	(void)snprintf(f->address, sizeof f->address, "127.0.0.1:%u", f->port);
	struct rmi_remote_endpoint endpoint = {.address = f->address};
	client_start(&f->c, &endpoint);
	*state = f;
	return 0;
}

static void
kill_far(struct fixture *f)
{
	if (f->pid > 0) {
		(void)kill(f->pid, SIGKILL);
		(void)waitpid(f->pid, NULL, 0);
		f->pid = 0;
	}
}

/* A signal is only on its way when kill() returns. */
static void
freeze_far(const struct fixture *f)
{
	int status = 0;
	assert_int_equal(kill(f->pid, SIGSTOP), 0);
	assert_int_equal(waitpid(f->pid, &status, WUNTRACED), f->pid);
	assert_true(WIFSTOPPED(status));
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	rme_packet_unref(f->o.last);
	kill_far(f);
	client_stop(&f->c);
	free(f);
	return 0;
}

/* Try until it works again: the event waited for is a good verdict. */
static unsigned
tries_until_ok(struct fixture *f)
{
	unsigned n = 1;
	while (client_try(&f->c, "again", 5, 2 * RMI_NS_PER_S, &f->o) != RME_OK) {
		n++;
		(void)poll(NULL, 0, 5);
	}
	return n;
}

static void
killed_in_the_middle(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HANG, NULL);
	for (int i = 0; i < 10; i++) {
		(void)client_submit(&f->c, "x", 1, 0);
	}
	kill_far(f);
	for (int i = 0; i < 10; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_ETRANSPORT);
		assert_string_equal(f->o.where, "cloud");
	}
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EUNAVAILABLE);
	assert_non_null(strstr(f->o.text, "offline"));
}

static void
comes_back_by_itself(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_ECHO, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	for (int round = 0; round < 3; round++) {
		kill_far(f);
		enum rme_err e;
		while ((e = client_try(&f->c, "x", 1, 0, &f->o)) == RME_OK) {
			; /* its death has not been noticed yet */
		}
		assert_true(e == RME_ETRANSPORT || e == RME_EUNAVAILABLE);
		uint16_t port = 0;
		f->pid = far_spawn("/proc/self/exe", f->port, &port);
		assert_int_equal(port, f->port);
		(void)tries_until_ok(f);
		for (uint32_t i = 0; i < 50; i++) {
			(void)client_submit(&f->c, &i, sizeof i, 0);
		}
		for (uint32_t i = 0; i < 50; i++) {
			size_t n;
			client_outcome(&f->c, &f->o);
			assert_int_equal(f->o.code, RME_OK);
			assert_memory_equal(rme_packet_data(f->o.last, &n), &i, sizeof i);
		}
	}
}

static void
absent_from_the_start(void **state)
{
	struct fixture *f = *state;
	kill_far(f);
	client_open(&f->c, FAR_ECHO, NULL);
	enum rme_err e = client_try(&f->c, "x", 1, 0, &f->o);
	assert_true(e == RME_ETRANSPORT || e == RME_EUNAVAILABLE);
	for (int i = 0; i < 100; i++) { /* fails fast, without a deadline */
		e = client_try(&f->c, "x", 1, 0, &f->o);
		assert_true(e == RME_ETRANSPORT || e == RME_EUNAVAILABLE);
	}
	uint16_t port = 0;
	f->pid = far_spawn("/proc/self/exe", f->port, &port);
	(void)tries_until_ok(f);
}

static void
frozen_peer(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_ECHO, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	freeze_far(f);
	for (uint32_t i = 0; i < 5; i++) {
		(void)client_submit(&f->c, &i, sizeof i, 40 * RMI_NS_PER_MS);
	}
	for (int i = 0; i < 5; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_ETIMEDOUT);
		assert_int_equal(f->o.results, 0);
	}
	assert_int_equal(kill(f->pid, SIGCONT), 0);
	(void)tries_until_ok(f);
	assert_int_equal(f->o.results, 1); /* and nothing of the five came late */
	assert_int_equal(f->o.bytes, 5);
}

/* Nothing has a deadline here: pings alone find out. */
static void
frozen_peer_is_found_by_pings(void **state)
{
	struct fixture *f = *state;
	struct rmi_loop *loop = NULL;
	struct rmi_channel *ch = NULL;
	struct rmi_channel_config config = {
	    .address = f->address, .keepalive_ns = 200 * RMI_NS_PER_MS, .keepalive_timeout_ns = 100 * RMI_NS_PER_MS};
	struct echo_client c;
	assert_int_equal(rmi_loop_new(&loop, NULL, NULL), RME_OK);
	assert_int_equal(rmi_channel_new(&ch, loop, &config, NULL), RME_OK);
	assert_int_equal(echo_client_start(&c, ch, "/rme.v1.Rme/Stream", NULL), RME_OK);
	/* Open{service: "hang"}, answered with Opened: the connection stands. */
	assert_int_equal(rmi_call_write(c.call, rmi_buf_copy("\x0a\x06\x12\x04hang", 8)), RME_OK);
	struct rmi_buf *opened = echo_client_read(&c);
	assert_non_null(opened);
	rmi_buf_unref(opened);
	freeze_far(f);
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_UNAVAILABLE);
	echo_client_done(&c);
	rmi_channel_free(ch);
	rmi_loop_free(loop);
}

static void
frozen_then_killed(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HANG, NULL);
	freeze_far(f);
	for (int i = 0; i < 40; i++) { /* more than the window */
		(void)client_submit(&f->c, "x", 1, 0);
	}
	kill_far(f);
	for (int i = 0; i < 40; i++) {
		client_outcome(&f->c, &f->o);
		assert_true(f->o.code == RME_ETRANSPORT || f->o.code == RME_EUNAVAILABLE);
	}
}

static void
input_that_was_held_is_reported(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HOLD, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	kill_far(f);
	enum rme_err e;
	while ((e = client_try(&f->c, "x", 1, 0, &f->o)) == RME_OK) {
		;
	}
	assert_int_equal(rme_session_flush(f->c.session, NULL), RME_OK);
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->o.code, RME_ETRANSPORT);
	assert_non_null(strstr(f->o.text, "still held is lost"));
	assert_int_equal(rme_session_flush(f->c.session, NULL), RME_OK); /* said once */
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->o.code, RME_OK);
}

static void
end_of_stream_while_offline(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_ECHO, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	kill_far(f);
	while (client_try(&f->c, "x", 1, 0, &f->o) == RME_OK) {
		;
	}
	assert_int_equal(rme_session_end(f->c.session), RME_OK);
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->o.code, RME_OK);
	struct rme_packet *p;
	assert_int_equal(rme_session_recv(f->c.session, &p, 0), RME_ECLOSED);
}

int
main(int argc, char **argv)
{
	far_child(argc, argv);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(killed_in_the_middle, setup, teardown),
	    cmocka_unit_test_setup_teardown(comes_back_by_itself, setup, teardown),
	    cmocka_unit_test_setup_teardown(absent_from_the_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(frozen_peer, setup, teardown),
	    cmocka_unit_test_setup_teardown(frozen_peer_is_found_by_pings, setup, teardown),
	    cmocka_unit_test_setup_teardown(frozen_then_killed, setup, teardown),
	    cmocka_unit_test_setup_teardown(input_that_was_held_is_reported, setup, teardown),
	    cmocka_unit_test_setup_teardown(end_of_stream_while_offline, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
