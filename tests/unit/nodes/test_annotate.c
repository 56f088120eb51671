#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "harness.h"
#include "nodes/catalog.h"

static enum rme_err
say(struct rme_node *self, struct rme_packet *about, char c)
{
	struct rme_packet_meta m = *rme_packet_meta(about);
	m.kind = RME_PACKET_DATA;
	struct rme_packet *out = NULL;
	enum rme_err e = rme_packet_new(&out, &m, &c, 1);
	return e == RME_OK ? rme_node_emit(self, out) : e;
}

/* Answers with the upper case of the first letter; 'x' fails, 'q' says nothing, 'm' answers twice, 'f' fails after that. */
static enum rme_err
talk_process(struct rme_node *self, struct rme_packet *in)
{
	size_t len = 0;
	char c = (char)rme_packet_data(in, &len)[0];
	enum rme_err e = RME_OK;
	if (c == 'x') {
		e = rme_node_fail(self, RME_EMODULE, "not that one");
	} else if (c != 'q') {
		e = say(self, in, (char)(c - 'a' + 'A'));
	}
	if (e == RME_OK && (c == 'm' || c == 'f')) {
		e = say(self, in, '2');
	}
	rme_packet_unref(in);
	return e == RME_OK && c == 'f' ? RME_EMODULE : e;
}

static enum rme_err
talk_flush(struct rme_node *self, struct rme_packet *flush)
{
	return say(self, flush, '!');
}

static enum rme_err
talk_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	(void)type, (void)config;
	*want = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	*gives = rme_format_of(RME_MEDIA_JSON);
	return in->media == RME_MEDIA_TEXT ? RME_EFORMAT : RME_OK;
}

static const struct rme_node_type talk_type = {
    .name = "talk", .process = talk_process, .flush = talk_flush, .formats = talk_formats};

/* Keeps everything until it is woken; then answers, as talk does. */
struct late {
	struct rme_packet *kept[64];
	size_t n;
};

static enum rme_err
late_process(struct rme_node *self, struct rme_packet *in)
{
	struct late *l = rme_node_state(self);
	assert_true(l->n < 64);
	l->kept[l->n++] = in;
	rme_node_wake_at(self, 5000 * RMI_NS_PER_S);
	return RME_OK;
}

static void
late_wake(struct rme_node *self)
{
	struct late *l = rme_node_state(self);
	for (size_t i = 0; i < l->n; i++) {
		struct rme_packet *p = l->kept[i];
		if (rme_packet_meta(p)->kind != RME_PACKET_DATA) {
			(void)!rme_node_emit(self, p);
			continue;
		}
		size_t len = 0;
		(void)!say(self, p, (char)(rme_packet_data(p, &len)[0] - 'a' + 'A'));
		rme_packet_unref(p);
	}
	l->n = 0;
}

static void
late_reset(struct rme_node *self)
{
	struct late *l = rme_node_state(self);
	for (size_t i = 0; i < l->n; i++) {
		struct rme_packet *p = l->kept[i];
		if (rme_packet_meta(p)->kind == RME_PACKET_DATA) {
			rme_packet_unref(p);
			continue;
		}
		struct rme_error err;
		(void)rme_error_set(&err, RME_ECANCELED, NULL, "reset");
		rme_node_item_fail(self, rme_packet_meta(p)->seq, &err);
		(void)!rme_node_emit(self, p);
	}
	l->n = 0;
}

static void
late_close(struct rme_node *self)
{
	struct late *l = rme_node_state(self);
	for (size_t i = 0; i < l->n; i++) {
		rme_packet_unref(l->kept[i]);
	}
}

static const struct rme_node_type late_type = {
    .name = "late",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct late),
    .process = late_process,
    .wake = late_wake,
    .reset = late_reset,
    .close = late_close,
};

struct fixture {
	struct harness h;
	_Alignas(max_align_t) unsigned char config[256];
};

static enum rme_err
try_open(struct fixture *f, const struct rme_node_type *child, bool required, struct rme_error *err)
{
	const struct rme_node_type *t = &rmi_annotate_type;
	assert_true(t->config_size <= sizeof(f->config));
	const struct rme_value value = {.key = "required", .kind = RME_VALUE_BOOL, .boolean = required};
	const struct rme_params_in in = {&value, 1};
	assert_int_equal(rme_params_bind(t->params, &in, f->config, NULL, NULL), RME_OK);
	assert_int_equal(t->params[0].kind, RME_PARAM_NODE);
	const struct rme_node_spec spec = {.type = child};
	memcpy(f->config + t->params[0].offset, &spec, sizeof(spec));
	return harness_init(&f->h, t, f->config, err);
}

