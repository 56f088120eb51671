#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "fakes.h"

/* Holds its worker until it is let go. */
static atomic_bool gate_open;
static atomic_bool gate_entered;

static enum rme_err
gate_process(struct rme_node *self, struct rme_packet *in)
{
	atomic_store(&gate_entered, true);
	while (!atomic_load(&gate_open) && !rme_node_canceled(self)) {
		(void)poll(NULL, 0, 1);
	}
	return rme_node_emit(self, in);
}

static const struct rme_node_type gate_type = {.name = "gate", .flags = RME_NODE_BLOCKING, .process = gate_process};

static enum rme_err
stuck_open(struct rme_node *self, const void *config)
{
	(void)config;
	return rme_node_fail(self, RME_ENOTFOUND, "the model is not there");
}

static const struct rme_node_type stuck_type = {.name = "stuck", .open = stuck_open, .process = gate_process};

/* --- fixture --- */

struct fixture {
	struct rme_runtime *rt;
	struct rme_plan *plan;
	struct rme_session *s;
};

static void
open_session(
    struct fixture *f, const struct rme_node_type *const *types, size_t n, const struct rme_session_config *config)
{
	const struct rme_runtime_config rc = {.workers = 2};
	struct rme_node_spec specs[8] = {{0}};
	for (size_t i = 0; i < n; i++) {
		specs[i].type = types[i];
	}
	const struct rme_plan_in in = {.specs = specs, .n = n};
	assert_int_equal(rme_runtime_new(&f->rt, &rc, NULL), RME_OK);
	assert_int_equal(rme_plan_new(&f->plan, f->rt, &in, NULL), RME_OK);
	assert_int_equal(rme_session_open(&f->s, f->rt, f->plan, config, NULL), RME_OK);
}

static void
close_session(struct fixture *f)
{
	rme_session_free(f->s);
	rme_plan_free(f->plan);
	rme_runtime_free(f->rt);
}

static enum rme_err
submit(struct fixture *f, const char *text, uint64_t *seq)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, text, strlen(text)), RME_OK);
	return rme_session_submit(f->s, p, seq);
}

/* What one item gave: number of DATA packets and the code of its verdict. */
struct got {
	size_t n_data;
	enum rme_err err;
	uint64_t seq;
	struct rme_error error;
};

static enum rme_err
receive(struct fixture *f, struct got *g)
{
	memset(g, 0, sizeof(*g));
	for (;;) {
		struct rme_packet *p;
		enum rme_err e = rme_session_recv(f->s, &p, 0);
		if (e != RME_OK) {
			return e;
		}
		const struct rme_packet_meta *m = rme_packet_meta(p);
		g->seq = m->seq;
		if (m->kind == RME_PACKET_ITEM_END) {
			g->error = rme_packet_verdict(p)->error;
			g->err = g->error.code;
			rme_packet_unref(p);
			return RME_OK;
		}
		g->n_data++;
		rme_packet_unref(p);
	}
}

/* --- tests --- */

static void
every_item_gets_its_results_and_one_verdict(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type, &dub_type};
	open_session(&f, types, 2, NULL);
	const char *const in[] = {"a", "2", "x", "n", "b"};
	const size_t n_data[] = {1, 4, 0, 0, 1};
	struct got g;
	for (uint64_t i = 0; i < 5; i++) {
		uint64_t seq;
		assert_int_equal(submit(&f, in[i], &seq), RME_OK);
		assert_int_equal(seq, i + 1);
		assert_int_equal(receive(&f, &g), RME_OK);
		assert_int_equal(g.seq, seq);
		assert_int_equal(g.n_data, n_data[i]);
		assert_int_equal(g.err, i == 2 ? RME_EFORMAT : RME_OK);
	}
	assert_int_equal(rme_session_end(f.s), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_int_equal(receive(&f, &g), RME_ECLOSED);
	assert_int_equal(submit(&f, "a", NULL), RME_ECLOSED);
	assert_int_equal(rme_session_end(f.s), RME_ECLOSED);
	close_session(&f);
}

static void
the_verdict_names_the_stage_and_the_reason(void **state)
{
	(void)state;
	struct fixture f;
	/* The first stage gets the error back from its emit; the verdict is of the second. */
	const struct rme_node_type *types[] = {&gate_type, &dub_type};
	atomic_store(&gate_open, true);
	open_session(&f, types, 2, NULL);
	struct got g;
	assert_int_equal(submit(&f, "x", NULL), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_string_equal(g.error.where, "dub");
	assert_string_equal(g.error.text, "no x, please");
	close_session(&f);
}

static void
flush_gives_what_is_held_and_the_end_too(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&keep_type, &dub_type};
	open_session(&f, types, 2, NULL);
	struct got g;
	assert_int_equal(submit(&f, "a", NULL), RME_OK);
	assert_int_equal(submit(&f, "b", NULL), RME_OK);
	assert_int_equal(rme_session_flush(f.s, NULL), RME_OK);
	assert_int_equal(submit(&f, "c", NULL), RME_OK);
	assert_int_equal(rme_session_end(f.s), RME_OK);
	const size_t n_data[] = {0, 0, 1, 0, 1};
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(receive(&f, &g), RME_OK);
		assert_int_equal(g.n_data, n_data[i]);
	}
	assert_int_equal(receive(&f, &g), RME_ECLOSED);
	close_session(&f);
}

