/* Sessions whose guests wait for a service: nobody else waits with them. */
#include "wasm_fixture.h"

#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "base/clock.h"
#include "core/runtime.h"
#include "core/session.h"
#include "patient.h"
#include "wasm/wasm_node.h"

enum { MANY = 1000, FEW = 60, WORKERS = 2 };

#define PATIENCE_NS (60 * RMI_NS_PER_S)

static struct patient patient;
static struct rme_runtime *rt;
static struct rmi_wasm_nodes *nodes;
static char moody_path[512];
static const char *const granted[] = {"echo"};
static struct rme_module_entry moody = {.name = "moody", .services = granted, .n_services = 1};

static int
setup(void **state)
{
	static struct rme_module_entry *const entries[] = {&moody};
	const struct rmi_wasm_registry registry = {.entries = entries, .n = 1, .otherwise = RME_ISOLATION_INPROC};
	const struct rme_runtime_config config = {.workers = WORKERS};
	patient_init(&patient);
	if (fixture_setup(state) != 0 || rme_runtime_new(&rt, &config, &fixture_err) != RME_OK ||
	    rmi_wasm_nodes_new(&nodes, fixture_engine, &registry) != RME_OK ||
	    rme_runtime_register(rt, rmi_wasm_nodes_type(nodes, 1)) != RME_OK) {
		return -1;
	}
	(void)snprintf(moody_path, sizeof(moody_path), "%s", fixture_path("moody"));
	moody.wasm_path = moody_path;
	moody.isolation = RME_ISOLATION_INPROC;
	rmi_runtime_set_services(rt, &patient.services);
	return 0;
}

static int
teardown(void **state)
{
	rme_runtime_free(rt);
	rmi_wasm_nodes_free(nodes);
	return fixture_teardown(state);
}

/* A session with one or two of the module one after the other. */
struct line {
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec[2];
	struct rme_plan *plan;
	struct rme_session *session;
};

static void
open_line(struct line *l, size_t n)
{
	const struct rme_value value = {.key = "module", .kind = RME_VALUE_TEXT, .text = "moody"};
	const struct rme_params_in in = {&value, 1};
	*l = (struct line){0};
	l->spec[0] = (struct rme_node_spec){
	    .type = rme_runtime_find(rt, "HybridWasmNode"), .config = &l->config, .name = "first"};
	l->spec[1] = l->spec[0];
	l->spec[1].name = "second";
	const struct rme_plan_in plan = {.specs = l->spec, .n = n};
	if (rme_params_bind(l->spec[0].type->params, &in, &l->config, NULL, &fixture_err) != RME_OK ||
	    rme_plan_new(&l->plan, rt, &plan, &fixture_err) != RME_OK ||
	    rme_session_open(&l->session, rt, l->plan, NULL, &fixture_err) != RME_OK) {
		fail_msg("%s: %s", fixture_err.where, fixture_err.text);
	}
}

static void
close_line(struct line *l)
{
	rme_session_free(l->session);
	rme_plan_free(l->plan);
	rme_params_done(l->spec[0].type->params, &l->config);
}

static void
submit_until(struct line *l, const char *text, int64_t deadline_ns)
{
	struct rme_packet *pkt;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	meta.deadline_ns = deadline_ns;
	assert_int_equal(rme_packet_new(&pkt, &meta, text, strlen(text)), RME_OK);
	assert_int_equal(rme_session_submit(l->session, pkt, NULL), RME_OK);
}

static void
submit(struct line *l, const char *text)
{
	submit_until(l, text, 0);
}

static struct rme_packet *
receive(struct line *l)
{
	struct rme_packet *pkt = NULL;
	assert_int_equal(rme_session_recv(l->session, &pkt, rmi_monotonic_ns() + PATIENCE_NS), RME_OK);
	return pkt;
}

static void
expect_data(struct line *l, const char *text)
{
	struct rme_packet *pkt = receive(l);
	size_t len;
	const uint8_t *data = rme_packet_data(pkt, &len);
	if (rme_packet_meta(pkt)->kind != RME_PACKET_DATA || len != strlen(text) || memcmp(data, text, len) != 0) {
		const struct rme_verdict *v = rme_packet_verdict(pkt);
		fail_msg(
		    "\"%.*s\" %s and not \"%s\"", (int)len, (const char *)data, v != NULL ? v->error.text : "", text);
	}
	rme_packet_unref(pkt);
}

static void
expect_end(struct line *l, enum rme_err code, const char *text)
{
	struct rme_packet *pkt = receive(l);
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	assert_non_null(v);
	if (v->error.code != code || strstr(v->error.text, text) == NULL) {
		fail_msg("%s \"%s\" and not %s \"%s\"", rme_err_name(v->error.code), v->error.text, rme_err_name(code),
		    text);
	}
	rme_packet_unref(pkt);
}

