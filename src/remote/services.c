#include "remote/services.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "core/service.h"
#include "remote/remote.h"
#include "remote/stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/session.h>

enum { BUCKETS = 256 };

/* What a waiting thread is told through; told by gRPC's thread, or by who cancels. Its lock is held for nothing else. */
struct bell {
	pthread_mutex_t mu;
	pthread_cond_t rung;
	bool ringing;
};

struct guest_stream {
	struct guest_stream *next; /* in its bucket */
	unsigned refs;             /* guarded by mu of the services; one is the table's */
	char session_id[RME_SESSION_ID_MAX];
	const struct rmi_remote_service *service;
	pthread_mutex_t busy; /* held by the thread that makes a call: guards stream */
	struct rmi_stream stream;
	struct bell bell;
};

struct rmi_guest_services {
	struct rmi_services base;
	struct rmi_remote *remote;
	pthread_mutex_t mu; /* guards the table */
	struct guest_stream *bucket[BUCKETS];
	unsigned n;
};

/* --- bell --- */

static void
bell_ring(void *ctx)
{
	struct bell *b = ctx;
	(void)pthread_mutex_lock(&b->mu);
	b->ringing = true;
	(void)pthread_cond_signal(&b->rung);
	(void)pthread_mutex_unlock(&b->mu);
}

static void
bell_wait(struct bell *b, int64_t until_ns)
{
	const struct timespec t = {.tv_sec = until_ns / RMI_NS_PER_S, .tv_nsec = until_ns % RMI_NS_PER_S};
	int late = 0;
	(void)pthread_mutex_lock(&b->mu);
	while (!b->ringing && late == 0) {
		late = pthread_cond_clockwait(&b->rung, &b->mu, CLOCK_MONOTONIC, &t);
	}
	b->ringing = false;
	(void)pthread_mutex_unlock(&b->mu);
}

/* --- table --- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static unsigned
bucket_of(const char *session_id)
{
	uint32_t h = 2166136261U;
	for (const char *p = session_id; *p; p++) {
		h = (h ^ (unsigned char)*p) * 16777619U;
	}
	return h % BUCKETS;
}

static void
stream_free(struct guest_stream *gs)
{
	rmi_stream_done(&gs->stream);
	(void)pthread_mutex_destroy(&gs->busy);
	(void)pthread_mutex_destroy(&gs->bell.mu);
	(void)pthread_cond_destroy(&gs->bell.rung);
	free(gs);
}

static void
stream_unref(struct rmi_guest_services *g, struct guest_stream *gs)
{
	(void)pthread_mutex_lock(&g->mu);
	bool last = --gs->refs == 0;
	(void)pthread_mutex_unlock(&g->mu);
	if (last) {
		stream_free(gs);
	}
}

static struct guest_stream *
stream_new(const struct rmi_remote_service *service, const char *session_id, struct rmi_channel *channel)
{
	struct guest_stream *gs = calloc(1, sizeof *gs);
	if (!gs) {
		return NULL;
	}
	gs->refs = 1;
	gs->service = service;
	(void)snprintf(gs->session_id, sizeof gs->session_id, "%s", session_id);
	(void)pthread_mutex_init(&gs->busy, NULL);
	(void)pthread_mutex_init(&gs->bell.mu, NULL);
	(void)pthread_cond_init(&gs->bell.rung, NULL);
	const struct rmi_stream_config config = {.channel = channel,
	    .service = service->far_name,
	    .params_json = service->params_json,
	    .session_id = gs->session_id,
	    .notify = bell_ring,
	    .ctx = &gs->bell};
	rmi_stream_init(&gs->stream, &config);
	return gs;
}

/* The stream of a session and service, made where there is none; with one reference. */
static enum rme_err
stream_get(
    struct guest_stream **out, struct rmi_guest_services *g, const struct rmi_service_call *call, struct rme_error *err)
{
	const struct rmi_remote_service *service = rmi_remote_find_service(g->remote, call->service);
	if (!service) {
		return rme_error_set(err, RME_ENOTFOUND, call->service, "no service of this name is configured");
	}
	struct rmi_channel *channel;
	enum rme_err e = rmi_remote_channel(&channel, g->remote, service->endpoint, err);
	if (e != RME_OK) {
		return e;
	}
	struct guest_stream **place = &g->bucket[bucket_of(call->session_id)];
	(void)pthread_mutex_lock(&g->mu);
	struct guest_stream *gs = *place;
	while (gs && (gs->service != service || strcmp(gs->session_id, call->session_id) != 0)) {
		gs = gs->next;
	}
	if (!gs && g->n < RMI_REMOTE_STREAMS_MAX && (gs = stream_new(service, call->session_id, channel)) != NULL) {
		gs->next = *place;
		*place = gs;
		g->n++;
	}
	if (gs) {
		gs->refs++;
	}
	bool full = g->n >= RMI_REMOTE_STREAMS_MAX;
	(void)pthread_mutex_unlock(&g->mu);
	if (!gs) {
		return full ? rme_error_set(
		                  err, RME_ELIMIT, call->service, "more than %d streams", RMI_REMOTE_STREAMS_MAX)
		            : rme_error_set(err, RME_ENOMEM, call->service, "out of memory");
	}
	*out = gs;
	return RME_OK;
}

