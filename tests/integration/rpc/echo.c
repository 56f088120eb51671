#include "echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLOOD_BYTES = 64 * 1024 };

int64_t
echo_now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
server_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct echo_server *s = rmi_call_user(c);
	s->ended++;
	s->canceled += end->status != RMI_STATUS_OK;
}

static void
open_plain(struct rmi_call *c, void *service)
{
	struct echo_server *s = service;
	s->opened++;
	rmi_call_set_user(c, s);
}

static void
unary_message(struct rmi_call *c, struct rmi_buf *msg)
{
	(void)rmi_call_reply(c, msg);
}

static void
open_reading(struct rmi_call *c, void *service)
{
	open_plain(c, service);
	(void)rmi_call_read(c);
}

static void
read_if_writable(struct rmi_call *c)
{
	if (rmi_call_writable(c)) {
		(void)rmi_call_read(c);
	}
}

static void
stream_message(struct rmi_call *c, struct rmi_buf *msg)
{
	if (!msg) {
		(void)rmi_call_finish(c, RMI_STATUS_OK, NULL);
		return;
	}
	(void)rmi_call_write(c, msg);
	read_if_writable(c);
}

static void
drop_message(struct rmi_call *c, struct rmi_buf *msg)
{
	if (msg) {
		rmi_buf_unref(msg);
		(void)rmi_call_read(c);
	}
}

static void
flood(struct rmi_call *c)
{
	static const uint8_t zeros[FLOOD_BYTES];
	struct echo_server *s = rmi_call_user(c);
	while (rmi_call_writable(c)) {
		if (rmi_call_write(c, rmi_buf_copy(zeros, sizeof zeros)) != RME_OK) {
			return;
		}
		s->flooded += sizeof zeros;
	}
}

static void
open_flood(struct rmi_call *c, void *service)
{
	open_plain(c, service);
	flood(c);
}

static void
fail_message(struct rmi_call *c, struct rmi_buf *msg)
{
	rmi_buf_unref(msg);
	if (rmi_call_add_trailer(c, "why", "because") != RME_OK) {
		abort();
	}
	(void)rmi_call_finish(c, RMI_STATUS_FAILED_PRECONDITION, "not in the mood");
}

static const struct rmi_call_ops unary_ops = {.on_open = open_plain, .on_message = unary_message, .on_end = server_end};
static const struct rmi_call_ops fail_ops = {.on_open = open_plain, .on_message = fail_message, .on_end = server_end};
static const struct rmi_call_ops stream_ops = {
    .on_open = open_reading, .on_message = stream_message, .on_writable = read_if_writable, .on_end = server_end};
static const struct rmi_call_ops hang_ops = {.on_open = open_reading, .on_message = drop_message, .on_end = server_end};
static const struct rmi_call_ops sink_ops = {.on_open = open_plain, .on_message = drop_message, .on_end = server_end};
static const struct rmi_call_ops flood_ops = {
    .on_open = open_flood, .on_message = drop_message, .on_writable = flood, .on_end = server_end};

enum rme_err
echo_server_start(struct echo_server *s, struct rmi_loop *loop, struct rmi_server_config *config, struct rme_error *err)
{
	memset(s, 0, sizeof *s);
	const struct rmi_method methods[] = {
	    {.path = ECHO_UNARY, .ops = &unary_ops, .service = s, .unary = true},
	    {.path = ECHO_OPEN, .ops = &unary_ops, .service = s, .unary = true, .open_to_all = true},
	    {.path = ECHO_FAIL, .ops = &fail_ops, .service = s, .unary = true},
	    {.path = ECHO_STREAM, .ops = &stream_ops, .service = s},
	    {.path = ECHO_HANG, .ops = &hang_ops, .service = s},
	    {.path = ECHO_SINK, .ops = &sink_ops, .service = s},
	    {.path = ECHO_FLOOD, .ops = &flood_ops, .service = s},
	};
	config->methods = methods;
	config->method_count = sizeof methods / sizeof methods[0];
	const char *address = config->address;
	config->address = address ? address : "127.0.0.1:0";
	enum rme_err e = rmi_server_new(&s->server, loop, config, err);
	if (e == RME_OK) {
		(void)snprintf(s->address, sizeof s->address, "127.0.0.1:%u", rmi_server_port(s->server));
	}
	return e;
}

void
echo_server_stop(struct echo_server *s)
{
	rmi_server_free(s->server);
	s->server = NULL;
}

