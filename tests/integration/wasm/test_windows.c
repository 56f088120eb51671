/* Large items and results without copies: the same bytes, never changed by a guest, and copies where windows do not fit. */
#include "wasm_fixture.h"

#include "base/frame_ring.h"
#include "wasm/instance_state.h"
#include "wasm/module_state.h"
#include "wasm/windows.h"

enum { FRAME = 300000, SMALL = 1000, BIG_RESULT = 8 << 20 };

static struct rmi_frame_source source;

static int
teardown(void **state)
{
	rmi_frame_source_done(&source);
	return fixture_teardown(state);
}

static struct rmi_wasm_module *
open_frames(void)
{
	return fixture_open_limited("frames", (struct rme_module_limits){.result_bytes = BIG_RESULT});
}

static struct rme_packet *
frame(struct rmi_frame_source *from, char what, size_t len, uint8_t salt)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	assert_int_equal(rmi_frame_source_packet(from, &p, &meta, len, &data), RME_OK);
	for (size_t i = 0; i < len; i++) {
		data[i] = (uint8_t)(i * 7 + salt);
	}
	data[0] = (uint8_t)what;
	return p;
}

static struct rme_bytes
bytes_of(const struct rme_packet *p)
{
	struct rme_bytes b;
	b.data = rme_packet_data(p, &b.len);
	return b;
}

static enum rme_err
run(struct rmi_wasm_instance *in, const struct rme_packet *p, struct rme_bytes *out)
{
	const struct rmi_guest_item item = {.packet = p};
	return rmi_wasm_instance_process(in, &item, bytes_of(p), out, &fixture_err);
}