/* --- one call --- */

struct job {
	struct guest_stream *gs;
	struct rmi_service_call *call;
	int64_t deadline_ns;
	uint64_t seq; /* 0 = not sent */
	struct rme_packet *result;
	bool ended;
	struct rme_error why; /* of the end */
};

static enum rme_err
set_error(struct rme_error *err, const struct job *j, const struct rme_error *why)
{
	return rme_error_set(err, why->code, why->where[0] ? why->where : j->call->service, "%s", why->text);
}

static void
take_result(struct job *j, struct rmi_stream_event *ev)
{
	if (ev->frame.packet.seq != j->seq || j->result) {
		return;
	}
	struct rme_packet_meta meta = *rme_packet_meta(j->call->in);
	meta.side = RME_SIDE_CLOUD;
	const struct rmi_wire_in how = {.meta = &meta, .seen = &j->gs->stream.seen, .item = j->call->in};
	enum rme_err e = rmi_wire_packet(&j->result, ev->msg, &ev->frame.packet, &how);
	if (e != RME_OK) {
		j->ended = true;
		(void)rme_error_set(&j->why, e, "", "the result cannot be used: %s", rme_err_text(e));
	}
	j->call->bytes_down += (uint32_t)ev->frame.packet.payload.len;
}

/* Deal with what has come. @return when to look again at the latest */
static int64_t
look(struct job *j)
{
	int64_t now = rmi_monotonic_ns();
	struct rmi_stream_event ev;
	do {
		rmi_stream_next(&j->gs->stream, &ev, now);
		if (ev.kind == RMI_STREAM_DATA) {
			take_result(j, &ev);
			rmi_buf_unref(ev.msg);
		} else if (ev.kind == RMI_STREAM_ITEM_END && ev.frame.item_end.seq == j->seq) {
			j->ended = true;
			j->why = ev.frame.item_end.error;
			j->call->remote_ns = ev.frame.item_end.queue_ns + ev.frame.item_end.service_ns;
		} else if (ev.kind == RMI_STREAM_LOST && j->seq) {
			j->ended = true;
			j->why = ev.error;
		}
	} while (ev.kind != RMI_STREAM_NONE);
	int64_t next = rmi_stream_tick(&j->gs->stream, now);
	return next != 0 && next < j->deadline_ns ? next : j->deadline_ns;
}

/* Wait for news. @return RME_OK, or why there is no use in waiting any longer */
static enum rme_err
wait_news(struct job *j, struct rme_error *err)
{
	if (rmi_canceled(j->call->cancel)) {
		return rme_error_set(err, RME_ECANCELED, j->call->service, "canceled");
	}
	int64_t until = look(j);
	if (j->ended) {
		return RME_OK;
	}
	if (rmi_monotonic_ns() >= j->deadline_ns) {
		return rme_error_set(err, RME_ETIMEDOUT, j->call->service, "no answer in time");
	}
	bell_wait(&j->gs->bell, until);
	return RME_OK;
}

/* Send the item, waiting for room where @p wait says so. */
static enum rme_err
send_item(struct job *j, uint32_t flags, bool wait, struct rme_error *err)
{
	for (;;) {
		(void)look(j);
		enum rme_err e = rmi_stream_accepts(&j->gs->stream, &j->why);
		if (e != RME_OK) {
			return set_error(err, j, &j->why);
		}
		int64_t left = j->deadline_ns - rmi_monotonic_ns();
		e = rmi_stream_send(&j->gs->stream, j->call->in, flags, left > 0 ? left : 1, &j->seq);
		if (e == RME_OK) {
			size_t n;
			(void)rme_packet_data(j->call->in, &n);
			j->call->bytes_up += (uint32_t)n;
			return RME_OK;
		}
		if (e != RME_EAGAIN || !wait) {
			return rme_error_set(err, e, j->call->service, "cannot send: %s", rme_err_text(e));
		}
		e = wait_news(j, err);
		if (e != RME_OK) {
			return e;
		}
	}
}

static enum rme_err
wait_result(struct job *j, struct rme_packet **out, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	while (e == RME_OK && !j->ended) {
		e = wait_news(j, err);
	}
	if (e != RME_OK) {
		rmi_stream_cancel(&j->gs->stream, j->seq);
	} else if (j->why.code != RME_OK) {
		e = set_error(err, j, &j->why);
	} else if (!j->result) {
		e = rme_error_set(err, RME_EEMPTY, j->call->service, "the service gave no result");
	}
	if (e == RME_OK) {
		*out = j->result;
		j->result = NULL;
	}
	return e;
}

