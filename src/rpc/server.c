/*
 * Accepting calls. All methods come through the generic request, so that no path is ever left unanswered (gRPC lets calls
 * to unknown methods hang until their deadline where no generic request is armed), and there is one place for admission.
 */

#include "rpc/server.h"

#include "rpc/internal.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ARMED_PER_QUEUE = 4,
	LOOKAHEAD_BYTES = 1024 * 1024,
	KEEPALIVE_MS = 30000,
	KEEPALIVE_TIMEOUT_MS = 10000,
	MIN_PING_INTERVAL_MS = 5000,
	STREAMS_SPARE =
	    64, /* per connection above max_calls, so that too many calls are refused rather than kept waiting */
};

struct rmi_server {
	struct rmi_loop *loop;
	grpc_server *grpc;
	struct rmi_method *methods;
	size_t n_methods;
	enum rmi_status (*auth)(void *ctx, const struct rmi_call *c, char *text, size_t text_size);
	void *auth_ctx;
	size_t max_message, max_queued_bytes;
	uint32_t max_calls;
	uint16_t port;
	struct rmi_tag t_stopped;
	pthread_mutex_t mu; /* guards what follows */
	pthread_cond_t quiet;
	uint32_t armed, live;
	uint64_t refused;
	bool stopping, stopped;
};

static void server_accept(struct rmi_tag *tag, bool ok);

static void
server_arm(struct rmi_server *s, struct rmi_loop_queue *q)
{
	struct rmi_call *c = rmi_call_new(s->loop);
	if (!c) {
		return; /* made up for when a call ends */
	}
	c->owner = s;
	c->t_start.fn = server_accept;
	(void)pthread_mutex_lock(&s->mu);
	bool go = !s->stopping;
	s->armed += go;
	(void)pthread_mutex_unlock(&s->mu);
	RMI_TAG_GIVE(&c->t_start);
	grpc_call_error e =
	    go ? grpc_server_request_call(s->grpc, &c->grpc, &c->details, &c->initial, q->cq, q->cq, &c->t_start)
	       : GRPC_CALL_OK;
	if (!go || e != GRPC_CALL_OK) {
		(void)pthread_mutex_lock(&s->mu);
		s->armed -= go;
		(void)pthread_mutex_unlock(&s->mu);
		rmi_call_unref(c);
	}
}

static void
server_call_ended(void *owner)
{
	struct rmi_server *s = owner;
	(void)pthread_mutex_lock(&s->mu);
	bool deaf = s->armed == 0 && !s->stopping;
	(void)pthread_mutex_unlock(&s->mu);
	if (deaf) {
		server_arm(s, rmi_loop_pick(s->loop));
	}
	(void)pthread_mutex_lock(&s->mu);
	s->live--;
	(void)pthread_cond_broadcast(&s->quiet);
	(void)pthread_mutex_unlock(&s->mu);
}

static void
server_call_closed(struct rmi_tag *tag, bool ok)
{
	struct rmi_call *c = RMI_CONTAINER(tag, struct rmi_call, t_start);
	(void)ok;
	rmi_call_over(c);
	(void)pthread_mutex_lock(&c->mu);
	if (!c->close_wanted) { /* canceled: the status is owed all the same */
		c->close_wanted = true;
		c->status = RMI_STATUS_CANCELLED;
	}
	(void)pthread_mutex_unlock(&c->mu);
	rmi_call_pump(c);
	rmi_call_settle(c);
}

static const struct rmi_method *
find_method(const struct rmi_server *s, const struct rmi_call *c)
{
	for (size_t i = 0; i < s->n_methods; i++) {
		if (grpc_slice_str_cmp(c->details.method, s->methods[i].path) == 0) {
			return &s->methods[i];
		}
	}
	return NULL;
}

