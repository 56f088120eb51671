/* The existing protocol, health, tokens and drain over real connections, with nodes made for the test. */
#include "fixture.h"

#include "base/clock.h"
#include "serve/pb.h"

#include "execution.pb-c.h"
#include "health.pb-c.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LEGACY "/remotemedia.execution.RemoteExecutionService/"

typedef Remotemedia__Execution__ExecuteNodeRequest ExecuteRequest;
typedef Remotemedia__Execution__ExecuteNodeResponse ExecuteResponse;
typedef Remotemedia__Execution__StreamData StreamData;
typedef Remotemedia__Execution__StreamInit StreamInit;
typedef Remotemedia__Execution__StreamInit__ConfigEntry ConfigEntry;

static char *
text(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = {s};
	return u.out;
}

static ProtobufCBinaryData
bytes(const char *s)
{
	return (ProtobufCBinaryData){strlen(s), (uint8_t *)text(s)};
}

/* Unary call; the reply lives in the arena. */
static ProtobufCMessage *
ask(struct fixture *f, struct rmi_pb_arena *a, const char *path, const ProtobufCMessage *request,
    const ProtobufCMessageDescriptor *reply)
{
	struct rmi_buf *out = NULL;
	struct rme_error err = {0};
	ProtobufCMessage *m = NULL;
	if (echo_unary(&out, f->channel, path, rmi_pb_write(request), &err) != RME_OK) {
		fail_msg("%s: %s", path, err.text);
	}
	assert_int_equal(rmi_pb_read(a, reply, out, &m), RME_OK);
	rmi_buf_unref(out);
	return m;
}

struct config {
	ConfigEntry entry;
	ConfigEntry *list;
};

static void
config_of(struct config *c, const char *key, const char *value)
{
	remotemedia__execution__stream_init__config_entry__init(&c->entry);
	c->entry.key = text(key);
	c->entry.value = text(value);
	c->list = &c->entry;
}

struct execution {
	const char *node, *count, *in;
	int status;
	const char *out; /* or a part of the error */
};

static void
expect_execute(struct fixture *f, const struct execution *x)
{
	struct rmi_pb_arena a = {0};
	ExecuteRequest r;
	struct config config;
	remotemedia__execution__execute_node_request__init(&r);
	r.node_type = text(x->node);
	r.serialization_format = text("json");
	r.input_data = bytes(x->in);
	if (x->count != NULL) {
		config_of(&config, "count", x->count);
		r.n_config = 1;
		r.config = (Remotemedia__Execution__ExecuteNodeRequest__ConfigEntry **)(void *)&config.list;
	}
	const ExecuteResponse *got = (const ExecuteResponse *)ask(
	    f, &a, LEGACY "ExecuteNode", &r.base, &remotemedia__execution__execute_node_response__descriptor);
	assert_int_equal(got->status, x->status);
	assert_non_null(got->metrics);
	if (x->status == REMOTEMEDIA__EXECUTION__EXECUTION_STATUS__EXECUTION_STATUS_SUCCESS) {
		assert_int_equal(got->output_data.len, strlen(x->out));
		assert_memory_equal(got->output_data.data, x->out, strlen(x->out));
		assert_int_equal(got->metrics->exit_code, 0);
	} else {
		assert_int_equal(got->metrics->exit_code, -1);
		if (strstr(got->error_message, x->out) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", got->error_message, x->out);
		}
	}
	rmi_pb_done(&a);
}

static void
executions(void **state)
{
	(void)state;
	enum {
		OK = REMOTEMEDIA__EXECUTION__EXECUTION_STATUS__EXECUTION_STATUS_SUCCESS,
		ERROR = REMOTEMEDIA__EXECUTION__EXECUTION_STATUS__EXECUTION_STATUS_ERROR
	};
	static const struct execution all[] = {
	    {"Echo", NULL, "{\"a\": [1, null]}", OK, "{\"a\": [1, null]}"},
	    {"Keep", NULL, "7", OK, "7"},
	    {"Burst", "3", "7", OK, "[7,7,7]"},
	    {"Burst", "0", "7", OK, "null"},
	    {"Burst", " 0x2 ", "7", OK, "[7,7]"}, /* Python's way to write it */
	    {"Echo", "3", "7", OK, "7"},          /* parameters that no one knows are passed over */
	    {"Burst", "-3", "7", ERROR, "[VALIDATION] ValueError: Burst: "},
	    {"Refuse", NULL, "\"bad\"", ERROR, "[VALIDATION] TypeError: Refuse: this item is bad"},
	    {"Nothing", NULL, "7", ERROR, "[VALIDATION] ValueError: Unknown node type: Nothing"},
	    {"Echo", NULL, "{broken", ERROR, "[SERIALIZATION] ValueError: input is no JSON"},
	};
	struct fixture f;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		expect_execute(&f, &all[i]);
	}
	fixture_stop(&f);
}