/* Take the stream for one call. The packet stays the caller's. */
static enum rme_err
begin(struct job *j, struct rmi_guest_services *g, struct rmi_service_call *call, struct rme_error *err)
{
	memset(j, 0, sizeof *j);
	j->call = call;
	if (call->in && (rme_packet_meta(call->in)->flags & RME_PACKET_LOCAL)) {
		return rme_error_set(err, RME_EDENIED, call->service, "private data must not leave this device");
	}
	enum rme_err e = stream_get(&j->gs, g, call, err);
	if (e != RME_OK) {
		return e;
	}
	int64_t wanted = call->in ? rme_packet_meta(call->in)->deadline_ns : 0;
	int64_t limit = rmi_monotonic_ns() + j->gs->service->timeout_ns;
	j->deadline_ns = wanted != 0 && wanted < limit ? wanted : limit;
	(void)pthread_mutex_lock(&j->gs->busy);
	static const struct rme_format unknown;
	rmi_stream_want(&j->gs->stream, call->in ? &rme_packet_meta(call->in)->format : &unknown);
	return RME_OK;
}

static void
finish(struct job *j, struct rmi_guest_services *g)
{
	rme_packet_unref(j->result);
	(void)pthread_mutex_unlock(&j->gs->busy);
	stream_unref(g, j->gs);
}

static enum rme_err
guest_call(struct rmi_services *self, struct rmi_service_call *call, struct rme_packet **out, struct rme_error *err)
{
	struct rmi_guest_services *g = (struct rmi_guest_services *)self;
	struct job j;
	enum rme_err e = begin(&j, g, call, err);
	if (e == RME_OK) {
		struct rmi_cancel_hook hook = {.fn = bell_ring, .ctx = &j.gs->bell};
		bool hooked = call->cancel && rmi_cancel_hook(call->cancel, &hook);
		e = send_item(&j, 0, true, err);
		e = e == RME_OK ? wait_result(&j, out, err) : e;
		if (hooked) {
			rmi_cancel_unhook(call->cancel, &hook);
		}
		finish(&j, g);
	}
	rme_packet_unref(call->in);
	call->in = NULL;
	return e;
}

static enum rme_err
guest_send(struct rmi_services *self, struct rmi_service_call *call, struct rme_error *err)
{
	struct rmi_guest_services *g = (struct rmi_guest_services *)self;
	struct job j;
	enum rme_err e = begin(&j, g, call, err);
	if (e == RME_OK) {
		e = send_item(&j, RMI_WIRE_NO_RESULTS, false, err);
		finish(&j, g);
	}
	rme_packet_unref(call->in);
	call->in = NULL;
	return e;
}

static enum rme_err
guest_far_session(struct rmi_services *self, struct rmi_service_call *call, char *id, size_t cap)
{
	struct rmi_guest_services *g = (struct rmi_guest_services *)self;
	struct job j;
	enum rme_err e = begin(&j, g, call, NULL);
	if (e != RME_OK) {
		return e;
	}
	do {
		(void)look(&j);
		e = rmi_stream_accepts(&j.gs->stream, NULL);
		if (e != RME_OK || j.gs->stream.state == RMI_STREAM_OPEN) {
			break;
		}
		e = wait_news(&j, NULL);
	} while (e == RME_OK);
	if (e == RME_OK) {
		int n = snprintf(id, cap, "%s", j.gs->stream.far_session);
		e = n >= 0 && (size_t)n < cap ? RME_OK : RME_ELIMIT;
	}
	finish(&j, g);
	return e;
}

static void
guest_end_session(struct rmi_services *self, const char *session_id)
{
	struct rmi_guest_services *g = (struct rmi_guest_services *)self;
	struct guest_stream *gone = NULL;
	(void)pthread_mutex_lock(&g->mu);
	for (struct guest_stream **p = &g->bucket[bucket_of(session_id)]; *p;) {
		struct guest_stream *gs = *p;
		if (strcmp(gs->session_id, session_id) != 0) {
			p = &gs->next;
			continue;
		}
		*p = gs->next;
		g->n--;
		gs->next = gone;
		gone = gs;
	}
	(void)pthread_mutex_unlock(&g->mu);
	while (gone) {
		struct guest_stream *gs = gone;
		gone = gs->next;
		stream_unref(g, gs);
	}
}

static const struct rmi_services_ops guest_ops = {
    .call = guest_call, .send = guest_send, .far_session = guest_far_session, .end_session = guest_end_session};

enum rme_err
rmi_guest_services_new(struct rmi_guest_services **out, struct rmi_remote *remote)
{
	struct rmi_guest_services *g = calloc(1, sizeof *g);
	if (!g) {
		return RME_ENOMEM;
	}
	g->base.ops = &guest_ops;
	g->remote = remote;
	(void)pthread_mutex_init(&g->mu, NULL);
	*out = g;
	return RME_OK;
}

void
rmi_guest_services_free(struct rmi_guest_services *g)
{
	if (!g) {
		return;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (g->bucket[i]) {
			struct guest_stream *gs = g->bucket[i];
			g->bucket[i] = gs->next;
			stream_free(gs);
		}
	}
	(void)pthread_mutex_destroy(&g->mu);
	free(g);
}

struct rmi_services *
rmi_guest_services(struct rmi_guest_services *g)
{
	return &g->base;
}

struct rmi_remote *
rmi_guest_services_remote(const struct rmi_services *services)
{
	return services->ops == &guest_ops ? ((const struct rmi_guest_services *)services)->remote : NULL;
}
