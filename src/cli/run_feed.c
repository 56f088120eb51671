#include "cli/run_feed.h"

#include <time.h>

#include "base/clock.h"
#include "report/run.h"

static bool
is_stopped(struct rmi_run_feed *f)
{
	(void)pthread_mutex_lock(&f->mu);
	bool stop = f->stop;
	(void)pthread_mutex_unlock(&f->mu);
	return stop;
}

/* Wait until @p when_ns, or until told to stop. */
static void
wait_until(struct rmi_run_feed *f, int64_t when_ns)
{
	const struct timespec t = {(time_t)(when_ns / RMI_NS_PER_S), (long)(when_ns % RMI_NS_PER_S)};
	(void)pthread_mutex_lock(&f->mu);
	while (!f->stop && rmi_monotonic_ns() < when_ns) {
		(void)pthread_cond_timedwait(&f->stopped, &f->mu, &t);
	}
	(void)pthread_mutex_unlock(&f->mu);
}

/* A packet that must not leave this device. */
static enum rme_err
mark_local(struct rme_packet **pkt)
{
	struct rme_packet_meta meta = *rme_packet_meta(*pkt);
	meta.flags |= RME_PACKET_LOCAL;
	struct rme_packet *local;
	enum rme_err e = rme_packet_derive(&local, *pkt, &meta);
	if (e == RME_OK) {
		rme_packet_unref(*pkt);
		*pkt = local;
	}
	return e;
}

/* @return RME_OK, RME_ECLOSED at the end of the input, else an error in f->error */
static enum rme_err
feed_one(struct rmi_run_feed *f, int64_t start_ns)
{
	struct rme_packet *pkt;
	enum rme_err e = rmi_item_source_next(f->in->source, &pkt, &f->error);
	if (e != RME_OK) {
		return e;
	}
	int64_t pts = rme_packet_meta(pkt)->pts_ns;
	if (f->in->realtime && pts > 0) {
		wait_until(f, start_ns + pts);
	}
	if (f->in->local) {
		e = mark_local(&pkt);
		if (e != RME_OK) {
			rme_packet_unref(pkt);
			return rme_error_set(&f->error, e, "input", "%s", rme_err_text(e));
		}
	}
	if (is_stopped(f)) {
		rme_packet_unref(pkt);
		return RME_ECLOSED;
	}
	rmi_run_submitted(f->in->record, pkt);
	e = rme_session_submit(f->session, pkt, NULL);
	if (e == RME_EAGAIN) {
		f->refused++;
		return RME_OK;
	}
	f->submitted += e == RME_OK;
	return e == RME_OK || e == RME_ECLOSED ? e : rme_error_set(&f->error, e, "input", "%s", rme_err_text(e));
}

static void *
feed(void *arg)
{
	struct rmi_run_feed *f = arg;
	int64_t start_ns = rmi_monotonic_ns();
	enum rme_err e = RME_OK;
	for (int64_t round = 0; e == RME_OK && round < f->in->repeat && !is_stopped(f); round++) {
		if (round > 0) {
			e = rmi_item_source_rewind(f->in->source, &f->error);
		}
		while (e == RME_OK) {
			e = feed_one(f, start_ns);
		}
		e = e == RME_ECLOSED ? RME_OK : e;
	}
	/* A session that was canceled meanwhile says RME_ECLOSED: it has ended already. */
	if (rme_session_end(f->session) == RME_OK) {
		rmi_run_submitted(f->in->record, NULL);
	}
	return NULL;
}

enum rme_err
rmi_run_feed_start(struct rmi_run_feed *f, const struct rmi_run_loop_in *in, struct rme_session *session)
{
	*f = (struct rmi_run_feed){.in = in, .session = session};
	pthread_condattr_t attr;
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&f->mu, NULL);
	(void)pthread_cond_init(&f->stopped, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (pthread_create(&f->thread, NULL, feed, f) == 0) {
		return RME_OK;
	}
	(void)pthread_cond_destroy(&f->stopped);
	(void)pthread_mutex_destroy(&f->mu);
	return RME_ENOMEM;
}

void
rmi_run_feed_stop(struct rmi_run_feed *f)
{
	(void)pthread_mutex_lock(&f->mu);
	f->stop = true;
	(void)pthread_cond_signal(&f->stopped);
	(void)pthread_mutex_unlock(&f->mu);
}

void
rmi_run_feed_join(struct rmi_run_feed *f)
{
	(void)pthread_join(f->thread, NULL);
	(void)pthread_cond_destroy(&f->stopped);
	(void)pthread_mutex_destroy(&f->mu);
}
