#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "route/decide.h"
#include "route/learn.h"

#define MS  ((int64_t)1000000)
#define NOW (1000000 * MS)

static const struct rmi_route_rules rules = {
    .mode = RME_ROUTE_CLOUD_FIRST,
    .fallback = true,
    .breaker_failures = 3,
    .breaker_wait_ns = 1000 * MS,
    .breaker_wait_max_ns = 16000 * MS,
};

/* One try in the cloud that takes 10 ms. @return when it ended */
static int64_t
try_cloud(struct rmi_route_beliefs *b, enum rme_err err, int64_t began_ns)
{
	rmi_route_begin(b, RME_SIDE_CLOUD, began_ns);
	struct rmi_route_outcome o = {RME_SIDE_CLOUD, err, 640, began_ns, began_ns + 10 * MS};
	rmi_route_end(b, &rules, &o);
	return o.ended_ns;
}

static void
expect(const struct rmi_route_beliefs *b, int64_t now_ns, enum rme_side side, enum rme_route_reason why)
{
	struct rmi_route_item it = {.bytes = 640, .open = {true, true}, .now_ns = now_ns};
	struct rme_route r;
	assert_int_equal(rmi_route_decide(&r, &rules, b, &it), RME_OK);
	assert_string_equal(rme_route_reason_name(r.reason), rme_route_reason_name(why));
	assert_int_equal(r.first, side);
}

static void
the_breaker_opens_half_opens_and_closes(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	int64_t t = NOW;
	t = try_cloud(&b, RME_ETRANSPORT, t);
	t = try_cloud(&b, RME_ETIMEDOUT, t);
	expect(&b, t, RME_SIDE_CLOUD, RME_REASON_MODE);
	t = try_cloud(&b, RME_EUNAVAILABLE, t);
	expect(&b, t, RME_SIDE_EDGE, RME_REASON_OTHER_FAILING);
	expect(&b, t + 799 * MS, RME_SIDE_EDGE, RME_REASON_OTHER_FAILING);
	t += 1200 * MS;
	expect(&b, t, RME_SIDE_CLOUD, RME_REASON_PROBE);
	rmi_route_begin(&b, RME_SIDE_CLOUD, t);
	expect(&b, t, RME_SIDE_EDGE, RME_REASON_OTHER_FAILING);
	struct rmi_route_outcome ok = {RME_SIDE_CLOUD, RME_OK, 640, t, t + 10 * MS};
	rmi_route_end(&b, &rules, &ok);
	expect(&b, t + 10 * MS, RME_SIDE_CLOUD, RME_REASON_MODE);
	assert_int_equal(b.side[RMI_CLOUD].failures, 0);
	/* And the next time it begins with the short pause again. */
	for (int i = 0; i < 3; i++) {
		t = try_cloud(&b, RME_ETRANSPORT, t + 1000 * MS);
	}
	assert_in_range(b.side[RMI_CLOUD].blocked_until_ns, t + 800 * MS, t + 1200 * MS);
}

static void
pauses_double_up_to_their_limit_and_are_spread(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	int64_t t = NOW;
	t = try_cloud(&b, RME_ETRANSPORT, t);
	t = try_cloud(&b, RME_ETRANSPORT, t);
	const int64_t want_ms[] = {1000, 2000, 4000, 8000, 16000, 16000, 16000};
	for (size_t i = 0; i < sizeof(want_ms) / sizeof(want_ms[0]); i++) {
		t = try_cloud(&b, RME_ETRANSPORT, t);
		int64_t pause = b.side[RMI_CLOUD].blocked_until_ns - t;
		assert_in_range(pause, want_ms[i] * MS * 8 / 10, want_ms[i] * MS * 12 / 10);
		t += pause;
	}
	struct rmi_route_beliefs c = {.seed = 7}, d = {.seed = 7};
	c.seed = 8;
	for (int i = 0; i < 3; i++) {
		(void)try_cloud(&c, RME_ETRANSPORT, NOW);
		(void)try_cloud(&d, RME_ETRANSPORT, NOW);
	}
	assert_true(c.side[RMI_CLOUD].blocked_until_ns != d.side[RMI_CLOUD].blocked_until_ns);
}

