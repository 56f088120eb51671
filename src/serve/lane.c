#include "serve/lane.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void
rmi_lane_init(struct rmi_lane *l, const struct rmi_lane_ops *ops, struct rmi_host *host, struct rmi_call *call)
{
	memset(l, 0, sizeof *l);
	l->ops = ops;
	l->host = host;
	l->call = rmi_call_ref(call);
	atomic_init(&l->session, NULL);
	pthread_mutex_init(&l->mu, NULL);
	pthread_cond_init(&l->idle, NULL);
}

static void
lane_free(struct rmi_lane *l)
{
	rmi_lane_shut(l);
	rmi_hosted_done(&l->hosted);
	rmi_call_unref(l->call);
	pthread_cond_destroy(&l->idle);
	pthread_mutex_destroy(&l->mu);
	l->ops->release(l);
}

/* Do what there is to do, until there is nothing; the lane may be gone after this. */
static void
lane_job(struct rmi_job *job)
{
	struct rmi_lane *l = (struct rmi_lane *)(void *)((char *)job - offsetof(struct rmi_lane, job));
	for (;;) {
		pthread_mutex_lock(&l->mu);
		void (*work)(struct rmi_lane *) = l->closing ? NULL : l->work;
		bool closing = l->closing;
		l->work = NULL;
		l->working = work != NULL || closing;
		pthread_mutex_unlock(&l->mu);
		if (closing) {
			lane_free(l);
			return;
		}
		if (work == NULL) {
			return;
		}
		work(l);
	}
}

void
rmi_lane_work(struct rmi_lane *l, void (*work)(struct rmi_lane *l))
{
	pthread_mutex_lock(&l->mu);
	bool start = !l->working && !l->closing;
	l->working = l->working || start;
	l->work = work;
	pthread_mutex_unlock(&l->mu);
	if (start) {
		l->job.run = lane_job;
		rmi_jobs_add(l->host->jobs, &l->job);
	}
}

void
rmi_lane_close(struct rmi_lane *l)
{
	pthread_mutex_lock(&l->mu);
	bool start = !l->working;
	l->working = true;
	l->closing = true;
	pthread_mutex_unlock(&l->mu);
	if (start) {
		/* No job runs, so nobody frees the session meanwhile. Jobs may be busy: cancel now, not when it is this one's turn. */
		struct rme_session *s = rmi_lane_session(l);
		if (s != NULL) {
			rme_session_cancel(s);
		}
		l->job.run = lane_job;
		rmi_jobs_add(l->host->jobs, &l->job);
	}
}

static void
on_output(void *ctx)
{
	rmi_lane_pump(ctx);
}

enum rme_err
rmi_lane_open(struct rmi_lane *l, struct rmi_hosted_in *in, struct rme_error *err)
{
	if (!l->counted) {
		enum rme_err e = rmi_host_take_session(l->host, err);
		if (e != RME_OK) {
			return e;
		}
		l->counted = true;
	}
	in->rt = l->host->rt;
	in->session.inbox_items = RMI_HOST_WINDOW + 8; /* flushes and the end have room beside the window */
	in->session.inflight_items = RMI_HOST_WINDOW;
	in->session.when_full = RME_FULL_REJECT;
	in->session.on_output = on_output;
	in->session.on_output_ctx = l;
	enum rme_err e = rmi_hosted_open(&l->hosted, in, err);
	if (e != RME_OK) {
		return e;
	}
	(void)snprintf(l->entry.id, sizeof l->entry.id, "%s", rme_session_id(l->hosted.session));
	l->entry.service = l->hosted.service->name;
	rmi_host_list(l->host, &l->entry);
	atomic_store_explicit(&l->session, l->hosted.session, memory_order_release);
	return RME_OK;
}

void
rmi_lane_shut(struct rmi_lane *l)
{
	/* Be the one who pumps: then nobody else is using the session. */
	pthread_mutex_lock(&l->mu);
	while (l->pumping) {
		pthread_cond_wait(&l->idle, &l->mu);
	}
	l->pumping = true;
	pthread_mutex_unlock(&l->mu);
	atomic_store_explicit(&l->session, NULL, memory_order_release);
	rmi_host_unlist(l->host, &l->entry);
	rmi_hosted_close(&l->hosted);
	if (l->counted) {
		l->counted = false;
		rmi_host_give_session(l->host);
	}
	pthread_mutex_lock(&l->mu);
	l->pumping = false;
	l->again = false;
	l->told_end = false;
	pthread_mutex_unlock(&l->mu);
}

static void
drain(struct rmi_lane *l)
{
	struct rme_packet *pkt;
	struct rme_session *s = rmi_lane_session(l);
	while (s != NULL && rmi_call_writable(l->call)) {
		enum rme_err e = rme_session_recv(s, &pkt, -1);
		if (e == RME_OK) {
			l->ops->output(l, pkt);
			continue;
		}
		if (e == RME_ECLOSED && !l->told_end) {
			l->told_end = true;
			l->ops->ended(l);
		}
		return;
	}
}

void
rmi_lane_pump(struct rmi_lane *l)
{
	pthread_mutex_lock(&l->mu);
	bool mine = !l->pumping;
	l->again = true;
	l->pumping = true;
	while (mine && l->again) {
		l->again = false;
		pthread_mutex_unlock(&l->mu);
		drain(l);
		pthread_mutex_lock(&l->mu);
	}
	if (mine) {
		l->pumping = false;
		pthread_cond_signal(&l->idle);
	}
	pthread_mutex_unlock(&l->mu);
}
