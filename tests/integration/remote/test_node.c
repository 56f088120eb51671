/* RemoteNode in real sessions, over real gRPC, against a far side in this process. */

#include "client.h"
#include "far.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct rmi_loop *loop;
	struct far far;
	struct client c;
	struct outcome o;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct rmi_server_config config = {0};
	if (!f || rmi_loop_new(&f->loop, NULL, NULL) != RME_OK || far_start(&f->far, f->loop, &config, 0) != RME_OK) {
		return 1;
	}
	struct rmi_remote_endpoint endpoint = {.address = f->far.address};
	client_start(&f->c, &endpoint);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	rme_packet_unref(f->o.last);
	client_stop(&f->c);
	far_stop(&f->far);
	rmi_loop_free(f->loop);
	free(f);
	return 0;
}

static void
items_come_back_in_order(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_ECHO, NULL);
	for (uint32_t i = 0; i < 60; i++) {
		(void)client_submit(&f->c, &i, sizeof i, 0);
	}
	for (uint32_t i = 0; i < 60; i++) {
		client_outcome(&f->c, &f->o);
		size_t n;
		assert_int_equal(f->o.code, RME_OK);
		assert_int_equal(f->o.seq, i + 1);
		assert_int_equal(f->o.results, 1);
		assert_memory_equal(rme_packet_data(f->o.last, &n), &i, sizeof i);
		assert_int_equal(rme_packet_meta(f->o.last)->pts_ns, 7);
		assert_int_equal(rme_packet_meta(f->o.last)->side, RME_SIDE_CLOUD);
		assert_int_equal(rme_packet_meta(f->o.last)->format.media, RME_MEDIA_AUDIO_PCM);
	}
	assert_int_equal(f->far.streams, 1);
	assert_int_equal(f->far.media, RME_MEDIA_AUDIO_PCM); /* known before the first item came */
}

static void
report_says_what_it_cost(void **state)
{
	struct fixture *f = *state;
	uint8_t data[640] = {1};
	client_open(&f->c, FAR_TWICE, NULL);
	assert_int_equal(client_try(&f->c, data, sizeof data, 0, &f->o), RME_OK);
	assert_int_equal(f->o.results, 2);
	assert_int_equal(f->o.report.side, RME_SIDE_CLOUD);
	assert_int_equal(f->o.report.bytes_up, 640);
	assert_int_equal(f->o.report.bytes_down, 1280);
	assert_int_equal(f->o.report.remote_ns, 3000);
	assert_int_equal(f->o.report.packets_out, 2);
}

static void
large_payloads(void **state)
{
	struct fixture *f = *state;
	size_t n = 10 * 1024 * 1024;
	uint8_t *data = malloc(n);
	assert_non_null(data);
	for (size_t i = 0; i < n; i++) {
		data[i] = (uint8_t)(i * 13 >> 2);
	}
	client_open(&f->c, FAR_ECHO, NULL);
	for (int i = 0; i < 3; i++) {
		(void)client_submit(&f->c, data, n, 0);
	}
	for (int i = 0; i < 3; i++) {
		size_t got;
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_OK);
		const uint8_t *back = rme_packet_data(f->o.last, &got);
		assert_int_equal(got, n);
		assert_memory_equal(back, data, n);
	}
	free(data);
	uint8_t *over = calloc(1, 17 * 1024 * 1024);
	assert_non_null(over);
	assert_int_equal(client_try(&f->c, over, 17 * 1024 * 1024, 0, &f->o), RME_ELIMIT);
	assert_int_equal(client_try(&f->c, over, 10, 0, &f->o), RME_OK); /* and the stream lives */
	free(over);
}

static void
flush_brings_what_was_held(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HOLD, NULL);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(client_try(&f->c, "0123456789", 10, 0, &f->o), RME_OK);
		assert_int_equal(f->o.results, 0);
	}
	assert_int_equal(rme_session_flush(f->c.session, NULL), RME_OK);
	client_outcome(&f->c, &f->o);
	size_t n;
	assert_int_equal(f->o.code, RME_OK);
	assert_int_equal(f->o.results, 1);
	assert_memory_equal(rme_packet_data(f->o.last, &n), "50", 2);
	assert_int_equal(rme_packet_meta(f->o.last)->format.media, RME_MEDIA_JSON);
	assert_int_equal(rme_session_flush(f->c.session, NULL), RME_OK); /* nothing new: does not go there */
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->far.flushes, 1);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	assert_int_equal(rme_session_end(f->c.session), RME_OK);
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->o.code, RME_OK);
	assert_int_equal(f->o.results, 1);
	struct rme_packet *p;
	assert_int_equal(rme_session_recv(f->c.session, &p, 0), RME_ECLOSED);
}

