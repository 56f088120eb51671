/* A service for guests that may call one: half of its answers come at once, the others later and from another thread. */
#include "hostile.h"

#include <pthread.h>
#include <rme/packet.h>

#include "core/service.h"

static struct {
	pthread_mutex_t lock; /* guards all of it */
	pthread_cond_t changed;
	struct rmi_service_call *waiting; /* linked by job */
	unsigned count;
	bool stop, running;
	pthread_t thread;
} far = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static char ready; /* its address in call->job: answered */

static void
answer(struct rmi_service_call *call)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	call->error.code =
	    call->kind == RMI_SERVICE_CALL ? rme_packet_new(&call->answer, &meta, "from afar", 9) : RME_OK;
	call->bytes_up = 4;
	call->bytes_down = 9;
	if (call->kind == RMI_SERVICE_FAR_SESSION) {
		(void)snprintf(call->far_session, sizeof(call->far_session), "far");
	}
}

static bool
far_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	(void)self;
	rme_packet_unref(call->in);
	call->in = NULL;
	pthread_mutex_lock(&far.lock);
	bool later = far.running && call->kind == RMI_SERVICE_CALL && far.count++ % 2 == 1;
	if (later) {
		call->job = far.waiting;
		far.waiting = call;
		pthread_cond_signal(&far.changed);
	} else {
		answer(call);
	}
	pthread_mutex_unlock(&far.lock);
	return !later;
}

static bool
far_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	(void)self;
	*again_ns = INT64_MAX;
	pthread_mutex_lock(&far.lock);
	bool over = call->job == &ready;
	if (over) {
		answer(call);
	}
	pthread_mutex_unlock(&far.lock);
	return over;
}

static void
far_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	(void)self;
	pthread_mutex_lock(&far.lock);
	for (struct rmi_service_call **at = &far.waiting; *at != NULL;) {
		if (*at == call) {
			*at = call->job;
		} else {
			at = (struct rmi_service_call **)&(*at)->job;
		}
	}
	pthread_mutex_unlock(&far.lock);
	call->error.code = RME_ECANCELED;
}

static void
far_end(struct rmi_services *self, const char *session_id)
{
	(void)self;
	(void)session_id;
}

static const struct rmi_services_ops ops = {
    .begin = far_begin, .poll = far_poll, .cancel = far_cancel, .end_session = far_end};
static struct rmi_services service = {&ops};

static void *
serve(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&far.lock);
	while (!far.stop) {
		struct rmi_service_call *call = far.waiting;
		if (call == NULL) {
			pthread_cond_wait(&far.changed, &far.lock);
			continue;
		}
		far.waiting = call->job;
		call->job = &ready;
		if (call->news != NULL) {
			call->news(call->ctx); /* the lock is held: the call cannot end meanwhile */
		}
	}
	pthread_mutex_unlock(&far.lock);
	return NULL;
}

struct rmi_services *
far_service_start(void)
{
	far.running = pthread_create(&far.thread, NULL, serve, NULL) == 0;
	return &service;
}

void
far_service_stop(void)
{
	pthread_mutex_lock(&far.lock);
	far.stop = true;
	pthread_cond_signal(&far.changed);
	pthread_mutex_unlock(&far.lock);
	if (far.running) {
		pthread_join(far.thread, NULL);
	}
}
