#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rme/runtime.h>

#include "sides.h"

static const char *const edge_first[] = {"mode=edge_first", NULL};
static const char *const cloud_first[] = {"mode=cloud_first", NULL};

static void
the_chosen_side_answers_and_the_report_says_why(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, NULL);
	assert_string_equal(bench_one(&b, "oo"), "'E:oo'.");
	const struct rme_stage_report *r = &b.h.report[1];
	assert_int_equal(r->side, RME_SIDE_EDGE);
	assert_int_equal(r->route.side, RME_SIDE_EDGE);
	assert_int_equal(r->route.first, RME_SIDE_EDGE);
	assert_int_equal(r->route.mode, RME_ROUTE_AUTO);
	assert_false(r->route.fell_back);
	assert_string_equal(bench_why(&b, 1), "2 B < 100 KB and complexity 0.00 < 0.30");
	assert_int_equal(rme_packet_meta(harness_data(&b.h, 0))->side, RME_SIDE_EDGE);
	assert_int_equal(b.cloud.seen, 0);
	bench_close(&b);

	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	assert_string_equal(bench_one(&b, "oo"), "'C:oo'.");
	assert_string_equal(bench_why(&b, 1), "mode cloud_first");
	assert_int_equal(rme_packet_meta(harness_data(&b.h, 0))->side, RME_SIDE_CLOUD);
	assert_int_equal(b.edge.seen, 0);
	bench_close(&b);
}

/* mode, payload, what comes out, why */
struct fallback_case {
	const char *const *params;
	const char *text, *out, *why;
};

static void
a_failed_try_leaves_no_trace_and_the_other_side_answers(void **state)
{
	(void)state;
	static const char *const no_empty[] = {"mode=edge_first", "on_empty=fallback", NULL};
	static const char *const no_empty_cloud[] = {"mode=cloud_first", "on_empty=fallback", NULL};
	static const char *const tight[] = {"mode=edge_first", "hold_packets=3", NULL};
	static const char *const tight_bytes[] = {"mode=edge_first", "hold_bytes=7", NULL};
	static const struct fallback_case cases[] = {
	    {edge_first, "xo", "'C:xo'.", "fallback: edge failed after 0 us: trap: unreachable"},
	    {edge_first, "ho", "'C:ho'.", "fallback: edge failed after 0 us: trap: unreachable"},
	    {cloud_first, "ox", "'E:ox'.", "fallback: cloud failed after 0 us: trap: unreachable"},
	    {cloud_first, "oh", "'E:oh'.", "fallback: cloud failed after 0 us: trap: unreachable"},
	    {no_empty, "no", "'C:no'.", "fallback: empty answer from edge after 0 us"},
	    {no_empty, "eo", "'C:eo'.", "fallback: empty answer from edge after 0 us"},
	    {no_empty_cloud, "on", "'E:on'.", "fallback: empty answer from cloud after 0 us"},
	    {tight, "bo", "'C:bo'.",
	        "fallback: edge failed after 0 us: more than 3 results or 16777216 bytes for one item"},
	    {tight_bytes, "2o", "'C:2o'.",
	        "fallback: edge failed after 0 us: more than 1024 results or 7 bytes for one item"},
	    {edge_first, "no", ".", "mode edge_first"},
	    {edge_first, "eo", "''.", "mode edge_first"},
	};
	const struct rme_node_type *const kinds[] = {&side_plain, &side_async};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < 4; k++) {
			struct bench b;
			bench_open_well(&b, kinds[k % 2], kinds[k / 2], cases[i].params);
			assert_string_equal(bench_one(&b, cases[i].text), cases[i].out);
			assert_string_equal(bench_why(&b, 1), cases[i].why);
			/* The next item is none the worse for it. */
			harness_clear(&b.h);
			bench_item(&b, "2o");
			assert_int_equal(harness_n_ends(&b.h, 2), 1);
			bench_close(&b);
		}
	}
}

