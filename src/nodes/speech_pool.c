#include "nodes/speech_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "core/runtime.h"
#include "nodes/speech_decoder.h"

static const char pool_key[] = "speech decoders";

struct pool {
	struct rmi_attachment attachment;
	pthread_mutex_t mu;                                 /* guards idle */
	struct rmi_decoder *idle[RMI_SPEECH_POOL_IDLE_MAX]; /* oldest first, then NULL */
};

static void
pool_free(struct rmi_attachment *a)
{
	struct pool *p = (struct pool *)a;
	for (size_t i = 0; i < RMI_SPEECH_POOL_IDLE_MAX; i++) {
		rmi_decoder_close(p->idle[i]);
	}
	(void)pthread_mutex_destroy(&p->mu);
	free(p);
}

/* NULL where there is no memory, or no room: then nothing is kept. */
static struct pool *
pool_of(struct rme_runtime *rt)
{
	struct rmi_attachment *there = rmi_runtime_attached(rt, pool_key);
	if (there != NULL) {
		return (struct pool *)there;
	}
	struct pool *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return NULL;
	}
	p->attachment.free = pool_free;
	p->attachment.key = pool_key;
	(void)pthread_mutex_init(&p->mu, NULL);
	there = rmi_runtime_attach(rt, &p->attachment);
	if (there != &p->attachment) {
		pool_free(&p->attachment); /* another thread was first, or there is no room */
	}
	return (struct pool *)there;
}

/* Take number i out; the others move up. */
static struct rmi_decoder *
take_out(struct pool *p, size_t i)
{
	struct rmi_decoder *d = p->idle[i];
	memmove(&p->idle[i], &p->idle[i + 1], (RMI_SPEECH_POOL_IDLE_MAX - 1 - i) * sizeof(p->idle[0]));
	p->idle[RMI_SPEECH_POOL_IDLE_MAX - 1] = NULL;
	return d;
}

enum rme_err
rmi_speech_pool_take(
    struct rmi_decoder **out, struct rme_runtime *rt, const struct rmi_decoder_config *config, struct rme_error *err)
{
	struct pool *p = pool_of(rt);
	struct rmi_decoder *found = NULL;
	if (p != NULL) {
		(void)pthread_mutex_lock(&p->mu);
		for (size_t i = 0; i < RMI_SPEECH_POOL_IDLE_MAX && found == NULL && p->idle[i] != NULL; i++) {
			found = rmi_decoder_fits(p->idle[i], config) ? take_out(p, i) : NULL;
		}
		(void)pthread_mutex_unlock(&p->mu);
	}
	if (found == NULL) {
		return rmi_decoder_open(out, config, err);
	}
	*out = found;
	return RME_OK;
}

void
rmi_speech_pool_give(struct rme_runtime *rt, struct rmi_decoder *d)
{
	struct pool *p = d != NULL ? pool_of(rt) : NULL;
	struct rmi_decoder *old = d;
	if (p != NULL) {
		(void)pthread_mutex_lock(&p->mu);
		old = p->idle[RMI_SPEECH_POOL_IDLE_MAX - 1] != NULL ? take_out(p, 0) : NULL;
		size_t n = 0;
		while (p->idle[n] != NULL) {
			n++;
		}
		p->idle[n] = d;
		(void)pthread_mutex_unlock(&p->mu);
	}
	rmi_decoder_close(old);
}
