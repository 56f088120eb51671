/* A large module in a process of its own runs plainly compiled code at once; sessions opened later get the optimized one. */
#include "wasm_fixture.h"

#include <unistd.h>
#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "base/clock.h"
#include "wasm/engine_state.h"
#include "wasm/iso_host.h"
#include "wasm/optimizer.h"
#include "wasm/wasm_node.h"

enum { RECEIVE_S = 60 };

static char folder[] = "/tmp/rme-test-tiersp.XXXXXX";
static struct rmi_wasm_engine *engine;
static struct rmi_wasm_nodes *nodes;

static int
setup(void **state)
{
	const struct rmi_wasm_engine_config config = {.cache_dir = folder};
	const struct rmi_wasm_registry registry = {.otherwise = RME_ISOLATION_PROCESS};
	return fixture_setup(state) == 0 && mkdtemp(folder) != NULL &&
	               rmi_wasm_engine_new(&engine, &config, &fixture_err) == RME_OK &&
	               rmi_wasm_nodes_new(&nodes, engine, &registry) == RME_OK
	           ? 0
	           : -1;
}

static int
teardown(void **state)
{
	rmi_wasm_nodes_free(nodes);
	rmi_wasm_engine_free(engine);
	fixture_remove_folder(folder);
	return fixture_teardown(state);
}

/* The answer of a session that is opened for one item. */
static uint32_t
answer(void)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s", fixture_path("large"));
	struct rmi_wasm_node_config config = {.module = path};
	const struct rme_node_spec spec = {.type = rmi_wasm_nodes_type(nodes, 0), .config = &config, .name = "large"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	struct rme_plan *plan;
	struct rme_session *session;
	struct rme_packet *p;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	assert_int_equal(rme_plan_new(&plan, fixture_runtime(), &in, &fixture_err), RME_OK);
	if (rme_session_open(&session, fixture_runtime(), plan, NULL, &fixture_err) != RME_OK) {
		fail_msg("%s", fixture_err.text);
	}
	assert_int_equal(rme_packet_new(&p, &meta, "some bytes", 10), RME_OK);
	assert_int_equal(rme_session_submit(session, p, NULL), RME_OK);
	assert_int_equal(rme_session_recv(session, &p, rmi_monotonic_ns() + RECEIVE_S * RMI_NS_PER_S), RME_OK);
	if (rme_packet_verdict(p) != NULL) {
		fail_msg("%s", rme_packet_verdict(p)->error.text);
	}
	uint32_t x;
	size_t len;
	const uint8_t *data = rme_packet_data(p, &len);
	assert_int_equal(len, sizeof(x));
	memcpy(&x, data, sizeof(x));
	rme_packet_unref(p);
	rme_session_free(session);
	rme_plan_free(plan);
	return x;
}

static uint64_t
processes_started(void)
{
	struct rmi_iso_status status;
	rmi_wasm_nodes_isolation(nodes, &status);
	return status.started;
}

static void
later_sessions_get_the_optimized_code(void **state)
{
	(void)state;
	uint32_t plain = answer();
	assert_int_equal(processes_started(), 1);
	assert_int_equal(answer(), plain);
	pthread_mutex_lock(&engine->modules_lock);
	while (engine->optimize_jobs != NULL) {
		pthread_cond_wait(&engine->modules_changed, &engine->modules_lock);
	}
	pthread_mutex_unlock(&engine->modules_lock);
	assert_int_equal(answer(), plain);
	assert_int_equal(processes_started(), 2); /* one with the other code */
	assert_int_equal(answer(), plain);
	assert_int_equal(processes_started(), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(later_sessions_get_the_optimized_code)};
	return cmocka_run_group_tests_name("tiers of isolated modules", tests, setup, teardown);
}