static void
a_long_cause_ends_after_a_whole_word(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, edge_first);
	assert_string_equal(bench_one(&b, "to"), "'C:to'.");
	assert_string_equal(bench_why(&b, 1),
	    "fallback: edge failed after 0 us: trap: out of bounds memory access at offset 0x1234 in...");
	/* A module that was stopped is told apart from a service that is silent. */
	assert_string_equal(bench_one(&b, "po"), "'C:to'.'C:po'.");
	assert_string_equal(bench_why(&b, 2), "fallback: edge failed after 0 us: stopped after 30 ms (limit)");
	bench_close(&b);
}

static void
callers_mistakes_and_disabled_fallback_stay_where_they_are(void **state)
{
	(void)state;
	static const char *const never[] = {"mode=edge_first", "fallback=false", NULL};
	static const char *const edge_only[] = {"mode=edge_only", NULL};
	static const char *const cloud_only[] = {"mode=cloud_only", NULL};
	static const struct {
		const char *const *params;
		const char *text;
		enum rme_err err;
	} cases[] = {
	    {edge_first, "io", RME_EINVAL},
	    {never, "xo", RME_EMODULE},
	    {edge_only, "xo", RME_EMODULE},
	    {cloud_only, "ox", RME_EMODULE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		bench_open_well(&b, &side_plain, &side_async, cases[i].params);
		assert_string_equal(bench_one(&b, cases[i].text), "X");
		assert_int_equal(harness_error(&b.h, 1), cases[i].err);
		bench_close(&b);
	}
}

static void
when_both_fail_the_item_fails_once(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, edge_first);
	assert_string_equal(bench_one(&b, "xx"), "X");
	assert_int_equal(harness_error(&b.h, 1), RME_EMODULE);
	assert_string_equal(b.h.failed[1].where, "far");
	/* What both tries cost is on the item's account. */
	assert_int_equal(b.h.report[1].bytes_up, 200);
	assert_int_equal(b.h.report[1].bytes_down, 20);
	assert_int_equal(b.h.report[1].remote_ns, 10);
	assert_string_equal(bench_why(&b, 1), "fallback failed too: edge failed after 0 us: trap: unreachable");
	assert_int_equal(b.h.report[1].side, RME_SIDE_NONE);
	bench_item(&b, "xh");
	assert_string_equal(bench_out(&b), "X'C:xh'X");
	bench_close(&b);
}

static void
complexity_is_what_the_author_or_the_module_or_the_data_says(void **state)
{
	(void)state;
	static const char *const thresholds[] = {"mode=thresholds", NULL};
	static const char *const said[] = {"mode=thresholds", "complexity=0.95", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, thresholds);
	bench_item(&b, "oo1");
	bench_item(&b, "oo9");
	bench_item(&b, "oo-");
	assert_string_equal(bench_out(&b), "'E:oo1'.'C:oo9'.'E:oo-'.");
	assert_string_equal(bench_why(&b, 1), "3 B < 100 KB and complexity 0.10 < 0.30");
	assert_string_equal(bench_why(&b, 2), "complexity 0.90 > 0.80");
	assert_string_equal(bench_why(&b, 3), "3 B < 100 KB and complexity 0.00 < 0.30");
	bench_close(&b);
	bench_open_well(&b, &side_plain, &side_async, said);
	assert_string_equal(bench_one(&b, "oo1"), "'C:oo1'.");
	bench_close(&b);
}

static void
items_come_out_in_the_order_in_which_they_came(void **state)
{
	(void)state;
	static const char *const by_size[] = {"mode=thresholds", "edge_max_bytes=3", "cloud_min_bytes=3", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, by_size);
	bench_item(&b, "owww");
	bench_item(&b, "o2");
	bench_item(&b, "n");
	bench_item(&b, "xo");
	bench_item(&b, "ow--");
	assert_string_equal(bench_out(&b), "");
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'C:owww'.'E:o2'..'C:xo'.'C:ow--'.");
	bench_close(&b);
}

static void
no_answer_in_time_falls_back_and_a_late_one_is_dropped(void **state)
{
	(void)state;
	static const char *const limited[] = {"mode=cloud_first", "cloud_timeout=200ms", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, limited);
	bench_item(&b, "ow");
	assert_true(b.cloud.deadline_ns == rmi_clock_now(&b.h.clock.clock) + 200 * RMI_NS_PER_MS);
	assert_true(harness_wake(&b.h) == b.cloud.deadline_ns);
	bench_wait(&b, 199);
	assert_string_equal(bench_out(&b), "");
	bench_wait(&b, 1);
	assert_string_equal(bench_out(&b), "'E:ow'.");
	assert_string_equal(bench_why(&b, 1), "fallback: no answer from cloud in 200 ms");
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'E:ow'.");
	assert_int_equal(b.cloud.ends, 1);
	bench_close(&b);
}