struct slow {
	struct fixture *f;
	int status;
	char error[RMI_CALL_TEXT_MAX];
};

static void *
slow_thread(void *arg)
{
	struct slow *s = arg;
	struct rmi_pb_arena a = {0};
	ExecuteRequest r;
	Remotemedia__Execution__ExecutionOptions options;
	remotemedia__execution__execute_node_request__init(&r);
	remotemedia__execution__execution_options__init(&options);
	options.timeout_seconds = 1;
	r.options = &options;
	r.node_type = text("Gate");
	r.serialization_format = text("json");
	r.input_data = bytes("1");
	const ExecuteResponse *got = (const ExecuteResponse *)ask(
	    s->f, &a, LEGACY "ExecuteNode", &r.base, &remotemedia__execution__execute_node_response__descriptor);
	s->status = (int)got->status;
	(void)snprintf(s->error, sizeof s->error, "%s", got->error_message);
	rmi_pb_done(&a);
	return NULL;
}

/* A result that comes after the request's time limit is none. */
static void
late_results_are_dropped(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve_config config = {0};
	pthread_t thread;
	fixture_start(&f, &config);
	struct slow s = {.f = &f};
	assert_int_equal(pthread_create(&thread, NULL, slow_thread, &s), 0);
	sem_wait(&gate_entered);
	int64_t late = rmi_monotonic_ns() + RMI_NS_PER_S; /* the limit counts from before the node was entered */
	while (rmi_monotonic_ns() <= late) {
		fixture_turn(&f);
	}
	sem_post(&gate_open);
	(void)pthread_join(thread, NULL);
	assert_int_equal(s.status, REMOTEMEDIA__EXECUTION__EXECUTION_STATUS__EXECUTION_STATUS_TIMEOUT);
	assert_non_null(strstr(s.error, "[TIMEOUT] TimeoutError"));
	fixture_stop(&f);
}

/* StreamNode */

struct stream {
	struct echo_client call;
};

static void
stream_send(struct stream *s, const StreamData *m)
{
	assert_int_equal(rmi_call_write(s->call.call, rmi_pb_write(&m->base)), RME_OK);
}

static void
stream_init(struct stream *s, struct fixture *f, const char *node, const char *format)
{
	StreamInit init;
	StreamData m;
	remotemedia__execution__stream_init__init(&init);
	remotemedia__execution__stream_data__init(&m);
	init.node_type = text(node);
	init.serialization_format = text(format);
	m.payload_case = REMOTEMEDIA__EXECUTION__STREAM_DATA__PAYLOAD_INIT;
	m.init = &init;
	assert_int_equal(echo_client_start(&s->call, f->channel, LEGACY "StreamNode", NULL), RME_OK);
	stream_send(s, &m);
}

static void
stream_item(struct stream *s, const char *json)
{
	StreamData m;
	remotemedia__execution__stream_data__init(&m);
	m.payload_case = REMOTEMEDIA__EXECUTION__STREAM_DATA__PAYLOAD_DATA;
	m.data = bytes(json);
	stream_send(s, &m);
}

static void
stream_expect(struct stream *s, const char *data, const char *error)
{
	struct rmi_pb_arena a = {0};
	ProtobufCMessage *m = NULL;
	struct rmi_buf *msg = echo_client_read(&s->call);
	assert_non_null(msg);
	assert_int_equal(rmi_pb_read(&a, &remotemedia__execution__stream_data__descriptor, msg, &m), RME_OK);
	rmi_buf_unref(msg);
	const StreamData *got = (const StreamData *)m;
	if (data != NULL) {
		assert_int_equal(got->payload_case, REMOTEMEDIA__EXECUTION__STREAM_DATA__PAYLOAD_DATA);
		assert_int_equal(got->data.len, strlen(data));
		assert_memory_equal(got->data.data, data, strlen(data));
	} else if (strstr(got->error_message, error) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", got->error_message, error);
	}
	rmi_pb_done(&a);
}