static void
items_behind_a_guest_that_waits_keep_their_order(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, 1);
	for (int i = 0; i < 10; i++) {
		submit(&l, "call echo first");
		submit(&l, "echo second");
		submit(&l, "later trap oob");
		submit(&l, "later many 2");
		assert_int_equal(rme_session_flush(l.session, NULL), RME_OK);
		for (int k = 0; k < 3; k++) {
			patient_expect(&patient, 1); /* one at a time: the instance is not entered meanwhile */
			assert_int_equal(patient_answer(&patient, 0, 1), 1);
		}
		expect_data(&l, "first");
		expect_end(&l, RME_OK, "");
		expect_data(&l, "second");
		expect_end(&l, RME_OK, "");
		expect_end(&l, RME_EMODULE, "out of bounds memory access; the next item gets a new instance");
		expect_data(&l, "first");
		expect_data(&l, "0");
		expect_data(&l, "1");
		expect_end(&l, RME_OK, "");
		expect_data(&l, "rest");
		expect_end(&l, RME_OK, "");
	}
	close_line(&l);
}

static void
others_go_on_while_many_wait(void **state)
{
	(void)state;
	size_t many = rmi_wasm_engine_fibers(fixture_engine) ? MANY : FEW; /* without fibers each has a thread */
	static struct line waiting[MANY], l;
	for (size_t i = 0; i < many; i++) {
		open_line(&waiting[i], 1);
		submit(&waiting[i], "call echo patience");
	}
	patient_expect(&patient, many);
	open_line(&l, 1);
	for (int i = 0; i < 200; i++) {
		submit(&l, "echo at once");
		expect_data(&l, "at once");
		expect_end(&l, RME_OK, "");
	}
	assert_int_equal(patient_waiting(&patient), many);
	close_line(&l);
	for (size_t answered = 0; answered < many;) {
		answered += patient_answer(&patient, answered * 13, 7);
	}
	for (size_t i = 0; i < many; i++) {
		expect_data(&waiting[i], "patience");
		expect_end(&waiting[i], RME_OK, "");
		submit(&waiting[i], "say items");
		expect_data(&waiting[i], "2");
		expect_end(&waiting[i], RME_OK, "");
		close_line(&waiting[i]);
	}
}

static void
a_session_can_be_canceled_while_its_guest_waits(void **state)
{
	(void)state;
	struct line l;
	for (int i = 0; i < 50; i++) {
		open_line(&l, 1);
		submit(&l, "call echo never");
		submit(&l, "echo behind");
		if (i % 3 != 0) {
			patient_expect(&patient, 1);
		}
		if (i % 2 == 0) {
			rme_session_cancel(l.session);
			expect_end(&l, RME_ECANCELED, "canceled");
			expect_end(&l, RME_ECANCELED, "canceled");
		}
		close_line(&l); /* ends what is left */
		patient_expect(&patient, 0);
	}
}

static void
a_deadline_ends_the_wait(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, 1);
	for (int i = 0; i < 5; i++) {
		submit_until(&l, "call echo late", rmi_monotonic_ns() + 20 * RMI_NS_PER_MS);
		/* The guest hears "deadline" and returns, or is stopped: the item is out of time, with its answer or without. */
		struct rme_packet *pkt = receive(&l);
		while (rme_packet_verdict(pkt) == NULL) {
			rme_packet_unref(pkt);
			pkt = receive(&l);
		}
		assert_int_equal(rme_packet_verdict(pkt)->error.code, RME_ETIMEDOUT);
		rme_packet_unref(pkt);
		assert_int_equal(patient_waiting(&patient), 0);
	}
	close_line(&l);
}

static void
several_guests_of_a_session_wait_at_once(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, 2);
	for (int i = 0; i < 20; i++) {
		submit(&l, "call echo call echo both");
	}
	for (int left = 40; left > 0;) {
		left -= (int)patient_answer(&patient, 0, 2);
	}
	for (int i = 0; i < 20; i++) {
		expect_data(&l, "both");
		expect_end(&l, RME_OK, "");
	}
	close_line(&l);
}

/* A guest that were suspended here could not be gone on with: the session moves to a worker. */
static void
a_session_run_by_its_caller_waits_on_a_worker(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, 1);
	for (int i = 0; i < 20; i++) {
		struct rme_packet *pkt;
		const struct rme_packet_meta meta = rme_packet_meta_init();
		assert_int_equal(rme_packet_new(&pkt, &meta, "call echo here", 14), RME_OK);
		assert_int_equal(rmi_session_submit_here(l.session, pkt), RME_OK);
		patient_expect(&patient, 1);
		assert_int_equal(patient_answer(&patient, 0, 1), 1);
		expect_data(&l, "here");
		expect_end(&l, RME_OK, "");
	}
	close_line(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_behind_a_guest_that_waits_keep_their_order),
	    cmocka_unit_test(others_go_on_while_many_wait),
	    cmocka_unit_test(a_session_can_be_canceled_while_its_guest_waits),
	    cmocka_unit_test(a_deadline_ends_the_wait),
	    cmocka_unit_test(several_guests_of_a_session_wait_at_once),
	    cmocka_unit_test(a_session_run_by_its_caller_waits_on_a_worker),
	};
	return cmocka_run_group_tests_name("waiting", tests, setup, teardown);
}