static void
deadlines_bound_the_tries_and_leave_time_for_the_other_side(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	struct rme_packet_meta m = rme_packet_meta_init();
	int64_t now = rmi_clock_now(&b.h.clock.clock);
	m.deadline_ns = now + 100 * RMI_NS_PER_MS;
	(void)!harness_item(&b.h, &m, "os", 2);
	assert_true(b.cloud.deadline_ns == m.deadline_ns);
	/* At the item's deadline there is no time left to fall back. */
	bench_wait(&b, 100);
	assert_string_equal(bench_out(&b), "X");
	assert_int_equal(harness_error(&b.h, 1), RME_ETIMEDOUT);
	assert_int_equal(b.edge.seen, 0);
	bench_close(&b);

	/* Where the edge is known to take 10 ms, it is left that and as much again. */
	bench_open_well(&b, &side_async, &side_async, cloud_first);
	bench_item(&b, "wx");
	rmi_fake_clock_advance(&b.h.clock, 10 * RMI_NS_PER_MS);
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'E:wx'.");
	m.deadline_ns = rmi_clock_now(&b.h.clock.clock) + 100 * RMI_NS_PER_MS;
	(void)!harness_item(&b.h, &m, "os", 2);
	assert_true(b.cloud.deadline_ns == m.deadline_ns - 20 * RMI_NS_PER_MS);
	bench_wait(&b, 80);
	assert_string_equal(bench_out(&b), "'E:wx'.'E:os'.");
	bench_close(&b);
}

static void
flush_reaches_the_sides_that_have_seen_data(void **state)
{
	(void)state;
	static const char *const by_size[] = {"mode=thresholds", "edge_max_bytes=3", "cloud_min_bytes=3", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, by_size);
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "|.");
	bench_item(&b, "oo");
	bench_item(&b, "oo");
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "|.'E:oo'.'E:oo'.'E!2'|.");
	assert_int_equal(b.edge.flushes, 1);
	assert_int_equal(b.cloud.flushes, 0);
	harness_clear(&b.h);
	bench_item(&b, "oo");
	bench_item(&b, "oooo");
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "'E:oo'.'C:oooo'.'E!1''C!1'|.");
	harness_clear(&b.h);
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "|.");
	assert_int_equal(b.edge.flushes, 2);
	assert_int_equal(b.cloud.flushes, 1);
	bench_close(&b);
}

/* What a node in front had kept comes with the flush, in one item; its side must be asked once, and its end not get lost. */
static void
an_item_may_have_data_and_a_flush(void **state)
{
	(void)state;
	static const char *const by_size[] = {"mode=thresholds", "edge_max_bytes=3", "cloud_min_bytes=3", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, by_size);
	bench_item(&b, "oo");
	harness_last_data(&b.h, "oooo", 4);
	assert_string_equal(bench_out(&b), "'E:oo'.'C:oooo''E!1''C!1'|.");
	harness_clear(&b.h);
	bench_item(&b, "oooo");
	harness_last_data(&b.h, "oo", 2);
	assert_string_equal(bench_out(&b), "'C:oooo'.'E:oo''E!1''C!1'|.");
	assert_int_equal(b.edge.flushes, 2);
	assert_int_equal(b.cloud.flushes, 2);
	bench_close(&b);
}

