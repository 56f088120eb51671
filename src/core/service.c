#include "core/service.h"

#include <pthread.h>
#include <time.h>

#include "base/cancel.h"
#include "base/clock.h"

/* What the waiting thread is told through. Its lock is held for nothing else. */
struct bell {
	pthread_mutex_t mu;
	pthread_cond_t rung;
	bool ringing;
};

static void
bell_ring(void *ctx)
{
	struct bell *b = ctx;
	pthread_mutex_lock(&b->mu);
	b->ringing = true;
	pthread_cond_signal(&b->rung);
	pthread_mutex_unlock(&b->mu);
}

static void
bell_wait(struct bell *b, int64_t until_ns)
{
	const struct timespec t = {.tv_sec = until_ns / RMI_NS_PER_S, .tv_nsec = until_ns % RMI_NS_PER_S};
	int late = 0;
	pthread_mutex_lock(&b->mu);
	while (!b->ringing && late == 0) {
		late = pthread_cond_clockwait(&b->rung, &b->mu, CLOCK_MONOTONIC, &t);
	}
	b->ringing = false;
	pthread_mutex_unlock(&b->mu);
}

static bool
refuse(struct rmi_service_call *call)
{
	rme_packet_unref(call->in);
	call->in = NULL;
	(void)rme_error_set(&call->error, RME_ECANCELED, call->service, "canceled");
	return true;
}

enum rme_err
rmi_service_wait(struct rmi_services *s, struct rmi_service_call *call, struct rmi_cancel *cancel)
{
	struct bell bell = {.mu = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER};
	struct rmi_cancel_hook hook = {.fn = bell_ring, .ctx = &bell};
	bool hooked = cancel != NULL && rmi_cancel_hook(cancel, &hook);
	call->news = bell_ring;
	call->ctx = &bell;
	bool over = rmi_canceled(cancel) ? refuse(call) : s->ops->begin(s, call);
	while (!over) {
		int64_t again_ns = 0;
		over = s->ops->poll(s, call, &again_ns);
		if (!over && rmi_canceled(cancel)) {
			s->ops->cancel(s, call);
			over = true;
		} else if (!over) {
			bell_wait(&bell, again_ns);
		}
	}
	if (hooked) {
		rmi_cancel_unhook(cancel, &hook);
	}
	pthread_cond_destroy(&bell.rung);
	pthread_mutex_destroy(&bell.mu);
	return call->error.code;
}
