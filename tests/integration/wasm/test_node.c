/* Modules as nodes of a session. */
#include "wasm_fixture.h"

#include <math.h>
#include <sched.h>
#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "base/clock.h"
#include "core/service.h"
#include "core/runtime.h"
#include "wasm/pool.h"
#include "wasm/wasm_node.h"

/* Answers "from afar". */
static bool
far_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	(void)self;
	const struct rme_packet_meta meta = rme_packet_meta_init();
	rme_packet_unref(call->in);
	call->in = NULL;
	call->bytes_up = 7;
	call->bytes_down = 9;
	call->remote_ns = 11;
	call->error = (struct rme_error){.code = rme_packet_new(&call->answer, &meta, "from afar", 9)};
	return true;
}

static void
far_end(struct rmi_services *self, const char *session_id)
{
	(void)self;
	(void)session_id;
}

static const struct rmi_services_ops far_ops = {.begin = far_begin, .end_session = far_end};
static struct rmi_services far = {&far_ops};

static struct rmi_wasm_nodes *nodes;
static char moody_path[512];
static const char *const granted[] = {"echo"};
static struct rme_module_entry hybrid = {.name = "hybrid", .services = granted, .n_services = 1};
static struct rme_module_entry limited = {.name = "limited"};

static int
setup(void **state)
{
	if (fixture_setup(state) != 0) {
		return -1;
	}
	static struct rme_module_entry *const entries[] = {&hybrid, &limited};
	(void)snprintf(moody_path, sizeof(moody_path), "%s", fixture_path("moody"));
	hybrid.wasm_path = limited.wasm_path = moody_path;
	limited.limits = (struct rme_module_limits){.timeout_ns = 200 * RMI_NS_PER_MS};
	limited.input = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	limited.output = rme_format_of(RME_MEDIA_JSON);
	rmi_runtime_set_services(fixture_runtime(), &far);
	const struct rmi_wasm_registry registry = {.entries = entries, .n = 2, .otherwise = fixture_isolation()};
	if (rmi_wasm_nodes_new(&nodes, fixture_engine, &registry) != RME_OK) {
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

struct chain {
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec;
	struct rme_plan *plan;
	struct rme_session *session;
};

static enum rme_err
try_open_chain(struct chain *c, const char *type, const struct rme_value *values, size_t n)
{
	const struct rme_params_in in = {values, n};
	c->config = (struct rmi_wasm_node_config){0};
	c->spec = (struct rme_node_spec){
	    .type = rme_runtime_find(fixture_runtime(), type), .config = &c->config, .name = "m"};
	c->plan = NULL;
	c->session = NULL;
	enum rme_err e = rme_params_bind(c->spec.type->params, &in, &c->config, NULL, &fixture_err);
	const struct rme_plan_in plan = {.specs = &c->spec, .n = 1};
	e = e != RME_OK ? e : rme_plan_new(&c->plan, fixture_runtime(), &plan, &fixture_err);
	return e != RME_OK ? e : rme_session_open(&c->session, fixture_runtime(), c->plan, NULL, &fixture_err);
}

static void
close_chain(struct chain *c)
{
	rme_session_free(c->session);
	rme_plan_free(c->plan);
	rme_params_done(c->spec.type->params, &c->config);
}

static void
open_chain(struct chain *c, const char *type, const char *module)
{
	const struct rme_value values[] = {{.key = "module", .kind = RME_VALUE_TEXT, .text = module}};
	if (try_open_chain(c, type, values, 1) != RME_OK) {
		fail_msg("%s: %s", fixture_err.where, fixture_err.text);
	}
}

static void
submit(struct chain *c, const char *text)
{
	struct rme_packet *pkt;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	meta.pts_ns = 5;
	assert_int_equal(rme_packet_new(&pkt, &meta, text, strlen(text)), RME_OK);
	assert_int_equal(rme_session_submit(c->session, pkt, NULL), RME_OK);
}

static struct rme_packet *
receive(struct chain *c, enum rme_packet_kind kind)
{
	struct rme_packet *pkt = NULL;
	assert_int_equal(rme_session_recv(c->session, &pkt, rmi_monotonic_ns() + 60 * RMI_NS_PER_S), RME_OK);
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	if (rme_packet_meta(pkt)->kind != kind) {
		fail_msg(
		    "a packet of another kind%s%s", v != NULL ? ", a verdict: " : "", v != NULL ? v->error.text : "");
	}
	return pkt;
}

static struct rme_packet_meta
expect_data(struct chain *c, const char *text)
{
	struct rme_packet *pkt = receive(c, RME_PACKET_DATA);
	size_t len;
	const uint8_t *data = rme_packet_data(pkt, &len);
	struct rme_packet_meta meta = *rme_packet_meta(pkt);
	if (len != strlen(text) || memcmp(data, text, len) != 0) {
		fail_msg("\"%.*s\" and not \"%s\"", (int)len, (const char *)data, text);
	}
	rme_packet_unref(pkt);
	return meta;
}

static struct rme_stage_report
expect_end(struct chain *c, enum rme_err code, const char *text)
{
	struct rme_packet *pkt = receive(c, RME_PACKET_ITEM_END);
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	if (v->error.code != code || (code != RME_OK && strstr(v->error.text, text) == NULL)) {
		fail_msg("%s \"%s\" and not %s \"%s\"", rme_err_name(v->error.code), v->error.text, rme_err_name(code),
		    text);
	}
	struct rme_stage_report report = v->stage[0];
	rme_packet_unref(pkt);
	return report;
}

static void
items_results_and_the_rest(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "WasmEdgeNode", moody_path);
	submit(&c, "many 2");
	struct rme_packet_meta meta = expect_data(&c, "first");
	assert_true(meta.confidence == 0.75F && meta.pts_ns == 5 && meta.side == RME_SIDE_EDGE && meta.seq == 1);
	assert_int_equal(meta.format.media, RME_MEDIA_TEXT); /* as the module says */
	(void)expect_data(&c, "0");
	(void)expect_data(&c, "1");
	assert_int_equal(expect_end(&c, RME_OK, "").side, RME_SIDE_EDGE);
	submit(&c, "echo ");
	(void)expect_end(&c, RME_OK, ""); /* an item without result */
	submit(&c, "error no speech");
	(void)expect_end(&c, RME_EFORMAT, "module moody.wasm: no speech (status -3)");
	assert_int_equal(rme_session_flush(c.session, NULL), RME_OK);
	(void)expect_data(&c, "rest");
	(void)expect_end(&c, RME_OK, "");
	close_chain(&c);
}

static void
after_a_trap_the_next_item_gets_a_new_instance(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "WasmEdgeNode", "limited");
	submit(&c, "say initialized");
	(void)expect_data(&c, "1");
	(void)expect_end(&c, RME_OK, "");
	submit(&c, "trap oob");
	(void)expect_end(
	    &c, RME_EMODULE, "module limited: trap: out of bounds memory access; the next item gets a new instance");
	submit(&c, "say initialized");
	(void)expect_data(&c, "1");
	(void)expect_end(&c, RME_OK, "");
	submit(&c, "loop plain");
	(void)expect_end(&c, RME_ETIMEDOUT, "module limited: stopped after 200 ms (limit); the next item");
	submit(&c, "say items");
	(void)expect_data(&c, "1");
	(void)expect_end(&c, RME_OK, "");
	close_chain(&c);
}

