#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/utterance.h"

/* A frame is two bytes that say its number, so that every frame given out can be recognized. */
static const struct rmi_utterance_rules rules = {
    .pre_roll = 3, .hang_over = 5, .tail = 2, .min_speech = 2, .max_length = 20, .unit = 2};

struct got {
	struct {
		uint64_t first, frames, speech;
		float confidence;
	} u[32];
	size_t n;
	uint64_t end_of_last;
};

static void
note(struct got *g, const struct rmi_utterance_out *out)
{
	if (out->frames == 0) {
		return;
	}
	assert_true(g->n < 32);
	assert_true(out->first >= g->end_of_last); /* no frame twice */
	for (uint64_t i = 0; i < out->frames; i++) {
		uint16_t number = 0;
		memcpy(&number, out->data + 2 * i, sizeof(number));
		assert_int_equal(number, (uint16_t)(out->first + i));
	}
	g->end_of_last = out->first + out->frames;
	g->u[g->n].first = out->first;
	g->u[g->n].frames = out->frames;
	g->u[g->n].speech = out->speech;
	g->u[g->n++].confidence = out->confidence;
}

/* Push one piece for each run of a letter: 's' speech, '.' silence, cut after @p piece frames at most. */
static void
run(struct got *g, const struct rmi_utterance_rules *r, const char *frames, size_t piece)
{
	struct rmi_utterance u;
	rmi_utterance_init(&u, r);
	*g = (struct got){.n = 0};
	size_t total = strlen(frames);
	uint16_t *numbers = calloc(total, sizeof(*numbers));
	assert_non_null(numbers);
	for (size_t i = 0; i < total; i++) {
		numbers[i] = (uint16_t)i;
	}
	for (size_t i = 0; i < total;) {
		size_t n = 1;
		while (i + n < total && frames[i + n] == frames[i] && n < piece) {
			n++;
		}
		struct rmi_utterance_piece p = {(const uint8_t *)(numbers + i), n, frames[i] == 's', 0.75F};
		i += n;
		while (p.frames > 0) {
			struct rmi_utterance_out out;
			assert_int_equal(rmi_utterance_push(&u, &p, &out), RME_OK);
			note(g, &out);
		}
	}
	struct rmi_utterance_out out;
	rmi_utterance_end(&u, &out);
	note(g, &out);
	rmi_utterance_done(&u);
	free(numbers);
}

static void
expect(const struct got *g, size_t i, uint64_t first, uint64_t frames, uint64_t speech)
{
	assert_true(i < g->n);
	assert_int_equal(g->u[i].first, first);
	assert_int_equal(g->u[i].frames, frames);
	assert_int_equal(g->u[i].speech, speech);
}

static void
takes_pre_roll_and_tail(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 12; piece++) {
		struct got g;
		run(&g, &rules, "..........ssss..........", piece);
		assert_int_equal(g.n, 1);
		expect(&g, 0, 7, 3 + 4 + 2, 4);
		assert_true(fabsf(g.u[0].confidence - 0.75F) < 1e-6F);
	}
}

static void
short_pauses_stay_inside(void **state)
{
	(void)state;
	struct got g;
	run(&g, &rules, "..ss....ss.....ss", 3);
	assert_int_equal(g.n, 2);
	expect(&g, 0, 0, 2 + 8 + 2, 4); /* a pause of four is inside, one of five ends it */
	expect(&g, 1, 12, 3 + 2, 2);    /* pre-roll reaches back to where the first one ended */
}

static void
too_little_speech_is_dropped(void **state)
{
	(void)state;
	struct got g;
	run(&g, &rules, "....s..........s.......ss.", 4);
	assert_int_equal(g.n, 1);
	expect(&g, 0, 20, 3 + 2 + 1, 2);
	run(&g, &rules, "s.s.......", 4); /* what counts is speech, not length */
	assert_int_equal(g.n, 1);
	expect(&g, 0, 0, 3 + 2, 2);
	run(&g, &rules, "..............", 2);
	assert_int_equal(g.n, 0);
}

static void
long_speech_is_cut(void **state)
{
	(void)state;
	char speech[64];
	memset(speech, 's', 50);
	speech[50] = '\0';
	for (size_t piece = 1; piece <= 50; piece += 7) {
		struct got g;
		run(&g, &rules, speech, piece);
		assert_int_equal(g.n, 3);
		expect(&g, 0, 0, 20, 20);
		expect(&g, 1, 20, 20, 20);
		expect(&g, 2, 40, 10, 10);
	}
}

static void
rules_at_their_edges(void **state)
{
	(void)state;
	struct got g;
	const struct rmi_utterance_rules none = {.max_length = 4, .unit = 2};
	run(&g, &none, ".s.ss.......ssssss.s", 3);
	assert_int_equal(g.n, 5);
	expect(&g, 0, 1, 1, 1);
	expect(&g, 1, 3, 2, 2);
	expect(&g, 2, 12, 4, 4);
	expect(&g, 3, 16, 2, 2);
	expect(&g, 4, 19, 1, 1);
	const struct rmi_utterance_rules wide = {
	    .pre_roll = 3, .hang_over = 5, .tail = 5, .min_speech = 1, .max_length = 4, .unit = 2};
	run(&g, &wide, ".....s.........", 15);
	assert_int_equal(g.n, 1);
	expect(&g, 0, 2, 4, 1); /* cut before the hang-over is over */
}

static void
clear_forgets(void **state)
{
	(void)state;
	struct rmi_utterance u;
	rmi_utterance_init(&u, &rules);
	static const uint8_t data[20];
	struct rmi_utterance_piece p = {data, 10, true, NAN};
	struct rmi_utterance_out out;
	assert_int_equal(rmi_utterance_push(&u, &p, &out), RME_OK);
	rmi_utterance_clear(&u);
	rmi_utterance_end(&u, &out);
	assert_int_equal(out.frames, 0);
	p = (struct rmi_utterance_piece){data, 10, true, NAN};
	assert_int_equal(rmi_utterance_push(&u, &p, &out), RME_OK);
	rmi_utterance_end(&u, &out);
	assert_int_equal(out.frames, 10);
	assert_true(isnan(out.confidence));
	rmi_utterance_done(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_pre_roll_and_tail),
	    cmocka_unit_test(short_pauses_stay_inside),
	    cmocka_unit_test(too_little_speech_is_dropped),
	    cmocka_unit_test(long_speech_is_cut),
	    cmocka_unit_test(rules_at_their_edges),
	    cmocka_unit_test(clear_forgets),
	};
	return cmocka_run_group_tests_name("utterance", tests, NULL, NULL);
}
