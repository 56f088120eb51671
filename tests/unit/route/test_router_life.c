#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rme/runtime.h>

#include "base/cancel.h"
#include "sides.h"

static const char *const edge_first[] = {"mode=edge_first", NULL};
static const char *const cloud_first[] = {"mode=cloud_first", NULL};

static void
a_side_that_cannot_be_opened_is_missed_and_opened_later(void **state)
{
	(void)state;
	struct bench b;
	memset(&b, 0, sizeof(b));
	b.cloud.open_err = RME_EUNAVAILABLE;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, cloud_first), RME_OK);
	assert_string_equal(bench_one(&b, "oo"), "'E:oo'.");
	assert_int_equal(b.h.report[1].route.reason, RME_REASON_NOT_OPEN);
	assert_true(b.h.report[1].route.retry_ns > 0);
	bench_wait(&b, 1300);
	bench_item(&b, "oo");
	assert_int_equal(b.cloud.opens, 2);
	b.cloud.open_err = RME_OK;
	bench_wait(&b, 1300);
	bench_item(&b, "oo");
	assert_int_equal(b.cloud.opens, 2);
	bench_wait(&b, 1300);
	bench_item(&b, "oo");
	assert_int_equal(b.cloud.opens, 3);
	assert_string_equal(bench_out(&b), "'E:oo'.'E:oo'.'E:oo'.'C:oo'.");
	bench_close(&b);

	/* What does not pass is not tried again. */
	memset(&b, 0, sizeof(b));
	b.edge.open_err = RME_EMODULE;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, edge_first), RME_OK);
	bench_wait(&b, 100000);
	assert_string_equal(bench_one(&b, "oo"), "'C:oo'.");
	assert_int_equal(b.edge.opens, 1);
	assert_string_equal(bench_why(&b, 1), "edge is not there: not there");
	bench_item(&b, "ox");
	assert_non_null(strstr(b.h.failed[2].text, "; and the edge is not there: not there"));
	bench_close(&b);
}

static void
open_fails_for_mistakes_and_where_no_side_is_there(void **state)
{
	(void)state;
	static const char *const cloud_only[] = {"mode=cloud_only", NULL};
	static const char *const function[] = {"mode=function", "function=nobody", NULL};
	static const char *const no_function[] = {"mode=function", NULL};
	struct bench b;
	memset(&b, 0, sizeof(b));
	b.cloud.open_err = RME_ECONFIG;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, edge_first), RME_ECONFIG);
	assert_string_equal(b.err.text, "cloud: far: not there");
	bench_close(&b);

	memset(&b, 0, sizeof(b));
	b.edge.open_err = RME_ENOTFOUND;
	b.cloud.open_err = RME_ETRANSPORT;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, edge_first), RME_ENOTFOUND);
	assert_string_equal(b.err.text, "edge: near: not there");
	bench_close(&b);

	/* The side that the mode does not use is not opened. */
	memset(&b, 0, sizeof(b));
	b.edge.open_err = RME_ECONFIG;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, cloud_only), RME_OK);
	assert_int_equal(b.edge.opens, 0);
	bench_close(&b);

	memset(&b, 0, sizeof(b));
	assert_int_equal(bench_open(&b, &side_plain, NULL, cloud_only), RME_ECONFIG);
	assert_string_equal(b.err.text, "mode cloud_only needs the parameter 'cloud'");
	bench_close(&b);
	assert_int_equal(bench_open(&b, NULL, NULL, NULL), RME_ECONFIG);
	bench_close(&b);
	assert_int_equal(bench_open(&b, &side_plain, &side_async, function), RME_ECONFIG);
	bench_close(&b);
	assert_int_equal(bench_open(&b, &side_plain, &side_async, no_function), RME_ECONFIG);
	bench_close(&b);
	assert_int_equal(bench_open(&b, &side_plain, NULL, NULL), RME_OK);
	assert_string_equal(bench_one(&b, "oo"), "'E:oo'.");
	bench_close(&b);
}

static void
only_mode_tells_why_its_side_is_missing(void **state)
{
	(void)state;
	static const char *const edge_only[] = {"mode=edge_only", NULL};
	struct bench b;
	memset(&b, 0, sizeof(b));
	b.edge.open_err = RME_ENOTFOUND;
	assert_int_equal(bench_open(&b, &side_plain, &side_async, edge_only), RME_ENOTFOUND);
	bench_close(&b);
}

static void
the_breaker_avoids_a_failing_side_and_comes_back(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	for (int i = 0; i < 10; i++) {
		bench_item(&b, "ox");
		bench_wait(&b, 10);
	}
	assert_int_equal(b.cloud.seen, 3);
	assert_int_equal(b.edge.seen, 10);
	assert_memory_equal(bench_why(&b, 4), "cloud failed 3 times in a row, retry in ", 40);
	bench_wait(&b, 1200);
	bench_item(&b, "oo");
	assert_string_equal(bench_why(&b, 11), "trying cloud again after 3 failures");
	bench_item(&b, "oo");
	assert_string_equal(bench_why(&b, 12), "mode cloud_first");
	bench_close(&b);
}

