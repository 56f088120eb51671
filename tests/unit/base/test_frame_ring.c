/* Rings of frames: slots are used again when nobody looks at them any more, and never before. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/resource.h>

#include "base/frame_ring.h"
#include "base/packet.h"

enum { LEN = 100000 };

static struct rme_packet *
make(struct rmi_frame_source *s, size_t len, uint8_t fill)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	assert_int_equal(rmi_frame_source_packet(s, &p, &meta, len, &data), RME_OK);
	memset(data, fill, len);
	return p;
}

static void
expect(const struct rme_packet *p, size_t want, uint8_t fill)
{
	size_t len;
	const uint8_t *data = rme_packet_data(p, &len);
	assert_int_equal(len, want);
	for (size_t i = 0; i < len; i++) {
		if (data[i] != fill) {
			fail_msg("byte %zu is %u and not %u", i, data[i], fill);
		}
	}
}

static void
a_slot_is_used_again_when_it_is_free(void **state)
{
	(void)state;
	struct rmi_frame_source s = {0};
	struct rmi_frame f, g;
	struct rme_packet *p = make(&s, LEN, 1);
	assert_true(rmi_frame_of(p, &f));
	assert_int_equal(f.offset, 0);
	struct rme_packet *q = make(&s, LEN, 2);
	assert_true(rmi_frame_of(q, &g));
	assert_ptr_equal(f.ring, g.ring);
	assert_int_equal(g.offset, f.ring->slot_bytes);
	expect(p, LEN, 1);
	rme_packet_unref(p);
	p = make(&s, LEN, 3);
	assert_true(rmi_frame_of(p, &f));
	assert_int_equal(f.offset, 0);
	expect(q, LEN, 2);
	rmi_frame_source_done(&s); /* packets live on */
	expect(p, LEN, 3);
	expect(q, LEN, 2);
	rme_packet_unref(p);
	rme_packet_unref(q);
}

static void
when_all_slots_are_in_use_packets_are_ordinary(void **state)
{
	(void)state;
	enum { MANY = RMI_FRAME_SLOTS_MAX + 3 };
	struct rmi_frame_source s = {0};
	struct rme_packet *all[MANY];
	struct rmi_frame f;
	unsigned in_ring = 0;
	for (uint8_t i = 0; i < MANY; i++) {
		all[i] = make(&s, LEN, i);
		in_ring += rmi_frame_of(all[i], &f);
	}
	assert_int_equal(in_ring, s.ring->n_slots);
	for (uint8_t i = 0; i < MANY; i++) {
		expect(all[i], LEN, i);
		rme_packet_unref(all[i]);
	}
	assert_int_equal(atomic_load(&s.ring->busy), 0);
	assert_int_equal(atomic_load(&s.ring->refs), 1);
	rmi_frame_source_done(&s);
}

static void
sizes_choose_the_way(void **state)
{
	(void)state;
	struct rmi_frame_source s = {0};
	struct rmi_frame f;
	struct rme_packet *p = make(&s, RMI_FRAME_BYTES_MIN, 1);
	assert_false(rmi_frame_of(p, &f));
	assert_null(s.ring);
	rme_packet_unref(p);
	p = make(&s, LEN, 1);
	assert_int_equal(s.ring->n_slots, RMI_FRAME_SLOTS_MAX);
	struct rme_packet *larger = make(&s, 6220800, 2); /* its own ring, and the first packet keeps the other */
	assert_true(rmi_frame_of(larger, &f));
	assert_int_equal(f.ring->n_slots, RMI_FRAME_SLOTS_MIN);
	expect(p, LEN, 1);
	rme_packet_unref(p);
	rme_packet_unref(larger);
	p = make(&s, (size_t)RMI_FRAME_SLOT_BYTES_MAX + 1, 4);
	assert_false(rmi_frame_of(p, &f));
	rme_packet_unref(p);
	rmi_frame_source_done(&s);
	assert_null(rmi_frame_ring_new(0));
	assert_null(rmi_frame_ring_new((size_t)RMI_FRAME_SLOT_BYTES_MAX + 1));
}

