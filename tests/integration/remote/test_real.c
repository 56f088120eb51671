/* RemoteNode and guests' calls against the service that ships, not a stand-in. */

#include "client.h"

#include "base/clock.h"
#include "core/service.h"
#include "serve/server.h"

#include <rme/node.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two nodes to serve: one that answers each item, one that holds all back until a flush. */

struct echo_config {
	int64_t times;
};

static enum rme_err
echo_open(struct rme_node *self, const void *config)
{
	*(int64_t *)rme_node_state(self) = ((const struct echo_config *)config)->times;
	return RME_OK;
}

static enum rme_err
echo_process(struct rme_node *self, struct rme_packet *in)
{
	enum rme_err e = RME_OK;
	for (int64_t i = *(int64_t *)rme_node_state(self); i > 0 && e == RME_OK; i--) {
		e = rme_node_emit(self, rme_packet_ref(in));
	}
	rme_packet_unref(in);
	return e;
}

static const struct rme_param echo_params[] = {
    {.name = "times",
        .kind = RME_PARAM_INT,
        .offset = offsetof(struct echo_config, times),
        .fallback = "1",
        .min = 0,
        .max = 9,
        .help = "results of each item"},
    {.name = NULL},
};

static const struct rme_node_type echo_type = {.name = "Echo",
    .state_size = sizeof(int64_t),
    .config_size = sizeof(struct echo_config),
    .params = echo_params,
    .open = echo_open,
    .process = echo_process};

static enum rme_err
hold_process(struct rme_node *self, struct rme_packet *in)
{
	size_t n;
	(void)rme_packet_data(in, &n);
	*(size_t *)rme_node_state(self) += n;
	rme_packet_unref(in);
	return RME_OK;
}

static enum rme_err
hold_flush(struct rme_node *self, struct rme_packet *flush)
{
	size_t *held = rme_node_state(self);
	struct rme_packet_meta meta = *rme_packet_meta(flush);
	struct rme_packet *p;
	char text[24];
	meta.kind = RME_PACKET_DATA;
	meta.format = rme_format_of(RME_MEDIA_TEXT);
	int n = snprintf(text, sizeof text, "%zu", *held);
	*held = 0;
	enum rme_err e = rme_packet_new(&p, &meta, text, (size_t)n);
	return e == RME_OK ? rme_node_emit(self, p) : e;
}

static const struct rme_node_type hold_type = {
    .name = "Hold", .state_size = sizeof(size_t), .process = hold_process, .flush = hold_flush};

struct fixture {
	struct rme_runtime *rt; /* the server's */
	struct rmi_serve *serve;
	char address[64];
	struct client c;
	struct outcome o;
};

static void
start_server(struct fixture *f, const char *token_file)
{
	static const char *const nodes[] = {"Echo", "Hold", NULL};
	struct rmi_serve_config config = {.address = *f->address ? f->address : "127.0.0.1:0",
	    .nodes = nodes,
	    .token_file = token_file,
	    .version = "test"};
	struct rme_error err = {0};
	assert_int_equal(rme_runtime_new(&f->rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_runtime_register(f->rt, &echo_type), RME_OK);
	assert_int_equal(rme_runtime_register(f->rt, &hold_type), RME_OK);
	if (rmi_serve_new(&f->serve, f->rt, &config, &err) != RME_OK) {
		fail_msg("serve: %s", err.text);
	}
	(void)snprintf(f->address, sizeof f->address, "127.0.0.1:%u", rmi_serve_port(f->serve));
}

static void
stop_server(struct fixture *f)
{
	rmi_serve_free(f->serve);
	rme_runtime_free(f->rt);
	f->serve = NULL;
	f->rt = NULL;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	start_server(f, NULL);
	struct rmi_remote_endpoint endpoint = {.address = f->address};
	client_start(&f->c, &endpoint);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	rme_packet_unref(f->o.last);
	client_stop(&f->c);
	stop_server(f);
	free(f);
	return 0;
}

static void
items_and_flush(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, "Hold", NULL);
	for (int i = 0; i < 100; i++) {
		(void)client_submit(&f->c, "0123456789", 10, 0);
	}
	for (int i = 0; i < 100; i++) {
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_OK);
		assert_int_equal(f->o.results, 0);
	}
	assert_int_equal(rme_session_end(f->c.session), RME_OK);
	client_outcome(&f->c, &f->o);
	size_t n;
	assert_int_equal(f->o.code, RME_OK);
	assert_int_equal(f->o.results, 1);
	assert_memory_equal(rme_packet_data(f->o.last, &n), "1000", 4);
	struct rme_packet *p;
	assert_int_equal(rme_session_recv(f->c.session, &p, 0), RME_ECLOSED);
}