static void
stream_expect_end(struct stream *s, enum rmi_status status)
{
	assert_null(echo_client_read(&s->call));
	assert_int_equal(echo_client_wait_end(&s->call), status);
	echo_client_done(&s->call);
}

static void
streams(void **state)
{
	(void)state;
	struct fixture f;
	struct stream s;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);

	stream_init(&s, &f, "Keep", "json");
	stream_item(&s, "{\"n\":1}");
	stream_item(&s, "null");
	stream_expect(&s, "{\"n\":1}", NULL);
	stream_item(&s, "3"); /* the null that it makes come out is None, hence no message */
	stream_item(&s, "4");
	stream_expect(&s, "3", NULL);
	assert_int_equal(rmi_call_close_send(s.call.call), RME_OK);
	stream_expect(&s, "4", NULL); /* the flush at the end */
	stream_expect_end(&s, RMI_STATUS_OK);

	stream_init(&s, &f, "Refuse", "json");
	stream_item(&s, "\"good\"");
	stream_expect(&s, "\"good\"", NULL);
	stream_item(&s, "\"bad\"");
	stream_expect(&s, NULL, "[VALIDATION] TypeError: Refuse: this item is bad");
	stream_expect_end(&s, RMI_STATUS_OK);

	stream_init(&s, &f, "Echo", "json");
	stream_item(&s, "[1,");
	stream_expect(&s, NULL, "[SERIALIZATION] ValueError");
	stream_expect_end(&s, RMI_STATUS_OK);

	stream_init(&s, &f, "Absent", "json");
	stream_expect(&s, NULL, "Unknown node type: Absent");
	stream_expect_end(&s, RMI_STATUS_OK);

	stream_init(&s, &f, "Echo", "pickle");
	stream_expect(&s, NULL, "use \"json\"");
	stream_expect_end(&s, RMI_STATUS_OK);

	assert_int_equal(echo_client_start(&s.call, f.channel, LEGACY "StreamNode", NULL), RME_OK);
	stream_item(&s, "1");
	stream_expect_end(&s, RMI_STATUS_INVALID_ARGUMENT);
	assert_string_equal(s.call.text, "Stream must be initialized with a StreamInit message.");
	fixture_stop(&f);
}

/* Many more items than the window holds, both ways at once. */
static void
long_streams(void **state)
{
	(void)state;
	enum { ITEMS = 2000 };
	struct fixture f;
	struct stream s;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	stream_init(&s, &f, "Echo", "json");
	for (int i = 0; i < ITEMS;) {
		char json[32];
		for (int k = 0; k < 100; k++) {
			(void)snprintf(json, sizeof json, "%d", i + k);
			stream_item(&s, json);
		}
		for (int k = 0; k < 100; k++, i++) {
			(void)snprintf(json, sizeof json, "%d", i);
			stream_expect(&s, json, NULL);
		}
	}
	assert_int_equal(rmi_call_close_send(s.call.call), RME_OK);
	stream_expect_end(&s, RMI_STATUS_OK);
	fixture_stop(&f);
}

