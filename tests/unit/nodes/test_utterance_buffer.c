#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"

enum { MS = 8 /* frames, at 8 kHz */ };
#define MS_NS INT64_C(1000000)

static const char *const params[] = {
    "pre_roll", "40ms", "hang_over", "100ms", "tail", "20ms", "min_speech", "40ms", "max_length", "1s", NULL};

static void
open_buffer(struct node_fixture *f, const char *const *p)
{
	struct rme_error err = {0};
	if (node_open(f, &rmi_utterance_buffer_type, p, &err) != RME_OK) {
		fail_msg("%s", err.text);
	}
}

/* An item of audio with a detector's verdict ("" = none); the samples count up from the piece's time. */
static enum rme_err
push(struct node_fixture *f, int64_t pts_ms, int ms, const char *verdict, uint32_t flags)
{
	static int16_t pcm[MS * 5000];
	for (int i = 0; i < MS * ms; i++) {
		pcm[i] = (int16_t)((pts_ms < 0 ? 0 : pts_ms) * MS + i);
	}
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 8000, 1);
	m.pts_ns = pts_ms < 0 ? -1 : pts_ms * MS_NS;
	m.seq = ++f->h.seq;
	m.flags = flags;
	struct rme_packet *in = NULL;
	assert_int_equal(rme_packet_new(&in, &m, pcm, (size_t)(MS * ms) * 2), RME_OK);
	if (verdict[0] != '\0') {
		struct rme_packet_meta jm = rme_packet_meta_init();
		jm.format = rme_format_of(RME_MEDIA_JSON);
		struct rme_packet *json = NULL;
		assert_int_equal(rme_packet_new(&json, &jm, verdict, strlen(verdict)), RME_OK);
		rme_packet_annotate(in, json);
	}
	return rmi_node_push(f->h.node, in);
}

static const char yes[] = "{\"is_speech\":true,\"probability\":0.9}";
static const char no[] = "{\"is_speech\":false,\"probability\":0.2}";

/* The i-th utterance: from .. to in ms, and every sample of it. */
static const struct rme_packet_meta *
expect(const struct node_fixture *f, size_t i, int64_t from_ms, int64_t to_ms)
{
	const struct rme_packet *p = harness_data(&f->h, i);
	assert_non_null(p);
	size_t len = 0;
	const uint8_t *data = rme_packet_data(p, &len);
	const struct rme_packet_meta *m = rme_packet_meta(p);
	assert_int_equal(m->pts_ns, from_ms * MS_NS);
	assert_int_equal(m->duration_ns, (to_ms - from_ms) * MS_NS);
	assert_int_equal(len, (to_ms - from_ms) * MS * 2);
	for (size_t k = 0; k < len / 2; k++) {
		int16_t sample = 0;
		memcpy(&sample, data + 2 * k, sizeof(sample));
		assert_int_equal(sample, (int16_t)(from_ms * MS + (int64_t)k));
	}
	assert_true((m->flags & RME_PACKET_WHOLE) != 0);
	return m;
}

static void
one_packet_per_utterance(void **state)
{
	(void)state;
	struct node_fixture f;
	open_buffer(&f, params);
	for (int t = 0; t < 1000; t += 20) {
		bool speech = (t >= 200 && t < 300) || (t >= 340 && t < 400) || t >= 900;
		assert_int_equal(push(&f, t, 20, speech ? yes : no, 0), RME_OK);
	}
	assert_int_equal(harness_n_data(&f.h), 1);
	const struct rme_packet_meta *m = expect(&f, 0, 160, 420);
	assert_int_equal(m->seq, 500 / 20); /* the item that ended it: 400 + hang-over */
	assert_true(fabsf(m->confidence - 0.9F) < 1e-6F);
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 2);
	m = expect(&f, 1, 860, 1000);
	assert_int_equal(m->seq, f.h.seq);
	node_close(&f);
}

