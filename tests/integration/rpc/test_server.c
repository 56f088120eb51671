/* Who is let in, how many, and how a server goes away. */

#include "echo.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <unistd.h>

static struct rmi_loop *loop;

static int
setup(void **state)
{
	(void)state;
	return rmi_loop_new(&loop, NULL, NULL) == RME_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	rmi_loop_free(loop);
	return 0;
}

static enum rmi_status
need_token(void *ctx, const struct rmi_call *c, char *text, size_t size)
{
	static const char *const tokens[] = {"first", "second"};
	(void)ctx;
	if (rmi_call_has_token(c, tokens, 2)) {
		return RMI_STATUS_OK;
	}
	(void)snprintf(text, size, "a token is needed");
	return RMI_STATUS_UNAUTHENTICATED;
}

static enum rme_err
try_with(const struct echo_server *s, const char *token, const char *path, struct rme_error *err)
{
	struct rmi_channel *ch = NULL;
	struct rmi_channel_config config = {.address = s->address, .token = token};
	assert_int_equal(rmi_channel_new(&ch, loop, &config, NULL), RME_OK);
	struct rmi_buf *reply = NULL;
	enum rme_err e = echo_unary(&reply, ch, path, rmi_buf_copy("x", 1), err);
	rmi_buf_unref(reply);
	rmi_channel_free(ch);
	return e;
}

static void
tokens(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {.auth = need_token};
	struct rme_error err = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	assert_int_equal(try_with(&s, NULL, ECHO_UNARY, &err), RME_EDENIED);
	assert_string_equal(err.text, "UNAUTHENTICATED: a token is needed");
	assert_int_equal(try_with(&s, "wrong", ECHO_UNARY, &err), RME_EDENIED);
	assert_int_equal(try_with(&s, "fir", ECHO_UNARY, &err), RME_EDENIED);
	assert_int_equal(try_with(&s, "firstfirst", ECHO_UNARY, &err), RME_EDENIED);
	assert_int_equal(try_with(&s, "first", ECHO_UNARY, &err), RME_OK);
	assert_int_equal(try_with(&s, "second", ECHO_UNARY, &err), RME_OK);
	assert_int_equal(try_with(&s, NULL, ECHO_OPEN, &err), RME_OK);
	assert_int_equal(s.opened, 3); /* no handler saw the others */
	echo_server_stop(&s);
}

static void
tokens_are_not_sent_in_the_open(void **state)
{
	(void)state;
	struct rmi_channel *ch = NULL;
	struct rme_error err = {0};
	struct rmi_channel_config config = {.address = "service.example:50052", .token = "secret"};
	assert_int_equal(rmi_channel_new(&ch, loop, &config, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "plain text"));
	assert_null(strstr(err.text, "secret"));
	config.allow_plain_token = true;
	assert_int_equal(rmi_channel_new(&ch, loop, &config, &err), RME_OK);
	rmi_channel_free(ch);
	config.token = "not\nascii";
	assert_int_equal(rmi_channel_new(&ch, loop, &config, &err), RME_ECONFIG);
}

static void
too_many_calls_are_refused_at_once(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {.max_calls = 3};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	struct rmi_channel *ch = echo_channel(loop, s.address);
	struct echo_client held[3];
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(echo_client_start(&held[i], ch, ECHO_STREAM, NULL), RME_OK);
		assert_int_equal(rmi_call_write(held[i].call, rmi_buf_copy("x", 1)), RME_OK);
		struct rmi_buf *msg = echo_client_read(&held[i]);
		assert_non_null(msg); /* it is open */
		rmi_buf_unref(msg);
	}
	struct rme_error err = {0};
	struct rmi_buf *reply = NULL;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_new(), &err), RME_ELIMIT);
	}
	assert_non_null(strstr(err.text, "RESOURCE_EXHAUSTED"));
	assert_int_equal(rmi_server_refused(s.server), 50);
	echo_client_done(&held[0]);
	while (echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_new(), NULL) != RME_OK) {
		(void)sched_yield(); /* until the server has seen the cancel */
	}
	rmi_buf_unref(reply);
	echo_client_done(&held[1]);
	echo_client_done(&held[2]);
	rmi_channel_free(ch);
	echo_server_stop(&s);
}

struct drain {
	struct rmi_server *server;
	int64_t deadline_ns;
	enum rme_err result;
	_Atomic bool done;
};

