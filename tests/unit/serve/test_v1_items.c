#include "serve/v1_items.h"

#include "serve/v1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum rme_err
push(struct rmi_v1_items *q, uint64_t seq, size_t bytes, bool flush)
{
	struct rme_error err = {.code = RME_OK};
	const struct rmi_v1_item item = {.seq = seq, .bytes = bytes, .flush = flush};
	enum rme_err e = rmi_v1_items_push(q, &item, &err);
	assert_int_equal(err.code, e);
	return e;
}

static void
test_order(void **state)
{
	(void)state;
	struct rmi_v1_items q;
	rmi_v1_items_init(&q);
	assert_null(rmi_v1_items_first(&q));
	assert_int_equal(push(&q, 0, 1, false), RME_EPROTO);
	assert_int_equal(push(&q, 3, 1, false), RME_OK);
	assert_int_equal(push(&q, 3, 1, false), RME_EPROTO);
	assert_int_equal(push(&q, 2, 1, false), RME_EPROTO);
	assert_int_equal(push(&q, 9, 1, true), RME_OK);
	assert_int_equal(rmi_v1_items_first(&q)->seq, 3);
	rmi_v1_items_pop(&q);
	assert_int_equal(rmi_v1_items_first(&q)->seq, 9);
	rmi_v1_items_pop(&q);
	rmi_v1_items_pop(&q); /* nothing there */
	assert_null(rmi_v1_items_first(&q));
	assert_int_equal(push(&q, 9, 1, false), RME_EPROTO); /* numbers rise over the whole stream */
	assert_int_equal(rmi_v1_items_done(&q), 0);
}

static void
test_window_of_items(void **state)
{
	(void)state;
	struct rmi_v1_items q;
	uint64_t seq = 0;
	rmi_v1_items_init(&q);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < RMI_HOST_WINDOW; i++) {
			assert_int_equal(push(&q, ++seq, 1, false), RME_OK);
		}
		assert_int_equal(push(&q, seq + 1, 1, false), RME_ELIMIT);
		for (int i = 0; i < RMI_V1_FLUSHES; i++) {
			assert_int_equal(push(&q, ++seq, 0, true), RME_OK);
		}
		assert_int_equal(push(&q, seq + 1, 0, true), RME_ELIMIT);
		for (int i = 0; i < RMI_V1_OPEN_MAX && round < 2; i++) {
			assert_int_equal(rmi_v1_items_first(&q)->seq, seq - RMI_V1_OPEN_MAX + 1 + (uint64_t)i);
			rmi_v1_items_pop(&q);
		}
	}
	assert_int_equal(rmi_v1_items_done(&q), RMI_HOST_WINDOW);
}

static void
test_window_of_bytes(void **state)
{
	(void)state;
	struct rmi_v1_items q;
	rmi_v1_items_init(&q);
	assert_int_equal(push(&q, 1, RMI_V1_WINDOW_BYTES * 2, false), RME_OK); /* one item alone always fits */
	assert_int_equal(push(&q, 2, 1, false), RME_ELIMIT);
	assert_int_equal(push(&q, 2, 0, true), RME_OK);
	rmi_v1_items_pop(&q);
	assert_int_equal(push(&q, 3, RMI_V1_WINDOW_BYTES - 1, false), RME_OK);
	assert_int_equal(push(&q, 4, 2, false), RME_ELIMIT);
	assert_int_equal(push(&q, 4, 1, false), RME_OK);
	assert_int_equal(rmi_v1_items_done(&q), 2);
}

static void
test_cancel(void **state)
{
	(void)state;
	struct rmi_v1_items q;
	rmi_v1_items_init(&q);
	assert_false(rmi_v1_items_canceled(&q));
	assert_int_equal(push(&q, 1, 1, false), RME_OK);
	assert_int_equal(push(&q, 2, 1, false), RME_OK);
	rmi_v1_items_cancel(&q, 2);
	rmi_v1_items_cancel(&q, 7);
	assert_false(rmi_v1_items_canceled(&q));
	rmi_v1_items_pop(&q);
	assert_true(rmi_v1_items_canceled(&q));
	rmi_v1_items_pop(&q);
	assert_int_equal(push(&q, 3, 1, false), RME_OK);
	assert_false(rmi_v1_items_canceled(&q));
	assert_int_equal(rmi_v1_items_done(&q), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_window_of_items),
	    cmocka_unit_test(test_window_of_bytes), cmocka_unit_test(test_cancel)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