static void
items_in_flight_fail_together_as_one(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	for (int i = 0; i < 40; i++) {
		struct rmi_route_outcome o = {RME_SIDE_CLOUD, RME_ETRANSPORT, 640, NOW + i * MS, NOW + 100 * MS};
		rmi_route_begin(&b, RME_SIDE_CLOUD, o.began_ns);
		rmi_route_end(&b, &rules, &o);
	}
	assert_int_equal(b.side[RMI_CLOUD].trips, 1);
	assert_int_equal(b.side[RMI_CLOUD].failures, 40);
	/* An old answer that comes late does not close it either. */
	struct rmi_route_outcome late = {RME_SIDE_CLOUD, RME_OK, 640, NOW + 50 * MS, NOW + 200 * MS};
	rmi_route_end(&b, &rules, &late);
	expect(&b, NOW + 200 * MS, RME_SIDE_EDGE, RME_REASON_OTHER_FAILING);
}

static void
callers_mistakes_and_bad_items_do_not_trip(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	const enum rme_err harmless[] = {RME_ECANCELED, RME_EINVAL, RME_EFORMAT, RME_EUNSUPPORTED, RME_EEMPTY};
	for (int i = 0; i < 50; i++) {
		(void)try_cloud(&b, harmless[i % 5], NOW + i * 10 * MS);
	}
	expect(&b, NOW + 500 * MS, RME_SIDE_CLOUD, RME_REASON_MODE);
	assert_true(b.side[RMI_CLOUD].loss > 0);

	struct rmi_route_beliefs fresh = {.seed = 7};
	(void)try_cloud(&fresh, RME_ECANCELED, NOW);
	(void)try_cloud(&fresh, RME_EINVAL, NOW);
	assert_true(fresh.side[RMI_CLOUD].loss == 0);
}

static void
a_trial_that_tells_nothing_lets_the_next_one_through(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	int64_t t = NOW;
	for (int i = 0; i < 3; i++) {
		t = try_cloud(&b, RME_ETRANSPORT, t);
	}
	t += 1300 * MS;
	t = try_cloud(&b, RME_ECANCELED, t);
	expect(&b, t, RME_SIDE_CLOUD, RME_REASON_PROBE);
	t = try_cloud(&b, RME_EFORMAT, t);
	expect(&b, t, RME_SIDE_CLOUD, RME_REASON_PROBE);
	t = try_cloud(&b, RME_ETRANSPORT, t);
	expect(&b, t, RME_SIDE_EDGE, RME_REASON_OTHER_FAILING);
}

static void
no_breaker_where_none_is_wanted(void **state)
{
	(void)state;
	struct rmi_route_rules never = rules;
	never.breaker_failures = 0;
	struct rmi_route_beliefs b = {.seed = 7};
	for (int i = 0; i < 20; i++) {
		struct rmi_route_outcome o = {RME_SIDE_CLOUD, RME_ETRANSPORT, 640, NOW + i * MS, NOW + (i + 1) * MS};
		rmi_route_end(&b, &never, &o);
	}
	expect(&b, NOW + 20 * MS, RME_SIDE_CLOUD, RME_REASON_MODE);
}

static void
latency_follows_what_is_measured(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {.seed = 7};
	struct rmi_route_item it = {.bytes = 640, .now_ns = NOW};
	(void)try_cloud(&b, RME_OK, NOW - 10 * MS);
	assert_float_equal(rmi_route_expect_ms(&b, RME_SIDE_CLOUD, &it), 10, 1e-3);
	for (int i = 0; i < 40; i++) {
		struct rmi_route_outcome o = {RME_SIDE_CLOUD, RME_OK, 640, NOW, NOW + 30 * MS};
		rmi_route_end(&b, &rules, &o);
	}
	it.now_ns = NOW + 30 * MS;
	assert_float_equal(rmi_route_expect_ms(&b, RME_SIDE_CLOUD, &it), 30, 0.01);
	/* After a long silence the old figure weighs nothing. */
	int64_t later = NOW + 2 * RMI_ROUTE_AVERAGE_NS;
	struct rmi_route_outcome o = {RME_SIDE_CLOUD, RME_OK, 640, later - 5 * MS, later};
	rmi_route_end(&b, &rules, &o);
	it.now_ns = later;
	assert_float_equal(rmi_route_expect_ms(&b, RME_SIDE_CLOUD, &it), 5, 1e-3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_breaker_opens_half_opens_and_closes),
	    cmocka_unit_test(pauses_double_up_to_their_limit_and_are_spread),
	    cmocka_unit_test(items_in_flight_fail_together_as_one),
	    cmocka_unit_test(callers_mistakes_and_bad_items_do_not_trip),
	    cmocka_unit_test(a_trial_that_tells_nothing_lets_the_next_one_through),
	    cmocka_unit_test(no_breaker_where_none_is_wanted),
	    cmocka_unit_test(latency_follows_what_is_measured),
	};
	return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