static void
a_large_item_may_hold_several(void **state)
{
	(void)state;
	struct node_fixture f;
	open_buffer(&f, params);
	assert_int_equal(push(&f, 0, 2500, yes, RME_PACKET_LOCAL), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 2);
	expect(&f, 0, 0, 1000);
	expect(&f, 1, 1000, 2000);
	assert_int_equal(push(&f, 2500, 100, no, 0), RME_OK);
	const struct rme_packet_meta *m = expect(&f, 2, 2000, 2520);
	assert_true((m->flags & RME_PACKET_LOCAL) != 0); /* of the item that the audio came with */
	assert_int_equal(push(&f, 2600, 100, yes, 0), RME_OK);
	harness_flush(&f.h);
	m = expect(&f, 3, 2560, 2700);
	assert_int_equal(m->flags, RME_PACKET_WHOLE);
	node_close(&f);
}

static void
a_jump_in_time_ends_the_utterance(void **state)
{
	(void)state;
	struct node_fixture f;
	open_buffer(&f, params);
	assert_int_equal(push(&f, 0, 100, yes, 0), RME_OK);
	assert_int_equal(push(&f, 130, 100, yes, 0), RME_OK); /* jitter */
	assert_int_equal(harness_n_data(&f.h), 0);
	assert_int_equal(push(&f, 1000, 100, yes, 0), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 1);
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->duration_ns, 200 * MS_NS);
	harness_flush(&f.h);
	expect(&f, 1, 1000, 1100);
	/* Without times it is one stream. */
	assert_int_equal(push(&f, -1, 100, yes, 0), RME_OK);
	assert_int_equal(push(&f, -1, 100, yes, 0), RME_OK);
	harness_flush(&f.h);
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 2))->pts_ns, -1);
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 2))->duration_ns, 200 * MS_NS);
	node_close(&f);
}

static void
the_verdict_must_be_there(void **state)
{
	(void)state;
	struct node_fixture f;
	open_buffer(&f, params);
	assert_int_equal(push(&f, 0, 20, "", 0), RME_EINVAL);
	assert_non_null(strstr(f.h.failed[1].text, "Annotate"));
	assert_int_equal(push(&f, 0, 20, "{\"text\":\"x\"}", 0), RME_EFORMAT);
	node_close(&f);
	static const char *const last[] = {"missing_verdict", "last", NULL};
	open_buffer(&f, last);
	assert_int_equal(push(&f, 0, 200, yes, 0), RME_OK);
	assert_int_equal(push(&f, 200, 200, "", 0), RME_OK);
	harness_flush(&f.h);
	expect(&f, 0, 0, 400);
	node_close(&f);
}

static void
a_threshold_overrules_the_detector(void **state)
{
	(void)state;
	static const char *const strict[] = {"threshold", "0.95", NULL};
	struct node_fixture f;
	open_buffer(&f, strict);
	assert_int_equal(push(&f, 0, 500, yes, 0), RME_OK);
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 0);
	assert_int_equal(push(&f, 0, 500, "{\"is_speech\":true}", 0), RME_OK); /* no probability */
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 1);
	node_close(&f);
}

static void
times_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const char *const tail[] = {"tail", "700ms", NULL};
	static const char *const length[] = {"max_length", "300ms", NULL};
	static const char *const range[] = {"pre_roll", "11s", NULL};
	struct node_fixture f;
	struct rme_error err;
	assert_int_equal(node_open(&f, &rmi_utterance_buffer_type, tail, &err), RME_ECONFIG);
	node_close(&f);
	assert_int_equal(node_open(&f, &rmi_utterance_buffer_type, length, &err), RME_ECONFIG);
	node_close(&f);
	assert_int_equal(node_open(&f, &rmi_utterance_buffer_type, range, &err), RME_ECONFIG);
	node_close(&f);
}

static void
reset_drops_what_was_said(void **state)
{
	(void)state;
	struct node_fixture f;
	open_buffer(&f, params);
	assert_int_equal(push(&f, 0, 500, yes, 0), RME_OK);
	rmi_node_reset(f.h.node);
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 0);
	node_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_packet_per_utterance),
	    cmocka_unit_test(a_large_item_may_hold_several),
	    cmocka_unit_test(a_jump_in_time_ends_the_utterance),
	    cmocka_unit_test(the_verdict_must_be_there),
	    cmocka_unit_test(a_threshold_overrules_the_detector),
	    cmocka_unit_test(times_that_do_not_fit_are_refused),
	    cmocka_unit_test(reset_drops_what_was_said),
	};
	return cmocka_run_group_tests_name("utterance_buffer", tests, NULL, NULL);
}