static void
status_and_nodes(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_pb_arena a = {0};
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Echo", NULL);
	client_item(&c, 1, "x", RMI_WIRE_NO_RESULTS);
	assert_int_equal(client_expect_end(&c, 1), RME_OK);
	Remotemedia__Execution__StatusRequest request;
	remotemedia__execution__status_request__init(&request);
	request.include_metrics = true;
	request.include_sessions = true;
	const Remotemedia__Execution__StatusResponse *r = (const Remotemedia__Execution__StatusResponse *)ask(
	    &f, &a, LEGACY "GetStatus", &request.base, &remotemedia__execution__status_response__descriptor);
	assert_int_equal(r->status, REMOTEMEDIA__EXECUTION__SERVICE_STATUS__SERVICE_STATUS_HEALTHY);
	assert_string_equal(r->version, "1.2.3");
	assert_int_equal(r->metrics->total_requests, 1);
	assert_int_equal(r->metrics->successful_requests, 1);
	assert_int_equal(r->metrics->active_sessions, 1);
	assert_int_equal(r->metrics->busy_workers, 0);
	assert_true(r->metrics->peak_memory_mb > 0);
	assert_true(r->metrics->memory_usage_percent > 0 && r->metrics->memory_usage_percent < 100);
	assert_int_equal(r->n_active_sessions, 1);
	assert_string_equal(r->active_sessions[0]->node_type, "Echo");
	assert_int_equal(r->active_sessions[0]->processed_items, 1);
	assert_true(r->active_sessions[0]->created_timestamp > 1600000000000);
	assert_true(r->active_sessions[0]->last_activity >= r->active_sessions[0]->created_timestamp);
	rmi_pb_done(&a);
	echo_client_done(&c.call);

	Remotemedia__Execution__ListNodesRequest list;
	remotemedia__execution__list_nodes_request__init(&list);
	const Remotemedia__Execution__ListNodesResponse *nodes = (const Remotemedia__Execution__ListNodesResponse *)ask(
	    &f, &a, LEGACY "ListNodes", &list.base, &remotemedia__execution__list_nodes_response__descriptor);
	assert_int_equal(nodes->n_available_nodes, 5); /* the reader of files is not served unless it is named */
	const Remotemedia__Execution__NodeInfo *burst = nodes->available_nodes[4];
	assert_string_equal(burst->node_type, "Burst");
	assert_int_equal(burst->n_parameters, 1);
	assert_string_equal(burst->parameters[0]->type, "int");
	assert_string_equal(burst->parameters[0]->default_value, "2");
	assert_string_equal(burst->parameters[0]->description, "results for each item; 0 to 100000");
	rmi_pb_done(&a);
	list.category = text("elsewhere");
	nodes = (const Remotemedia__Execution__ListNodesResponse *)ask(
	    &f, &a, LEGACY "ListNodes", &list.base, &remotemedia__execution__list_nodes_response__descriptor);
	assert_int_equal(nodes->n_available_nodes, 0);
	rmi_pb_done(&a);
	fixture_stop(&f);
}

static void
absent_calls_say_so(void **state)
{
	(void)state;
	static const char *const unary[] = {"ExecuteCustomTask", "ExecuteObjectMethod", "InitGenerator", "GetNextBatch",
	    "CloseGenerator", "ExportTypeScriptDefinitions", "RegisterPipeline", "UnregisterPipeline", "ListPipelines",
	    "GetPipelineInfo", "ExecutePipeline", "SavePipeline", "LoadPipeline", "ListStoredPipelines",
	    "ClonePipeline", "SaveNode", "LoadNode", "ListStoredNodes"};
	struct fixture f;
	struct stream s;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	for (size_t i = 0; i < sizeof unary / sizeof *unary; i++) {
		char path[128];
		struct rme_error err = {0};
		struct rmi_buf *out = NULL;
		(void)snprintf(path, sizeof path, LEGACY "%s", unary[i]);
		assert_int_equal(echo_unary(&out, f.channel, path, rmi_buf_new(), &err), RME_EUNSUPPORTED);
		assert_non_null(strstr(err.text, unary[i]));
	}
	assert_int_equal(echo_client_start(&s.call, f.channel, LEGACY "StreamPipeline", NULL), RME_OK);
	stream_expect_end(&s, RMI_STATUS_UNIMPLEMENTED);
	fixture_stop(&f);
}

/* Health, tokens, drain */

static void
tokens_are_asked_for(void **state)
{
	(void)state;
	static const char good[] = "second-token-0123456789";
	struct fixture f;
	char path[] = "/tmp/rme-test-tokens-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "# two\nfirst-token-0123456789\n%s\n", good) > 0);
	(void)close(fd);
	struct rmi_serve_config config = {.token_file = path};
	fixture_start(&f, &config);
	struct rmi_channel *channels[] = {
	    f.channel, fixture_channel(&f, "wrong-token-0123456789"), fixture_channel(&f, good)};
	for (int i = 0; i < 3; i++) {
		struct rme_error err = {0};
		struct rmi_buf *out = NULL;
		enum rme_err e = echo_unary(&out, channels[i], LEGACY "GetStatus", rmi_buf_new(), &err);
		assert_int_equal(e, i < 2 ? RME_EDENIED : RME_OK);
		rmi_buf_unref(out);
		/* Health is for everyone. */
		assert_int_equal(
		    echo_unary(&out, channels[i], "/grpc.health.v1.Health/Check", rmi_buf_new(), &err), RME_OK);
		assert_int_equal(rmi_buf_size(out), 2);
		rmi_buf_unref(out);
	}
	rmi_channel_free(channels[1]);
	rmi_channel_free(channels[2]);
	fixture_stop(&f);
	(void)unlink(path);
}

