#include "remote/services.h"

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

struct job;

struct guest_stream {
	struct guest_stream *next; /* in its bucket */
	unsigned refs;             /* guarded by mu of the services; one is the table's */
	char session_id[RME_SESSION_ID_MAX];
	const struct rmi_remote_service *service;
	pthread_mutex_t busy; /* guards stream and what is in the jobs; never held while somebody waits */
	struct rmi_stream stream;
	pthread_mutex_t mu; /* guards the list of jobs: for gRPC's thread, which tells them that there is news */
	struct job *jobs;
};

struct rmi_guest_services {
	struct rmi_services base;
	struct rmi_remote *remote;
	pthread_mutex_t mu; /* guards the table */
	struct guest_stream *bucket[BUCKETS];
	unsigned n;
};

/* --- jobs: calls under way --- */

struct job {
	struct job *next; /* of the stream */
	struct guest_stream *gs;
	struct rmi_service_call *call;
	struct rme_packet *in;
	int64_t deadline_ns;
	uint64_t seq; /* 0 = not sent */
	bool ended;   /* by the far side, or with the link */
};

/* Tell the owners of all calls on a stream, but for @p self, that there is news. */
static void
tell_jobs(struct guest_stream *gs, const struct job *self)
{
	(void)pthread_mutex_lock(&gs->mu);
	for (struct job *j = gs->jobs; j; j = j->next) {
		if (j != self && j->call->news) {
			j->call->news(j->call->ctx);
		}
	}
	(void)pthread_mutex_unlock(&gs->mu);
}

/* On gRPC's thread. */
static void
on_news(void *ctx)
{
	tell_jobs(ctx, NULL);
}

static void
job_list(struct job *j)
{
	(void)pthread_mutex_lock(&j->gs->mu);
	j->next = j->gs->jobs;
	j->gs->jobs = j;
	(void)pthread_mutex_unlock(&j->gs->mu);
}

/* From here on its owner is told nothing any more. */
static void
job_unlist(struct job *j)
{
	(void)pthread_mutex_lock(&j->gs->mu);
	struct job **p = &j->gs->jobs;
	while (*p != j) {
		p = &(*p)->next;
	}
	*p = j->next;
	(void)pthread_mutex_unlock(&j->gs->mu);
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
	(void)pthread_mutex_destroy(&gs->mu);
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
	(void)pthread_mutex_init(&gs->mu, NULL);
	const struct rmi_stream_config config = {.channel = channel,
	    .service = service->far_name,
	    .params_json = service->params_json,
	    .session_id = gs->session_id,
	    .notify = on_news,
	    .ctx = gs};
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

static enum rme_err
fail(struct job *j, enum rme_err code, const char *text)
{
	j->ended = true;
	return rme_error_set(&j->call->error, code, j->call->service, "%s", text);
}

static void
fail_with(struct job *j, const struct rme_error *why)
{
	j->ended = true;
	(void)rme_error_set(&j->call->error, why->code, why->where[0] ? why->where : j->call->service, "%s", why->text);
}

static void
take_result(struct job *j, struct rmi_stream_event *ev)
{
	struct rmi_service_call *call = j->call;
	call->bytes_down += (uint32_t)ev->frame.packet.payload.len;
	if (call->answer) {
		return;
	}
	struct rme_packet_meta meta = *rme_packet_meta(j->in);
	meta.side = RME_SIDE_CLOUD;
	const struct rmi_wire_in how = {.meta = &meta, .seen = &j->gs->stream.seen, .item = j->in};
	enum rme_err e = rmi_wire_packet(&call->answer, ev->msg, &ev->frame.packet, &how);
	if (e != RME_OK) {
		j->ended = true;
		(void)rme_error_set(&call->error, e, call->service, "the result cannot be used: %s", rme_err_text(e));
	}
}

static void
take_end(struct job *j, const struct rmi_frame_item_end *end)
{
	j->call->remote_ns = end->queue_ns + end->service_ns;
	if (end->error.code != RME_OK) {
		fail_with(j, &end->error);
	} else if (!j->call->answer) {
		(void)fail(j, RME_EEMPTY, "the service gave no result");
	}
	j->ended = true;
}

/* The call that an event is about; those that are over, and one-way items, have none. */
static struct job *
job_of(struct guest_stream *gs, uint64_t seq)
{
	struct job *j = gs->jobs;
	while (j && (j->seq != seq || j->ended)) {
		j = j->next;
	}
	return j;
}

static void
take_loss(struct guest_stream *gs, const struct rme_error *why)
{
	for (struct job *j = gs->jobs; j; j = j->next) {
		if (j->seq != 0 && !j->ended) {
			fail_with(j, why);
		}
	}
}

/* Deal with what has come, for all calls on the stream. The list is changed with `busy` held only. @return there was any */
static bool
take_events(struct guest_stream *gs, int64_t now)
{
	struct rmi_stream_event ev;
	bool any = false;
	for (;;) {
		rmi_stream_next(&gs->stream, &ev, now);
		if (ev.kind == RMI_STREAM_NONE) {
			return any;
		}
		any = true;
		if (ev.kind == RMI_STREAM_LOST) {
			take_loss(gs, &ev.error);
			continue;
		}
		bool data = ev.kind == RMI_STREAM_DATA;
		struct job *j = job_of(gs, data ? ev.frame.packet.seq : ev.frame.item_end.seq);
		if (j && data) {
			take_result(j, &ev);
		} else if (j) {
			take_end(j, &ev.frame.item_end);
		}
		if (data) {
			rmi_buf_unref(ev.msg);
		}
	}
}

/* Send the item, if there is room for it. */
static void
send_item(struct job *j, int64_t now)
{
	bool one_way = j->call->kind == RMI_SERVICE_SEND;
	int64_t left = j->deadline_ns > now ? j->deadline_ns - now : 1;
	enum rme_err e = rmi_stream_send(&j->gs->stream, j->in, one_way ? RMI_WIRE_NO_RESULTS : 0, left, &j->seq);
	if (e == RME_OK) {
		size_t n;
		(void)rme_packet_data(j->in, &n);
		j->call->bytes_up += (uint32_t)n;
		j->ended = one_way;
	} else if (e != RME_EAGAIN || one_way) {
		j->ended = true;
		(void)rme_error_set(&j->call->error, e, j->call->service, "cannot send: %s", rme_err_text(e));
	}
}

/* What can be done for the call now. */
static void
advance(struct job *j, int64_t now)
{
	struct rme_error why;
	bool others = take_events(j->gs, now);
	if (others) {
		tell_jobs(j->gs, j);
	}
	(void)rmi_stream_tick(&j->gs->stream, now);
	if (!j->ended && j->seq == 0 && rmi_stream_accepts(&j->gs->stream, &why) != RME_OK) {
		fail_with(j, &why);
	} else if (!j->ended && j->call->kind == RMI_SERVICE_FAR_SESSION) {
		struct rmi_service_call *call = j->call;
		j->ended = j->gs->stream.state == RMI_STREAM_OPEN;
		(void)snprintf(call->far_session, sizeof call->far_session, "%s", j->gs->stream.far_session);
	} else if (!j->ended && j->seq == 0) {
		send_item(j, now);
	}
	if (!j->ended && now >= j->deadline_ns) {
		(void)fail(j, RME_ETIMEDOUT, "no answer in time");
		if (j->seq != 0) {
			rmi_stream_cancel(&j->gs->stream, j->seq);
		}
	}
}

/* `busy` is held, and released. */
static void
job_over(struct rmi_guest_services *g, struct job *j)
{
	struct guest_stream *gs = j->gs;
	job_unlist(j);
	(void)pthread_mutex_unlock(&gs->busy);
	stream_unref(g, gs);
	if (j->call->error.code != RME_OK) {
		rme_packet_unref(j->call->answer);
		j->call->answer = NULL;
	}
	j->call->job = NULL;
	rme_packet_unref(j->in);
	free(j);
}

static bool
guest_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	struct rmi_guest_services *g = (struct rmi_guest_services *)self;
	struct job *j = call->job;
	int64_t now = rmi_monotonic_ns();
	(void)pthread_mutex_lock(&j->gs->busy);
	advance(j, now);
	if (j->ended) {
		job_over(g, j);
		return true;
	}
	int64_t next = rmi_stream_tick(&j->gs->stream, now);
	*again_ns = next != 0 && next < j->deadline_ns ? next : j->deadline_ns;
	(void)pthread_mutex_unlock(&j->gs->busy);
	return false;
}

