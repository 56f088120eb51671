#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wan/transit.h"

enum { SIZE = 1000 };

static size_t
put(struct rmi_wan_transit *t, const char *text, int64_t due_ns)
{
	size_t room;
	unsigned char *space = rmi_wan_transit_space(t, &room);
	size_t n = strlen(text) < room ? strlen(text) : room;
	if (n > 0) {
		memcpy(space, text, n);
		rmi_wan_transit_push(t, n, due_ns);
	}
	return n;
}

static void
assert_arrived(struct rmi_wan_transit *t, int64_t now_ns, const char *text)
{
	size_t n;
	const unsigned char *p = rmi_wan_transit_arrived(t, now_ns, &n);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(p, text, n);
}

static void
segments_arrive_at_their_time(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 0), RME_OK);
	assert_int_equal(rmi_wan_transit_next_ns(&t), INT64_MAX);
	assert_true(rmi_wan_transit_is_empty(&t));
	put(&t, "abc", 10);
	put(&t, "de", 20);
	assert_int_equal(rmi_wan_transit_next_ns(&t), 10);
	assert_arrived(&t, 9, "");
	assert_arrived(&t, 10, "abc");
	assert_arrived(&t, 20, "abcde");
	rmi_wan_transit_take(&t, 4);
	assert_int_equal(rmi_wan_transit_next_ns(&t), 20);
	assert_arrived(&t, 19, "");
	assert_arrived(&t, 20, "e");
	rmi_wan_transit_take(&t, 1);
	assert_true(rmi_wan_transit_is_empty(&t));
	rmi_wan_transit_done(&t);
}

static void
order_is_kept_whatever_the_jitter(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 0), RME_OK);
	put(&t, "late", 50);
	put(&t, "early", 10);
	assert_arrived(&t, 49, "");
	assert_arrived(&t, 50, "lateearly");
	rmi_wan_transit_done(&t);
}

static void
nothing_arrives_before_the_connection_stands(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 100), RME_OK);
	put(&t, "hello", 10);
	assert_int_equal(rmi_wan_transit_next_ns(&t), 100);
	assert_arrived(&t, 99, "");
	assert_arrived(&t, 100, "hello");
	rmi_wan_transit_done(&t);
}

static void
ring_is_bounded_by_bytes(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	char text[SIZE + 1];
	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 0), RME_OK);
	assert_int_equal(put(&t, text, 1), SIZE);
	assert_false(rmi_wan_transit_has_space(&t));
	assert_int_equal(put(&t, "y", 1), 0);
	rmi_wan_transit_take(&t, 10);
	assert_int_equal(put(&t, text, 1), 10);
	rmi_wan_transit_done(&t);
}

static void
ring_is_bounded_by_segments(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	size_t n = 0;
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 0), RME_OK);
	while (put(&t, "x", 1) == 1) {
		n++;
	}
	assert_int_equal(n, t.segments_max);
	assert_false(rmi_wan_transit_has_space(&t));
	rmi_wan_transit_take(&t, 1);
	assert_true(rmi_wan_transit_has_space(&t));
	rmi_wan_transit_done(&t);
}

/* What comes out is what went in, for pieces of all sizes around the end of the ring. */
static void
bytes_survive_the_turn_of_the_ring(void **state)
{
	(void)state;
	struct rmi_wan_transit t;
	uint32_t in = 0, out = 0;
	assert_int_equal(rmi_wan_transit_init(&t, SIZE, 0), RME_OK);
	for (int64_t round = 0; round < 5000; round++) {
		size_t room, n;
		unsigned char *space = rmi_wan_transit_space(&t, &room);
		size_t want = (size_t)(round * 7 % 301) + 1;
		want = want < room ? want : room;
		for (size_t i = 0; i < want; i++) {
			space[i] = (unsigned char)(in++ * 31);
		}
		if (want > 0) {
			rmi_wan_transit_push(&t, want, round + 2);
		}
		const unsigned char *p = rmi_wan_transit_arrived(&t, round, &n);
		n = n > 200 ? 200 : n;
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(p[i], (unsigned char)(out++ * 31));
		}
		rmi_wan_transit_take(&t, n);
		assert_int_equal(t.len, in - out);
	}
	assert_true(out > 100 * SIZE);
	rmi_wan_transit_done(&t);
	rmi_wan_transit_done(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(segments_arrive_at_their_time),
	    cmocka_unit_test(order_is_kept_whatever_the_jitter),
	    cmocka_unit_test(nothing_arrives_before_the_connection_stands),
	    cmocka_unit_test(ring_is_bounded_by_bytes),
	    cmocka_unit_test(ring_is_bounded_by_segments),
	    cmocka_unit_test(bytes_survive_the_turn_of_the_ring),
	};
	return cmocka_run_group_tests_name("transit", tests, NULL, NULL);
}