/* May the call come in? Fills text for a refusal. */
static enum rmi_status
admit(struct rmi_server *s, struct rmi_call *c, const struct rmi_method *m, char text[RMI_CALL_TEXT_MAX])
{
	(void)pthread_mutex_lock(&s->mu);
	bool stopping = s->stopping;
	bool full = s->live > s->max_calls;
	s->refused += full;
	(void)pthread_mutex_unlock(&s->mu);
	if (stopping) {
		(void)snprintf(text, RMI_CALL_TEXT_MAX, "the server is shutting down");
		return RMI_STATUS_UNAVAILABLE;
	}
	if (full) {
		(void)snprintf(
		    text, RMI_CALL_TEXT_MAX, "the server has its limit of %u calls; try again later", s->max_calls);
		return RMI_STATUS_RESOURCE_EXHAUSTED;
	}
	if (!m) {
		(void)snprintf(text, RMI_CALL_TEXT_MAX, "no such method");
		return RMI_STATUS_UNIMPLEMENTED;
	}
	if (s->auth && !m->open_to_all) {
		(void)snprintf(text, RMI_CALL_TEXT_MAX, "not permitted");
		return s->auth(s->auth_ctx, c, text, RMI_CALL_TEXT_MAX);
	}
	return RMI_STATUS_OK;
}

