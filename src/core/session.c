#include <rme/session.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/packet.h"
#include "base/queue.h"
#include "core/node.h"
#include "core/pipeline.h"
#include "core/runtime.h"
#include "core/session.h"
#include "core/service.h"
#include "core/task.h"

/*
 * The inbox holds pairs: an item's packet, then its ITEM_END, which is allocated at submit so that an accepted item always
 * gets its verdict. The outbox has no hard bound, because a running item cannot be stopped half-way: the task takes no
 * new item while more than outbox_packets are unread, and what one item may emit is bounded by the nodes.
 */
struct rme_session {
	struct rmi_task task;
	struct rme_sink sink; /* of the pipeline; session's thread */
	struct rme_runtime *rt;
	struct rme_session_config config;
	char id[RME_SESSION_ID_MAX];
	uint64_t number;
	size_t n_stages;
	struct rmi_pipeline *pipeline;
	struct rmi_executor *own_executor; /* where nodes block; NULL = the runtime's */
	struct rmi_cancel cancel;

	pthread_mutex_t mu; /* guards all below; not held while nodes run */
	pthread_cond_t room, ready;
	struct rmi_queue inbox, outbox;
	size_t n_waiters_room, n_waiters_ready;
	size_t n_verdicts; /* accepted items whose verdict is still to come; the outbox has room for them */
	uint64_t last_seq;
	bool ending;   /* no item is taken any more */
	bool finished; /* the last verdict is in the outbox */
	bool reset_done;
	int fd; /* -1 = not asked for */
};

enum { OUTBOX_MAX = 1 << 20 };

/* --- outbox --- */

static void
tell_output(struct rme_session *s, int fd)
{
	if (fd >= 0) {
		const uint64_t one = 1;
		(void)!write(fd, &one, sizeof(one));
	}
	if (s->config.on_output != NULL) {
		s->config.on_output(s->config.on_output_ctx);
	}
}

/* Owns pkt. Fails for DATA only. */
static enum rme_err
outbox_put(struct rme_session *s, struct rme_packet *pkt)
{
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	bool end = m->kind == RME_PACKET_ITEM_END;
	bool last = end && (m->flags & RME_PACKET_LAST) != 0;
	pthread_mutex_lock(&s->mu);
	bool was_empty = s->outbox.n == 0;
	s->n_verdicts -= end ? 1 : 0;
	/* A verdict has its room since submit, which DATA must leave alone. */
	enum rme_err e = rmi_queue_reserve(&s->outbox, 1 + s->n_verdicts);
	if (e == RME_OK || end) {
		e = rmi_queue_push(&s->outbox, pkt);
	}
	s->finished = s->finished || last;
	if (s->n_waiters_ready > 0) {
		pthread_cond_signal(&s->ready);
	}
	bool tell = was_empty && e == RME_OK;
	int fd = s->fd;
	pthread_mutex_unlock(&s->mu);
	if (tell) {
		tell_output(s, fd);
	}
	if (e != RME_OK) {
		rme_packet_unref(pkt);
	}
	return e == RME_EAGAIN ? RME_ELIMIT : e;
}

static enum rme_err
sink_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct rme_session *s = (struct rme_session *)((char *)self - offsetof(struct rme_session, sink));
	return outbox_put(s, pkt);
}

/* An item that never started ends here. */
static void
end_unstarted(struct rme_session *s, struct rme_packet *pkt, struct rme_packet *end, const struct rme_error *why)
{
	struct rme_verdict *v = rmi_packet_verdict(end);
	v->error = *why;
	v->end_ns = rmi_clock_now(rmi_runtime_clock(s->rt));
	rme_packet_unref(pkt);
	(void)!outbox_put(s, end);
}

/* --- the task --- */

