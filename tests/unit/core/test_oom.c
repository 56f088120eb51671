#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>

#include "fakes.h"
#include "harness.h"

/* Every accepted item has its verdict, whichever allocation fails on the way. */
static void
session_scenario(void *ctx)
{
	(void)ctx;
	struct rme_runtime *rt = NULL;
	struct rme_plan *plan = NULL;
	struct rme_session *s = NULL;
	const struct rme_node_spec specs[] = {{.type = &dub_type}, {.type = &keep_type}, {.type = &dub_type}};
	const struct rme_plan_in in = {.specs = specs, .n = 3};
	const struct rme_runtime_config config = {.workers = 1};
	enum rme_err e = rme_runtime_new(&rt, &config, NULL);
	e = e == RME_OK ? rme_plan_new(&plan, rt, &in, NULL) : e;
	e = e == RME_OK ? rme_session_open(&s, rt, plan, NULL, NULL) : e;
	size_t accepted = 0, verdicts = 0;
	for (int i = 0; i < 20 && e == RME_OK; i++) {
		struct rme_packet_meta m = rme_packet_meta_init();
		struct rme_packet *p;
		if (rme_packet_new(&p, &m, "2", 1) == RME_OK) {
			accepted += rme_session_submit(s, p, NULL) == RME_OK;
		}
	}
	if (e == RME_OK) {
		accepted += rme_session_flush(s, NULL) == RME_OK;
		bool ended = rme_session_end(s) == RME_OK;
		accepted += ended;
		if (!ended) {
			rme_session_cancel(s);
		}
		struct rme_packet *p;
		while (rme_session_recv(s, &p, 0) == RME_OK) {
			verdicts += rme_packet_meta(p)->kind == RME_PACKET_ITEM_END;
			rme_packet_unref(p);
		}
		assert_int_equal(verdicts, accepted);
	}
	assert_true(e == RME_OK || harness_oom_hit());
	rme_session_free(s);
	rme_plan_free(plan);
	rme_runtime_free(rt);
}

static void
sessions_survive_every_failing_allocation(void **state)
{
	(void)state;
	assert_true(harness_oom_sweep(session_scenario, NULL) > 50);
}

static void
node_scenario(void *ctx)
{
	const struct rme_node_type *type = ctx;
	static struct harness h;
	enum rme_err e = harness_init(&h, type, NULL, NULL);
	if (e == RME_OK) {
		for (int i = 0; i < 3; i++) {
			e = harness_item(&h, NULL, "2", 1);
			assert_true(e == RME_OK || harness_oom_hit());
		}
		harness_flush(&h);
	}
	assert_true(e == RME_OK || harness_oom_hit());
	harness_done(&h);
}

static void
nodes_survive_every_failing_allocation(void **state)
{
	(void)state;
	const struct rme_node_type *const types[] = {&dub_type, &keep_type};
	for (size_t i = 0; i < 2; i++) {
		union {
			const void *in;
			void *out;
		} type = {.in = types[i]};
		assert_true(harness_oom_sweep(node_scenario, type.out) > 5);
	}
}

static void
packet_scenario(void *ctx)
{
	(void)ctx;
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p, *q, *note;
	if (rme_packet_new(&p, &m, "abc", 3) != RME_OK) {
		assert_true(harness_oom_hit());
		return;
	}
	if (rme_packet_new(&note, &m, "note", 4) == RME_OK) {
		rme_packet_annotate(p, note);
	}
	uint8_t *data;
	size_t len;
	if (rme_packet_derive(&q, p, &m) == RME_OK) {
		if (rme_packet_writable(&q, &data, &len) == RME_OK) {
			data[0] = 'x';
		}
		rme_packet_unref(q);
	}
	assert_memory_equal(rme_packet_data(p, &len), "abc", 3);
	rme_packet_unref(p);
}

static void
packets_survive_every_failing_allocation(void **state)
{
	(void)state;
	assert_int_equal(harness_oom_sweep(packet_scenario, NULL), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_survive_every_failing_allocation),
	    cmocka_unit_test(nodes_survive_every_failing_allocation),
	    cmocka_unit_test(sessions_survive_every_failing_allocation),
	};
	return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
