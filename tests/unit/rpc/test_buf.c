#include "rpc/buf.h"

#include "pieces.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static void
gather_any_range(void **state)
{
	(void)state;
	uint8_t data[200];
	uint8_t got[200];
	for (unsigned i = 0; i < sizeof data; i++) {
		data[i] = (uint8_t)i;
	}
	for (unsigned step = 0; step < 10; step++) {
		struct rmi_buf *b = in_pieces(data, sizeof data, step);
		assert_true(rmi_buf_pieces(b) > 5);
		for (size_t off = 0; off <= sizeof data; off++) {
			size_t n = rmi_buf_gather(b, off, got, 90);
			assert_int_equal(n, sizeof data - off < 90 ? sizeof data - off : 90);
			assert_memory_equal(got, data + off, n);
		}
		assert_int_equal(rmi_buf_gather(b, 201, got, 1), 0);
		rmi_buf_unref(b);
	}
}

static void
view_only_within_one_piece(void **state)
{
	(void)state;
	struct rmi_buf *b = rmi_buf_new();
	uint8_t data[100] = {7};
	assert_int_equal(rmi_buf_add(b, data, 60), RME_OK);
	assert_int_equal(rmi_buf_add(b, data, 100), RME_OK);
	assert_non_null(rmi_buf_view(b, 0, 60));
	assert_null(rmi_buf_view(b, 0, 61));
	assert_non_null(rmi_buf_view(b, 60, 100));
	assert_int_equal(*rmi_buf_view(b, 60, 1), 7);
	assert_null(rmi_buf_view(b, 60, 101));
	assert_null(rmi_buf_view(b, 160, 1));
	rmi_buf_unref(b);
}

static void
count(void *arg)
{
	++*(int *)arg;
}

static void
wrapped_bytes_are_released_once(void **state)
{
	(void)state;
	static const uint8_t big[1000];
	int released = 0;
	struct rmi_buf *b = rmi_buf_new();
	assert_int_equal(rmi_buf_wrap(b, big, sizeof big, count, &released), RME_OK);
	assert_ptr_equal(rmi_buf_view(b, 0, sizeof big), big);
	struct rmi_buf *part = rmi_buf_new();
	assert_int_equal(rmi_buf_add_range(part, b, 100, 500), RME_OK);
	rmi_buf_unref(b);
	assert_int_equal(released, 0);
	assert_ptr_equal(rmi_buf_view(part, 0, 500), big + 100);
	rmi_buf_unref(part);
	assert_int_equal(released, 1);
}

static void
small_wraps_are_copied(void **state)
{
	(void)state;
	char text[] = "small";
	int released = 0;
	struct rmi_buf *b = rmi_buf_new();
	assert_int_equal(rmi_buf_wrap(b, text, 5, count, &released), RME_OK);
	assert_int_equal(released, 1);
	text[0] = 'X';
	assert_memory_equal(rmi_buf_view(b, 0, 5), "small", 5);
	rmi_buf_unref(b);
}

static void
ranges_are_checked(void **state)
{
	(void)state;
	struct rmi_buf *from = rmi_buf_copy("0123456789", 10);
	struct rmi_buf *b = rmi_buf_new();
	assert_int_equal(rmi_buf_add_range(b, from, 0, 11), RME_EINVAL);
	assert_int_equal(rmi_buf_add_range(b, from, 11, 0), RME_EINVAL);
	assert_int_equal(rmi_buf_add_range(b, from, 5, SIZE_MAX), RME_EINVAL);
	assert_int_equal(rmi_buf_add_range(b, b, 0, 0), RME_EINVAL);
	assert_int_equal(rmi_buf_size(b), 0);
	assert_int_equal(rmi_buf_add_range(b, from, 10, 0), RME_OK);
	assert_int_equal(rmi_buf_add_range(b, from, 2, 5), RME_OK);
	assert_memory_equal(rmi_buf_view(b, 0, 5), "23456", 5);
	rmi_buf_unref(b);
	rmi_buf_unref(from);
	rmi_buf_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gather_any_range),
	    cmocka_unit_test(view_only_within_one_piece),
	    cmocka_unit_test(wrapped_bytes_are_released_once),
	    cmocka_unit_test(small_wraps_are_copied),
	    cmocka_unit_test(ranges_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