/* Take the next pair if the session may begin an item now. */
static bool
inbox_take(struct rme_session *s, struct rme_packet **pkt, struct rme_packet **end)
{
	pthread_mutex_lock(&s->mu);
	bool take = s->inbox.n > 0 && s->outbox.n <= s->config.outbox_packets;
	if (take) {
		*pkt = rmi_queue_pop(&s->inbox);
		*end = rmi_queue_pop(&s->inbox);
		if (s->n_waiters_room > 0) {
			pthread_cond_signal(&s->room);
		}
	}
	pthread_mutex_unlock(&s->mu);
	return take;
}

static void
run_canceled(struct rme_session *s)
{
	static const struct rme_error canceled = {RME_ECANCELED, "session", "canceled"};
	struct rme_packet *pkt, *end;
	if (!s->reset_done) {
		s->reset_done = true;
		rmi_pipeline_reset(s->pipeline);
	}
	for (;;) {
		pthread_mutex_lock(&s->mu);
		pkt = rmi_queue_pop(&s->inbox);
		end = rmi_queue_pop(&s->inbox);
		pthread_mutex_unlock(&s->mu);
		if (pkt == NULL) {
			break;
		}
		end_unstarted(s, pkt, end, &canceled);
	}
	pthread_mutex_lock(&s->mu);
	s->finished = s->finished || rmi_pipeline_open_items(s->pipeline) == 0;
	pthread_cond_broadcast(&s->ready);
	bool finished = s->finished;
	int fd = finished ? s->fd : -1;
	pthread_mutex_unlock(&s->mu);
	if (finished) {
		tell_output(s, fd);
	}
}

static int64_t
session_run(struct rmi_task *task)
{
	struct rme_session *s = (struct rme_session *)((char *)task - offsetof(struct rme_session, task));
	struct rme_packet *pkt, *end;
	int64_t next = rmi_pipeline_wake(s->pipeline);
	while (!rmi_canceled(&s->cancel) && rmi_pipeline_open_items(s->pipeline) < s->config.inflight_items &&
	       inbox_take(s, &pkt, &end)) {
		rmi_pipeline_start(s->pipeline, pkt, end);
		next = rmi_pipeline_wake(s->pipeline);
	}
	if (rmi_canceled(&s->cancel)) {
		run_canceled(s);
	}
	return next;
}

/* --- submit --- */

static void
deadline_spec(int64_t deadline_ns, struct timespec *ts)
{
	ts->tv_sec = deadline_ns / RMI_NS_PER_S;
	ts->tv_nsec = deadline_ns % RMI_NS_PER_S;
}

static bool
inbox_full(const struct rme_session *s)
{
	return s->inbox.n / 2 >= s->config.inbox_items;
}

/* With the lock held; returns with it held. */
static enum rme_err
wait_for_room(struct rme_session *s, int64_t deadline_ns)
{
	struct timespec ts;
	deadline_spec(deadline_ns, &ts);
	s->n_waiters_room++;
	while (inbox_full(s) && !s->ending) {
		if (deadline_ns == 0) {
			pthread_cond_wait(&s->room, &s->mu);
		} else if (pthread_cond_clockwait(&s->room, &s->mu, CLOCK_MONOTONIC, &ts) != 0 && inbox_full(s)) {
			s->n_waiters_room--;
			return RME_ETIMEDOUT;
		}
	}
	s->n_waiters_room--;
	return s->ending ? RME_ECLOSED : RME_OK;
}

/* An item on its way into the inbox, and the one that is dropped for it. */
struct entry {
	struct rme_packet *pkt, *end;
	struct rme_packet *dropped, *dropped_end;
};

/* With the lock held. Makes room in the inbox as the session's rule says. */
static enum rme_err
make_room(struct rme_session *s, struct entry *en, enum rme_when_full rule)
{
	if (s->ending) {
		return RME_ECLOSED;
	}
	if (inbox_full(s)) {
		struct rme_packet *oldest = rmi_queue_peek(&s->inbox);
		if (rule == RME_FULL_BLOCK) {
			enum rme_err e = wait_for_room(s, rme_packet_meta(en->pkt)->deadline_ns);
			if (e != RME_OK) {
				return e;
			}
		} else if (rule == RME_FULL_REJECT) {
			return RME_EAGAIN;
		} else if (rule == RME_FULL_DROP_OLDEST && rme_packet_meta(oldest)->kind == RME_PACKET_DATA) {
			en->dropped = rmi_queue_pop(&s->inbox);
			en->dropped_end = rmi_queue_pop(&s->inbox);
		} else {
			en->dropped = en->pkt;
			en->dropped_end = en->end;
		}
	}
	enum rme_err e = rmi_queue_reserve(&s->inbox, 2);
	return e == RME_OK ? rmi_queue_reserve(&s->outbox, s->n_verdicts + 1) : e;
}

