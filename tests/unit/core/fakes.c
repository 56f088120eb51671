#include "fakes.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <rme/packet.h>

static enum rme_err
dub_process(struct rme_node *self, struct rme_packet *in)
{
	uint8_t *data;
	size_t len;
	enum rme_err e = rme_packet_writable(&in, &data, &len);
	if (e != RME_OK) {
		rme_packet_unref(in);
		return e;
	}
	if (len > 0 && data[0] == 'x') {
		rme_packet_unref(in);
		return rme_node_fail(self, RME_EFORMAT, "no %c, please", 'x');
	}
	if (len > 0 && data[0] == 'n') {
		rme_packet_unref(in);
		return RME_OK;
	}
	if (len > 0 && data[0] == '2') {
		e = rme_node_emit(self, rme_packet_ref(in));
	}
	enum rme_err e2 = rme_node_emit(self, in);
	return e != RME_OK ? e : e2;
}

const struct rme_node_type dub_type = {.name = "dub", .process = dub_process};

struct keep {
	size_t n;
	uint8_t byte[64];
};

static enum rme_err
keep_process(struct rme_node *self, struct rme_packet *in)
{
	struct keep *k = rme_node_state(self);
	size_t len;
	const uint8_t *data = rme_packet_data(in, &len);
	k->byte[k->n++ % 64] = len > 0 ? data[len - 1] : 0;
	rme_packet_unref(in);
	return RME_OK;
}

static enum rme_err
keep_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct keep *k = rme_node_state(self);
	struct rme_packet_meta m = *rme_packet_meta(flush);
	m.kind = RME_PACKET_DATA;
	struct rme_packet *out;
	enum rme_err e = rme_packet_new(&out, &m, k->byte, k->n);
	k->n = 0;
	return e == RME_OK ? rme_node_emit(self, out) : e;
}

const struct rme_node_type keep_type = {
    .name = "keep", .state_size = sizeof(struct keep), .process = keep_process, .flush = keep_flush};

enum { FAR_MAX = 256 };
struct far {
	struct rme_node *self;
	pthread_t thread;
	pthread_mutex_t mu;
	pthread_cond_t cond;
	struct rme_packet *sent[FAR_MAX], *back[FAR_MAX];
	size_t n_sent, n_back;
	bool stop;
};

static void *
far_main(void *arg)
{
	struct far *f = arg;
	pthread_mutex_lock(&f->mu);
	while (!f->stop) {
		if (f->n_sent == 0) {
			pthread_cond_wait(&f->cond, &f->mu);
			continue;
		}
		f->back[f->n_back++] = f->sent[0];
		f->n_sent--;
		memmove(f->sent, f->sent + 1, f->n_sent * sizeof(f->sent[0]));
		pthread_mutex_unlock(&f->mu);
		rme_node_wake(f->self);
		pthread_mutex_lock(&f->mu);
	}
	pthread_mutex_unlock(&f->mu);
	return NULL;
}

static enum rme_err
far_open(struct rme_node *self, const void *config)
{
	(void)config;
	struct far *f = rme_node_state(self);
	f->self = self;
	pthread_mutex_init(&f->mu, NULL);
	pthread_cond_init(&f->cond, NULL);
	return pthread_create(&f->thread, NULL, far_main, f) == 0 ? RME_OK : RME_ENOMEM;
}

static enum rme_err
far_process(struct rme_node *self, struct rme_packet *in)
{
	struct far *f = rme_node_state(self);
	pthread_mutex_lock(&f->mu);
	assert(f->n_sent < FAR_MAX);
	f->sent[f->n_sent++] = in;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->mu);
	return RME_OK;
}

static void
far_wake(struct rme_node *self)
{
	struct far *f = rme_node_state(self);
	for (;;) {
		pthread_mutex_lock(&f->mu);
		struct rme_packet *pkt = f->n_back > 0 ? f->back[0] : NULL;
		if (pkt != NULL) {
			f->n_back--;
			memmove(f->back, f->back + 1, f->n_back * sizeof(f->back[0]));
		}
		pthread_mutex_unlock(&f->mu);
		if (pkt == NULL) {
			return;
		}
		(void)!rme_node_emit(self, pkt);
	}
}

static void
far_reset(struct rme_node *self)
{
	struct far *f = rme_node_state(self);
	far_wake(self);
	pthread_mutex_lock(&f->mu);
	struct rme_packet *left[FAR_MAX];
	size_t n = f->n_sent;
	memcpy(left, f->sent, n * sizeof(left[0]));
	f->n_sent = 0;
	pthread_mutex_unlock(&f->mu);
	far_wake(self);
	for (size_t i = 0; i < n; i++) {
		(void)!rme_node_emit(self, left[i]);
	}
}

static void
far_close(struct rme_node *self)
{
	struct far *f = rme_node_state(self);
	if (f->self == NULL) {
		return;
	}
	pthread_mutex_lock(&f->mu);
	f->stop = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->mu);
	pthread_join(f->thread, NULL);
	for (size_t i = 0; i < f->n_sent; i++) {
		rme_packet_unref(f->sent[i]);
	}
	for (size_t i = 0; i < f->n_back; i++) {
		rme_packet_unref(f->back[i]);
	}
	pthread_mutex_destroy(&f->mu);
	pthread_cond_destroy(&f->cond);
}

const struct rme_node_type far_type = {.name = "far",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct far),
    .open = far_open,
    .process = far_process,
    .wake = far_wake,
    .reset = far_reset,
    .close = far_close};