static void
async_stages_keep_order_and_verdicts(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type, &far_type, &dub_type, &far_type};
	const struct rme_session_config config = {.inflight_items = 16};
	open_session(&f, types, 4, &config);
	enum { N = 2000 };
	uint64_t sent = 0, got = 0;
	struct got g;
	while (got < N) {
		while (sent < N && sent - got < 40) {
			assert_int_equal(submit(&f, sent % 5 == 3 ? "x" : "2", NULL), RME_OK);
			sent++;
		}
		assert_int_equal(receive(&f, &g), RME_OK);
		got++;
		assert_int_equal(g.seq, got);
		assert_int_equal(g.err, (got - 1) % 5 == 3 ? RME_EFORMAT : RME_OK);
		assert_int_equal(g.n_data, (got - 1) % 5 == 3 ? 0 : 4);
	}
	close_session(&f);
}

static void
cancel_ends_every_item(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&gate_type};
	open_session(&f, types, 1, NULL);
	atomic_store(&gate_open, false);
	atomic_store(&gate_entered, false);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(submit(&f, "a", NULL), RME_OK);
	}
	while (!atomic_load(&gate_entered)) {
		(void)poll(NULL, 0, 1);
	}
	rme_session_cancel(f.s);
	struct got g;
	size_t canceled = 0;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(receive(&f, &g), RME_OK);
		canceled += g.err == RME_ECANCELED;
	}
	assert_int_equal(canceled, 4);
	assert_int_equal(receive(&f, &g), RME_ECLOSED);
	close_session(&f);
}

static void
cancel_ends_items_of_async_stages(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		struct fixture f;
		const struct rme_node_type *types[] = {&far_type, &far_type};
		open_session(&f, types, 2, NULL);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(submit(&f, "a", NULL), RME_OK);
		}
		rme_session_cancel(f.s);
		struct got g;
		for (int i = 0; i < 20; i++) {
			assert_int_equal(receive(&f, &g), RME_OK);
			assert_true(g.err == RME_OK || g.err == RME_ECANCELED);
		}
		assert_int_equal(receive(&f, &g), RME_ECLOSED);
		close_session(&f);
	}
}

static void
a_full_inbox_follows_its_rule(void **state)
{
	(void)state;
	const enum rme_when_full rules[] = {
	    RME_FULL_REJECT, RME_FULL_DROP_NEWEST, RME_FULL_DROP_OLDEST, RME_FULL_BLOCK};
	for (size_t i = 0; i < 4; i++) {
		struct fixture f;
		const struct rme_node_type *types[] = {&gate_type};
		const struct rme_session_config config = {.inbox_items = 2,
		    .when_full = rules[i],
		    .item_timeout_ns = rules[i] == RME_FULL_BLOCK ? 50 * RMI_NS_PER_MS : 0};
		atomic_store(&gate_open, false);
		atomic_store(&gate_entered, false);
		open_session(&f, types, 1, &config);
		assert_int_equal(submit(&f, "a", NULL), RME_OK);
		while (!atomic_load(&gate_entered)) {
			(void)poll(NULL, 0, 1);
		}
		assert_int_equal(submit(&f, "b", NULL), RME_OK);
		assert_int_equal(submit(&f, "c", NULL), RME_OK);
		enum rme_err e = submit(&f, "d", NULL);
		struct got g;
		if (rules[i] == RME_FULL_REJECT) {
			assert_int_equal(e, RME_EAGAIN);
		} else if (rules[i] == RME_FULL_BLOCK) {
			assert_int_equal(e, RME_ETIMEDOUT);
		} else {
			assert_int_equal(e, RME_OK);
			assert_int_equal(receive(&f, &g), RME_OK);
			assert_int_equal(g.err, RME_EAGAIN);
			assert_int_equal(g.seq, rules[i] == RME_FULL_DROP_OLDEST ? 2 : 4);
		}
		atomic_store(&gate_open, true);
		for (int k = 0; k < 3; k++) {
			assert_int_equal(receive(&f, &g), RME_OK);
		}
		struct rme_packet *p;
		assert_int_equal(rme_session_recv(f.s, &p, -1), RME_EAGAIN);
		assert_int_equal(rme_session_recv(f.s, &p, rmi_monotonic_ns() + RMI_NS_PER_MS), RME_ETIMEDOUT);
		close_session(&f);
	}
}

static void
the_fd_is_readable_while_there_is_something(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type};
	open_session(&f, types, 1, NULL);
	int fd = rme_session_fd(f.s);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(submit(&f, "a", NULL), RME_OK);
	}
	size_t ends = 0;
	while (ends < 3) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		struct rme_packet *pkt;
		while (rme_session_recv(f.s, &pkt, -1) == RME_OK) {
			ends += rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END;
			rme_packet_unref(pkt);
		}
	}
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(rme_session_end(f.s), RME_OK);
	assert_int_equal(poll(&p, 1, 10000), 1);
	struct got g;
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(receive(&f, &g), RME_ECLOSED);
	close_session(&f);
}