static enum rme_err
stamp(struct rme_session *s, struct entry *en, int64_t now)
{
	struct rme_packet_meta *m;
	enum rme_err e = rmi_packet_own_meta(&en->pkt, &m);
	if (e != RME_OK) {
		return e;
	}
	m->session = s->number;
	if (m->deadline_ns == 0 && s->config.item_timeout_ns != 0) {
		m->deadline_ns = now + s->config.item_timeout_ns;
	}
	e = rmi_packet_new_end(&en->end, m, s->n_stages);
	if (e == RME_OK) {
		rmi_packet_verdict(en->end)->submit_ns = now;
	}
	return e;
}

/* Owns pkt. */
static enum rme_err
session_put(struct rme_session *s, struct rme_packet *pkt, enum rme_when_full rule, uint64_t *seq)
{
	static const struct rme_error full = {RME_EAGAIN, "session", "dropped: the inbox is full"};
	struct entry en = {.pkt = pkt};
	bool last = (rme_packet_meta(pkt)->flags & RME_PACKET_LAST) != 0;
	enum rme_err e = stamp(s, &en, rmi_clock_now(rmi_runtime_clock(s->rt)));
	if (e != RME_OK) {
		rme_packet_unref(en.pkt);
		return e;
	}
	pthread_mutex_lock(&s->mu);
	e = make_room(s, &en, rule);
	if (e == RME_OK) {
		s->last_seq++;
		s->n_verdicts++;
		rmi_packet_meta_mut(en.pkt)->seq = s->last_seq;
		rmi_packet_meta_mut(en.end)->seq = s->last_seq;
		if (seq != NULL) {
			*seq = s->last_seq;
		}
		s->ending = s->ending || last;
		if (en.dropped != en.pkt) {
			/* Reserved by make_room(). */
			(void)!rmi_queue_push(&s->inbox, en.pkt);
			(void)!rmi_queue_push(&s->inbox, en.end);
		}
	}
	pthread_mutex_unlock(&s->mu);
	if (e != RME_OK) {
		rme_packet_unref(en.pkt);
		rme_packet_unref(en.end);
		return e;
	}
	if (en.dropped != NULL) {
		end_unstarted(s, en.dropped, en.dropped_end, &full);
	}
	return RME_OK;
}

/* Owns pkt. */
static enum rme_err
put_item(struct rme_session *s, struct rme_packet *pkt, uint64_t *seq)
{
	if (rme_packet_meta(pkt)->kind != RME_PACKET_DATA) {
		rme_packet_unref(pkt);
		return RME_EINVAL;
	}
	return session_put(s, pkt, s->config.when_full, seq);
}

enum rme_err
rme_session_submit(struct rme_session *s, struct rme_packet *pkt, uint64_t *seq)
{
	enum rme_err e = put_item(s, pkt, seq);
	if (e == RME_OK) {
		rmi_task_wake(&s->task);
	}
	return e;
}

enum rme_err
rmi_session_submit_here(struct rme_session *s, struct rme_packet *pkt)
{
	enum rme_err e = put_item(s, pkt, NULL);
	if (e == RME_OK && s->own_executor == NULL) {
		rmi_task_run_here(&s->task);
	} else if (e == RME_OK) {
		rmi_task_wake(&s->task);
	}
	return e;
}

