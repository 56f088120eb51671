#include "rpc/internal.h"

#include <grpc/support/time.h>

#include <stdlib.h>

enum { LOOP_THREADS_MAX = 64 };

static void *
loop_run(void *arg)
{
	struct rmi_loop_queue *q = arg;
	for (;;) {
		grpc_event ev = grpc_completion_queue_next(q->cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
		if (ev.type == GRPC_QUEUE_SHUTDOWN) {
			return NULL;
		}
		if (ev.type == GRPC_OP_COMPLETE) {
			struct rmi_tag *tag = ev.tag;
			RMI_TAG_TAKE(tag);
			tag->fn(tag, ev.success != 0);
		}
	}
}

static enum rme_err
loop_start(struct rmi_loop *loop)
{
	for (unsigned i = 0; i < loop->n_queues; i++) {
		struct rmi_loop_queue *q = &loop->queue[i];
		q->loop = loop;
		q->cq = grpc_completion_queue_create_for_next(NULL);
	}
	for (unsigned i = 0; i < loop->n_queues; i++) {
		struct rmi_loop_queue *q = &loop->queue[i];
		if (pthread_create(&q->thread, NULL, loop_run, q) != 0) {
			return RME_EIO;
		}
		q->started = true;
		(void)pthread_setname_np(q->thread, "rme-rpc");
	}
	return RME_OK;
}

/* A queue that no thread reads is drained here. */
static void
loop_stop(struct rmi_loop *loop)
{
	for (unsigned i = 0; i < loop->n_queues; i++) {
		struct rmi_loop_queue *q = &loop->queue[i];
		grpc_completion_queue_shutdown(q->cq);
		if (q->started) {
			(void)pthread_join(q->thread, NULL);
		} else {
			(void)loop_run(q);
		}
		grpc_completion_queue_destroy(q->cq);
	}
}

static void
loop_destroy(struct rmi_loop *loop)
{
	grpc_shutdown_blocking();
	(void)pthread_cond_destroy(&loop->idle);
	(void)pthread_mutex_destroy(&loop->mu);
	free(loop);
}

enum rme_err
rmi_loop_new(struct rmi_loop **out, const struct rmi_loop_config *config, struct rme_error *err)
{
	unsigned n = config && config->threads ? config->threads : 1;
	if (n > LOOP_THREADS_MAX) {
		return rme_error_set(err, RME_EINVAL, "rpc", "at most %d loop threads, not %u", LOOP_THREADS_MAX, n);
	}
	struct rmi_loop *loop = calloc(1, sizeof *loop + n * sizeof loop->queue[0]);
	if (!loop) {
		return rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
	}
	loop->n_queues = n;
	(void)pthread_mutex_init(&loop->mu, NULL);
	(void)pthread_cond_init(&loop->idle, NULL);
	rmi_rpc_log_default();
	grpc_init();
	enum rme_err e = loop_start(loop);
	if (e != RME_OK) {
		loop_stop(loop);
		loop_destroy(loop);
		return rme_error_set(err, e, "rpc", "cannot start a thread; raise the limit on processes (ulimit -u)");
	}
	*out = loop;
	return RME_OK;
}

/* Cancel one after the other: each is held while the lock is not. */
static void
loop_cancel_all(struct rmi_loop *loop)
{
	(void)pthread_mutex_lock(&loop->mu);
	while (loop->calls) {
		struct rmi_call *c = rmi_call_ref(loop->calls);
		(void)pthread_mutex_unlock(&loop->mu);
		rmi_call_cancel(c, RMI_STATUS_CANCELLED, "shutting down");
		(void)pthread_mutex_lock(&loop->mu);
		while (loop->calls == c) {
			(void)pthread_cond_wait(&loop->idle, &loop->mu);
		}
		(void)pthread_mutex_unlock(&loop->mu);
		rmi_call_unref(c);
		(void)pthread_mutex_lock(&loop->mu);
	}
	(void)pthread_mutex_unlock(&loop->mu);
}

void
rmi_loop_free(struct rmi_loop *loop)
{
	if (!loop) {
		return;
	}
	loop_cancel_all(loop);
	loop_stop(loop);
	loop_destroy(loop);
}

bool
rmi_loop_is_current(const struct rmi_loop *loop)
{
	for (unsigned i = 0; i < loop->n_queues; i++) {
		if (pthread_equal(loop->queue[i].thread, pthread_self())) {
			return true;
		}
	}
	return false;
}

uint32_t
rmi_loop_calls(struct rmi_loop *loop)
{
	(void)pthread_mutex_lock(&loop->mu);
	uint32_t n = loop->live;
	(void)pthread_mutex_unlock(&loop->mu);
	return n;
}

void
rmi_loop_enlist(struct rmi_call *c)
{
	struct rmi_loop *loop = c->loop;
	(void)pthread_mutex_lock(&loop->mu);
	c->next = loop->calls;
	c->link = &loop->calls;
	if (c->next) {
		c->next->link = &c->next;
	}
	loop->calls = c;
	loop->live++;
	(void)pthread_mutex_unlock(&loop->mu);
}

void
rmi_loop_delist(struct rmi_call *c)
{
	struct rmi_loop *loop = c->loop;
	(void)pthread_mutex_lock(&loop->mu);
	*c->link = c->next;
	if (c->next) {
		c->next->link = c->link;
	}
	loop->live--;
	(void)pthread_cond_broadcast(&loop->idle);
	(void)pthread_mutex_unlock(&loop->mu);
}

struct rmi_loop_queue *
rmi_loop_pick(struct rmi_loop *loop)
{
	unsigned turn = loop->n_queues == 1 ? 0 : atomic_fetch_add_explicit(&loop->turn, 1, memory_order_relaxed);
	return &loop->queue[turn % loop->n_queues];
}
