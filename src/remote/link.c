#include "remote/link.h"

#include "rpc/channel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define STREAM_METHOD "/rme.v1.Rme/Stream"

struct rmi_link {
	atomic_uint refs; /* the owner's, and the call's until on_end */
	struct rmi_call *call;
	pthread_mutex_t mu;        /* guards what follows; held while notify runs, so that close() is a barrier */
	void (*notify)(void *ctx); /* NULL once closed */
	void *ctx;
	struct rmi_buf *queue[RMI_LINK_QUEUE_MAX];
	unsigned head, n;
	size_t bytes;
	bool reading; /* a read is under way */
	bool told;    /* the owner was notified and has not seen the queue empty since */
	bool ended;
	struct rme_error why;
};

static void
link_unref(struct rmi_link *l)
{
	if (atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	while (l->n) {
		rmi_buf_unref(l->queue[l->head]);
		l->head = (l->head + 1) % RMI_LINK_QUEUE_MAX;
		l->n--;
	}
	rmi_call_unref(l->call);
	(void)pthread_mutex_destroy(&l->mu);
	free(l);
}

/* With mu held. */
static void
tell(struct rmi_link *l)
{
	if (l->notify && !l->told) {
		l->told = true;
		l->notify(l->ctx);
	}
}

/* With mu held: is another message to be asked for? Then the caller must, without the lock. */
static bool
claim_read(struct rmi_link *l)
{
	bool go =
	    !l->reading && !l->ended && l->notify && l->n < RMI_LINK_QUEUE_MAX && l->bytes < RMI_LINK_QUEUE_BYTES_MAX;
	l->reading = l->reading || go;
	return go;
}

static void
on_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct rmi_link *l = rmi_call_user(c);
	(void)pthread_mutex_lock(&l->mu);
	l->reading = false;
	bool read = false;
	if (msg && l->notify) { /* a read was asked for only while there was room */
		l->queue[(l->head + l->n) % RMI_LINK_QUEUE_MAX] = msg;
		l->n++;
		l->bytes += rmi_buf_size(msg);
		msg = NULL;
		tell(l);
		read = claim_read(l);
	}
	(void)pthread_mutex_unlock(&l->mu);
	rmi_buf_unref(msg);
	if (read) {
		(void)rmi_call_read(c);
	}
}

static void
on_writable(struct rmi_call *c)
{
	struct rmi_link *l = rmi_call_user(c);
	(void)pthread_mutex_lock(&l->mu);
	l->told = false; /* the owner may have seen an empty queue meanwhile, and must look again anyway */
	tell(l);
	(void)pthread_mutex_unlock(&l->mu);
}

static enum rme_err
end_code(enum rmi_status status)
{
	if (status == RMI_STATUS_OK) {
		return RME_ECLOSED;
	}
	if (status == RMI_STATUS_CANCELLED) { /* not by us: who cancels has closed the link and does not see this */
		return RME_ETRANSPORT;
	}
	/* The limit that the server reached is its number of calls: it is there, and does not serve us now. */
	return status == RMI_STATUS_RESOURCE_EXHAUSTED ? RME_EUNAVAILABLE : rmi_status_to_err(status);
}

static void
on_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct rmi_link *l = rmi_call_user(c);
	(void)pthread_mutex_lock(&l->mu);
	l->ended = true;
	(void)rme_error_set(&l->why, end_code(end->status), "", "%s%s%s", rmi_status_name(end->status),
	    *end->text ? ": " : "", end->text);
	l->told = false;
	tell(l);
	(void)pthread_mutex_unlock(&l->mu);
	link_unref(l);
}

static const struct rmi_call_ops link_ops = {.on_message = on_message, .on_writable = on_writable, .on_end = on_end};

enum rme_err
rmi_link_open(struct rmi_link **out, const struct rmi_link_config *config)
{
	struct rmi_link *l = calloc(1, sizeof *l);
	if (!l) {
		return RME_ENOMEM;
	}
	atomic_init(&l->refs, 2);
	(void)pthread_mutex_init(&l->mu, NULL);
	l->notify = config->notify;
	l->ctx = config->ctx;
	l->reading = true;
	const struct rmi_call_options options = {.path = STREAM_METHOD,
	    .ops = &link_ops,
	    .user = l,
	    .wait_for_ready = config->wait,
	    .max_queued_bytes = RMI_LINK_WRITE_BYTES_MAX};
	enum rme_err e = rmi_call_start(&l->call, config->channel, &options);
	if (e != RME_OK) {
		(void)pthread_mutex_destroy(&l->mu);
		free(l);
		return e;
	}
	(void)rmi_call_read(l->call);
	*out = l;
	return RME_OK;
}

void
rmi_link_close(struct rmi_link *l)
{
	if (!l) {
		return;
	}
	(void)pthread_mutex_lock(&l->mu);
	l->notify = NULL;
	(void)pthread_mutex_unlock(&l->mu);
	rmi_call_cancel(l->call, RMI_STATUS_CANCELLED, "closed");
	link_unref(l);
}

bool
rmi_link_writable(struct rmi_link *l)
{
	return rmi_call_writable(l->call);
}

enum rme_err
rmi_link_send(struct rmi_link *l, struct rmi_buf *msg)
{
	return rmi_call_write(l->call, msg);
}

enum rme_err
rmi_link_next(struct rmi_link *l, struct rmi_buf **msg, struct rme_error *why)
{
	enum rme_err e = RME_OK;
	(void)pthread_mutex_lock(&l->mu);
	if (l->n) {
		*msg = l->queue[l->head];
		l->head = (l->head + 1) % RMI_LINK_QUEUE_MAX;
		l->n--;
		l->bytes -= rmi_buf_size(*msg);
	} else if (l->ended) {
		*why = l->why;
		e = l->why.code;
	} else {
		l->told = false;
		e = RME_EAGAIN;
	}
	bool read = claim_read(l);
	(void)pthread_mutex_unlock(&l->mu);
	if (read && rmi_call_read(l->call) != RME_OK) {
		(void)pthread_mutex_lock(&l->mu);
		l->reading = false; /* the call is ending */
		(void)pthread_mutex_unlock(&l->mu);
	}
	return e;
}
