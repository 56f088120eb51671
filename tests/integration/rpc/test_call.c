/* Calls of both kinds over one loop: messages, ends, cancel in every state, deadlines, back-pressure. */

#include "echo.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct rmi_loop *loop;
	struct echo_server server;
	struct rmi_channel *channel;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct rmi_server_config config = {0};
	if (!f || rmi_loop_new(&f->loop, NULL, NULL) != RME_OK ||
	    echo_server_start(&f->server, f->loop, &config, NULL) != RME_OK) {
		return 1;
	}
	f->channel = echo_channel(f->loop, f->server.address);
	*state = f;
	return f->channel ? 0 : 1;
}

/* Everything that began must have ended, at both ends. */
static int
teardown(void **state)
{
	struct fixture *f = *state;
	rmi_channel_free(f->channel);
	echo_server_stop(&f->server);
	int left = f->server.opened != f->server.ended;
	while (rmi_loop_calls(f->loop)) { /* after its on_end a call is still on its way out */
		(void)sched_yield();
	}
	rmi_loop_free(f->loop);
	free(f);
	return left;
}

static void
unary_round_trip(void **state)
{
	struct fixture *f = *state;
	struct rmi_buf *reply = NULL;
	char got[8] = "";
	assert_int_equal(echo_unary(&reply, f->channel, ECHO_UNARY, rmi_buf_copy("hello", 5), NULL), RME_OK);
	assert_int_equal(rmi_buf_size(reply), 5);
	assert_int_equal(rmi_buf_gather(reply, 0, got, 8), 5);
	assert_string_equal(got, "hello");
	rmi_buf_unref(reply);
}

static void
empty_message(void **state)
{
	struct fixture *f = *state;
	struct rmi_buf *reply = NULL;
	assert_int_equal(echo_unary(&reply, f->channel, ECHO_UNARY, rmi_buf_new(), NULL), RME_OK);
	assert_int_equal(rmi_buf_size(reply), 0);
	rmi_buf_unref(reply);
}

static void
unknown_method_is_answered(void **state)
{
	struct fixture *f = *state;
	struct rmi_buf *reply = NULL;
	struct rme_error err = {0};
	assert_int_equal(echo_unary(&reply, f->channel, "/no.Such/Method", rmi_buf_new(), &err), RME_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "UNIMPLEMENTED"));
	assert_null(reply);
}

static void
unary_without_request_is_answered(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_UNARY, NULL), RME_OK);
	assert_int_equal(rmi_call_close_send(c.call), RME_OK);
	assert_null(echo_client_read(&c));
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_INVALID_ARGUMENT);
	echo_client_done(&c);
}

static void
status_text_and_trailer_arrive(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_FAIL, NULL), RME_OK);
	assert_int_equal(rmi_call_write(c.call, rmi_buf_new()), RME_OK);
	assert_null(echo_client_read(&c));
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_FAILED_PRECONDITION);
	assert_string_equal(c.text, "not in the mood");
	assert_string_equal(c.trailer, "because");
	echo_client_done(&c);
}

static void
stream_keeps_order(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_STREAM, NULL), RME_OK);
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(rmi_call_write(c.call, rmi_buf_copy(&i, sizeof i)), RME_OK);
	}
	assert_int_equal(rmi_call_close_send(c.call), RME_OK);
	for (uint32_t i = 0; i < 200; i++) {
		struct rmi_buf *msg = echo_client_read(&c);
		uint32_t got = 0;
		assert_non_null(msg);
		assert_int_equal(rmi_buf_gather(msg, 0, &got, sizeof got), sizeof got);
		assert_int_equal(got, i);
		rmi_buf_unref(msg);
	}
	assert_null(echo_client_read(&c));
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_OK);
	assert_int_equal(rmi_call_write(c.call, rmi_buf_new()), RME_ECLOSED);
	assert_int_equal(rmi_call_read(c.call), RME_ECLOSED);
	assert_int_equal(rmi_call_close_send(c.call), RME_ECLOSED);
	echo_client_done(&c);
}

static void
count_release(void *arg)
{
	++*(_Atomic int *)arg;
}