static void
only_the_side_that_holds_the_end_of_the_stream_can_fail_a_flush(void **state)
{
	(void)state;
	static const char *const by_size[] = {
	    "mode=thresholds", "edge_max_bytes=3", "cloud_min_bytes=3", "cloud_timeout=50ms", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, by_size);
	b.cloud.bad_flush = true;
	bench_item(&b, "oooo");
	bench_item(&b, "oo");
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "'C:oooo'.'E:oo'.'E!1'|.");
	harness_clear(&b.h);
	bench_item(&b, "oo");
	bench_item(&b, "oooo");
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "'E:oo'.'C:oooo'.|X");
	assert_int_equal(harness_error(&b.h, b.h.seq), RME_ETRANSPORT);
	/* A side that does not answer holds the flush up for its timeout, not for ever. */
	harness_clear(&b.h);
	bench_item(&b, "osss");
	bench_wait(&b, 50);
	bench_item(&b, "oo");
	harness_flush(&b.h);
	assert_string_equal(bench_out(&b), "'E:osss'.'E:oo'.");
	bench_wait(&b, 50);
	assert_string_equal(bench_out(&b), "'E:osss'.'E:oo'.'E!2'|.");
	bench_close(&b);
}

static void
private_data_does_not_leave(void **state)
{
	(void)state;
	static const char *const cloud_only[] = {"mode=cloud_only", NULL};
	struct bench b;
	struct rme_packet_meta m = rme_packet_meta_init();
	m.flags = RME_PACKET_LOCAL;
	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	(void)!harness_item(&b.h, &m, "xo", 2);
	assert_string_equal(bench_out(&b), "X");
	assert_int_equal(harness_error(&b.h, 1), RME_EMODULE);
	assert_int_equal(b.cloud.seen, 0);
	bench_close(&b);
	bench_open_well(&b, &side_plain, &side_async, cloud_only);
	(void)!harness_item(&b.h, &m, "oo", 2);
	assert_string_equal(bench_out(&b), "X");
	assert_int_equal(harness_error(&b.h, 1), RME_EDENIED);
	assert_int_equal(b.cloud.seen, 0);
	bench_close(&b);
}

static void
a_weak_edge_answer_is_asked_of_the_cloud_and_kept_if_that_fails(void **state)
{
	(void)state;
	static const char *const sure[] = {"mode=edge_first", "min_confidence=0.6", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, sure);
	bench_item(&b, "lo");
	assert_string_equal(bench_out(&b), "'C:lo'.");
	assert_string_equal(bench_why(&b, 1), "edge was not sure enough: confidence 0.20 < 0.60");
	harness_clear(&b.h);
	bench_item(&b, "lh");
	assert_string_equal(bench_out(&b), "'E:lh'.");
	assert_int_equal(b.h.report[2].side, RME_SIDE_EDGE);
	assert_int_equal(b.edge.seen, 2);
	harness_clear(&b.h);
	/* The least sure result speaks for all. */
	bench_item(&b, "mo");
	assert_string_equal(bench_out(&b), "'C:mo'.");
	harness_clear(&b.h);
	bench_item(&b, "oo");
	assert_string_equal(bench_out(&b), "'E:oo'.");
	bench_close(&b);
}

static void
results_go_on_at_once_where_there_is_no_other_side(void **state)
{
	(void)state;
	static const char *const cloud_only[] = {"mode=cloud_only", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, cloud_only);
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *in, *end;
	m.seq = b.h.seq = 1;
	assert_int_equal(rme_packet_new(&in, &m, "oo", 2), RME_OK);
	assert_int_equal(rmi_packet_new_end(&end, &m, 0), RME_OK);
	assert_int_equal(rmi_node_push(b.h.node, in), RME_OK);
	assert_string_equal(bench_out(&b), "'C:oo'");
	assert_int_equal(rmi_node_push(b.h.node, end), RME_OK);
	assert_string_equal(bench_out(&b), "'C:oo'.");
	/* Behind another item they wait for their turn. */
	harness_clear(&b.h);
	bench_item(&b, "ow");
	bench_item(&b, "o2");
	assert_string_equal(bench_out(&b), "");
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'C:ow'.'C:o2''C:o2'.");
	bench_close(&b);
}

static void
all_packets_of_an_item_go_the_same_way(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, edge_first);
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *in, *end;
	m.seq = b.h.seq = 1;
	const char *const texts[] = {"oo", "xo", "oo"};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rme_packet_new(&in, &m, texts[i], 2), RME_OK);
		assert_int_equal(rmi_node_push(b.h.node, in), RME_OK);
	}
	assert_int_equal(b.edge.seen, 2);
	assert_int_equal(rmi_packet_new_end(&end, &m, 0), RME_OK);
	assert_int_equal(rmi_node_push(b.h.node, end), RME_OK);
	assert_string_equal(bench_out(&b), "'C:oo''C:xo''C:oo'.");
	bench_close(&b);
}