static void
verdict_of_the_service(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_FAIL, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EMODULE);
	assert_string_equal(f->o.where, "far");
	assert_string_equal(f->o.text, "as its name says");
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EMODULE);
	assert_int_equal(f->far.streams, 1);
}

static void
unknown_service(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, "no such thing", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ENOTFOUND);
	assert_non_null(strstr(f->o.text, "no service 'no such thing' here"));
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ENOTFOUND);
}

static void
same_payload_and_annotation(void **state)
{
	struct fixture *f = *state;
	uint8_t data[5000];
	memset(data, 7, sizeof data);
	client_open(&f->c, FAR_SAME, NULL);
	assert_int_equal(client_try(&f->c, data, sizeof data, 0, &f->o), RME_OK);
	size_t n;
	assert_memory_equal(rme_packet_data(f->o.last, &n), data, sizeof data);
	assert_int_equal(n, sizeof data);
	assert_int_equal(f->o.report.bytes_down, 15); /* the annotation alone */
	const struct rme_packet *note = rme_packet_annotation(f->o.last);
	assert_non_null(note);
	assert_memory_equal(rme_packet_data(note, &n), "{\"speech\":true}", 15);
	assert_true(rme_packet_meta(note)->confidence == 0.5F);
}

static void
private_data_stays(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_ECHO, NULL);
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	meta.flags = RME_PACKET_LOCAL;
	assert_int_equal(rme_packet_new(&p, &meta, "secret", 6), RME_OK);
	assert_int_equal(rme_session_submit(f->c.session, p, NULL), RME_OK);
	client_outcome(&f->c, &f->o);
	assert_int_equal(f->o.code, RME_EDENIED);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	assert_int_equal(f->far.items, 1);
}

static void
deadline_is_kept_here(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HANG, NULL);
	int64_t before = rmi_monotonic_ns();
	assert_int_equal(client_try(&f->c, "x", 1, 30 * RMI_NS_PER_MS, &f->o), RME_ETIMEDOUT);
	assert_true(rmi_monotonic_ns() - before >= 30 * RMI_NS_PER_MS);
	assert_int_equal(f->o.report.bytes_up, 1);
	for (int i = 0; i < 5; i++) { /* all open at once, each its own verdict */
		(void)client_submit(&f->c, "x", 1, (30 - 5 * i) * RMI_NS_PER_MS);
	}
	for (int i = 0; i < 5; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_ETIMEDOUT);
	}
}

static void
window_is_kept(void **state)
{
	struct fixture *f = *state;
	f->far.window_items = 3;
	client_open(&f->c, FAR_ONCE, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK); /* now the window is known */
	for (int i = 0; i < 20; i++) {
		(void)client_submit(&f->c, "x", 1, 50 * RMI_NS_PER_MS);
	}
	for (int i = 0; i < 20; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_ETIMEDOUT);
	}
	assert_int_equal(f->far.most_open, 3);
}

static void
cancel_ends_every_item(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_HANG, NULL);
	for (int i = 0; i < 10; i++) {
		(void)client_submit(&f->c, "x", 1, 0);
	}
	rme_session_cancel(f->c.session);
	for (int i = 0; i < 10; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_ECANCELED);
	}
	struct rme_packet *p;
	assert_int_equal(rme_session_recv(f->c.session, &p, 0), RME_ECLOSED);
}

static void
closing_with_items_in_flight(void **state)
{
	struct fixture *f = *state;
	static const char *const services[] = {FAR_HANG, FAR_ECHO, FAR_FLOOD, FAR_MUTE};
	for (size_t i = 0; i < 4; i++) {
		for (int items = 0; items < 12; items += 5) {
			client_open(&f->c, services[i], NULL);
			for (int k = 0; k < items; k++) {
				(void)client_submit(&f->c, "x", 1, 0);
			}
			client_close(&f->c);
		}
	}
}

