#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "core/node.h"
#include "core/pipeline.h"

/* Keeps what comes until the test lets the oldest item go. */
struct gate {
	struct rme_packet *held[64];
	size_t n;
};

static struct rme_node *gate_node;

static enum rme_err
gate_open(struct rme_node *self, const void *config)
{
	(void)config;
	gate_node = self;
	return RME_OK;
}

static enum rme_err
gate_process(struct rme_node *self, struct rme_packet *in)
{
	struct gate *g = rme_node_state(self);
	g->held[g->n++] = in;
	return RME_OK;
}

static const struct rme_node_type gate_type = {.name = "gate",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct gate),
    .open = gate_open,
    .process = gate_process};

/* Data and end of the oldest item. */
static void
release_one(void)
{
	struct gate *g = rme_node_state(gate_node);
	for (int i = 0; i < 2; i++) {
		struct rme_packet *p = g->held[0];
		g->n--;
		memmove(g->held, g->held + 1, g->n * sizeof(g->held[0]));
		(void)!rme_node_emit(gate_node, p);
	}
}

struct taken {
	struct rme_sink sink;
	uint64_t ends[16];
	size_t n;
};

static enum rme_err
take(struct rme_sink *self, struct rme_packet *pkt)
{
	struct taken *t = (struct taken *)self;
	if (rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END) {
		assert_int_equal(rme_packet_verdict(pkt)->error.code, RME_OK);
		t->ends[t->n++] = rme_packet_meta(pkt)->seq;
	}
	rme_packet_unref(pkt);
	return RME_OK;
}

static void
start(struct rmi_pipeline *p, uint64_t seq)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *in, *end;
	m.seq = seq;
	assert_int_equal(rme_packet_new(&in, &m, "x", 1), RME_OK);
	assert_int_equal(rmi_packet_new_end(&end, &m, 1), RME_OK);
	rmi_pipeline_start(p, in, end);
}

static void
numbers_may_have_gaps_while_items_are_open(void **state)
{
	(void)state;
	struct rme_runtime *rt;
	struct rmi_pipeline *p;
	struct taken taken = {.sink = {take}};
	const struct rme_plan_stage stage = {.spec = {.type = &gate_type}};
	const struct rmi_pipeline_in in = {.stages = &stage, .n = 1, .window = 2, .sink = &taken.sink};
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	const struct rmi_node_env env = {.rt = rt, .session_id = "test", .session = 1};
	assert_int_equal(rmi_pipeline_new(&p, &in, &env, NULL), RME_OK);
	/* What an inbox that drops items leaves: with a window of two, 2, 4 and 6 would share a place by number. */
	start(p, 1);
	start(p, 2);
	release_one();
	start(p, 4);
	release_one();
	start(p, 6);
	assert_int_equal(rmi_pipeline_open_items(p), 2);
	release_one();
	start(p, 1000);
	release_one();
	release_one();
	assert_int_equal(rmi_pipeline_open_items(p), 0);
	const uint64_t want[] = {1, 2, 4, 6, 1000};
	assert_int_equal(taken.n, 5);
	assert_memory_equal(taken.ends, want, sizeof(want));
	rmi_pipeline_free(p);
	rme_runtime_free(rt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_may_have_gaps_while_items_are_open),
	};
	return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
