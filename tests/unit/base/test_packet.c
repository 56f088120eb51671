#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include <rme/packet.h>

#include "base/packet.h"

static struct rme_packet *
packet(const char *text)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, text, strlen(text)), RME_OK);
	return p;
}

static void
nothing_is_known_of_a_new_packet(void **state)
{
	(void)state;
	struct rme_packet *p = packet("");
	const struct rme_packet_meta *m = rme_packet_meta(p);
	assert_int_equal(m->kind, RME_PACKET_DATA);
	assert_int_equal(m->pts_ns, -1);
	assert_true(isnan(m->confidence));
	size_t len;
	assert_non_null(rme_packet_data(p, &len));
	assert_int_equal(len, 0);
	assert_null(rme_packet_verdict(p));
	rme_packet_unref(p);
	rme_packet_unref(NULL);
}

static void
writing_copies_only_what_is_shared(void **state)
{
	(void)state;
	struct rme_packet *p = packet("abc"), *q = rme_packet_ref(p);
	uint8_t *data;
	size_t len;
	assert_int_equal(rme_packet_writable(&p, &data, &len), RME_OK);
	assert_ptr_not_equal(p, q);
	data[0] = 'x';
	assert_memory_equal(rme_packet_data(q, &len), "abc", 3);
	struct rme_packet *same = p;
	assert_int_equal(rme_packet_writable(&p, &data, &len), RME_OK);
	assert_ptr_equal(p, same);
	assert_memory_equal(data, "xbc", 3);
	rme_packet_unref(p);
	rme_packet_unref(q);
}

static void
derived_packets_share_the_payload(void **state)
{
	(void)state;
	struct rme_packet *p = packet("abc"), *q, *r;
	struct rme_packet_meta m = *rme_packet_meta(p);
	m.seq = 7;
	assert_int_equal(rme_packet_derive(&q, p, &m), RME_OK);
	assert_int_equal(rme_packet_derive(&r, q, &m), RME_OK);
	size_t len;
	assert_ptr_equal(rme_packet_data(r, &len), rme_packet_data(p, &len));
	assert_int_equal(rme_packet_meta(q)->seq, 7);
	assert_int_equal(rme_packet_meta(p)->seq, 0);
	rme_packet_unref(p);
	rme_packet_unref(q);
	assert_memory_equal(rme_packet_data(r, &len), "abc", 3);
	uint8_t *data;
	assert_int_equal(rme_packet_writable(&r, &data, &len), RME_OK);
	data[0] = 'x';
	rme_packet_unref(r);
}

static void
count_release(void *ctx)
{
	(*(int *)ctx)++;
}

static void
foreign_memory_is_released_once(void **state)
{
	(void)state;
	static const uint8_t bytes[] = "foreign";
	const struct rme_bytes b = {bytes, 7};
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p, *q;
	int released = 0;
	assert_int_equal(rme_packet_wrap(&p, &m, b, count_release, &released), RME_OK);
	assert_int_equal(rme_packet_derive(&q, p, &m), RME_OK);
	rme_packet_unref(p);
	assert_int_equal(released, 0);
	uint8_t *data;
	size_t len;
	assert_int_equal(rme_packet_writable(&q, &data, &len), RME_OK);
	assert_ptr_not_equal(data, bytes);
	assert_int_equal(released, 1);
	rme_packet_unref(q);
	assert_int_equal(released, 1);
	const struct rme_bytes huge = {bytes, RME_PACKET_BYTES_MAX + 1};
	assert_int_equal(rme_packet_wrap(&p, &m, huge, count_release, &released), RME_ELIMIT);
	assert_int_equal(released, 2);
}

static void
payloads_are_bounded_and_can_be_cut(void **state)
{
	(void)state;
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	assert_int_equal(rme_packet_alloc(&p, &m, RME_PACKET_BYTES_MAX + 1, &data), RME_ELIMIT);
	p = packet("abcdef");
	size_t len;
	assert_int_equal(rme_packet_truncate(p, 7), RME_EINVAL);
	assert_int_equal(rme_packet_truncate(p, 3), RME_OK);
	rme_packet_data(p, &len);
	assert_int_equal(len, 3);
	struct rme_packet *q = rme_packet_ref(p);
	assert_int_equal(rme_packet_truncate(p, 1), RME_EINVAL);
	rme_packet_unref(q);
	rme_packet_unref(p);
}

static void
annotations_go_along(void **state)
{
	(void)state;
	struct rme_packet *p = packet("audio"), *q;
	rme_packet_annotate(p, packet("speech"));
	struct rme_packet_meta m = *rme_packet_meta(p);
	assert_int_equal(rme_packet_derive(&q, p, &m), RME_OK);
	rme_packet_unref(p);
	size_t len;
	assert_memory_equal(rme_packet_data(rme_packet_annotation(q), &len), "speech", 6);
	uint8_t *data;
	assert_int_equal(rme_packet_writable(&q, &data, &len), RME_OK);
	assert_non_null(rme_packet_annotation(q));
	rme_packet_annotate(q, NULL);
	assert_null(rme_packet_annotation(q));
	rme_packet_unref(q);
}

static void
own_meta_spares_other_holders(void **state)
{
	(void)state;
	struct rme_packet *p = packet("abc"), *q = rme_packet_ref(p);
	struct rme_packet_meta *m;
	assert_int_equal(rmi_packet_own_meta(&p, &m), RME_OK);
	m->seq = 5;
	assert_int_equal(rme_packet_meta(q)->seq, 0);
	struct rme_packet *same = p;
	assert_int_equal(rmi_packet_own_meta(&p, &m), RME_OK);
	assert_ptr_equal(p, same);
	rme_packet_unref(p);
	rme_packet_unref(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_known_of_a_new_packet),
	    cmocka_unit_test(writing_copies_only_what_is_shared),
	    cmocka_unit_test(derived_packets_share_the_payload),
	    cmocka_unit_test(foreign_memory_is_released_once),
	    cmocka_unit_test(payloads_are_bounded_and_can_be_cut),
	    cmocka_unit_test(annotations_go_along),
	    cmocka_unit_test(own_meta_spares_other_holders),
	};
	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
