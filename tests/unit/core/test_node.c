#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"
#include "harness.h"

static void
a_failed_item_is_over_for_the_node(void **state)
{
	(void)state;
	struct harness h;
	assert_int_equal(harness_init(&h, &dub_type, NULL, NULL), RME_OK);
	assert_int_equal(harness_item(&h, NULL, "x", 1), RME_EFORMAT);
	assert_int_equal(harness_error(&h, 1), RME_EFORMAT);
	assert_string_equal(h.failed[1].text, "no x, please");
	assert_int_equal(harness_n_data(&h), 0);
	assert_int_equal(harness_n_ends(&h, 1), 1);
	assert_int_equal(harness_item(&h, NULL, "a", 1), RME_OK);
	assert_int_equal(harness_n_data(&h), 1);
	harness_done(&h);
}

static void
results_of_a_failed_item_are_dropped(void **state)
{
	(void)state;
	struct harness h;
	assert_int_equal(harness_init(&h, &dub_type, NULL, NULL), RME_OK);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.seq = 9;
	const struct rme_error err = {RME_EIO, "", "gone"};
	rme_node_item_fail(h.node, 9, &err);
	assert_string_equal(h.failed[9].where, "dub");
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, "a", 1), RME_OK);
	assert_int_equal(rme_node_emit(h.node, p), RME_EIO);
	assert_int_equal(rme_packet_new(&p, &m, "a", 1), RME_OK);
	assert_int_equal(rmi_node_push(h.node, p), RME_EIO);
	assert_int_equal(h.n_out, 0);
	harness_done(&h);
}

static void
flush_reaches_nodes_that_hold_something(void **state)
{
	(void)state;
	struct harness h;
	assert_int_equal(harness_init(&h, &keep_type, NULL, NULL), RME_OK);
	assert_int_equal(harness_item(&h, NULL, "ab", 2), RME_OK);
	assert_int_equal(harness_item(&h, NULL, "cd", 2), RME_OK);
	assert_int_equal(harness_n_data(&h), 0);
	harness_flush(&h);
	assert_int_equal(harness_n_data(&h), 1);
	size_t len;
	assert_memory_equal(rme_packet_data(harness_data(&h, 0), &len), "bd", 2);
	assert_int_equal(rme_packet_meta(harness_data(&h, 0))->seq, 3);
	assert_int_equal(harness_n_ends(&h, 3), 1);
	harness_done(&h);
}

static void
the_report_has_times_and_counts(void **state)
{
	(void)state;
	struct harness h;
	assert_int_equal(harness_init(&h, &dub_type, NULL, NULL), RME_OK);
	assert_int_equal(harness_item(&h, NULL, "2", 1), RME_OK);
	assert_int_equal(h.report[1].enter_ns, RMI_NS_PER_S);
	assert_int_equal(h.report[1].leave_ns, RMI_NS_PER_S);
	assert_int_equal(h.report[1].packets_out, 2);
	harness_done(&h);
}

struct waker {
	int wakes;
};

static enum rme_err
waker_process(struct rme_node *self, struct rme_packet *in)
{
	if (rme_packet_meta(in)->kind == RME_PACKET_DATA) {
		rme_node_wake_at(self, rme_node_now(self) + 100);
		rme_packet_unref(in);
		return RME_OK;
	}
	return rme_node_emit(self, in);
}

static void
waker_wake(struct rme_node *self)
{
	((struct waker *)rme_node_state(self))->wakes++;
}

static const struct rme_node_type waker_type = {.name = "waker",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct waker),
    .process = waker_process,
    .wake = waker_wake};

static void
wake_comes_when_asked_and_in_time(void **state)
{
	(void)state;
	struct harness h;
	assert_int_equal(harness_init(&h, &waker_type, NULL, NULL), RME_OK);
	struct waker *w = rme_node_state(h.node);
	assert_int_equal(harness_item(&h, NULL, "a", 1), RME_OK);
	assert_int_equal(harness_wake(&h), RMI_NS_PER_S + 100);
	assert_int_equal(w->wakes, 0);
	rmi_fake_clock_advance(&h.clock, 100);
	assert_int_equal(harness_wake(&h), 0);
	assert_int_equal(w->wakes, 1);
	rme_node_wake(h.node);
	assert_int_equal(harness_wake(&h), 0);
	assert_int_equal(w->wakes, 2);
	assert_int_equal(harness_wake(&h), 0);
	assert_int_equal(w->wakes, 2);
	harness_done(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failed_item_is_over_for_the_node),
	    cmocka_unit_test(results_of_a_failed_item_are_dropped),
	    cmocka_unit_test(flush_reaches_nodes_that_hold_something),
	    cmocka_unit_test(the_report_has_times_and_counts),
	    cmocka_unit_test(wake_comes_when_asked_and_in_time),
	};
	return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
