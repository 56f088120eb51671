/* Large frames through a session of two modules: not one of them is copied between the modules, and all are right. */
#include "wasm_fixture.h"

#include <rme/packet.h>
#include <rme/params.h>
#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "base/clock.h"
#include "base/frame_ring.h"
#include "wasm/wasm_node.h"

enum { FRAME = 400000, FRAMES = 40, AT_ONCE = 6, RECEIVE_S = 60 };

struct chain {
	struct rmi_wasm_node_config config;
	struct rme_node_spec specs[2];
	struct rme_plan *plan;
	struct rme_session *session;
};

static void
open_chain(struct chain *c, const char *type)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s", fixture_path("frames"));
	const struct rme_value values[] = {{.key = "module", .kind = RME_VALUE_TEXT, .text = path},
	    {.key = "result_limit", .kind = RME_VALUE_TEXT, .text = "1MiB"}};
	const struct rme_params_in in = {values, 2};
	const struct rme_node_type *t = rme_runtime_find(fixture_runtime(), type);
	c->config = (struct rmi_wasm_node_config){0};
	assert_int_equal(rme_params_bind(t->params, &in, &c->config, NULL, &fixture_err), RME_OK);
	for (size_t i = 0; i < 2; i++) {
		c->specs[i] =
		    (struct rme_node_spec){.type = t, .config = &c->config, .name = i == 0 ? "first" : "second"};
	}
	const struct rme_plan_in plan = {.specs = c->specs, .n = 2};
	assert_int_equal(rme_plan_new(&c->plan, fixture_runtime(), &plan, &fixture_err), RME_OK);
	if (rme_session_open(&c->session, fixture_runtime(), c->plan, NULL, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
}

static void
close_chain(struct chain *c)
{
	rme_session_free(c->session);
	rme_plan_free(c->plan);
	rme_params_done(c->specs[0].type->params, &c->config);
}

static struct rmi_wasm_nodes *nodes;

static int
setup(void **state)
{
	const struct rmi_wasm_registry registry = {.otherwise = fixture_isolation()};
	if (fixture_setup(state) != 0 || rmi_wasm_nodes_new(&nodes, fixture_engine, &registry) != RME_OK) {
		return -1;
	}
	for (size_t i = 0; rmi_wasm_nodes_type(nodes, i) != NULL; i++) {
		if (rme_runtime_register(fixture_runtime(), rmi_wasm_nodes_type(nodes, i)) != RME_OK) {
			return -1;
		}
	}
	return 0;
}

static int
teardown(void **state)
{
	rmi_wasm_nodes_free(nodes);
	return fixture_teardown(state);
}

static void
submit(struct chain *c, struct rme_packet_pool *pool, uint8_t number)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	assert_int_equal(rme_packet_pool_alloc(pool, &p, &meta, FRAME, &data), RME_OK);
	for (size_t i = 0; i < FRAME; i++) {
		data[i] = (uint8_t)(i * 3 + number);
	}
	data[0] = 'C'; /* a copy, each byte one more; so does the second module */
	assert_int_equal(rme_session_submit(c->session, p, NULL), RME_OK);
}

/* The result of the item; where it failed, the test does. */
static struct rme_packet *
receive(struct chain *c)
{
	struct rme_packet *data = NULL, *end = NULL;
	assert_int_equal(rme_session_recv(c->session, &data, rmi_monotonic_ns() + RECEIVE_S * RMI_NS_PER_S), RME_OK);
	if (rme_packet_verdict(data) != NULL) {
		fail_msg("%s", rme_packet_verdict(data)->error.text);
	}
	assert_int_equal(rme_session_recv(c->session, &end, rmi_monotonic_ns() + RECEIVE_S * RMI_NS_PER_S), RME_OK);
	assert_non_null(rme_packet_verdict(end));
	assert_int_equal(rme_packet_verdict(end)->error.code, RME_OK);
	rme_packet_unref(end);
	return data;
}

static void
expect_frame(const struct rme_packet *p, uint8_t number)
{
	size_t len;
	const uint8_t *data = rme_packet_data(p, &len);
	assert_int_equal(len, FRAME);
	for (size_t i = 1; i < len; i++) {
		if (data[i] != (uint8_t)(i * 3 + number + 2)) {
			fail_msg("byte %zu of frame %u is %u", i, number, data[i]);
		}
	}
}

static void
frames_pass(struct chain *c)
{
	struct rme_packet_pool *pool;
	struct rme_packet *held[AT_ONCE];
	unsigned in_ring = 0;
	assert_int_equal(rme_packet_pool_new(&pool), RME_OK);
	for (uint8_t i = 0; i < FRAMES; i = (uint8_t)(i + AT_ONCE)) {
		for (uint8_t k = 0; k < AT_ONCE; k++) {
			submit(c, pool, (uint8_t)(i + k));
		}
		for (uint8_t k = 0; k < AT_ONCE; k++) { /* held on to, so that slots are in use while the modules run */
			struct rmi_frame f;
			held[k] = receive(c);
			in_ring += rmi_frame_of(held[k], &f);
		}
		for (uint8_t k = 0; k < AT_ONCE; k++) {
			expect_frame(held[k], (uint8_t)(i + k));
			rme_packet_unref(held[k]);
		}
	}
	assert_true(in_ring > FRAMES / 2);
	rme_packet_pool_free(pool);
}

static void
two_modules_in_a_row(void **state)
{
	(void)state;
	struct chain c = {0};
	open_chain(&c, "WasmEdgeNode");
	frames_pass(&c);
	close_chain(&c);
}

static void
modules_that_may_be_suspended(void **state)
{
	(void)state;
	struct chain c = {0};
	open_chain(&c, "HybridWasmNode");
	frames_pass(&c);
	close_chain(&c);
}

static void
results_outlive_their_session(void **state)
{
	(void)state;
	struct chain c = {0};
	struct rme_packet_pool *pool;
	open_chain(&c, "WasmEdgeNode");
	assert_int_equal(rme_packet_pool_new(&pool), RME_OK);
	submit(&c, pool, 7);
	struct rme_packet *p = receive(&c);
	rme_packet_pool_free(pool);
	close_chain(&c);
	expect_frame(p, 7);
	rme_packet_unref(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_modules_in_a_row),
	    cmocka_unit_test(modules_that_may_be_suspended),
	    cmocka_unit_test(results_outlive_their_session),
	};
	return cmocka_run_group_tests_name("windows in sessions", tests, setup, teardown);
}