static void
expect_sum(struct rmi_wasm_instance *in, const struct rme_packet *p, size_t len)
{
	struct rme_bytes out = {0}, data = bytes_of(p);
	uint64_t sum, want = 0;
	if (run(in, p, &out) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	for (size_t i = 0; i < len; i++) {
		want += data.data[i];
	}
	assert_int_equal(out.len, sizeof(sum));
	memcpy(&sum, out.data, sizeof(sum));
	assert_int_equal(sum, want);
}

static unsigned
windows_open(const struct rmi_wasm_instance *in)
{
	unsigned n = 0;
	for (unsigned i = 0; in->windows != NULL && i < RMI_ZONE_WINDOWS; i++) {
		n += in->windows->in[i].ring != NULL;
	}
	return n;
}

static void
items_are_read_where_they_are(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	for (uint8_t i = 0; i < 20; i++) {
		struct rme_packet *p = frame(&source, 's', FRAME, i),
		                  *later = frame(&source, 's', FRAME, (uint8_t)(i + 100));
		expect_sum(in, p, FRAME);
		expect_sum(in, later, FRAME);
		rme_packet_unref(p);
		rme_packet_unref(later);
		assert_int_equal(windows_open(in), 1);
	}
	uint32_t pages = rmi_wasm_instance_pages(in);
	struct rme_packet *p = frame(&source, 's', FRAME, 3);
	expect_sum(in, p, FRAME);
	rme_packet_unref(p);
	assert_int_equal(rmi_wasm_instance_pages(in), pages); /* nothing grows per item */
	p = frame(&source, 's', SMALL, 3);
	expect_sum(in, p, SMALL);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

/* An item that came by another way, a part of one (derived), and a ring that grows. */
static void
other_items_are_right_too(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rmi_frame_source mine = {0}, other = {0};
	const struct rme_packet_meta meta = rme_packet_meta_init();
	for (uint8_t i = 0; i < 12; i++) {
		size_t len = FRAME + (size_t)i * 100000;
		struct rme_packet *p = frame(&mine, 's', len, i), *q = frame(&other, 's', FRAME, i), *copy, *derived;
		assert_int_equal(rme_packet_new(&copy, &meta, bytes_of(p).data, len), RME_OK);
		assert_int_equal(rme_packet_derive(&derived, q, &meta), RME_OK);
		expect_sum(in, p, len);
		expect_sum(in, copy, len);
		expect_sum(in, q, FRAME);
		expect_sum(in, derived, FRAME);
		rme_packet_unref(derived);
		rme_packet_unref(copy);
		rme_packet_unref(q);
		rme_packet_unref(p);
	}
	assert_int_equal(windows_open(in), 2);
	rmi_frame_source_done(&mine);
	rmi_frame_source_done(&other);
	struct rme_packet *p = frame(&source, 's', FRAME, 1);
	expect_sum(in, p, FRAME);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

/* A module may change its input in place: it gets a copy of the pages, and no window any more. */
static void
writes_to_an_item_change_nothing_for_others(void **state)
{
	(void)state;
	static const char ways[] = "wbr";
	for (const char *way = ways; *way != '\0'; way++) {
		struct rmi_wasm_module *m = open_frames();
		struct rmi_wasm_instance *in = fixture_instance(m, NULL);
		struct rme_packet *p = frame(&source, 's', FRAME, 0);
		expect_sum(in, p, FRAME);
		expect_sum(in, p, FRAME);
		rme_packet_unref(p);
		assert_int_equal(windows_open(in), 1);
		p = frame(&source, *way, FRAME, 9);
		uint8_t *before = malloc(FRAME);
		assert_non_null(before);
		memcpy(before, bytes_of(p).data, FRAME);
		struct rme_bytes out = {0};
		enum rme_err e = run(in, p, &out);
		/* The kernel does not write to read-only pages for anyone: random_get fails, and says so. */
		assert_true(e == RME_OK || *way == 'r');
		assert_memory_equal(bytes_of(p).data, before, FRAME);
		if (*way != 'r') {
			uint64_t windowed, copied;
			memcpy(&windowed, out.data, sizeof(windowed));
			assert_true(atomic_load(&in->windows->zone.written) != 0);
			assert_int_equal(run(in, p, &out), RME_OK); /* by copying */
			memcpy(&copied, out.data, sizeof(copied));
			assert_int_equal(windowed, copied);
			assert_int_equal(windows_open(in), 0);
			assert_true(atomic_load(&m->writes_input));
			assert_memory_equal(bytes_of(p).data, before, FRAME);
		}
		rme_packet_unref(p);
		p = frame(&source, 's', FRAME, 77);
		expect_sum(in, p, FRAME);
		expect_sum(in, p, FRAME);
		rme_packet_unref(p);
		free(before);
		rmi_wasm_instance_free(in);
		rmi_wasm_module_unref(m);
	}
}

static struct rme_packet *
result_of(struct rmi_wasm_instance *in, const struct rme_packet *p)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_bytes out = {0};
	struct rme_packet *result;
	if (run(in, p, &out) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	assert_int_equal(rmi_wasm_instance_packet(in, &meta, out, &result), RME_OK);
	return result;
}

static void
expect_plus_one(const struct rme_packet *result, uint8_t salt)
{
	struct rme_bytes b = bytes_of(result);
	assert_int_equal(b.len, FRAME);
	for (size_t i = 1; i < b.len; i++) {
		if (b.data[i] != (uint8_t)(i * 7 + salt + 1)) {
			fail_msg("byte %zu of result %u is %u", i, salt, b.data[i]);
		}
	}
}

static void
results_stay_where_they_are(void **state)
{
	(void)state;
	enum { HELD = 12 };
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_packet *held[HELD];
	struct rmi_frame f;
	unsigned in_ring = 0;
	for (uint8_t i = 0; i < HELD; i++) { /* more than there are slots: the rest is copied */
		struct rme_packet *p = frame(&source, 'c', FRAME, i);
		held[i] = result_of(in, p);
		in_ring += rmi_frame_of(held[i], &f);
		rme_packet_unref(p);
	}
	assert_int_equal(in_ring, in->windows->out.ring->n_slots);
	for (uint8_t i = 0; i < HELD; i++) {
		expect_plus_one(held[i], i);
		rme_packet_unref(held[i]);
	}
	for (uint8_t i = 0; i < HELD; i++) { /* used up at once: one slot does, and nothing is protected any more */
		struct rme_packet *p = frame(&source, 'c', FRAME, i), *r = result_of(in, p);
		assert_true(rmi_frame_of(r, &f));
		assert_int_equal(f.offset, 16);
		expect_plus_one(r, i);
		rme_packet_unref(r);
		rme_packet_unref(p);
	}
	struct rme_packet *p = frame(&source, 'c', FRAME, 50), *last = result_of(in, p);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in); /* the result outlives its maker */
	expect_plus_one(last, 50);
	rme_packet_unref(last);
	rmi_wasm_module_unref(m);
}

static void
a_result_that_was_given_away_is_not_the_guests(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_packet *p = frame(&source, 'o', FRAME, 5), *first = result_of(in, p);
	rme_packet_unref(p);
	p = frame(&source, 'o', FRAME, 6);
	struct rme_packet *r = result_of(in, p);
	struct rmi_frame f;
	assert_true(rmi_frame_of(r, &f));
	rme_packet_unref(p);
	p = frame(&source, 'O', SMALL, 0);
	struct rme_bytes out;
	fixture_assert_error(run(in, p, &out), RME_EMODULE, "trap: it wrote to a result that it had given away");
	assert_true(rmi_wasm_instance_dead(in));
	expect_plus_one(r, 6);
	expect_plus_one(first, 5);
	rme_packet_unref(p);
	rme_packet_unref(r);
	rme_packet_unref(first);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
further_results_of_an_item_are_others(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = frame(&source, 'n', FRAME, 8), *results[3];
	const struct rmi_guest_item item = {.packet = p};
	results[0] = result_of(in, p);
	for (int i = 1; i < 3; i++) {
		struct rme_bytes out = {0};
		assert_int_equal(rmi_wasm_instance_next(in, &item, &out, &fixture_err), RME_OK);
		assert_int_equal(rmi_wasm_instance_packet(in, &meta, out, &results[i]), RME_OK);
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bytes_of(results[i]).data[0], i == 0 ? 'n' + 1 : 3 - i);
		expect_plus_one(results[i], 8);
		rme_packet_unref(results[i]);
	}
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

/* Its room is never a window, whatever room there is in one. */
static void
an_output_format_may_want_much_room(void **state)
{
	(void)state;
	static const size_t wanted[] = {SMALL, 5000, 9000, 20000, FRAME};
	struct rmi_wasm_module *m = open_frames();
	const struct rme_packet_meta meta = rme_packet_meta_init();
	for (size_t i = 0; i < 2 * sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct rmi_wasm_instance *in = fixture_instance(m, NULL);
		struct rme_packet *p = frame(&source, 'c', FRAME, 7), *made = NULL;
		struct rme_bytes out = {0}, format = {0};
		rme_packet_unref(i % 2 == 1 ? result_of(in, p) : NULL); /* now there is a window */
		rme_packet_unref(p);
		p = frame(&source, 'p', wanted[i / 2], 8);
		assert_int_equal(run(in, p, &out), RME_OK);
		if (rmi_wasm_instance_output_format(in, &format, &fixture_err) != RME_OK) {
			fail_msg("%zu bytes: %s", wanted[i / 2], fixture_err.text);
		}
		assert_int_equal(format.len, 10);
		assert_memory_equal(format.data, "text/plain", 10);
		assert_int_equal(rmi_wasm_instance_packet(in, &meta, out, &made), RME_OK);
		assert_int_equal(bytes_of(made).len, wanted[i / 2]);
		for (size_t k = 1; k < wanted[i / 2]; k++) {
			assert_int_equal(bytes_of(made).data[k], (k * 7 + 9) & 255);
		}
		rme_packet_unref(made);
		rme_packet_unref(p);
		rmi_wasm_instance_free(in);
	}
	rmi_wasm_module_unref(m);
}

static void
one_module_reads_what_another_wrote(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *a = fixture_instance(m, NULL), *b = fixture_instance(m, NULL);
	for (uint8_t i = 0; i < 10; i++) {
		struct rme_packet *p = frame(&source, 'c', FRAME, i);
		struct rme_packet *copy = result_of(a, p); /* starts with 'd': the second one copies too */
		struct rme_packet *twice = result_of(b, copy);
		struct rme_bytes got = bytes_of(twice);
		for (size_t k = 1; k < got.len; k++) {
			if (got.data[k] != (uint8_t)(k * 7 + i + 2)) {
				fail_msg("byte %zu of item %u", k, i);
			}
		}
		rme_packet_unref(twice);
		rme_packet_unref(copy);
		rme_packet_unref(p);
	}
	assert_int_equal(windows_open(b), 1);
	assert_ptr_equal(b->windows->in[0].ring, a->windows->out.ring);
	rmi_wasm_instance_free(a);
	rmi_wasm_instance_free(b);
	rmi_wasm_module_unref(m);
}

static void
without_room_for_windows_there_are_copies(void **state)
{
	(void)state;
	const struct rme_module_limits tight = {.memory_bytes = 4 << 20, .result_bytes = 1 << 20};
	struct rmi_wasm_module *m = fixture_open_limited("frames", tight);
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	for (uint8_t i = 0; i < 5; i++) {
		struct rme_packet *p = frame(&source, 's', FRAME, i);
		expect_sum(in, p, FRAME);
		rme_packet_unref(p);
		p = frame(&source, 'c', FRAME, i);
		struct rme_packet *r = result_of(in, p);
		expect_plus_one(r, i);
		rme_packet_unref(r);
		rme_packet_unref(p);
	}
	assert_int_equal(windows_open(in), 0);
	assert_true(in->windows->out_off);
	rmi_wasm_instance_free(in);
	in = fixture_instance(m, NULL); /* a guest that takes all of its memory, and one whose allocator is exhausted */
	struct rme_packet *p = frame(&source, 'f', FRAME, 0);
	expect_sum(in, p, FRAME);
	rme_packet_unref(p);
	p = frame(&source, 's', FRAME, 1);
	expect_sum(in, p, FRAME);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

static void
static_windows_of_the_interface_are_left_alone(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("windows");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_packet *p = frame(&source, 's', FRAME, 0);
	struct rme_bytes out;
	for (int i = 0; i < 3; i++) {
		fixture_assert_error(run(in, p, &out), RME_ELIMIT, "do not fit into its window");
	}
	assert_null(in->windows);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

/* The host writes to its buffers: they must not be where a window is, which is not the guest's alone. */
static void
an_allocator_that_gives_the_same_room_twice_ends_the_instance(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("same_room");
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_packet *p = frame(&source, 's', FRAME, 0);
	struct rme_bytes out, data = bytes_of(p);
	uint8_t before[16];
	memcpy(before, data.data, sizeof(before));
	assert_int_equal(run(in, p, &out), RME_OK); /* copied: nobody is harmed but itself */
	fixture_assert_error(run(in, p, &out), RME_EMODULE, "its allocator gave the same room twice");
	assert_true(rmi_wasm_instance_dead(in));
	assert_memory_equal(data.data, before, sizeof(before));
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

/* A stop takes the memory away with all windows in it; what others see in them stays. */
static void
a_stopped_guest_takes_no_window_with_it(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = open_frames();
	struct rmi_wasm_instance *in = fixture_instance(m, NULL);
	struct rme_packet *p = frame(&source, 's', FRAME, 4);
	expect_sum(in, p, FRAME);
	expect_sum(in, p, FRAME);
	rmi_wasm_instance_cancel(in);
	struct rme_bytes out;
	assert_int_equal(run(in, p, &out), RME_ECANCELED);
	rmi_wasm_instance_free(in);
	in = fixture_instance(m, NULL);
	expect_sum(in, p, FRAME);
	rme_packet_unref(p);
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_are_read_where_they_are),
	    cmocka_unit_test(other_items_are_right_too),
	    cmocka_unit_test(writes_to_an_item_change_nothing_for_others),
	    cmocka_unit_test(results_stay_where_they_are),
	    cmocka_unit_test(a_result_that_was_given_away_is_not_the_guests),
	    cmocka_unit_test(further_results_of_an_item_are_others),
	    cmocka_unit_test(an_output_format_may_want_much_room),
	    cmocka_unit_test(one_module_reads_what_another_wrote),
	    cmocka_unit_test(without_room_for_windows_there_are_copies),
	    cmocka_unit_test(static_windows_of_the_interface_are_left_alone),
	    cmocka_unit_test(an_allocator_that_gives_the_same_room_twice_ends_the_instance),
	    cmocka_unit_test(a_stopped_guest_takes_no_window_with_it),
	};
	return cmocka_run_group_tests_name("windows", tests, fixture_setup, teardown);
}