static void
broken_protocol_ends_items_not_the_process(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_RUDE, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EPROTO);
	assert_non_null(strstr(f->o.text, "out of turn"));
	client_close(&f->c);
	client_open(&f->c, FAR_JUNK, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EPROTO);
	client_close(&f->c);
	client_open(&f->c, FAR_BYE, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ETRANSPORT);
	assert_non_null(strstr(f->o.text, "ended the stream"));
}

static void
mute_service_times_out(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_MUTE, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 30 * RMI_NS_PER_MS, &f->o), RME_ETIMEDOUT);
}

/* A result that nobody waits for any more still says in which format the next ones are. */
static void
format_said_with_an_unwanted_result(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_LATE, NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 30 * RMI_NS_PER_MS, &f->o), RME_ETIMEDOUT);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	assert_int_equal(f->o.results, 1);
	assert_int_equal(rme_packet_meta(f->o.last)->format.media, RME_MEDIA_JSON);
}

/* A service that sends results without end, to somebody who reads slowly. */
static void
endless_results_are_bounded(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, FAR_FLOOD, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ELIMIT);
		assert_in_range(f->o.bytes, 64 * 1024, RMI_REMOTE_RESULT_BYTES_MAX);
	}
	assert_true(f->far.cancels >= 1); /* the second may be on its way */
}

static void
two_sessions_do_not_mix(void **state)
{
	struct fixture *f = *state;
	struct client other = f->c;
	client_open(&f->c, FAR_ECHO, NULL);
	client_open(&other, FAR_TWICE, NULL);
	for (int i = 0; i < 20; i++) {
		(void)client_submit(&f->c, "a", 1, 0);
		(void)client_submit(&other, "bb", 2, 0);
	}
	for (int i = 0; i < 20; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.bytes, 1);
		client_outcome(&other, &f->o);
		assert_int_equal(f->o.bytes, 4);
	}
	client_close(&other);
	assert_int_equal(f->far.streams, 2);
}

static void
open_says_what_is_missing(void **state)
{
	struct fixture *f = *state;
	struct rme_error err = {0};
	struct rmi_remote_node_config config = {.service = (char *)(uintptr_t)"vad"};
	const struct rme_node_spec spec = {.type = &rmi_remote_node_type, .config = &config, .name = "cloud"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	struct rme_session *s = NULL;
	assert_int_equal(rme_plan_new(&f->c.plan, f->c.rt, &in, &err), RME_OK);
	assert_int_equal(rme_session_open(&s, f->c.rt, f->c.plan, NULL, &err), RME_ENOTFOUND);
	assert_string_equal(err.text, "nothing says where the service 'vad' is");
	config.endpoint = (char *)(uintptr_t)"mars";
	assert_int_equal(rme_session_open(&s, f->c.rt, f->c.plan, NULL, &err), RME_ENOTFOUND);
	assert_string_equal(err.text, "there is no endpoint 'mars'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(items_come_back_in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(report_says_what_it_cost, setup, teardown),
	    cmocka_unit_test_setup_teardown(large_payloads, setup, teardown),
	    cmocka_unit_test_setup_teardown(flush_brings_what_was_held, setup, teardown),
	    cmocka_unit_test_setup_teardown(verdict_of_the_service, setup, teardown),
	    cmocka_unit_test_setup_teardown(unknown_service, setup, teardown),
	    cmocka_unit_test_setup_teardown(same_payload_and_annotation, setup, teardown),
	    cmocka_unit_test_setup_teardown(private_data_stays, setup, teardown),
	    cmocka_unit_test_setup_teardown(deadline_is_kept_here, setup, teardown),
	    cmocka_unit_test_setup_teardown(window_is_kept, setup, teardown),
	    cmocka_unit_test_setup_teardown(cancel_ends_every_item, setup, teardown),
	    cmocka_unit_test_setup_teardown(closing_with_items_in_flight, setup, teardown),
	    cmocka_unit_test_setup_teardown(broken_protocol_ends_items_not_the_process, setup, teardown),
	    cmocka_unit_test_setup_teardown(mute_service_times_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(format_said_with_an_unwanted_result, setup, teardown),
	    cmocka_unit_test_setup_teardown(endless_results_are_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_sessions_do_not_mix, setup, teardown),
	    cmocka_unit_test_setup_teardown(open_says_what_is_missing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