static int64_t
deadline_of(const struct rmi_call *c)
{
	gpr_timespec t = gpr_convert_clock_type(c->details.deadline, GPR_CLOCK_MONOTONIC);
	if (gpr_time_cmp(t, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0 || t.tv_sec > INT64_MAX / 1000000000 - 1) {
		return 0;
	}
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
server_open(struct rmi_server *s, struct rmi_call *c)
{
	const struct rmi_method *m = find_method(s, c);
	char text[RMI_CALL_TEXT_MAX];
	enum rmi_status status = admit(s, c, m, text);
	if (status != RMI_STATUS_OK) {
		(void)rmi_call_finish(c, status, text);
		return;
	}
	c->ops = m->ops;
	c->path = m->path;
	c->unary = m->unary;
	m->ops->on_open(c, m->service);
	if (m->unary) {
		(void)rmi_call_read(c);
	}
}

static struct rmi_loop_queue *
current_queue(struct rmi_loop *loop)
{
	for (unsigned i = 1; i < loop->n_queues; i++) {
		if (pthread_equal(loop->queue[i].thread, pthread_self())) {
			return &loop->queue[i];
		}
	}
	return &loop->queue[0];
}

static void
server_accept(struct rmi_tag *tag, bool ok)
{
	struct rmi_call *c = RMI_CONTAINER(tag, struct rmi_call, t_start);
	struct rmi_server *s = c->owner;
	if (ok) {
		server_arm(s, current_queue(s->loop));
	}
	(void)pthread_mutex_lock(&s->mu);
	s->armed--;
	s->live += ok;
	(void)pthread_cond_broadcast(&s->quiet);
	(void)pthread_mutex_unlock(&s->mu);
	if (!ok) {
		rmi_call_unref(c);
		return;
	}
	c->ended = server_call_ended;
	c->max_message = s->max_message;
	c->max_queued_bytes = s->max_queued_bytes ? s->max_queued_bytes : c->max_queued_bytes;
	c->deadline_ns = deadline_of(c);
	c->t_start.fn = server_call_closed;
	c->pending = 1;
	rmi_loop_enlist(c);
	grpc_op op;
	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	op.data.recv_close_on_server.cancelled = &c->canceled;
	rmi_call_batch(c, &op, 1, &c->t_start);
	server_open(s, c);
}

static void
server_stopped(struct rmi_tag *tag, bool ok)
{
	struct rmi_server *s = RMI_CONTAINER(tag, struct rmi_server, t_stopped);
	(void)ok;
	(void)pthread_mutex_lock(&s->mu);
	s->stopped = true;
	(void)pthread_cond_broadcast(&s->quiet);
	(void)pthread_mutex_unlock(&s->mu);
}

/* gRPC removes and takes over a socket that another server is listening on; so ask it first. */
static bool
unix_in_use(const char *address)
{
	const char *path = rmi_address_unix(address);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	if (!path || strlen(path) >= sizeof sa.sun_path) {
		return false;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return false;
	}
	bool live = connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0;
	(void)close(fd);
	return live;
}

static enum rme_err
server_listen(struct rmi_server *s, const struct rmi_server_config *config, struct rme_error *err)
{
	if (!config->tls && !config->allow_plain && !rmi_address_is_local(config->address)) {
		return rme_error_set(err, RME_ECONFIG, "rpc",
		    "%s is not a loopback address: give a certificate, or allow plain text explicitly",
		    config->address);
	}
	if (!rmi_address_may_listen(config->address)) { /* gRPC takes 99999 for 34463 */
		return rme_error_set(err, RME_ECONFIG, "rpc",
		    "%s is not ADDRESS:PORT with a port from 0 to 65535, nor unix:PATH", config->address);
	}
	if (unix_in_use(config->address)) {
		return rme_error_set(err, RME_EIO, "rpc", "another server listens on %s", config->address);
	}
	grpc_server_credentials *creds = NULL;
	enum rme_err e = rmi_tls_server(&creds, config->tls, err);
	if (e != RME_OK) {
		return e;
	}
	errno = 0;
	int port = grpc_server_add_http2_port(s->grpc, config->address, creds);
	grpc_server_credentials_release(creds);
	if (port <= 0) {
		const char *why = rmi_address_trouble(config->address);
		why = why ? why : config->tls ? "certificate and key do not fit" : "gRPC does not take the address";
		return rme_error_set(err, RME_EIO, "rpc", "cannot listen on %s: %s", config->address, why);
	}
	s->port = rmi_address_unix(config->address) ? 0 : (uint16_t)port;
	return RME_OK;
}

static grpc_server *
make_grpc_server(const struct rmi_server *s)
{
	const struct {
		const char *key;
		int value;
	} set[] = {
	    {GRPC_ARG_ALLOW_REUSEPORT, 0},
	    {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)s->max_message},
	    {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1},
	    {GRPC_ARG_MAX_CONCURRENT_STREAMS, (int)s->max_calls + STREAMS_SPARE},
	    {GRPC_ARG_HTTP2_BDP_PROBE, 0},
	    {GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, LOOKAHEAD_BYTES},
	    {GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS},
	    {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS},
	    {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
	    {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
	    {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, MIN_PING_INTERVAL_MS},
	};
	enum { N = sizeof set / sizeof set[0] };
	grpc_arg args[N];
	for (size_t i = 0; i < N; i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)set[i].key; /* not written to */
		args[i].value.integer = set[i].value;
	}
	grpc_channel_args all = {N, args};
	return grpc_server_create(&all, NULL);
}

static enum rme_err
server_init(struct rmi_server *s, const struct rmi_server_config *config, struct rme_error *err)
{
	s->methods = calloc(config->method_count ? config->method_count : 1, sizeof *s->methods);
	if (!s->methods) {
		return rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
	}
	if (config->method_count) {
		memcpy(s->methods, config->methods, config->method_count * sizeof *s->methods);
	}
	s->n_methods = config->method_count;
	s->grpc = make_grpc_server(s);
	for (unsigned i = 0; i < s->loop->n_queues; i++) {
		grpc_server_register_completion_queue(s->grpc, s->loop->queue[i].cq, NULL);
	}
	enum rme_err e = server_listen(s, config, err);
	grpc_server_start(s->grpc); /* also where listening failed: only a started server can be stopped */
	if (e != RME_OK) {
		return e;
	}
	for (unsigned i = 0; i < s->loop->n_queues * ARMED_PER_QUEUE; i++) {
		server_arm(s, &s->loop->queue[i % s->loop->n_queues]);
	}
	(void)pthread_mutex_lock(&s->mu);
	bool armed = s->armed != 0;
	(void)pthread_mutex_unlock(&s->mu);
	return armed ? RME_OK : rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
}

enum rme_err
rmi_server_new(
    struct rmi_server **out, struct rmi_loop *loop, const struct rmi_server_config *config, struct rme_error *err)
{
	if (!config->address || !*config->address || config->method_count > RMI_RPC_MAX_METHODS ||
	    config->max_message_bytes > INT32_MAX || config->max_calls > INT32_MAX - STREAMS_SPARE) {
		return rme_error_set(err, RME_EINVAL, "rpc", "no address, too many methods, or limits out of range");
	}
	struct rmi_server *s = calloc(1, sizeof *s);
	if (!s) {
		return rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
	}
	s->loop = loop;
	s->auth = config->auth;
	s->auth_ctx = config->auth_ctx;
	s->max_message = config->max_message_bytes ? config->max_message_bytes : RMI_RPC_MAX_MESSAGE;
	s->max_queued_bytes = config->max_queued_bytes;
	s->max_calls = config->max_calls ? config->max_calls : RMI_RPC_MAX_CALLS;
	s->t_stopped.fn = server_stopped;
	(void)pthread_mutex_init(&s->mu, NULL);
	pthread_condattr_t attr;
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->quiet, &attr);
	(void)pthread_condattr_destroy(&attr);
	enum rme_err e = server_init(s, config, err);
	if (e != RME_OK) {
		rmi_server_free(s);
		return e;
	}
	*out = s;
	return RME_OK;
}

uint16_t
rmi_server_port(const struct rmi_server *s)
{
	return s->port;
}

uint32_t
rmi_server_calls(struct rmi_server *s)
{
	(void)pthread_mutex_lock(&s->mu);
	uint32_t n = s->live;
	(void)pthread_mutex_unlock(&s->mu);
	return n;
}

uint64_t
rmi_server_refused(struct rmi_server *s)
{
	(void)pthread_mutex_lock(&s->mu);
	uint64_t n = s->refused;
	(void)pthread_mutex_unlock(&s->mu);
	return n;
}

/* With mu held. True once nothing of the server is under way. */
static bool
wait_quiet(struct rmi_server *s, int64_t deadline_ns)
{
	struct timespec t = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
	while (!s->stopped || s->live || s->armed) {
		if (deadline_ns == 0) {
			(void)pthread_cond_wait(&s->quiet, &s->mu);
		} else if (pthread_cond_timedwait(&s->quiet, &s->mu, &t) == ETIMEDOUT) {
			return s->stopped && !s->live && !s->armed;
		}
	}
	return true;
}

enum rme_err
rmi_server_drain(struct rmi_server *s, int64_t deadline_ns)
{
	(void)pthread_mutex_lock(&s->mu);
	bool first = !s->stopping;
	s->stopping = true;
	(void)pthread_mutex_unlock(&s->mu);
	if (first) {
		RMI_TAG_GIVE(&s->t_stopped);
		grpc_server_shutdown_and_notify(s->grpc, s->loop->queue[0].cq, &s->t_stopped);
	}
	(void)pthread_mutex_lock(&s->mu);
	bool quiet = wait_quiet(s, deadline_ns);
	(void)pthread_mutex_unlock(&s->mu);
	if (quiet) {
		return RME_OK;
	}
	grpc_server_cancel_all_calls(s->grpc);
	(void)pthread_mutex_lock(&s->mu);
	(void)wait_quiet(s, 0);
	(void)pthread_mutex_unlock(&s->mu);
	return RME_ETIMEDOUT;
}

void
rmi_server_free(struct rmi_server *s)
{
	if (!s) {
		return;
	}
	if (s->grpc) {
		(void)rmi_server_drain(s, 1); /* in the past: no grace */
		grpc_server_destroy(s->grpc);
	}
	free(s->methods);
	(void)pthread_cond_destroy(&s->quiet);
	(void)pthread_mutex_destroy(&s->mu);
	free(s);
}
