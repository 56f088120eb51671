#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/histogram.h"
#include "base/queue.h"

static void
queues_keep_order_and_bound(void **state)
{
	(void)state;
	struct rmi_queue q;
	int items[40];
	rmi_queue_init(&q, 40);
	assert_null(rmi_queue_pop(&q));
	/* Wrap around several times while it grows. */
	size_t in = 0, out = 0;
	for (size_t round = 0; round < 200; round++) {
		for (size_t i = 0; i < round % 7 && in - out < 40; i++) {
			assert_int_equal(rmi_queue_push(&q, &items[in++ % 40]), RME_OK);
		}
		for (size_t i = 0; i < round % 5 && out < in; i++) {
			assert_ptr_equal(rmi_queue_peek(&q), &items[out % 40]);
			assert_ptr_equal(rmi_queue_pop(&q), &items[out++ % 40]);
		}
	}
	while (in - out < 40) {
		assert_int_equal(rmi_queue_push(&q, &items[in++ % 40]), RME_OK);
	}
	assert_int_equal(rmi_queue_push(&q, &items[0]), RME_EAGAIN);
	assert_int_equal(rmi_queue_reserve(&q, 1), RME_EAGAIN);
	while (rmi_queue_pop(&q) != NULL) {
		out++;
	}
	assert_int_equal(in, out);
	rmi_queue_done(&q);
}

static void
cursors_never_pass_the_end(void **state)
{
	(void)state;
	const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0xe5, 0x8e, 0x26, 0xff};
	struct rmi_cursor c = rmi_cursor(bytes, sizeof(bytes));
	assert_int_equal(rmi_cursor_u32(&c), 0x04030201);
	assert_int_equal(rmi_cursor_leb32(&c), 624485);
	struct rmi_cursor sub = rmi_cursor_sub(&c, 1);
	assert_int_equal(rmi_cursor_u8(&sub), 0xff);
	assert_false(sub.bad);
	assert_int_equal(rmi_cursor_left(&c), 0);
	assert_int_equal(rmi_cursor_u8(&c), 0);
	assert_true(c.bad);
	assert_null(rmi_cursor_bytes(&c, 0));
	c = rmi_cursor(bytes, sizeof(bytes));
	assert_null(rmi_cursor_bytes(&c, SIZE_MAX));
	assert_true(rmi_cursor_sub(&c, 1).bad);
}

static void
numbers_that_do_not_fit_are_bad(void **state)
{
	(void)state;
	const uint8_t most32[] = {0xff, 0xff, 0xff, 0xff, 0x0f}, over32[] = {0xff, 0xff, 0xff, 0xff, 0x1f};
	const uint8_t long32[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, open[] = {0x80};
	const uint8_t most64[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
	struct rmi_cursor c = rmi_cursor(most32, 5);
	assert_int_equal(rmi_cursor_leb32(&c), UINT32_MAX);
	assert_false(c.bad);
	c = rmi_cursor(over32, 5);
	(void)rmi_cursor_leb32(&c);
	assert_true(c.bad);
	c = rmi_cursor(long32, 6);
	(void)rmi_cursor_leb32(&c);
	assert_true(c.bad);
	c = rmi_cursor(open, 1);
	(void)rmi_cursor_leb32(&c);
	assert_true(c.bad);
	c = rmi_cursor(most64, 10);
	assert_true(rmi_cursor_leb64(&c) == UINT64_MAX && !c.bad);
}

static void
quantiles_are_within_a_bucket(void **state)
{
	(void)state;
	static struct rmi_histogram h;
	assert_int_equal(rmi_histogram_quantile(&h, 0.5), 0);
	for (int64_t v = 1; v <= 1000; v++) {
		rmi_histogram_add(&h, v * 1000);
	}
	const double q[] = {0.01, 0.5, 0.95, 0.99, 1.0};
	for (size_t i = 0; i < 5; i++) {
		double exact = q[i] * 1e6;
		double got = (double)rmi_histogram_quantile(&h, q[i]);
		assert_true(got >= exact * 0.999 && got <= exact * 1.07);
	}
	rmi_histogram_add(&h, -5);
	rmi_histogram_add(&h, INT64_MAX);
	assert_int_equal(rmi_histogram_quantile(&h, 0), 0);
}

static void
note(void *ctx)
{
	(*(int *)ctx)++;
}

static void
cancel_calls_each_hook_once(void **state)
{
	(void)state;
	struct rmi_cancel c;
	rmi_cancel_init(&c);
	int a = 0, b = 0;
	struct rmi_cancel_hook ha = {.fn = note, .ctx = &a}, hb = {.fn = note, .ctx = &b};
	assert_true(rmi_cancel_hook(&c, &ha));
	assert_true(rmi_cancel_hook(&c, &hb));
	rmi_cancel_unhook(&c, &hb);
	assert_false(rmi_canceled(&c));
	rmi_cancel_fire(&c);
	rmi_cancel_fire(&c);
	assert_true(rmi_canceled(&c));
	assert_int_equal(a, 1);
	assert_int_equal(b, 0);
	assert_false(rmi_cancel_hook(&c, &hb));
	rmi_cancel_unhook(&c, &hb);
	rmi_cancel_unhook(&c, &ha);
	assert_false(rmi_canceled(NULL));
	rmi_cancel_done(&c);
}

static void
clocks_tick_or_stand_still(void **state)
{
	(void)state;
	const struct rmi_clock *real = rmi_clock_monotonic();
	int64_t t = rmi_clock_now(real);
	assert_true(rmi_clock_now(real) >= t);
	struct rmi_fake_clock fake;
	rmi_fake_clock_init(&fake, 5);
	assert_int_equal(rmi_clock_now(&fake.clock), 5);
	rmi_fake_clock_advance(&fake, 7);
	assert_int_equal(rmi_clock_now(&fake.clock), 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(queues_keep_order_and_bound),
	    cmocka_unit_test(cursors_never_pass_the_end),
	    cmocka_unit_test(numbers_that_do_not_fit_are_bad),
	    cmocka_unit_test(quantiles_are_within_a_bucket),
	    cmocka_unit_test(cancel_calls_each_hook_once),
	    cmocka_unit_test(clocks_tick_or_stand_still),
	};
	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