static enum rme_err
put_flush(struct rme_session *s, uint32_t flags, uint64_t *seq)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.kind = RME_PACKET_FLUSH;
	m.flags = flags;
	struct rme_packet *pkt;
	enum rme_err e = rme_packet_new(&pkt, &m, NULL, 0);
	if (e == RME_OK) {
		e = session_put(s, pkt, RME_FULL_BLOCK, seq);
	}
	if (e == RME_OK) {
		rmi_task_wake(&s->task);
	}
	return e;
}

enum rme_err
rme_session_flush(struct rme_session *s, uint64_t *seq)
{
	return put_flush(s, 0, seq);
}

enum rme_err
rme_session_end(struct rme_session *s)
{
	return put_flush(s, RME_PACKET_LAST, NULL);
}

void
rme_session_cancel(struct rme_session *s)
{
	pthread_mutex_lock(&s->mu);
	s->ending = true;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->mu);
	rmi_cancel_fire(&s->cancel);
	rmi_task_wake(&s->task);
}

/* --- receive --- */

/* With the lock held: the next packet, or NULL and why there is none. */
static enum rme_err
outbox_take(struct rme_session *s, struct rme_packet **out, bool *resume)
{
	struct rme_packet *pkt = rmi_queue_pop(&s->outbox);
	if (pkt == NULL) {
		return s->finished ? RME_ECLOSED : RME_EAGAIN;
	}
	*out = pkt;
	/* The task stopped taking items at the bound; it goes on once half is read. */
	*resume = s->outbox.n == s->config.outbox_packets / 2 && s->inbox.n > 0;
	if (s->outbox.n == 0 && s->fd >= 0 && !s->finished) {
		uint64_t n;
		(void)!read(s->fd, &n, sizeof(n));
	}
	return RME_OK;
}

enum rme_err
rme_session_recv(struct rme_session *s, struct rme_packet **out, int64_t deadline_ns)
{
	bool resume = false;
	struct timespec ts;
	deadline_spec(deadline_ns > 0 ? deadline_ns : 0, &ts);
	pthread_mutex_lock(&s->mu);
	enum rme_err e;
	while ((e = outbox_take(s, out, &resume)) == RME_EAGAIN && deadline_ns >= 0) {
		s->n_waiters_ready++;
		int late = 0;
		if (deadline_ns == 0) {
			pthread_cond_wait(&s->ready, &s->mu);
		} else {
			late = pthread_cond_clockwait(&s->ready, &s->mu, CLOCK_MONOTONIC, &ts);
		}
		s->n_waiters_ready--;
		if (late != 0) {
			e = outbox_take(s, out, &resume);
			e = e == RME_EAGAIN ? RME_ETIMEDOUT : e;
			break;
		}
	}
	pthread_mutex_unlock(&s->mu);
	if (resume) {
		rmi_task_wake(&s->task);
	}
	return e;
}

