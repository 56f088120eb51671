/* The ring: bytes go through in order, round and round, and a side that lies about its place is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wasm/iso_ring.h"

enum { STREAM_BYTES = 4 << 20, PIECE_MAX = 5000 };

static struct rmi_ring ring;

static int
empty_ring(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	return 0;
}

static void
what_goes_in_comes_out(void **state)
{
	(void)state;
	struct rmi_ring_end writer = {.ring = &ring}, reader = {.ring = &ring};
	uint8_t in[PIECE_MAX], out[PIECE_MAX];
	assert_int_equal(rmi_ring_read(&reader, out, sizeof(out)), 0);
	for (unsigned i = 0; i < 200; i++) {
		size_t len = 1 + i * 97 % PIECE_MAX;
		memset(in, (int)i, len);
		assert_int_equal(rmi_ring_write(&writer, in, len), len);
		assert_int_equal(rmi_ring_readable(&reader), len);
		assert_int_equal(rmi_ring_read(&reader, out, sizeof(out)), len);
		assert_memory_equal(in, out, len);
	}
	assert_false(reader.violated || writer.violated);
}

static void
a_full_ring_takes_no_more(void **state)
{
	(void)state;
	struct rmi_ring_end writer = {.ring = &ring, .at = UINT32_MAX - 100}, reader = writer;
	uint8_t *big = calloc(1, 2 * RMI_RING_BYTES);
	assert_non_null(big);
	atomic_store(&ring.head, writer.at);
	atomic_store(&ring.tail, writer.at);
	assert_int_equal(
	    rmi_ring_write(&writer, big, 2 * RMI_RING_BYTES), RMI_RING_BYTES); /* over the end of the number */
	assert_int_equal(rmi_ring_write(&writer, big, 1), 0);
	assert_int_equal(rmi_ring_read(&reader, big, 10), 10);
	assert_int_equal(rmi_ring_write(&writer, big, 100), 10);
	assert_false(reader.violated || writer.violated);
	free(big);
}

static void
a_lie_about_the_place_is_found_out(void **state)
{
	(void)state;
	struct rmi_ring_end writer = {.ring = &ring}, reader = {.ring = &ring};
	uint8_t byte = 1;
	assert_int_equal(rmi_ring_write(&writer, &byte, 1), 1);
	atomic_store(&ring.head, RMI_RING_BYTES + 1);
	assert_int_equal(rmi_ring_readable(&reader), 0);
	assert_true(reader.violated);
	atomic_store(&ring.head, 1);
	assert_int_equal(rmi_ring_read(&reader, &byte, 1), 0); /* it does not come back */
	atomic_store(&ring.tail, 2);                           /* more was read than was written */
	assert_int_equal(rmi_ring_write(&writer, &byte, 1), 0);
	assert_true(writer.violated);
}

static void
who_sleeps_is_asked_for_once(void **state)
{
	(void)state;
	struct rmi_ring_end writer = {.ring = &ring}, reader = {.ring = &ring};
	uint8_t byte = 1;
	assert_false(rmi_ring_reader_wanted(&ring));
	assert_true(rmi_ring_reader_sleeps(&reader));
	assert_int_equal(rmi_ring_write(&writer, &byte, 1), 1);
	assert_true(rmi_ring_reader_wanted(&ring));
	assert_false(rmi_ring_reader_wanted(&ring));
	assert_false(rmi_ring_reader_sleeps(&reader)); /* there is something */
	assert_false(rmi_ring_writer_sleeps(&writer)); /* there is room */
}

static void *
write_stream(void *arg)
{
	struct rmi_ring_end *writer = arg;
	uint8_t piece[PIECE_MAX];
	for (uint32_t at = 0; at < STREAM_BYTES;) {
		uint32_t n = 1 + at % PIECE_MAX;
		n = n < STREAM_BYTES - at ? n : STREAM_BYTES - at;
		for (uint32_t i = 0; i < n; i++) {
			piece[i] = (uint8_t)((at + i) * 31 >> 3);
		}
		size_t took = rmi_ring_write(writer, piece, n);
		at += (uint32_t)took;
		if (took == 0) {
			sched_yield();
		}
	}
	return NULL;
}

static void
two_threads_stream(void **state)
{
	(void)state;
	struct rmi_ring_end writer = {.ring = &ring}, reader = {.ring = &ring};
	pthread_t thread;
	uint8_t piece[PIECE_MAX];
	assert_int_equal(pthread_create(&thread, NULL, write_stream, &writer), 0);
	for (uint32_t at = 0; at < STREAM_BYTES;) {
		size_t n = rmi_ring_read(&reader, piece, 1 + at % PIECE_MAX);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(piece[i], (uint8_t)((at + i) * 31 >> 3));
		}
		at += (uint32_t)n;
		if (n == 0) {
			sched_yield();
		}
	}
	pthread_join(thread, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_goes_in_comes_out, empty_ring),
	    cmocka_unit_test_setup(a_full_ring_takes_no_more, empty_ring),
	    cmocka_unit_test_setup(a_lie_about_the_place_is_found_out, empty_ring),
	    cmocka_unit_test_setup(who_sleeps_is_asked_for_once, empty_ring),
	    cmocka_unit_test_setup(two_threads_stream, empty_ring),
	};
	return cmocka_run_group_tests_name("iso ring", tests, NULL, NULL);
}