static void
a_stateful_session_stays_with_its_side(void **state)
{
	(void)state;
	static const char *const small_edge[] = {
	    "mode=thresholds", "edge_max_bytes=3", "cloud_min_bytes=3", "breaker_failures=1", NULL};
	struct bench b;
	bench_open_well(&b, &side_stateful, &side_async, small_edge);
	bench_item(&b, "oo");
	bench_item(&b, "oooo");
	bench_item(&b, "oo");
	assert_string_equal(bench_out(&b), "'E:oo'.'E:oooo'.'E:oo'.");
	assert_string_equal(bench_why(&b, 2), "the session stays with the edge");
	harness_clear(&b.h);
	/* The side fails: the session moves, and stays there. */
	bench_item(&b, "xo");
	bench_item(&b, "oo");
	bench_wait(&b, 5000);
	bench_item(&b, "oo");
	assert_string_equal(bench_out(&b), "'C:xo'.'C:oo'.'C:oo'.");
	assert_int_equal(b.edge.resets, 0);
	/* After a while the rule decides anew, and the edge begins with a clean slate. */
	bench_wait(&b, 6000);
	bench_item(&b, "oo");
	assert_int_equal(b.edge.resets, 1);
	assert_string_equal(bench_why(&b, b.h.seq), "trying edge again after 1 failures");
	bench_item(&b, "oooo");
	assert_string_equal(bench_why(&b, b.h.seq), "the session stays with the edge");
	assert_int_equal(b.edge.resets, 1);
	bench_close(&b);
}

static void
reset_ends_every_item(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, cloud_first);
	bench_item(&b, "os");
	bench_item(&b, "ow");
	bench_item(&b, "oo");
	rmi_node_reset(b.h.node);
	assert_string_equal(bench_out(&b), "X"
	                                   "XX");
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(harness_error(&b.h, i), RME_ECANCELED);
	}
	bench_item(&b, "oo");
	assert_string_equal(bench_out(&b), "X"
	                                   "XX'C:oo'.");
	bench_close(&b);
}

static void
a_canceled_session_asks_nobody_else(void **state)
{
	(void)state;
	struct bench b;
	struct rmi_cancel cancel;
	bench_open_well(&b, &side_plain, &side_async, edge_first);
	/* The same node again, in a session that has been canceled. */
	rmi_cancel_init(&cancel);
	rmi_cancel_fire(&cancel);
	struct rmi_node_env env = *rmi_node_env(b.h.node);
	env.cancel = &cancel;
	const struct rme_node_spec spec = {.type = &rme_router_type, .config = &b.config};
	rmi_node_free(b.h.node);
	b.h.node = NULL;
	assert_int_equal(rmi_node_new(&b.h.node, &spec, &env, &b.h.sink, NULL), RME_OK);
	assert_string_equal(bench_one(&b, "xo"), "X");
	assert_int_equal(harness_error(&b.h, 1), RME_EMODULE);
	assert_int_equal(b.cloud.seen, 0);
	bench_close(&b);
	rmi_cancel_done(&cancel);
}

static void
close_with_items_open_leaks_nothing(void **state)
{
	(void)state;
	struct bench b;
	bench_open_well(&b, &side_async, &side_async, cloud_first);
	bench_item(&b, "os");
	bench_item(&b, "sx");
	harness_flush(&b.h);
	bench_close(&b);
}

static void
an_async_side_that_never_ends_its_items_is_not_fed_for_ever(void **state)
{
	(void)state;
	static const char *const quick[] = {"mode=cloud_first", "cloud_timeout=1ms", "breaker_failures=0", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, quick);
	for (int i = 0; i < 200; i++) {
		bench_item(&b, "os");
		bench_wait(&b, 1);
	}
	assert_int_equal(b.cloud.seen, 64);
	assert_int_equal(b.edge.seen, 200);
	assert_int_equal(harness_n_data(&b.h), 200);
	bench_close(&b);
}

static enum rme_side
to_cloud(void *ctx, const struct rme_route_ask *ask)
{
	assert_string_equal(ask->module, "near");
	++*(int *)ctx;
	return RME_SIDE_CLOUD;
}