static int
health_of(struct rmi_buf *msg)
{
	uint8_t b[2] = {0};
	assert_non_null(msg);
	assert_int_equal(rmi_buf_gather(msg, 0, b, 2), 2);
	rmi_buf_unref(msg);
	return b[1];
}

struct drain {
	struct rmi_serve *serve;
	enum rme_err result;
};

static void *
drain_thread(void *arg)
{
	struct drain *d = arg;
	d->result = rmi_serve_drain(d->serve, rmi_monotonic_ns() + 60 * RMI_NS_PER_S);
	return NULL;
}

static void
drain_lets_work_end(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct echo_client watch;
	pthread_t thread;
	struct rmi_serve_config config = {0};
	struct rmi_frame frame;
	char got[256];
	fixture_start(&f, &config);
	assert_int_equal(echo_client_start(&watch, f.channel, "/grpc.health.v1.Health/Watch", NULL), RME_OK);
	assert_int_equal(rmi_call_write(watch.call, rmi_buf_new()), RME_OK);
	assert_int_equal(rmi_call_close_send(watch.call), RME_OK);
	assert_int_equal(health_of(echo_client_read(&watch)), 1);
	client_opened(&c, f.channel, "Gate", NULL);
	client_item(&c, 1, "x", RMI_WIRE_NO_RESULTS);
	client_flush(&c, 2, true);
	sem_wait(&gate_entered);
	struct drain d = {.serve = f.serve};
	assert_int_equal(pthread_create(&thread, NULL, drain_thread, &d), 0);
	assert_int_equal(health_of(echo_client_read(&watch)), 2);
	assert_null(echo_client_read(&watch));
	echo_client_done(&watch);
	sem_post(&gate_open);
	assert_int_equal(client_expect_end(&c, 1), RME_OK);
	assert_int_equal(client_expect_end(&c, 2), RME_OK);
	assert_false(client_read(&c, &frame, got));
	assert_int_equal(echo_client_wait_end(&c.call), RMI_STATUS_OK);
	(void)pthread_join(thread, NULL);
	assert_int_equal(d.result, RME_OK);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
drain_cancels_what_stays(void **state)
{
	(void)state;
	struct fixture f;
	struct client c;
	struct rmi_serve_config config = {0};
	fixture_start(&f, &config);
	client_opened(&c, f.channel, "Gate", NULL);
	client_item(&c, 1, "x", 0);
	sem_wait(&gate_entered);
	assert_int_equal(rmi_serve_drain(f.serve, rmi_monotonic_ns() + RMI_NS_PER_MS), RME_ETIMEDOUT);
	assert_int_not_equal(echo_client_wait_end(&c.call), RMI_STATUS_OK);
	sem_post(&gate_open);
	echo_client_done(&c.call);
	fixture_stop(&f);
}

static void
starts_that_fail(void **state)
{
	(void)state;
	struct fixture f;
	struct rmi_serve *second = NULL;
	struct rme_error err;
	struct rmi_serve_config config = {0};
	static const char *const unknown[] = {"Echo", "Ecko", NULL};
	fixture_start(&f, &config);
	config.address = f.address;
	assert_int_equal(rmi_serve_new(&second, f.rt, &config, &err), RME_EIO);
	assert_non_null(strstr(err.text, "in use"));
	config.address = "0.0.0.0:0";
	assert_int_equal(rmi_serve_new(&second, f.rt, &config, &err), RME_ECONFIG);
	config.address = "127.0.0.1:0";
	config.nodes = unknown;
	assert_int_equal(rmi_serve_new(&second, f.rt, &config, &err), RME_ENOTFOUND);
	config.nodes = NULL;
	config.token_file = "/nonexistent/tokens";
	assert_int_equal(rmi_serve_new(&second, f.rt, &config, &err), RME_EIO);
	fixture_stop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(executions), cmocka_unit_test(late_results_are_dropped),
	    cmocka_unit_test(streams), cmocka_unit_test(long_streams), cmocka_unit_test(status_and_nodes),
	    cmocka_unit_test(absent_calls_say_so), cmocka_unit_test(tokens_are_asked_for),
	    cmocka_unit_test(drain_lets_work_end), cmocka_unit_test(drain_cancels_what_stays),
	    cmocka_unit_test(starts_that_fail)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