static void
a_hybrid_module_reaches_its_services(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "HybridWasmNode", "hybrid");
	submit(&c, "call echo hi");
	(void)expect_data(&c, "from afar");
	struct rme_stage_report r = expect_end(&c, RME_OK, "");
	assert_true(r.bytes_up == 7 && r.bytes_down == 9 && r.remote_ns == 11);
	close_chain(&c);
	open_chain(&c, "WasmEdgeNode", "hybrid");
	submit(&c, "call echo hi");
	(void)expect_data(&c, "6"); /* not granted */
	(void)expect_end(&c, RME_OK, "");
	close_chain(&c);
}

static void
what_cannot_be_opened_says_why(void **state)
{
	(void)state;
	struct chain c;
	struct rme_value values[] = {{.key = "module", .kind = RME_VALUE_TEXT, .text = "nowhere.wasm"}, {0}, {0}};
	assert_int_equal(try_open_chain(&c, "WasmEdgeNode", values, 1), RME_ENOTFOUND);
	assert_non_null(strstr(fixture_err.text, "nowhere.wasm"));
	close_chain(&c);
	values[0].text = "limited";
	values[1] = (struct rme_value){.key = "timeout", .kind = RME_VALUE_TEXT, .text = "1s"};
	assert_int_equal(try_open_chain(&c, "WasmEdgeNode", values, 2), RME_ECONFIG);
	assert_non_null(strstr(fixture_err.text, "timeout is over the limit"));
	close_chain(&c);
	values[1] = (struct rme_value){.key = "params", .kind = RME_VALUE_JSON, .text = "{\"x\":\"refuse\"}"};
	assert_int_equal(try_open_chain(&c, "WasmEdgeNode", values, 2), RME_ECONFIG);
	assert_non_null(strstr(fixture_err.text, "the parameter is not to my taste"));
	close_chain(&c);
	values[1] = (struct rme_value){.key = "services", .kind = RME_VALUE_JSON, .text = "{}"};
	assert_int_equal(try_open_chain(&c, "HybridWasmNode", values, 2), RME_ECONFIG);
	assert_non_null(strstr(fixture_err.text, "JSON array"));
	close_chain(&c);
}