static void
a_shared_packet_can_be_submitted_twice(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type};
	open_session(&f, types, 1, NULL);
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, "a", 1), RME_OK);
	assert_int_equal(rme_session_submit(f.s, rme_packet_ref(p), NULL), RME_OK);
	assert_int_equal(rme_session_submit(f.s, rme_packet_ref(p), NULL), RME_OK);
	struct got g;
	for (uint64_t i = 1; i <= 2; i++) {
		assert_int_equal(receive(&f, &g), RME_OK);
		assert_int_equal(g.seq, i);
		assert_int_equal(g.n_data, 1);
	}
	assert_int_equal(rme_packet_meta(p)->seq, 0);
	rme_packet_unref(p);
	close_session(&f);
}

static void
late_items_fail_with_a_verdict(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type};
	open_session(&f, types, 1, NULL);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.deadline_ns = 1;
	struct rme_packet *p;
	struct got g;
	assert_int_equal(rme_packet_new(&p, &m, "a", 1), RME_OK);
	assert_int_equal(rme_session_submit(f.s, p, NULL), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_int_equal(g.err, RME_ETIMEDOUT);
	assert_int_equal(g.n_data, 0);
	close_session(&f);
}

static void
open_says_which_node_failed_and_why(void **state)
{
	(void)state;
	struct rme_runtime *rt;
	struct rme_plan *plan;
	struct rme_session *s = NULL;
	struct rme_error err;
	const struct rme_node_spec specs[] = {{.type = &dub_type}, {.type = &stuck_type, .name = "listen"}};
	const struct rme_plan_in in = {.specs = specs, .n = 2};
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	assert_int_equal(rme_session_open(&s, rt, plan, NULL, &err), RME_ENOTFOUND);
	assert_null(s);
	assert_string_equal(err.where, "listen");
	assert_string_equal(err.text, "the model is not there");
	rme_plan_free(plan);
	rme_runtime_free(rt);
}

static void
stages_keep_figures(void **state)
{
	(void)state;
	struct fixture f;
	const struct rme_node_type *types[] = {&dub_type, &dub_type};
	open_session(&f, types, 2, NULL);
	struct got g;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(submit(&f, i == 9 ? "x" : "2", NULL), RME_OK);
		assert_int_equal(receive(&f, &g), RME_OK);
	}
	struct rme_stage_stats st[2];
	assert_int_equal(rme_session_stats(f.s, st, 2), 2);
	assert_int_equal(st[0].items, 10);
	assert_int_equal(st[0].errors, 1);
	assert_int_equal(st[0].packets_out, 18);
	assert_int_equal(st[1].items, 9);
	assert_int_equal(st[1].packets_out, 36);
	assert_true(st[0].p99_ns >= st[0].p50_ns && st[0].p50_ns > 0);
	close_session(&f);
}

struct tapped {
	char text[64]; /* "dub:ab " per packet */
};

static void
note(void *ctx, const char *node, struct rme_packet *pkt)
{
	struct tapped *t = ctx;
	size_t len, at = strlen(t->text);
	const char *data = (const char *)rme_packet_data(pkt, &len);
	(void)snprintf(t->text + at, sizeof(t->text) - at, "%s:%.*s ", node, (int)len, data);
}

static void
a_tap_sees_what_leaves_each_stage(void **state)
{
	(void)state;
	struct tapped t = {""};
	const struct rme_session_config config = {.tap = note, .tap_ctx = &t};
	const struct rme_node_type *types[] = {&dub_type, &dub_type};
	struct fixture f;
	struct got g;
	open_session(&f, types, 2, &config);
	assert_int_equal(submit(&f, "a", NULL), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_int_equal(submit(&f, "x", NULL), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	assert_int_equal(submit(&f, "2", NULL), RME_OK);
	assert_int_equal(receive(&f, &g), RME_OK);
	close_session(&f);
	assert_string_equal(t.text, "dub:a dub:a dub:2 dub:2 dub:2 dub:2 dub:2 dub:2 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_item_gets_its_results_and_one_verdict),
	    cmocka_unit_test(the_verdict_names_the_stage_and_the_reason),
	    cmocka_unit_test(flush_gives_what_is_held_and_the_end_too),
	    cmocka_unit_test(async_stages_keep_order_and_verdicts),
	    cmocka_unit_test(cancel_ends_every_item),
	    cmocka_unit_test(cancel_ends_items_of_async_stages),
	    cmocka_unit_test(a_full_inbox_follows_its_rule),
	    cmocka_unit_test(the_fd_is_readable_while_there_is_something),
	    cmocka_unit_test(a_shared_packet_can_be_submitted_twice),
	    cmocka_unit_test(late_items_fail_with_a_verdict),
	    cmocka_unit_test(open_says_which_node_failed_and_why),
	    cmocka_unit_test(stages_keep_figures),
	    cmocka_unit_test(a_tap_sees_what_leaves_each_stage),
	};
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