static void *
run_drain(void *arg)
{
	struct drain *d = arg;
	d->result = rmi_server_drain(d->server, d->deadline_ns);
	d->done = true;
	return NULL;
}

static void
drain_lets_calls_end(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {0};
	struct echo_client c;
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	struct rmi_channel *ch = echo_channel(loop, s.address);
	assert_int_equal(echo_client_start(&c, ch, ECHO_STREAM, NULL), RME_OK);
	assert_int_equal(rmi_call_write(c.call, rmi_buf_copy("x", 1)), RME_OK);
	struct rmi_buf *msg = echo_client_read(&c);
	assert_non_null(msg);
	rmi_buf_unref(msg);
	struct drain d = {.server = s.server, .deadline_ns = echo_now_ns() + INT64_C(60000000000)};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, run_drain, &d), 0);
	/* New calls are refused ... */
	struct rmi_buf *reply = NULL;
	enum rme_err e;
	while ((e = echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_new(), NULL)) == RME_OK) {
		rmi_buf_unref(reply); /* the drain has not begun yet */
	}
	assert_int_equal(e, RME_ETRANSPORT);
	assert_false(d.done);
	/* ... and the one that is there goes on to its end. */
	assert_int_equal(rmi_call_write(c.call, rmi_buf_copy("y", 1)), RME_OK);
	msg = echo_client_read(&c);
	assert_non_null(msg);
	rmi_buf_unref(msg);
	assert_int_equal(rmi_call_close_send(c.call), RME_OK);
	assert_null(echo_client_read(&c));
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_OK);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(d.result, RME_OK);
	echo_client_done(&c);
	rmi_channel_free(ch);
	echo_server_stop(&s);
}

static void
drain_cancels_what_does_not_end(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {0};
	struct echo_client c[2];
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	struct rmi_channel *ch = echo_channel(loop, s.address);
	assert_int_equal(echo_client_start(&c[0], ch, ECHO_HANG, NULL), RME_OK);
	assert_int_equal(echo_client_start(&c[1], ch, ECHO_FLOOD, NULL), RME_OK);
	struct rmi_buf *msg = echo_client_read(&c[1]);
	assert_non_null(msg);
	rmi_buf_unref(msg);
	assert_int_equal(rmi_server_drain(s.server, echo_now_ns() + 20000000), RME_ETIMEDOUT);
	assert_int_equal(rmi_server_calls(s.server), 0);
	assert_int_equal(echo_client_wait_end(&c[0]), RMI_STATUS_UNAVAILABLE);
	echo_client_done(&c[0]);
	echo_client_done(&c[1]);
	assert_int_equal(s.opened, s.ended);
	rmi_channel_free(ch);
	echo_server_stop(&s);
}

static void
address_in_use(void **state)
{
	(void)state;
	struct echo_server s;
	struct echo_server t;
	struct rmi_server_config config = {0};
	struct rme_error err = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	char address[64];
	memcpy(address, s.address, sizeof address);
	config.address = address;
	assert_int_equal(echo_server_start(&t, loop, &config, &err), RME_EIO);
	assert_non_null(strstr(err.text, address));
	echo_server_stop(&s);
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK); /* free again at once */
	echo_server_stop(&s);
}

static void
unix_socket_is_not_taken_over(void **state)
{
	(void)state;
	char dir[] = "/tmp/rme-rpc-XXXXXX";
	char address[64];
	assert_non_null(mkdtemp(dir));
	(void)snprintf(address, sizeof address, "unix:%s/s", dir);
	struct echo_server s;
	struct echo_server t;
	struct rmi_server_config config = {.address = address};
	struct rme_error err = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK);
	assert_int_equal(rmi_server_port(s.server), 0);
	assert_int_equal(echo_server_start(&t, loop, &config, &err), RME_EIO);
	assert_non_null(strstr(err.text, "another server"));
	struct rmi_channel *ch = echo_channel(loop, address);
	struct rmi_buf *reply = NULL;
	assert_int_equal(
	    echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_new(), NULL), RME_OK); /* the first one still serves */
	rmi_buf_unref(reply);
	rmi_channel_free(ch);
	echo_server_stop(&s);
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK);
	echo_server_stop(&s);
	(void)unlink(address + 5);
	(void)rmdir(dir);
}