int
rme_session_fd(struct rme_session *s)
{
	pthread_mutex_lock(&s->mu);
	if (s->fd < 0) {
		bool readable = s->outbox.n > 0 || s->finished;
		s->fd = eventfd(readable ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	int fd = s->fd;
	pthread_mutex_unlock(&s->mu);
	return fd;
}

size_t
rme_session_stats(struct rme_session *s, struct rme_stage_stats *out, size_t cap)
{
	return rmi_pipeline_stats(s->pipeline, out, cap);
}

const char *
rme_session_id(const struct rme_session *s)
{
	return s->id;
}

/* --- open and free --- */

static size_t
bounded(size_t value, size_t fallback, size_t max)
{
	value = value != 0 ? value : fallback;
	return value < max ? value : max;
}

static struct rme_session *
session_make(struct rme_runtime *rt, const struct rme_session_config *config)
{
	struct rme_session *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->rt = rt;
	s->config = config != NULL ? *config : s->config;
	s->config.inbox_items = bounded(s->config.inbox_items, RME_SESSION_INBOX_DEFAULT, RME_SESSION_INBOX_MAX);
	s->config.inflight_items =
	    bounded(s->config.inflight_items, RME_SESSION_INFLIGHT_DEFAULT, RME_SESSION_INFLIGHT_MAX);
	s->config.outbox_packets = bounded(s->config.outbox_packets, RME_SESSION_OUTBOX_DEFAULT, OUTBOX_MAX / 2);
	s->number = rmi_runtime_next_session(rt);
	if (s->config.id != NULL) {
		(void)snprintf(s->id, sizeof(s->id), "%s", s->config.id);
	} else {
		(void)snprintf(s->id, sizeof(s->id), "s-%d-%llu", (int)getpid(), (unsigned long long)s->number);
	}
	s->sink.push = sink_push;
	s->fd = -1;
	rmi_queue_init(&s->inbox, 2 * (s->config.inbox_items + 1));
	rmi_queue_init(&s->outbox, OUTBOX_MAX);
	pthread_mutex_init(&s->mu, NULL);
	pthread_cond_init(&s->room, NULL);
	pthread_cond_init(&s->ready, NULL);
	rmi_cancel_init(&s->cancel);
	return s;
}

static enum rme_err
session_start(struct rme_session *s, const struct rme_plan_stage *stages, size_t n, struct rme_error *err)
{
	bool blocking = false;
	for (size_t i = 0; i < n; i++) {
		blocking = blocking || (rmi_spec_flags(&stages[i].spec) & RME_NODE_BLOCKING) != 0;
	}
	struct rmi_executor *ex;
	if (blocking) {
		ex = rmi_executor_new(&s->own_executor, 1) == RME_OK ? s->own_executor : NULL;
	} else {
		ex = rmi_runtime_executor(s->rt);
	}
	if (ex == NULL || rmi_task_start(&s->task, ex, session_run) != RME_OK) {
		return rme_error_set(err, RME_ENOMEM, s->id, "no thread can be made for the session");
	}
	const struct rmi_node_env env = {
	    .rt = s->rt, .session_id = s->id, .session = s->number, .task = &s->task, .cancel = &s->cancel};
	const struct rmi_pipeline_in in = {.stages = stages,
	    .n = n,
	    .window = s->config.inflight_items,
	    .sink = &s->sink,
	    .tap = s->config.tap,
	    .tap_ctx = s->config.tap_ctx};
	s->n_stages = n;
	enum rme_err e = rmi_pipeline_new(&s->pipeline, &in, &env, err);
	if (e == RME_OK) {
		rmi_task_release(&s->task);
	}
	return e;
}

enum rme_err
rme_session_open(struct rme_session **out, struct rme_runtime *rt, const struct rme_plan *plan,
    const struct rme_session_config *config, struct rme_error *err)
{
	const struct rme_plan_stage *stages;
	size_t n = rme_plan_stages(plan, &stages);
	struct rme_session *s = session_make(rt, config);
	if (s == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	enum rme_err e = session_start(s, stages, n, err);
	if (e != RME_OK) {
		rme_session_free(s);
		return e;
	}
	*out = s;
	return RME_OK;
}

static void
queue_drop(struct rmi_queue *q)
{
	struct rme_packet *pkt;
	while ((pkt = rmi_queue_pop(q)) != NULL) {
		rme_packet_unref(pkt);
	}
	rmi_queue_done(q);
}

void
rme_session_free(struct rme_session *s)
{
	if (s == NULL) {
		return;
	}
	rmi_cancel_fire(&s->cancel);
	rmi_task_stop(&s->task);
	rmi_executor_free(s->own_executor);
	if (s->pipeline != NULL && !s->reset_done) {
		rmi_pipeline_reset(s->pipeline);
	}
	rmi_pipeline_free(s->pipeline);
	struct rmi_services *services = rmi_runtime_services(s->rt);
	if (services != NULL) {
		services->ops->end_session(services, s->id);
	}
	queue_drop(&s->inbox);
	queue_drop(&s->outbox);
	if (s->fd >= 0) {
		(void)close(s->fd);
	}
	rmi_cancel_done(&s->cancel);
	pthread_cond_destroy(&s->room);
	pthread_cond_destroy(&s->ready);
	pthread_mutex_destroy(&s->mu);
	free(s);
}
