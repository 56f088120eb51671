/* rme.v1 over real connections: Describe, Call, Stream. */
#include "fixture.h"

#include "rme.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
items_come_back_in_order(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char text[256];
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Refuse", NULL);
	client_item(&c, 1, "one", RMI_WIRE_NO_RESULTS);
	client_item(&c, 5, "bad", 0);
	client_item(&c, 7, "three", 0);
	assert_int_equal(client_expect_end(&c, 1), RME_OK);
	assert_int_equal(client_expect_end(&c, 5), RME_EFORMAT);
	/* The payload is the item's own and is not sent back. */
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_DATA);
	assert_int_equal(frame.packet.seq, 7);
	assert_true((frame.packet.flags & RMI_WIRE_SAME_PAYLOAD) != 0);
	assert_int_equal(frame.packet.payload.len, 0);
	assert_int_equal(client_expect_end(&c, 7), RME_OK);
	client_flush(&c, 8, true);
	assert_int_equal(client_expect_end(&c, 8), RME_OK);
	assert_false(client_read(&c, &frame, text));
	assert_int_equal(echo_client_wait_end(&c.call), RMI_STATUS_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
flush_and_reset(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char text[256];
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Keep", NULL);
	client_item(&c, 1, "a", 0);
	assert_int_equal(client_expect_end(&c, 1), RME_OK);
	client_item(&c, 2, "b", 0);
	client_expect_data(&c, 2, 0, "a");
	assert_int_equal(client_expect_end(&c, 2), RME_OK);
	client_flush(&c, 3, false);
	client_expect_data(&c, 3, 0, "b");
	assert_int_equal(client_expect_end(&c, 3), RME_OK);
	client_item(&c, 4, "lost", 0);
	assert_int_equal(client_expect_end(&c, 4), RME_OK);
	client_control(&c, RMI_CONTROL_RESET, 0);
	client_item(&c, 5, "c", 0);
	assert_int_equal(client_expect_end(&c, 5), RME_OK);
	client_item(&c, 6, "d", 0);
	client_expect_data(&c, 6, 0, "c");
	assert_int_equal(client_expect_end(&c, 6), RME_OK);
	/* Half-close flushes too, but nobody asked for what comes of it. */
	assert_int_equal(rmi_call_close_send(c.call.call), RME_OK);
	assert_false(client_read(&c, &frame, text));
	assert_int_equal(echo_client_wait_end(&c.call), RMI_STATUS_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
cancel_spares_the_others(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Gate", NULL);
	client_item(&c, 1, "a", 0);
	client_item(&c, 2, "b", 0);
	sem_wait(&gate_entered);
	client_control(&c, RMI_CONTROL_CANCEL, 1);
	client_control(&c, RMI_CONTROL_CANCEL, 77);
	/* A stream keeps order: the third item arrives after the cancel was read. */
	client_item(&c, 3, "c", 0);
	while (rmi_serve_requests(f.serve) < 3) {
		fixture_turn(&f);
	}
	sem_post(&gate_open);
	assert_int_equal(client_expect_end(&c, 1), RME_ECANCELED);
	sem_post(&gate_open);
	sem_post(&gate_open);
	client_expect_data(&c, 2, 0, "");
	assert_int_equal(client_expect_end(&c, 2), RME_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

/* More results than the write queue holds: the pump stops and goes on, and nothing is lost. */
static void
many_results_are_paced(void **state)
{
	(void)state;
	enum { RESULTS = 20000 };
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char text[256];
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Burst", "{\"count\": 20000}");
	client_item(&c, 1, "x", 0);
	for (uint32_t i = 0; i < RESULTS; i++) {
		assert_true(client_read(&c, &frame, text));
		assert_int_equal(frame.kind, RMI_FRAME_DATA);
		assert_int_equal(frame.packet.index, i);
	}
	assert_int_equal(client_expect_end(&c, 1), RME_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
expect_refusal(struct fixture *f, const char *service, const char *params, enum rme_err code, const char *part)
{
	struct client c;
	struct rmi_frame frame;
	char text[256];
	client_open(&c, f->channel, service, params);
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_ERROR);
	assert_int_equal(frame.error.code, code);
	if (strstr(text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", text, part);
	}
	assert_int_equal(echo_client_wait_end(&c.call), rmi_status_from_err(code));
	echo_client_done(&c.call);
}

static void
bad_opens_are_told(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	expect_refusal(&f, "Ecko", NULL, RME_ENOTFOUND, "did you mean Echo?");
	expect_refusal(&f, "Reader", NULL, RME_ENOTFOUND, "Unknown node type");
	expect_refusal(&f, "Burst", "{\"count\": -1}", RME_ECONFIG, "count");
	expect_refusal(&f, "Burst", "{\"cont\": 1}", RME_ECONFIG, "cont");
	expect_refusal(&f, "Burst", "[1]", RME_ECONFIG, "one JSON object");
	expect_refusal(&f, "Echo", "{\"a\": 1}", RME_ECONFIG, "a");
	assert_int_equal(rmi_serve_sessions(f.serve), 0);
	fixture_stop(&f);
}

static void
broken_streams_are_told(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char text[256];
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Echo", NULL);
	client_item(&c, 3, "x", 0);
	client_expect_data(&c, 3, 0, "");
	assert_int_equal(client_expect_end(&c, 3), RME_OK);
	client_item(&c, 3, "x", 0); /* the number does not rise */
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_ERROR);
	assert_int_equal(frame.error.code, RME_EPROTO);
	(void)echo_client_wait_end(&c.call);
	echo_client_done(&c.call);

	/* Anything but Open first. */
	assert_int_equal(echo_client_start(&c.call, f.channel, "/rme.v1.Rme/Stream", NULL), RME_OK);
	client_flush(&c, 1, false);
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_ERROR);
	(void)echo_client_wait_end(&c.call);
	echo_client_done(&c.call);

	/* No protobuf at all. */
	assert_int_equal(echo_client_start(&c.call, f.channel, "/rme.v1.Rme/Stream", NULL), RME_OK);
	assert_int_equal(rmi_call_write(c.call.call, rmi_buf_copy("\xff\xff\xff", 3)), RME_OK);
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_ERROR);
	assert_false(client_read(&c, &frame, text));
	assert_int_not_equal(echo_client_wait_end(&c.call), RMI_STATUS_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
the_window_is_kept(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char text[256];
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Gate", NULL);
	for (uint64_t seq = 1; seq <= 33; seq++) {
		client_item(&c, seq, "x", 0);
	}
	assert_true(client_read(&c, &frame, text));
	assert_int_equal(frame.kind, RMI_FRAME_ERROR);
	assert_int_equal(frame.error.code, RME_ELIMIT);
	for (int i = 0; i < 64; i++) {
		sem_post(&gate_open);
	}
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
sessions_are_limited(void **state)
{
	(void)state;
	struct fixture f;
	struct client a;
	struct client b;
	struct rmi_serve_config config = {.max_sessions = 1};
	fixture_start(&f, &config);
	client_opened(&a, f.channel, "Echo", NULL);
	expect_refusal(&f, "Echo", NULL, RME_EUNAVAILABLE, "--max-sessions");
	assert_int_equal(rmi_serve_sessions(f.serve), 1);
	echo_client_done(&a.call);
	while (rmi_serve_sessions(f.serve) > 0) {
		fixture_turn(&f);
	}
	client_opened(&b, f.channel, "Echo", NULL);
	echo_client_done(&b.call);
	fixture_stop(&f);
}

/* Clients that go away at any moment leave nothing behind (the sanitizers watch). */
static void
clients_that_vanish(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	for (int i = 0; i < 60; i++) {
		struct client c;
		client_open(&c, f.channel, "Echo", NULL);
		for (uint64_t seq = 1; seq <= (uint64_t)(i % 4); seq++) {
			client_item(&c, seq, "x", 0);
		}
		if (i % 3 == 1) {
			client_control(&c, RMI_CONTROL_RESET, 0);
		}
		if (i % 5 == 2) {
			struct rmi_frame frame;
			char text[256];
			(void)client_read(&c, &frame, text);
		}
		echo_client_done(&c.call);
	}
	while (rmi_serve_sessions(f.serve) > 0) {
		fixture_turn(&f);
	}
	fixture_stop(&f);
}

/* Short items that come alone are worked on by gRPC's own thread; nothing else may change by that. */
static void
lone_items(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	uint64_t seq = 0;
	char text[16];
	char before[16] = "";
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Keep", NULL);
	for (int round = 0; round < 100; round++) {
		(void)snprintf(text, sizeof text, "%d", round);
		client_item(&c, ++seq, text, 0);
		if (before[0] != '\0') {
			client_expect_data(&c, seq, 0, before);
		}
		assert_int_equal(client_expect_end(&c, seq), RME_OK);
		(void)snprintf(before, sizeof before, "%s", text);
		if (round % 30 == 29) {
			client_control(&c, RMI_CONTROL_RESET, 0);
			before[0] = '\0';
		}
	}
	client_flush(&c, ++seq, true);
	client_expect_data(&c, seq, 0, before);
	assert_int_equal(client_expect_end(&c, seq), RME_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

/* Call */

struct reply {
	struct rmi_buf *msg;
	char text[8192];
	unsigned n;
};

static enum rme_err
collect(void *ctx, const struct rmi_frame_packet *frame)
{
	struct reply *r = ctx;
	size_t at = strlen(r->text);
	size_t n = rmi_buf_gather(r->msg, frame->payload.off, r->text + at, frame->payload.len);
	r->text[at + n] = '\0';
	r->n++;
	return RME_OK;
}

static enum rme_err
call(struct fixture *f, const char *service, const char *params, const char *text, struct reply *r)
{
	struct rmi_frame_open open = {.version = RMI_WIRE_VERSION, .params_json = params};
	struct rmi_frame_item_end end;
	struct rme_packet *p = NULL;
	struct rmi_buf *request = NULL;
	struct rme_error err = {0};
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_TEXT);
	(void)snprintf(open.service, sizeof open.service, "%s", service);
	memset(r, 0, sizeof *r);
	assert_int_equal(rme_packet_new(&p, &meta, text, strlen(text)), RME_OK);
	assert_int_equal(rmi_wire_call_request(&request, &open, p, 0), RME_OK);
	rme_packet_unref(p);
	if (echo_unary(&r->msg, f->channel, "/rme.v1.Rme/Call", request, &err) != RME_OK) {
		fail_msg("%s", err.text);
	}
	assert_int_equal(rmi_wire_read_reply(&end, r->msg, collect, r, &err), RME_OK);
	rmi_buf_unref(r->msg);
	assert_int_equal(end.results, r->n);
	return end.error.code;
}

static void
calls_answer(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve_config config = {0};
	struct reply r;
	fixture_start(&f, &config);
	assert_int_equal(call(&f, "Echo", NULL, "hello", &r), RME_OK);
	assert_string_equal(r.text, "hello");
	assert_int_equal(call(&f, "Keep", NULL, "kept", &r), RME_OK); /* what is held comes too */
	assert_string_equal(r.text, "kept");
	assert_int_equal(call(&f, "Burst", "{\"count\": 3}", "x", &r), RME_OK);
	assert_string_equal(r.text, "xxx");
	assert_int_equal(call(&f, "Burst", "{\"count\": 0}", "x", &r), RME_OK);
	assert_int_equal(r.n, 0);
	assert_int_equal(call(&f, "Refuse", NULL, "bad", &r), RME_EFORMAT);
	assert_int_equal(call(&f, "Absent", NULL, "x", &r), RME_ENOTFOUND);
	assert_int_equal(call(&f, "Burst", "{\"count\": \"many\"}", "x", &r), RME_ECONFIG);
	assert_int_equal(call(&f, "Burst", "{\"count\": 5000}", "x", &r), RME_ELIMIT);
	struct rmi_buf *out = NULL;
	struct rme_error err;
	assert_int_equal(
	    echo_unary(&out, f.channel, "/rme.v1.Rme/Call", rmi_buf_copy("\x0a\xff", 2), &err), RME_EINVAL);
	fixture_stop(&f);
}

static void
describe_lists_services(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve_config config = {0};
	struct rmi_buf *out = NULL;
	fixture_start(&f, &config);
	assert_int_equal(echo_unary(&out, f.channel, "/rme.v1.Rme/Describe",
	                     rmi_buf_copy("\x0a\x05"
	                                  "Burst",
	                         7),
	                     NULL),
	    RME_OK);
	size_t n = rmi_buf_size(out);
	uint8_t *bytes = malloc(n);
	assert_non_null(bytes);
	rmi_buf_gather(out, 0, bytes, n);
	Rme__V1__DescribeReply *r = rme__v1__describe_reply__unpack(NULL, n, bytes);
	assert_non_null(r);
	assert_string_equal(r->server, "rme 1.2.3");
	assert_int_equal(r->n_services, 1);
	assert_string_equal(r->services[0]->name, "Burst");
	assert_int_equal(r->services[0]->n_params, 1);
	assert_string_equal(r->services[0]->params[0]->name, "count");
	assert_string_equal(r->services[0]->params[0]->default_value, "2");
	assert_true(r->services[0]->params[0]->has_range);
	rme__v1__describe_reply__free_unpacked(r, NULL);
	free(bytes);
	rmi_buf_unref(out);
	struct rme_error err;
	assert_int_equal(
	    echo_unary(&out, f.channel, "/rme.v1.Rme/Describe", rmi_buf_copy("\x0a\x01x", 3), &err), RME_ENOTFOUND);
	fixture_stop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(items_come_back_in_order),
	    cmocka_unit_test(flush_and_reset), cmocka_unit_test(cancel_spares_the_others),
	    cmocka_unit_test(many_results_are_paced), cmocka_unit_test(bad_opens_are_told),
	    cmocka_unit_test(broken_streams_are_told), cmocka_unit_test(the_window_is_kept),
	    cmocka_unit_test(sessions_are_limited), cmocka_unit_test(clients_that_vanish), cmocka_unit_test(lone_items),
	    cmocka_unit_test(calls_answer), cmocka_unit_test(describe_lists_services)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