static void
open_with(struct fixture *f, const struct rme_node_type *child, bool required)
{
	assert_int_equal(try_open(f, child, required, NULL), RME_OK);
}

/* What came out, in order: a packet's payload and its annotation's, F for FLUSH, E for ITEM_END. */
static const char *
trail(const struct harness *h)
{
	static char text[1024];
	size_t n = 0;
	for (size_t i = 0; i < h->n_out; i++) {
		const struct rme_packet *p = h->out[i];
		const struct rme_packet *a = rme_packet_annotation(p);
		size_t len = 0;
		size_t note_len = 0;
		const char *data = (const char *)rme_packet_data(p, &len);
		const char *note = a != NULL ? (const char *)rme_packet_data(a, &note_len) : "-";
		switch (rme_packet_meta(p)->kind) {
		case RME_PACKET_DATA:
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s:%c ", (int)len, data, *note);
			break;
		case RME_PACKET_FLUSH:
			n += (size_t)snprintf(text + n, sizeof(text) - n, "F ");
			break;
		case RME_PACKET_ITEM_END:
			n += (size_t)snprintf(text + n, sizeof(text) - n, "E%d ", (int)rme_packet_meta(p)->seq);
			break;
		}
	}
	text[n > 0 ? n - 1 : 0] = '\0';
	return text;
}

static void
packets_go_on_with_what_was_said(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &talk_type, true);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.pts_ns = 42;
	m.flags = RME_PACKET_LOCAL;
	assert_int_equal(harness_item(&f.h, &m, "abc", 3), RME_OK);
	assert_int_equal(harness_item(&f.h, NULL, "b", 1), RME_OK);
	harness_flush(&f.h);
	assert_string_equal(trail(&f.h), "abc:A E1 b:B E2 F E3");
	assert_int_equal(rme_packet_meta(f.h.out[0])->pts_ns, 42);
	assert_int_equal(rme_packet_meta(f.h.out[0])->flags, RME_PACKET_LOCAL);
	harness_done(&f.h);
}

static struct rme_packet *
packet(uint64_t seq, enum rme_packet_kind kind, const char *text)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.seq = seq;
	m.kind = kind;
	struct rme_packet *p = NULL;
	enum rme_err e =
	    kind == RME_PACKET_ITEM_END ? rmi_packet_new_end(&p, &m, 0) : rme_packet_new(&p, &m, text, strlen(text));
	assert_int_equal(e, RME_OK);
	return p;
}

static void
push(struct fixture *f, uint64_t seq, const char *text)
{
	assert_int_equal(rmi_node_push(f->h.node, packet(seq, RME_PACKET_DATA, text)), RME_OK);
}

static void
end(struct fixture *f, uint64_t seq)
{
	assert_int_equal(rmi_node_push(f->h.node, packet(seq, RME_PACKET_ITEM_END, "")), RME_OK);
}

static void
results_meet_packets_one_by_one(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &talk_type, true);
	push(&f, 1, "a");
	push(&f, 1, "b");
	push(&f, 1, "q");
	end(&f, 1);
	push(&f, 2, "m");
	push(&f, 2, "a");
	end(&f, 2);
	end(&f, 3); /* whose data died on the way */
	assert_string_equal(trail(&f.h), "a:A b:B q:B E1 m:M a:2 E2 E3");
	assert_int_equal(harness_error(&f.h, 3), RME_OK);
	harness_done(&f.h);
}

static void
order_is_kept_with_a_late_child(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &late_type, true);
	push(&f, 1, "a");
	end(&f, 1);
	end(&f, 2);
	push(&f, 3, "b");
	assert_int_equal(rmi_node_push(f.h.node, packet(4, RME_PACKET_FLUSH, "")), RME_OK);
	assert_int_equal(harness_wake(&f.h), 5000 * RMI_NS_PER_S); /* the child's timer is ours */
	assert_string_equal(trail(&f.h), "");
	rmi_fake_clock_advance(&f.h.clock, 5000 * RMI_NS_PER_S);
	(void)harness_wake(&f.h);
	assert_string_equal(trail(&f.h), "a:A E1 E2");
	end(&f, 3);
	end(&f, 4);
	rmi_fake_clock_advance(&f.h.clock, 5000 * RMI_NS_PER_S);
	(void)harness_wake(&f.h);
	assert_string_equal(trail(&f.h), "a:A E1 E2 b:B E3 F E4");
	harness_done(&f.h);
}

