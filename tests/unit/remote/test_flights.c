#include "remote/flights.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static struct rme_packet *
packet(uint64_t seq)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	meta.seq = seq;
	assert_int_equal(rme_packet_new(&p, &meta, NULL, 0), RME_OK);
	return p;
}

static uint64_t
pop(struct rmi_flights *f)
{
	struct rme_packet *p = rmi_flights_pop(f);
	uint64_t seq = rme_packet_meta(p)->seq;
	rme_packet_unref(p);
	return seq;
}

static void
order_survives_growth_and_wrapping(void **state)
{
	(void)state;
	struct rmi_flights f = {0};
	uint64_t in = 0;
	uint64_t out = 0;
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 3; i++) {
			in++;
			assert_int_equal(rmi_flights_push(&f, packet(in), (int64_t)in), RME_OK);
		}
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(rmi_flights_at(&f, 0)->deadline_ns, (int64_t)out + 1);
			assert_int_equal(pop(&f), ++out);
		}
	}
	assert_int_equal(f.n, 200);
	rmi_flights_done(&f); /* drops the rest */
	assert_int_equal(f.n, 0);
	assert_null(f.ring);
}

static void
found_by_number_once_sent(void **state)
{
	(void)state;
	struct rmi_flights f = {0};
	for (uint64_t i = 1; i <= 10; i++) {
		assert_int_equal(rmi_flights_push(&f, packet(i), 0), RME_OK);
	}
	for (unsigned i = 0; i < 5; i++) {
		rmi_flights_at(&f, i)->wire_seq = 100 + i;
		f.sent++;
	}
	rmi_flights_at(&f, 7)->wire_seq = 200; /* not sent yet */
	assert_ptr_equal(rmi_flights_find(&f, 102), rmi_flights_at(&f, 2));
	assert_null(rmi_flights_find(&f, 200));
	assert_null(rmi_flights_find(&f, 99));
	(void)pop(&f);
	(void)pop(&f);
	assert_int_equal(f.sent, 3);
	assert_ptr_equal(rmi_flights_find(&f, 102), rmi_flights_at(&f, 0));
	assert_null(rmi_flights_find(&f, 100));
	rmi_flights_done(&f);
}

static void
bounded(void **state)
{
	(void)state;
	struct rmi_flights f = {0};
	for (unsigned i = 0; i < RMI_FLIGHTS_MAX; i++) {
		assert_int_equal(rmi_flights_push(&f, packet(i), 0), RME_OK);
	}
	struct rme_packet *one_more = packet(1);
	assert_int_equal(rmi_flights_push(&f, one_more, 0), RME_ELIMIT);
	rme_packet_unref(one_more); /* not taken */
	rmi_flights_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_survives_growth_and_wrapping),
	    cmocka_unit_test(found_by_number_once_sent),
	    cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