static void
a_programs_rule_is_found_by_name(void **state)
{
	(void)state;
	int calls = 0;
	struct rme_runtime *rt;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_router_add_function(rt, "mine", to_cloud, &calls), RME_OK);
	assert_int_equal(rme_router_add_function(rt, "mine", to_cloud, &calls), RME_EINVAL);
	char longer[400];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(rme_router_add_function(rt, longer, to_cloud, &calls), RME_ELIMIT);
	struct bench b;
	memset(&b, 0, sizeof(b));
	static const char *const mine[] = {"mode=function", "function=mine", NULL};
	b.edge.letter = 'E';
	b.cloud.letter = 'C';
	bench_config(&b, mine);
	b.config.edge = (struct rme_node_spec){.type = &side_plain, .config = &b.edge, .name = "near"};
	b.config.cloud = (struct rme_node_spec){.type = &side_plain, .config = &b.cloud, .name = "far"};
	const struct rme_node_spec spec = {.type = &rme_router_type, .config = &b.config};
	assert_int_equal(harness_init_in(&b.h, rt, &spec, NULL), RME_OK);
	assert_string_equal(bench_one(&b, "oo"), "'C:oo'.");
	assert_int_equal(calls, 1);
	bench_close(&b);
}

static void
figures_are_counted_and_shared_by_sessions(void **state)
{
	(void)state;
	static const char *const limited[] = {"mode=cloud_first", "cloud_timeout=100ms", NULL};
	struct bench b;
	bench_open_well(&b, &side_plain, &side_async, limited);
	bench_item(&b, "oo");
	bench_item(&b, "o2");
	bench_item(&b, "os");
	bench_wait(&b, 100);
	bench_item(&b, "xs");
	bench_wait(&b, 100);
	struct rme_router_stats s;
	assert_int_equal(rme_router_stats(b.h.rt, &s, 1), 1);
	assert_string_equal(s.node, "IntelligentRouter");
	assert_int_equal(s.items, 4);
	assert_int_equal(s.fallbacks, 2);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.cloud.requests, 4);
	assert_int_equal(s.cloud.ok, 2);
	assert_int_equal(s.cloud.failed, 2);
	assert_int_equal(s.cloud.timeouts, 2);
	assert_int_equal(s.cloud.bytes_up, 8);
	assert_int_equal(s.cloud.bytes_down, 4 + 8);
	assert_true(s.cloud.success_rate == 0.5);
	assert_int_equal(s.edge.requests, 2);
	assert_int_equal(s.edge.ok, 1);
	assert_false(s.cloud.avoided);
	char json[1024], tiny[8];
	size_t len = rme_router_stats_json(&s, json, sizeof(json));
	assert_int_equal(len, strlen(json));
	assert_int_equal(rme_router_stats_json(&s, tiny, sizeof(tiny)), len);
	assert_non_null(
	    strstr(json, "{\"node\":\"IntelligentRouter\",\"items\":4,\"fallbacks\":2,\"failed\":1,\"edge\":{"));
	assert_non_null(strstr(json, "\"timeouts\":2,\"bytes_up\":8,\"bytes_down\":12,\"success_rate\":0.5000,"));
	bench_close(&b);
}

static void
routers_nest(void **state)
{
	(void)state;
	struct bench b;
	struct rme_router_config inner;
	struct side_probe third = {.letter = 'T'};
	memset(&b, 0, sizeof(b));
	bench_config(&b, edge_first);
	inner = b.config;
	bench_config(&b, edge_first); /* each has texts of its own */
	b.edge.letter = 'E';
	b.cloud.letter = 'C';
	inner.edge = (struct rme_node_spec){.type = &side_plain, .config = &b.edge};
	inner.cloud = (struct rme_node_spec){.type = &side_async, .config = &b.cloud};
	b.config.edge = (struct rme_node_spec){.type = &rme_router_type, .config = &inner, .name = "inner"};
	b.config.cloud = (struct rme_node_spec){.type = &side_plain, .config = &third};
	assert_int_equal(harness_init(&b.h, &rme_router_type, &b.config, &b.err), RME_OK);
	bench_item(&b, "oo");
	bench_item(&b, "xw");
	bench_item(&b, "xx");
	bench_item(&b, "2o");
	assert_string_equal(bench_out(&b), "'E:oo'.");
	bench_answer(&b);
	assert_string_equal(bench_out(&b), "'E:oo'.'C:xw'.'T:xx'.'E:2o''E:2o'.");
	bench_close(&b);
	rme_params_done(rme_router_type.params, &inner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_side_that_cannot_be_opened_is_missed_and_opened_later),
	    cmocka_unit_test(open_fails_for_mistakes_and_where_no_side_is_there),
	    cmocka_unit_test(only_mode_tells_why_its_side_is_missing),
	    cmocka_unit_test(the_breaker_avoids_a_failing_side_and_comes_back),
	    cmocka_unit_test(a_stateful_session_stays_with_its_side),
	    cmocka_unit_test(reset_ends_every_item),
	    cmocka_unit_test(a_canceled_session_asks_nobody_else),
	    cmocka_unit_test(close_with_items_open_leaks_nothing),
	    cmocka_unit_test(an_async_side_that_never_ends_its_items_is_not_fed_for_ever),
	    cmocka_unit_test(a_programs_rule_is_found_by_name),
	    cmocka_unit_test(figures_are_counted_and_shared_by_sessions),
	    cmocka_unit_test(routers_nest),
	};
	return cmocka_run_group_tests_name("router, life", tests, NULL, NULL);
}