/* NULL where there is an error, which is in the call then. */
static struct job *
make_job(struct rmi_guest_services *g, struct rmi_service_call *call)
{
	if (call->in && (rme_packet_meta(call->in)->flags & RME_PACKET_LOCAL)) {
		(void)rme_error_set(
		    &call->error, RME_EDENIED, call->service, "private data must not leave this device");
		return NULL;
	}
	struct job *j = calloc(1, sizeof *j);
	if (!j) {
		(void)rme_error_set(&call->error, RME_ENOMEM, call->service, "out of memory");
		return NULL;
	}
	j->call = call;
	if (stream_get(&j->gs, g, call, &call->error) != RME_OK) {
		free(j);
		return NULL;
	}
	return j;
}

static bool
guest_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	static const struct rme_format unknown;
	call->error = (struct rme_error){0};
	struct job *j = make_job((struct rmi_guest_services *)self, call);
	struct rme_packet *in = call->in;
	call->in = NULL;
	if (!j) {
		rme_packet_unref(in);
		return true;
	}
	j->in = in;
	call->job = j;
	int64_t wanted = in ? rme_packet_meta(in)->deadline_ns : call->deadline_ns;
	int64_t limit = rmi_monotonic_ns() + j->gs->service->timeout_ns;
	j->deadline_ns = wanted != 0 && wanted < limit ? wanted : limit;
	(void)pthread_mutex_lock(&j->gs->busy);
	rmi_stream_want(&j->gs->stream, in ? &rme_packet_meta(in)->format : &unknown);
	job_list(j);
	(void)pthread_mutex_unlock(&j->gs->busy);
	int64_t again_ns;
	return guest_poll(self, call, &again_ns);
}

static void
guest_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	struct job *j = call->job;
	(void)pthread_mutex_lock(&j->gs->busy);
	if (j->seq != 0 && !j->ended) {
		rmi_stream_cancel(&j->gs->stream, j->seq);
	}
	(void)fail(j, RME_ECANCELED, "canceled");
	job_over((struct rmi_guest_services *)self, j);
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
    .begin = guest_begin, .poll = guest_poll, .cancel = guest_cancel, .end_session = guest_end_session};

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