static void
client_message(struct rmi_call *call, struct rmi_buf *msg)
{
	struct echo_client *c = rmi_call_user(call);
	(void)pthread_mutex_lock(&c->mu);
	rmi_buf_unref(c->msg);
	c->msg = msg;
	c->messages += msg != NULL;
	c->half_closed = c->half_closed || !msg;
	(void)pthread_cond_broadcast(&c->event);
	(void)pthread_mutex_unlock(&c->mu);
}

static void
client_writable(struct rmi_call *call)
{
	struct echo_client *c = rmi_call_user(call);
	(void)pthread_mutex_lock(&c->mu);
	c->writable++;
	(void)pthread_cond_broadcast(&c->event);
	(void)pthread_mutex_unlock(&c->mu);
}

static void
client_end(struct rmi_call *call, const struct rmi_end *end)
{
	struct echo_client *c = rmi_call_user(call);
	size_t n = 0;
	const char *why = rmi_call_meta(call, "why", &n);
	(void)pthread_mutex_lock(&c->mu);
	c->ended = true;
	c->end = *end;
	(void)snprintf(c->text, sizeof c->text, "%s", end->text);
	(void)snprintf(c->trailer, sizeof c->trailer, "%.*s", (int)n, why ? why : "");
	(void)pthread_cond_broadcast(&c->event);
	(void)pthread_mutex_unlock(&c->mu);
}

static const struct rmi_call_ops client_ops = {
    .on_message = client_message, .on_writable = client_writable, .on_end = client_end};

enum rme_err
echo_client_start(
    struct echo_client *c, struct rmi_channel *ch, const char *path, const struct rmi_call_options *options)
{
	memset(c, 0, sizeof *c);
	(void)pthread_mutex_init(&c->mu, NULL);
	(void)pthread_cond_init(&c->event, NULL);
	struct rmi_call_options o = {0};
	if (options) {
		o = *options;
	}
	o.path = path;
	o.ops = &client_ops;
	o.user = c;
	return rmi_call_start(&c->call, ch, &o);
}

enum rme_err
echo_unary(
    struct rmi_buf **out, struct rmi_channel *ch, const char *path, struct rmi_buf *request, struct rme_error *err)
{
	struct rmi_call_options o = {.path = path};
	return rmi_unary(out, ch, request, &o, err);
}

struct rmi_buf *
echo_client_read(struct echo_client *c)
{
	(void)pthread_mutex_lock(&c->mu);
	uint32_t seen = c->messages;
	rmi_buf_unref(c->msg);
	c->msg = NULL;
	(void)pthread_mutex_unlock(&c->mu);
	if (rmi_call_read(c->call) != RME_OK) {
		return NULL;
	}
	(void)pthread_mutex_lock(&c->mu);
	while (c->messages == seen && !c->half_closed && !c->ended) {
		(void)pthread_cond_wait(&c->event, &c->mu);
	}
	struct rmi_buf *msg = c->msg;
	c->msg = NULL;
	(void)pthread_mutex_unlock(&c->mu);
	return msg;
}

void
echo_client_wait_writable(struct echo_client *c, uint32_t n)
{
	(void)pthread_mutex_lock(&c->mu);
	while (c->writable < n && !c->ended) {
		(void)pthread_cond_wait(&c->event, &c->mu);
	}
	(void)pthread_mutex_unlock(&c->mu);
}

enum rmi_status
echo_client_wait_end(struct echo_client *c)
{
	(void)pthread_mutex_lock(&c->mu);
	while (!c->ended) {
		(void)pthread_cond_wait(&c->event, &c->mu);
	}
	(void)pthread_mutex_unlock(&c->mu);
	return c->end.status;
}

void
echo_client_done(struct echo_client *c)
{
	rmi_call_cancel(c->call, RMI_STATUS_CANCELLED, "test is over");
	(void)echo_client_wait_end(c);
	rmi_call_unref(c->call);
	rmi_buf_unref(c->msg);
	(void)pthread_cond_destroy(&c->event);
	(void)pthread_mutex_destroy(&c->mu);
}

struct rmi_channel *
echo_channel(struct rmi_loop *loop, const char *address)
{
	struct rmi_channel *ch = NULL;
	struct rmi_channel_config config = {.address = address};
	return rmi_channel_new(&ch, loop, &config, NULL) == RME_OK ? ch : NULL;
}