static void
plain_text_stays_on_loopback(void **state)
{
	(void)state;
	struct echo_server s;
	struct rme_error err = {0};
	struct rmi_server_config config = {.address = "0.0.0.0:0"};
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "loopback"));
	config.allow_plain = true;
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK);
	echo_server_stop(&s);
	config.address = "";
	assert_int_equal(rmi_server_new(&s.server, loop, &config, &err), RME_EINVAL);
}

/* gRPC would send even calls to loopback through a proxy named in the environment. */
static void
proxy_of_the_environment_is_ignored(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {0};
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
	assert_int_equal(setenv("grpc_proxy", "http://127.0.0.1:9", 1), 0);
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	assert_int_equal(try_with(&s, NULL, ECHO_UNARY, NULL), RME_OK);
	echo_server_stop(&s);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(unsetenv("grpc_proxy"), 0);
}

/*
 * A listener of this gRPC that runs out of descriptors once is deaf for ever (CVE-2023-4785). The limit is raised as far as
 * it goes, so that a flood of connections beyond the usual limit does no harm.
 */
static void
flood_of_connections(void **state)
{
	(void)state;
	struct rlimit old;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	struct rlimit low = {.rlim_cur = 64, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	rmi_rpc_tune_process();
	struct echo_server s;
	struct rmi_server_config config = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(rmi_server_port(s.server))};
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fds[150];
	for (size_t i = 0; i < 150; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(fds[i] >= 0);
		assert_int_equal(connect(fds[i], (const struct sockaddr *)&sa, sizeof sa), 0);
	}
	assert_int_equal(try_with(&s, NULL, ECHO_UNARY, NULL), RME_OK);
	for (size_t i = 0; i < 150; i++) {
		assert_int_equal(close(fds[i]), 0);
	}
	assert_int_equal(try_with(&s, NULL, ECHO_UNARY, NULL), RME_OK);
	echo_server_stop(&s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void
unread_peers_bytes_do_no_harm(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(rmi_server_port(s.server))};
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	static const char *const junk[] = {"GET / HTTP/1.1\r\n\r\n",
	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"};
	for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
		assert_true(write(fd, junk[i], strlen(junk[i])) > 0);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		char got[256];
		while (read(fd, got, sizeof got) > 0) {
			; /* until the server has closed */
		}
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(try_with(&s, NULL, ECHO_UNARY, NULL), RME_OK);
	echo_server_stop(&s);
}

static void
several_threads_serve(void **state)
{
	(void)state;
	struct rmi_loop *wide = NULL;
	struct rmi_loop_config loops = {.threads = 3};
	struct rmi_server_config config = {0};
	struct echo_server s;
	struct echo_client c[6];
	assert_int_equal(rmi_loop_new(&wide, &loops, NULL), RME_OK);
	assert_int_equal(echo_server_start(&s, wide, &config, NULL), RME_OK);
	struct rmi_channel *ch = echo_channel(wide, s.address);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(echo_client_start(&c[i], ch, ECHO_STREAM, NULL), RME_OK);
	}
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < 6; i++) {
			assert_int_equal(rmi_call_write(c[i].call, rmi_buf_copy(&i, sizeof i)), RME_OK);
		}
		for (size_t i = 0; i < 6; i++) {
			size_t got = 99;
			struct rmi_buf *msg = echo_client_read(&c[i]);
			assert_non_null(msg);
			(void)rmi_buf_gather(msg, 0, &got, sizeof got);
			assert_int_equal(got, i);
			rmi_buf_unref(msg);
		}
	}
	for (size_t i = 0; i < 6; i++) {
		echo_client_done(&c[i]);
	}
	rmi_channel_free(ch);
	echo_server_stop(&s);
	assert_int_equal(s.opened, s.ended);
	rmi_loop_free(wide);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(tokens, setup, teardown),
	    cmocka_unit_test_setup_teardown(tokens_are_not_sent_in_the_open, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_many_calls_are_refused_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(drain_lets_calls_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(drain_cancels_what_does_not_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(address_in_use, setup, teardown),
	    cmocka_unit_test_setup_teardown(unix_socket_is_not_taken_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(plain_text_stays_on_loopback, setup, teardown),
	    cmocka_unit_test_setup_teardown(proxy_of_the_environment_is_ignored, setup, teardown),
	    cmocka_unit_test_setup_teardown(flood_of_connections, setup, teardown),
	    cmocka_unit_test_setup_teardown(unread_peers_bytes_do_no_harm, setup, teardown),
	    cmocka_unit_test_setup_teardown(several_threads_serve, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