static void
large_and_small_in_order(void **state)
{
	struct fixture *f = *state;
	uint8_t *data = calloc(1, 2 * 1024 * 1024);
	assert_non_null(data);
	client_open(&f->c, "Echo", NULL);
	for (uint32_t i = 0; i < 40; i++) {
		memcpy(data, &i, sizeof i);
		(void)client_submit(&f->c, data, i % 4 == 0 ? 2 * 1024 * 1024 : 640, 0);
	}
	for (uint32_t i = 0; i < 40; i++) {
		size_t n;
		client_outcome(&f->c, &f->o);
		assert_int_equal(f->o.code, RME_OK);
		assert_int_equal(f->o.results, 1);
		assert_memory_equal(rme_packet_data(f->o.last, &n), &i, sizeof i);
		assert_int_equal(n, i % 4 == 0 ? 2 * 1024 * 1024 : 640);
		assert_int_equal(f->o.report.bytes_down, 0); /* the payload came back by name only */
		assert_true(f->o.report.remote_ns > 0);
	}
	free(data);
}

static void
parameters_reach_the_node(void **state)
{
	struct fixture *f = *state;
	const struct rmi_remote_service good = {
	    .name = "Thrice", .endpoint = "far", .far_name = "Echo", .params_json = "{\"times\":3}"};
	const struct rmi_remote_service bad = {
	    .name = "Bad", .endpoint = "far", .far_name = "Echo", .params_json = "{\"tims\":3}"};
	assert_int_equal(rmi_remote_add_service(f->c.remote, &good, NULL), RME_OK);
	assert_int_equal(rmi_remote_add_service(f->c.remote, &bad, NULL), RME_OK);
	client_open(&f->c, "Thrice", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	assert_int_equal(f->o.results, 3);
	client_close(&f->c);
	client_open(&f->c, "Bad", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ECONFIG);
	assert_non_null(strstr(f->o.text, "tims"));
	client_close(&f->c);
	client_open(&f->c, "Nothing", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_ENOTFOUND);
}

static void
guests_call(void **state)
{
	struct fixture *f = *state;
	const struct rmi_remote_service echo = {.name = "Echo", .endpoint = "far"};
	struct rmi_services *services = rmi_remote_services(f->c.remote);
	assert_int_equal(rmi_remote_add_service(f->c.remote, &echo, NULL), RME_OK);
	for (int i = 0; i < 20; i++) {
		struct rme_packet_meta meta = rme_packet_meta_init();
		struct rmi_service_call call = {.service = "Echo", .session_id = "guest"};
		size_t n;
		assert_int_equal(rme_packet_new(&call.in, &meta, "hello", 5), RME_OK);
		assert_int_equal(rmi_service_wait(services, &call, NULL), RME_OK);
		assert_memory_equal(rme_packet_data(call.answer, &n), "hello", 5);
		rme_packet_unref(call.answer);
	}
}

static void
server_goes_and_comes(void **state)
{
	struct fixture *f = *state;
	client_open(&f->c, "Echo", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
	(void)rmi_serve_drain(f->serve, rmi_monotonic_ns() + 50 * RMI_NS_PER_MS);
	enum rme_err e;
	while ((e = client_try(&f->c, "x", 1, 5 * RMI_NS_PER_S, &f->o)) == RME_OK) {
		;
	}
	assert_true(rme_err_may_fallback(e));
	stop_server(f);
	start_server(f, NULL);
	while ((e = client_try(&f->c, "x", 1, 5 * RMI_NS_PER_S, &f->o)) != RME_OK) {
		assert_true(rme_err_may_fallback(e));
	}
}

static void
token_is_needed(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/rme-token-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "open-sesame-0123\n", 17), 17);
	assert_int_equal(close(fd), 0);
	stop_server(f);
	start_server(f, path);
	(void)unlink(path);
	client_open(&f->c, "Echo", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EDENIED);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_EDENIED); /* and not "offline" */
	client_stop(&f->c);
	struct rmi_remote_endpoint endpoint = {.address = f->address, .token = "open-sesame-0123"};
	client_start(&f->c, &endpoint);
	client_open(&f->c, "Echo", NULL);
	assert_int_equal(client_try(&f->c, "x", 1, 0, &f->o), RME_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(items_and_flush, setup, teardown),
	    cmocka_unit_test_setup_teardown(large_and_small_in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(parameters_reach_the_node, setup, teardown),
	    cmocka_unit_test_setup_teardown(guests_call, setup, teardown),
	    cmocka_unit_test_setup_teardown(server_goes_and_comes, setup, teardown),
	    cmocka_unit_test_setup_teardown(token_is_needed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