static void
an_item_without_data_just_ends(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	bench_item(&b, "ow");
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *end;
	m.seq = b.h.seq = 2;
	assert_int_equal(rmi_packet_new_end(&end, &m, 0), RME_OK);
	assert_int_equal(rmi_node_push(b.h.node, end), RME_OK);
	assert_string_equal(bench_out(&b), "");
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'C:ow'..");
	assert_int_equal(b.h.report[2].route.mode, RME_ROUTE_NONE);
	bench_close(&b);
}

static void
a_failure_behind_the_router_is_not_blamed_on_a_side(void **state)
{
	(void)state;
	static const char *const edge_only[] = {"mode=edge_only", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, edge_only);
	for (int i = 0; i < 5; i++) {
		b.h.sink_err = RME_EIO;
		b.h.seq++;
		b.h.failed[b.h.seq % 256] = (struct rme_error){0};
		struct rme_packet_meta m = rme_packet_meta_init();
		m.seq = b.h.seq;
		struct rme_packet *in, *end;
		assert_int_equal(rme_packet_new(&in, &m, "bo", 2), RME_OK);
		assert_int_equal(rmi_packet_new_end(&end, &m, 0), RME_OK);
		assert_int_equal(rmi_node_push(b.h.node, in), RME_OK);
		assert_int_equal(rmi_node_push(b.h.node, end), RME_OK);
		assert_int_equal(harness_n_ends(&b.h, b.h.seq), 1);
		assert_int_equal(harness_error(&b.h, b.h.seq), RME_EIO);
	}
	struct rme_router_stats stats;
	assert_int_equal(rme_router_stats(b.h.rt, &stats, 1), 1);
	assert_int_equal(stats.edge.requests, 5);
	assert_int_equal(stats.edge.failed, 0);
	assert_false(stats.edge.avoided);
	bench_close(&b);
	/* Also where the results were held: the other side is not asked. */
	bench_open_well(&b, &side_plain, &side_async, edge_first);
	b.h.sink_err = RME_EIO;
	bench_item(&b, "2o");
	assert_int_equal(harness_error(&b.h, 1), RME_EIO);
	assert_int_equal(harness_n_ends(&b.h, 1), 1);
	assert_int_equal(b.cloud.seen, 0);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_chosen_side_answers_and_the_report_says_why),
	    cmocka_unit_test(a_failed_try_leaves_no_trace_and_the_other_side_answers),
	    cmocka_unit_test(a_long_cause_ends_after_a_whole_word),
	    cmocka_unit_test(callers_mistakes_and_disabled_fallback_stay_where_they_are),
	    cmocka_unit_test(when_both_fail_the_item_fails_once),
	    cmocka_unit_test(complexity_is_what_the_author_or_the_module_or_the_data_says),
	    cmocka_unit_test(items_come_out_in_the_order_in_which_they_came),
	    cmocka_unit_test(no_answer_in_time_falls_back_and_a_late_one_is_dropped),
	    cmocka_unit_test(deadlines_bound_the_tries_and_leave_time_for_the_other_side),
	    cmocka_unit_test(flush_reaches_the_sides_that_have_seen_data),
	    cmocka_unit_test(an_item_may_have_data_and_a_flush),
	    cmocka_unit_test(only_the_side_that_holds_the_end_of_the_stream_can_fail_a_flush),
	    cmocka_unit_test(private_data_does_not_leave),
	    cmocka_unit_test(a_weak_edge_answer_is_asked_of_the_cloud_and_kept_if_that_fails),
	    cmocka_unit_test(results_go_on_at_once_where_there_is_no_other_side),
	    cmocka_unit_test(all_packets_of_an_item_go_the_same_way),
	    cmocka_unit_test(an_item_without_data_just_ends),
	    cmocka_unit_test(a_failure_behind_the_router_is_not_blamed_on_a_side),
	};
	return cmocka_run_group_tests_name("router, items", tests, NULL, NULL);
}