static void
formats_are_declared_by_the_registry(void **state)
{
	(void)state;
	const struct rme_node_type *type = rmi_wasm_nodes_type(nodes, 0);
	char name[] = "limited";
	struct rmi_wasm_node_config config = {.module = name};
	struct rme_format in = rme_format_audio(RME_SAMPLE_F32LE, 48000, 2), want = in, gives = {0};
	assert_int_equal(type->formats(type, &config, &in, &want, &gives), RME_OK);
	assert_true(rme_format_equal(&want, &limited.input));
	assert_int_equal(gives.media, RME_MEDIA_JSON);
	in = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(type->formats(type, &config, &in, &want, &gives), RME_EFORMAT);
}

static void
sessions_find_warm_instances(void **state)
{
	(void)state;
	struct rmi_wasm_module *m = fixture_open("smallest");
	struct rmi_wasm_instance *in;
	for (int i = 0; i < 50; i++) {
		static const struct rmi_guest_env env = {.session_id = "w"};
		assert_int_equal(rmi_wasm_pool_take(&in, m, &fixture_err), RME_OK);
		assert_int_equal(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &fixture_err), RME_OK);
		fixture_expect(in, "abc", "cba");
		rmi_wasm_instance_free(in);
		int64_t patience = rmi_monotonic_ns() + 60 * RMI_NS_PER_S;
		while (rmi_wasm_pool_ready(m) == 0 && rmi_monotonic_ns() < patience) {
			sched_yield();
		}
		assert_int_equal(rmi_wasm_pool_ready(m), 1);
	}
	rmi_wasm_module_unref(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_results_and_the_rest),
	    cmocka_unit_test(after_a_trap_the_next_item_gets_a_new_instance),
	    cmocka_unit_test(a_hybrid_module_reaches_its_services),
	    cmocka_unit_test(what_cannot_be_opened_says_why),
	    cmocka_unit_test(formats_are_declared_by_the_registry),
	    cmocka_unit_test(sessions_find_warm_instances),
	};
	return cmocka_run_group_tests_name("node", tests, setup, teardown);
}
