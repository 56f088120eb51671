#include "wasm/handoff.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cancel.h"
#include "base/quiet_thread.h"
#include "wasm/guest_run.h"

struct rmi_handoff {
	pthread_t thread;
	pthread_mutex_t mu; /* guards all below */
	pthread_cond_t changed;
	struct rmi_guest_run *run;
	void (*work)(void *ctx); /* NULL: nothing is under way */
	void *ctx;
	bool stop;
	struct rmi_cancel cancel; /* of the work under way; has a lock of its own */
};

enum { STACK_BYTES = 1 << 20 };

/* The guest's calls find their run through the lane. Without a lane every call of a guest says why, one by one. */
static void
do_work(struct rmi_handoff *h, void (*work)(void *ctx), void *ctx)
{
	struct rmi_lane *lane;
	bool known = rmi_lane_of_thread(&lane, h->run->process, NULL) == RME_OK;
	if (known) {
		lane->run = h->run;
	}
	work(ctx);
	if (known) {
		lane->run = NULL;
	}
}

static void *
work_for_others(void *arg)
{
	struct rmi_handoff *h = arg;
	(void)prctl(PR_SET_NAME, "rme-guest");
	pthread_mutex_lock(&h->mu);
	while (!h->stop) {
		if (h->work == NULL) {
			pthread_cond_wait(&h->changed, &h->mu);
			continue;
		}
		void (*work)(void *ctx) = h->work;
		void *ctx = h->ctx;
		pthread_mutex_unlock(&h->mu);
		do_work(h, work, ctx);
		pthread_mutex_lock(&h->mu);
		h->work = NULL;
		pthread_cond_broadcast(&h->changed);
		h->run->news(h->run->ctx); /* wakes somebody, no more; the run may be gone once the lock is released */
	}
	pthread_mutex_unlock(&h->mu);
	return NULL;
}

static int
start_thread(struct rmi_handoff *h)
{
	return rmi_quiet_thread(&h->thread, work_for_others, h, STACK_BYTES);
}

static enum rme_err
make(struct rmi_handoff **out, struct rmi_guest_run *r, struct rme_error *err)
{
	struct rmi_handoff *h = calloc(1, sizeof(*h));
	if (h == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	h->run = r;
	pthread_mutex_init(&h->mu, NULL);
	pthread_cond_init(&h->changed, NULL);
	rmi_cancel_init(&h->cancel);
	int e = start_thread(h);
	if (e != 0) {
		rmi_cancel_done(&h->cancel);
		pthread_cond_destroy(&h->changed);
		pthread_mutex_destroy(&h->mu);
		free(h);
		return rme_error_set(err, RME_ENOMEM, NULL, "no thread for a module that may wait: %s", strerror(e));
	}
	*out = h;
	return RME_OK;
}

enum rme_err
rmi_handoff_start(
    struct rmi_handoff **h, struct rmi_guest_run *r, void (*work)(void *ctx), void *ctx, struct rme_error *err)
{
	enum rme_err e = *h != NULL ? RME_OK : make(h, r, err);
	if (e != RME_OK) {
		return e;
	}
	rmi_cancel_done(&(*h)->cancel);
	rmi_cancel_init(&(*h)->cancel);
	pthread_mutex_lock(&(*h)->mu);
	(*h)->work = work;
	(*h)->ctx = ctx;
	pthread_cond_broadcast(&(*h)->changed);
	pthread_mutex_unlock(&(*h)->mu);
	return RME_OK;
}

bool
rmi_handoff_over(struct rmi_handoff *h)
{
	pthread_mutex_lock(&h->mu);
	bool over = h->work == NULL;
	pthread_mutex_unlock(&h->mu);
	return over;
}

void
rmi_handoff_end(struct rmi_handoff *h)
{
	rmi_cancel_fire(&h->cancel);
	pthread_mutex_lock(&h->mu);
	while (h->work != NULL) {
		pthread_cond_wait(&h->changed, &h->mu);
	}
	pthread_mutex_unlock(&h->mu);
}

struct rmi_cancel *
rmi_handoff_cancel(struct rmi_handoff *h)
{
	return &h->cancel;
}

void
rmi_handoff_free(struct rmi_handoff *h)
{
	if (h == NULL) {
		return;
	}
	pthread_mutex_lock(&h->mu);
	h->stop = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->mu);
	pthread_join(h->thread, NULL);
	rmi_cancel_done(&h->cancel);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->mu);
	free(h);
}