static void
a_failing_child_fails_the_item(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &talk_type, true);
	for (const char *c = "xqf"; *c != '\0'; c++) {
		(void)!harness_item(&f.h, NULL, c, 1);
	}
	assert_int_equal(harness_item(&f.h, NULL, "a", 1), RME_OK);
	assert_string_equal(trail(&f.h), "E1 E2 E3 a:A E4");
	assert_int_equal(harness_error(&f.h, 1), RME_EMODULE);
	assert_string_equal(f.h.failed[1].text, "not that one");
	assert_string_equal(f.h.failed[1].where, "talk");
	assert_int_equal(harness_error(&f.h, 2), RME_EEMPTY);
	assert_int_equal(harness_error(&f.h, 3), RME_EMODULE);
	assert_int_equal(harness_error(&f.h, 4), RME_OK);
	harness_done(&f.h);
}

static void
or_lets_it_go_on_without(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &talk_type, false);
	for (const char *c = "xqfa"; *c != '\0'; c++) {
		(void)!harness_item(&f.h, NULL, c, 1);
	}
	assert_string_equal(trail(&f.h), "x:- E1 q:- E2 f:- E3 a:A E4");
	for (uint64_t seq = 1; seq <= 4; seq++) {
		assert_int_equal(harness_error(&f.h, seq), RME_OK);
	}
	harness_done(&f.h);
}

static void
reset_ends_open_items_as_canceled(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &late_type, false);
	push(&f, 1, "a");
	end(&f, 1);
	push(&f, 2, "b");
	end(&f, 2);
	rmi_node_reset(f.h.node);
	assert_string_equal(trail(&f.h), "E1 E2");
	assert_int_equal(harness_error(&f.h, 1), RME_ECANCELED);
	assert_int_equal(harness_error(&f.h, 2), RME_ECANCELED);
	harness_done(&f.h);
}

/* Closed in the middle of everything: nothing leaks (ASan looks). */
static void
close_drops_what_is_open(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &late_type, true);
	push(&f, 1, "a");
	end(&f, 1);
	push(&f, 2, "b");
	harness_done(&f.h);
}

static void
more_items_than_allowed_are_refused(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &late_type, true);
	uint64_t seq = 1;
	while (rmi_node_push(f.h.node, packet(seq, RME_PACKET_DATA, "a")) == RME_OK) {
		seq++;
		assert_true(seq < 1000);
	}
	assert_int_equal(harness_error(&f.h, seq), RME_ELIMIT);
	end(&f, seq); /* has its end all the same */
	assert_int_equal(harness_n_ends(&f.h, seq), 1);
	harness_done(&f.h);
}

static void
wants_what_the_child_wants(void **state)
{
	(void)state;
	struct fixture f;
	open_with(&f, &talk_type, true);
	const struct rme_node_type *t = &rmi_annotate_type;
	struct rme_format in = rme_format_audio(RME_SAMPLE_F32LE, 48000, 2), want = in, gives = {0};
	struct rme_format speech = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	assert_int_equal(t->formats(t, f.config, &in, &want, &gives), RME_OK);
	assert_true(rme_format_equal(&want, &speech) && rme_format_equal(&gives, &speech));
	in = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(t->formats(t, f.config, &in, &want, &gives), RME_EFORMAT);
	harness_done(&f.h);
}

static void
a_child_must_be_given(void **state)
{
	(void)state;
	struct fixture f;
	struct rme_error err = {0};
	assert_int_equal(try_open(&f, NULL, true, &err), RME_ECONFIG);
	harness_done(&f.h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_go_on_with_what_was_said),
	    cmocka_unit_test(results_meet_packets_one_by_one),
	    cmocka_unit_test(order_is_kept_with_a_late_child),
	    cmocka_unit_test(a_failing_child_fails_the_item),
	    cmocka_unit_test(or_lets_it_go_on_without),
	    cmocka_unit_test(reset_ends_open_items_as_canceled),
	    cmocka_unit_test(close_drops_what_is_open),
	    cmocka_unit_test(more_items_than_allowed_are_refused),
	    cmocka_unit_test(wants_what_the_child_wants),
	    cmocka_unit_test(a_child_must_be_given),
	};
	return cmocka_run_group_tests_name("annotate", tests, NULL, NULL);
}