static void
packets_of_a_ring_are_like_others(void **state)
{
	(void)state;
	struct rmi_frame_source s = {0};
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = make(&s, LEN, 5), *derived;
	uint8_t *data;
	size_t len;
	struct rmi_frame f;
	const uint8_t *before = rme_packet_data(p, &len);
	assert_int_equal(rme_packet_writable(&p, &data, &len), RME_OK); /* alone: in place */
	assert_ptr_equal(data, before);
	assert_int_equal(rme_packet_derive(&derived, p, &meta), RME_OK);
	assert_true(rmi_frame_of(derived, &f));
	assert_int_equal(rme_packet_writable(&p, &data, &len), RME_OK); /* shared: a copy */
	assert_ptr_not_equal(data, before);
	memset(data, 6, len);
	expect(derived, LEN, 5);
	assert_false(rmi_frame_of(p, &f));
	rme_packet_unref(p);
	assert_int_equal(rme_packet_writable(&derived, &data, &len), RME_OK); /* not its own payload: a copy */
	assert_ptr_not_equal(data, before);
	assert_int_equal(atomic_load(&s.ring->busy), 0);
	rme_packet_unref(derived);
	p = make(&s, LEN, 7);
	assert_int_equal(rme_packet_truncate(p, 10), RME_OK);
	expect(p, 10, 7);
	rme_packet_unref(p);
	rmi_frame_source_done(&s);
}

static void
without_descriptors_packets_are_ordinary(void **state)
{
	(void)state;
	struct rmi_frame_source s = {0};
	struct rmi_frame f;
	struct rlimit before, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){.rlim_cur = 6, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	struct rme_packet *p = make(&s, LEN, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(rmi_frame_of(p, &f));
	assert_true(s.off);
	rme_packet_unref(p);
	p = make(&s, LEN, 1);
	assert_false(rmi_frame_of(p, &f));
	rme_packet_unref(p);
	rmi_frame_source_done(&s);
}

static void
a_pool_is_a_source_for_everyone(void **state)
{
	(void)state;
	struct rme_packet_pool *pool;
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p;
	struct rmi_frame f;
	uint8_t *data;
	assert_int_equal(rme_packet_pool_new(&pool), RME_OK);
	assert_int_equal(rme_packet_pool_alloc(pool, &p, &meta, LEN, &data), RME_OK);
	assert_true(rmi_frame_of(p, &f));
	rme_packet_pool_free(pool);
	memset(data, 8, LEN);
	expect(p, LEN, 8);
	rme_packet_unref(p);
	rme_packet_pool_free(NULL);
}

/* Hands packets from one thread to another, which checks and drops them. */
struct hand {
	struct rme_packet *next;
	sem_t full, empty;
};

enum { HANDED = 500 };

static void *
check_and_drop(void *arg)
{
	struct hand *h = arg;
	for (unsigned i = 0; i < HANDED; i++) {
		assert_int_equal(sem_wait(&h->full), 0);
		struct rme_packet *p = h->next;
		assert_int_equal(sem_post(&h->empty), 0);
		expect(p, LEN, (uint8_t)i);
		rme_packet_unref(p);
	}
	return NULL;
}

static void
any_thread_may_drop(void **state)
{
	(void)state;
	struct rmi_frame_source s = {0};
	struct hand h = {NULL};
	pthread_t thread;
	assert_int_equal(sem_init(&h.full, 0, 0), 0);
	assert_int_equal(sem_init(&h.empty, 0, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, check_and_drop, &h), 0);
	for (unsigned i = 0; i < HANDED; i++) {
		struct rme_packet *p = make(&s, LEN, (uint8_t)i);
		assert_int_equal(sem_wait(&h.empty), 0);
		h.next = p;
		assert_int_equal(sem_post(&h.full), 0);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&s.ring->busy), 0);
	rmi_frame_source_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slot_is_used_again_when_it_is_free),
	    cmocka_unit_test(when_all_slots_are_in_use_packets_are_ordinary),
	    cmocka_unit_test(sizes_choose_the_way),
	    cmocka_unit_test(packets_of_a_ring_are_like_others),
	    cmocka_unit_test(without_descriptors_packets_are_ordinary),
	    cmocka_unit_test(a_pool_is_a_source_for_everyone),
	    cmocka_unit_test(any_thread_may_drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
