#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "wan/shaper.h"

enum { QUEUE = 100 * 1000 };

static const int64_t start_ns = 7 * RMI_NS_PER_S;

static void
no_limits_means_at_once(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){0}, QUEUE, 1);
	for (int i = 0; i < 1000; i++) {
		assert_true(rmi_wan_shaper_has_room(&s, start_ns));
		assert_int_equal(rmi_wan_shaper_send(&s, RMI_WAN_SEGMENT, start_ns), start_ns);
	}
}

static void
delay_is_added(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){.delay_ns = 20 * RMI_NS_PER_MS}, QUEUE, 1);
	assert_int_equal(rmi_wan_shaper_send(&s, 1, start_ns), start_ns + 20 * RMI_NS_PER_MS);
}

static void
rate_spaces_out_what_is_sent(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	/* 8 Mbit/s = 1 byte each microsecond */
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){.rate_bps = 8000000, .delay_ns = 5 * RMI_NS_PER_MS}, QUEUE, 1);
	for (int i = 1; i <= 20; i++) {
		assert_int_equal(rmi_wan_shaper_send(&s, 1000, start_ns), start_ns + (5 + i) * RMI_NS_PER_MS);
	}
	/* After a pause the line is free: nothing is saved up. */
	int64_t later_ns = start_ns + RMI_NS_PER_S;
	assert_int_equal(rmi_wan_shaper_send(&s, 1000, later_ns), later_ns + 6 * RMI_NS_PER_MS);
}

static void
queue_is_bounded(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){.rate_bps = 8000000}, QUEUE, 1);
	size_t sent = 0;
	while (rmi_wan_shaper_has_room(&s, start_ns)) {
		(void)rmi_wan_shaper_send(&s, 1000, start_ns);
		sent += 1000;
		assert_true(sent <= QUEUE);
	}
	assert_true(sent > QUEUE - RMI_WAN_SEGMENT);
	int64_t room_ns = rmi_wan_shaper_room_at(&s, start_ns);
	assert_true(room_ns > start_ns);
	assert_false(rmi_wan_shaper_has_room(&s, room_ns - 1));
	assert_true(rmi_wan_shaper_has_room(&s, room_ns));
}

static void
waiting_bytes_follow_a_change_of_rate(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){.rate_bps = 8000000}, QUEUE, 1);
	for (int i = 0; i < 20; i++) {
		(void)rmi_wan_shaper_send(&s, 1000, start_ns);
	}
	/* 20 ms of bytes wait; 10 ms later 10 kB are left, which take 100 ms at a tenth of the rate. */
	int64_t later_ns = start_ns + 10 * RMI_NS_PER_MS;
	rmi_wan_shaper_change(&s, &(struct rmi_wan_shape){.rate_bps = 800000}, later_ns);
	assert_int_equal(rmi_wan_shaper_send(&s, 0, later_ns), later_ns + 100 * RMI_NS_PER_MS);
	rmi_wan_shaper_change(&s, &(struct rmi_wan_shape){0}, later_ns);
	assert_int_equal(rmi_wan_shaper_send(&s, 1000, later_ns), later_ns);
}

static void
extreme_rates_do_not_overflow(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(&s, &(struct rmi_wan_shape){.rate_bps = 1}, RMI_WAN_QUEUE_MAX, 1);
	int64_t due_ns = start_ns;
	for (int i = 0; i < 100; i++) {
		int64_t t = rmi_wan_shaper_send(&s, RMI_WAN_SEGMENT, start_ns);
		assert_true(t > due_ns);
		due_ns = t;
	}
	rmi_wan_shaper_change(&s, &(struct rmi_wan_shape){.rate_bps = INT64_MAX}, start_ns);
	assert_int_equal(rmi_wan_shaper_send(&s, RMI_WAN_SEGMENT, start_ns), start_ns);
}

static void
jitter_stays_in_its_range_and_repeats_with_its_seed(void **state)
{
	(void)state;
	struct rmi_wan_shaper s[3];
	const struct rmi_wan_shape shape = {.delay_ns = 20 * RMI_NS_PER_MS, .jitter_ns = 3 * RMI_NS_PER_MS};
	rmi_wan_shaper_init(&s[0], &shape, QUEUE, 1);
	rmi_wan_shaper_init(&s[1], &shape, QUEUE, 1);
	rmi_wan_shaper_init(&s[2], &shape, QUEUE, 2);
	int64_t low = INT64_MAX, high = 0;
	int same = 0;
	for (int i = 0; i < 10000; i++) {
		int64_t t[3];
		for (int k = 0; k < 3; k++) {
			t[k] = rmi_wan_shaper_send(&s[k], 100, start_ns) - start_ns;
		}
		assert_int_equal(t[0], t[1]);
		same += t[0] == t[2];
		low = t[0] < low ? t[0] : low;
		high = t[0] > high ? t[0] : high;
	}
	assert_true(same < 10);
	assert_in_range(low, 17 * RMI_NS_PER_MS, 17 * RMI_NS_PER_MS + RMI_NS_PER_MS / 10);
	assert_in_range(high, 23 * RMI_NS_PER_MS - RMI_NS_PER_MS / 10, 23 * RMI_NS_PER_MS);
}

static void
nothing_arrives_before_it_was_sent(void **state)
{
	(void)state;
	struct rmi_wan_shaper s;
	rmi_wan_shaper_init(
	    &s, &(struct rmi_wan_shape){.delay_ns = RMI_NS_PER_MS, .jitter_ns = 50 * RMI_NS_PER_MS}, QUEUE, 3);
	for (int i = 0; i < 1000; i++) {
		assert_true(rmi_wan_shaper_send(&s, 100, start_ns) >= start_ns);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_limits_means_at_once),
	    cmocka_unit_test(delay_is_added),
	    cmocka_unit_test(rate_spaces_out_what_is_sent),
	    cmocka_unit_test(queue_is_bounded),
	    cmocka_unit_test(waiting_bytes_follow_a_change_of_rate),
	    cmocka_unit_test(extreme_rates_do_not_overflow),
	    cmocka_unit_test(jitter_stays_in_its_range_and_repeats_with_its_seed),
	    cmocka_unit_test(nothing_arrives_before_it_was_sent),
	};
	return cmocka_run_group_tests_name("shaper", tests, NULL, NULL);
}