static void
ten_megabytes_by_reference(void **state)
{
	struct fixture *f = *state;
	size_t n = 10 * 1024 * 1024;
	uint8_t *data = malloc(n);
	uint8_t *back = malloc(n);
	_Atomic int released = 0;
	assert_non_null(data);
	assert_non_null(back);
	for (size_t i = 0; i < n; i++) {
		data[i] = (uint8_t)(i * 31 >> 3);
	}
	struct rmi_buf *msg = rmi_buf_new();
	struct rmi_buf *reply = NULL;
	assert_int_equal(rmi_buf_wrap(msg, data, n, count_release, &released), RME_OK);
	assert_int_equal(echo_unary(&reply, f->channel, ECHO_UNARY, msg, NULL), RME_OK);
	assert_int_equal(rmi_buf_gather(reply, 0, back, n), n);
	assert_memory_equal(data, back, n);
	rmi_buf_unref(reply);
	assert_int_equal(released, 1);
	free(back);
	free(data);
}

static void
too_large_is_refused_by_the_sender(void **state)
{
	struct fixture *f = *state;
	size_t n = RMI_RPC_MAX_MESSAGE + 1;
	uint8_t *data = calloc(1, n);
	struct rmi_buf *reply = NULL;
	assert_non_null(data);
	assert_int_equal(echo_unary(&reply, f->channel, ECHO_UNARY, rmi_buf_copy(data, n), NULL), RME_ELIMIT);
	free(data);
}

static void
deadline_ends_a_hanging_call(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	struct rmi_call_options o = {.deadline_ns = echo_now_ns() + 20000000};
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_HANG, &o), RME_OK);
	assert_null(echo_client_read(&c));
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_DEADLINE_EXCEEDED);
	assert_true(echo_now_ns() >= o.deadline_ns);
	echo_client_done(&c);
}

/* Bring a stream into one state, cancel there, and see it end once, at both ends (teardown looks at the server's). */
static void
cancel_after(struct fixture *f, const char *path, int writes, bool read, bool close)
{
	struct echo_client c;
	assert_int_equal(echo_client_start(&c, f->channel, path, NULL), RME_OK);
	for (int i = 0; i < writes; i++) {
		assert_int_equal(rmi_call_write(c.call, rmi_buf_copy("x", 1)), RME_OK);
	}
	if (close) {
		assert_int_equal(rmi_call_close_send(c.call), RME_OK);
	}
	if (read) {
		assert_int_equal(rmi_call_read(c.call), RME_OK);
	}
	rmi_call_cancel(c.call, RMI_STATUS_CANCELLED, "enough");
	rmi_call_cancel(c.call, RMI_STATUS_CANCELLED, "twice");
	(void)echo_client_wait_end(&c);
	echo_client_done(&c);
}

static void
cancel_in_every_state(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = {
	    ECHO_STREAM, ECHO_HANG, ECHO_SINK, ECHO_FLOOD, ECHO_UNARY, "/no.Such/Method"};
	for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
		for (int bits = 0; bits < 16; bits++) {
			cancel_after(f, paths[p], (bits & 3) * 3, bits & 4, bits & 8);
		}
	}
}

static void
cancel_of_a_message_sent_half(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	struct rmi_call_options o = {.max_queued_bytes = 64 * 1024 * 1024};
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_SINK, &o), RME_OK);
	uint8_t *big = calloc(8, 1024 * 1024);
	assert_non_null(big);
	_Atomic int released = 0;
	for (int i = 0; i < 4; i++) { /* flow control stops the first of these in the middle */
		struct rmi_buf *b = rmi_buf_new();
		assert_int_equal(rmi_buf_wrap(b, big, 8 * 1024 * 1024, count_release, &released), RME_OK);
		assert_int_equal(rmi_call_write(c.call, b), RME_OK);
	}
	echo_client_done(&c);
	rmi_channel_free(f->channel); /* the connection may hold pieces until it is gone */
	f->channel = echo_channel(f->loop, f->server.address);
	while (released < 4) {
		(void)sched_yield();
	}
	free(big);
}

