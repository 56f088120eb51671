/* Random schedules: whatever the sides do, and whenever, the rules of items hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "sides.h"

enum { ROUNDS = 400, ITEMS = 120, OPEN_MAX = 30 };

/* xorshift32 (Marsaglia 2003): the same schedules everywhere. */
static uint32_t
draw(uint32_t *s, uint32_t below)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s % below;
}

struct schedule {
	struct bench b;
	uint32_t seed;
	bool stuck;              /* sides may never answer */
	bool only;               /* no other side to fall back to */
	char text[ITEMS + 1][3]; /* per seq; "" = a flush */
	uint64_t n;
};

static const char *const modes[] = {
    "mode=edge_first", "mode=cloud_first", "mode=auto", "mode=thresholds", "mode=edge_only", "mode=cloud_only"};

static void
open_schedule(struct schedule *s)
{
	static const struct rme_node_type *const kinds[] = {&side_plain, &side_async, &side_stateful};
	const char *params[8];
	size_t n = 0;
	uint32_t mode = draw(&s->seed, 6);
	s->only = mode >= 4;
	params[n++] = modes[mode];
	params[n++] = "cloud_timeout=50ms";
	params[n++] = "edge_timeout=80ms";
	params[n++] = draw(&s->seed, 2) ? "on_empty=fallback" : "on_empty=accept";
	params[n++] = draw(&s->seed, 2) ? "min_confidence=0.5" : "min_confidence=0";
	params[n++] = draw(&s->seed, 2) ? "hold_packets=4" : "hold_packets=100";
	params[n] = NULL;
	const struct rme_node_type *edge = kinds[draw(&s->seed, 3)], *cloud = kinds[draw(&s->seed, 3)];
	assert_int_equal(bench_open(&s->b, edge, cloud, params), RME_OK);
}

static uint64_t
ended(const struct schedule *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->b.h.n_out; i++) {
		n += rme_packet_meta(s->b.h.out[i])->kind == RME_PACKET_ITEM_END ? 1 : 0;
	}
	return n;
}

static void
settle(struct schedule *s)
{
	for (int i = 0; i < 40 && ended(s) < s->n; i++) {
		bench_answer(&s->b);
		bench_wait(&s->b, 20);
	}
	assert_int_equal(ended(s), s->n);
}

static void
push_some(struct schedule *s)
{
	static const char letters[] = "ooo22blnexhiww";
	if (s->n - ended(s) >= OPEN_MAX) {
		settle(s);
	}
	char *text = s->text[++s->n];
	if (draw(&s->seed, 20) == 0) {
		text[0] = '\0';
		harness_flush(&s->b.h);
		return;
	}
	text[0] = letters[draw(&s->seed, sizeof(letters) - 1)];
	text[1] = letters[draw(&s->seed, sizeof(letters) - 1)];
	text[2] = '\0';
	if (s->stuck && draw(&s->seed, 10) == 0) {
		text[draw(&s->seed, 2)] = 's';
	}
	bench_item(&s->b, text);
}

static void
play(struct schedule *s)
{
	while (s->n < ITEMS) {
		uint32_t what = draw(&s->seed, 10);
		if (what < 7) {
			push_some(s);
		} else if (what < 9) {
			bench_answer(&s->b);
		} else {
			if (!s->stuck) {
				bench_answer(&s->b);
			}
			bench_wait(&s->b, (int64_t)draw(&s->seed, 60));
		}
	}
	settle(s);
}

static bool
is_good(char order)
{
	return order == 'o' || order == '2' || order == 'l';
}

static size_t
answers_of(char order)
{
	return order == '2' ? 2 : order == 'b' ? 10 : order == 'n' || order == 'x' || order == 'i' ? 0 : 1;
}

/* The answer has as many packets as the side that gave it was told, or no side could give one. */
static void
check_answer(struct schedule *s, uint64_t seq, size_t data)
{
	const char *text = s->text[seq];
	const struct rme_error *err = &s->b.h.failed[seq % 256];
	const struct rme_route *r = &s->b.h.report[seq % 256].route;
	if (err->code == RME_OK) {
		assert_true(r->side != RME_SIDE_NONE);
		assert_int_equal(data, answers_of(text[r->side == RME_SIDE_CLOUD ? 1 : 0]));
		return;
	}
	assert_int_equal(r->side, RME_SIDE_NONE);
	bool wrong = text[0] == 'i' || text[1] == 'i';
	bool could = is_good(text[0]) || is_good(text[1]);
	if (!s->only && !s->stuck && !wrong && could) {
		fail_msg("item %llu \"%s\" failed: %s: %s; %s", (unsigned long long)seq, text, err->where, err->text,
		    bench_why(&s->b, seq));
	}
}

/* The packets of one item, from @p at on. @return where the next item begins */
static size_t
check_item(struct schedule *s, uint64_t seq, size_t at)
{
	struct harness *h = &s->b.h;
	const struct rme_route *r = &h->report[seq % 256].route;
	bool failed = harness_error(h, seq) != RME_OK, flush = s->text[seq][0] == '\0';
	size_t data = 0, flushes = 0;
	for (; at < h->n_out; at++) {
		const struct rme_packet_meta *m = rme_packet_meta(h->out[at]);
		assert_int_equal(m->seq, seq);
		if (m->kind == RME_PACKET_ITEM_END) {
			break;
		}
		if (m->kind == RME_PACKET_FLUSH) {
			flushes++;
			continue;
		}
		assert_int_equal(flushes, 0);
		data++;
		if (!failed && !flush) {
			assert_int_equal(m->side, r->side);
		}
	}
	assert_true(at < h->n_out);
	assert_int_equal(flushes, flush ? 1 : 0);
	if (!flush) {
		check_answer(s, seq, data);
	}
	return at + 1;
}

static void
every_item_ends_once_in_order_with_the_results_of_one_side(void **state)
{
	(void)state;
	static struct schedule s;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		memset(&s, 0, sizeof(s));
		s.seed = round * 2654435761U;
		s.stuck = round % 4 == 0;
		open_schedule(&s);
		play(&s);
		size_t at = 0;
		for (uint64_t seq = 1; seq <= s.n; seq++) {
			at = check_item(&s, seq, at);
		}
		assert_int_equal(at, s.b.h.n_out);
		bench_close(&s.b);
	}
}

static void
reset_in_the_middle_of_anything_ends_all(void **state)
{
	(void)state;
	static struct schedule s;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		memset(&s, 0, sizeof(s));
		s.seed = round * 2246822519U;
		s.stuck = true;
		open_schedule(&s);
		uint32_t n = draw(&s.seed, ITEMS - 10);
		while (s.n < n) {
			push_some(&s);
		}
		rmi_node_reset(s.b.h.node);
		assert_int_equal(ended(&s), s.n);
		while (s.n < n + 5) {
			push_some(&s);
		}
		settle(&s);
		bench_close(&s.b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_item_ends_once_in_order_with_the_results_of_one_side),
	    cmocka_unit_test(reset_in_the_middle_of_anything_ends_all),
	};
	return cmocka_run_group_tests_name("router, random", tests, NULL, NULL);
}