static void
full_queue_says_so_and_calls_back(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	struct rmi_call_options o = {.max_queued = 4, .max_queued_bytes = 1024};
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_STREAM, &o), RME_OK);
	uint32_t sent = 0;
	uint32_t refused = 0;
	uint32_t back = 0;
	uint8_t block[600] = {0};
	while (refused < 3) {
		uint32_t before = c.writable;
		enum rme_err e = rmi_call_write(c.call, rmi_buf_copy(block, sizeof block));
		sent += e == RME_OK;
		if (e != RME_OK) {
			assert_int_equal(e, RME_EAGAIN);
			refused++;
			echo_client_wait_writable(&c, before + 1);
		}
	}
	assert_int_equal(rmi_call_close_send(c.call), RME_OK);
	for (struct rmi_buf *msg; (msg = echo_client_read(&c)) != NULL; back++) {
		rmi_buf_unref(msg);
	}
	assert_int_equal(echo_client_wait_end(&c), RMI_STATUS_OK);
	assert_int_equal(back, sent);
	echo_client_done(&c);
}

/* A client that does not read must not make the server buffer without end. */
static void
slow_consumer_stops_the_sender(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	assert_int_equal(echo_client_start(&c, f->channel, ECHO_FLOOD, NULL), RME_OK);
	for (uint64_t read = 0; read < 400; read++) { /* one without a bound would be far ahead, or never return */
		assert_true(f->server.flooded <= read * 64 * 1024 + 8 * 1024 * 1024);
		struct rmi_buf *msg = echo_client_read(&c);
		assert_non_null(msg);
		rmi_buf_unref(msg);
	}
	echo_client_done(&c);
}

static void
bad_metadata_is_refused(void **state)
{
	struct fixture *f = *state;
	struct echo_client c;
	struct rmi_meta bad[] = {
	    {"Upper", "x"}, {"key", "line\nbreak"}, {"key", "\xc3\xa4"}, {"x-bin", "y"}, {"", "x"}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rmi_call_options o = {.metadata = &bad[i], .metadata_count = 1};
		assert_int_equal(echo_client_start(&c, f->channel, ECHO_STREAM, &o), RME_EINVAL);
	}
}

static void
absent_server_fails_at_once(void **state)
{
	struct fixture *f = *state;
	struct rmi_channel *ch = echo_channel(f->loop, "127.0.0.1:1");
	struct rmi_buf *reply = NULL;
	struct rme_error err = {0};
	assert_int_equal(echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_new(), &err), RME_ETRANSPORT);
	assert_non_null(strstr(err.text, "UNAVAILABLE"));
	rmi_channel_free(ch);
}

static void
calls_left_alive_end_with_the_loop(void **state)
{
	struct fixture *f = *state;
	struct rmi_loop *loop = NULL;
	struct echo_client c[3];
	assert_int_equal(rmi_loop_new(&loop, NULL, NULL), RME_OK);
	struct rmi_channel *ch = echo_channel(loop, f->server.address);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(echo_client_start(&c[i], ch, ECHO_HANG, NULL), RME_OK);
		assert_int_equal(rmi_call_read(c[i].call), RME_OK);
	}
	rmi_channel_free(ch);
	rmi_loop_free(loop);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(c[i].ended, 1);
		assert_int_equal(rmi_call_read(c[i].call), RME_ECLOSED);
		echo_client_done(&c[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(unary_round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(empty_message, setup, teardown),
	    cmocka_unit_test_setup_teardown(unknown_method_is_answered, setup, teardown),
	    cmocka_unit_test_setup_teardown(unary_without_request_is_answered, setup, teardown),
	    cmocka_unit_test_setup_teardown(status_text_and_trailer_arrive, setup, teardown),
	    cmocka_unit_test_setup_teardown(stream_keeps_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(ten_megabytes_by_reference, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_large_is_refused_by_the_sender, setup, teardown),
	    cmocka_unit_test_setup_teardown(deadline_ends_a_hanging_call, setup, teardown),
	    cmocka_unit_test_setup_teardown(cancel_in_every_state, setup, teardown),
	    cmocka_unit_test_setup_teardown(cancel_of_a_message_sent_half, setup, teardown),
	    cmocka_unit_test_setup_teardown(full_queue_says_so_and_calls_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(slow_consumer_stops_the_sender, setup, teardown),
	    cmocka_unit_test_setup_teardown(bad_metadata_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(absent_server_fails_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(calls_left_alive_end_with_the_loop, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
