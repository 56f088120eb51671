#include "serve/v1_items.h"

#include "serve/v1.h"

#include <string.h>

void
rmi_v1_items_init(struct rmi_v1_items *q)
{
	memset(q, 0, sizeof *q);
	pthread_mutex_init(&q->mu, NULL);
}

unsigned
rmi_v1_items_done(struct rmi_v1_items *q)
{
	unsigned items = 0;
	while (rmi_v1_items_first(q) != NULL) {
		items += rmi_v1_items_first(q)->flush ? 0 : 1;
		rmi_v1_items_pop(q);
	}
	pthread_mutex_destroy(&q->mu);
	return items;
}

static enum rme_err
check(const struct rmi_v1_items *q, const struct rmi_v1_item *item, struct rme_error *err)
{
	if (item->seq <= q->last_seq) {
		return rme_error_set(err, RME_EPROTO, NULL, "item number %llu after %llu: numbers must rise",
		    (unsigned long long)item->seq, (unsigned long long)q->last_seq);
	}
	if (item->flush) {
		return q->flushes < RMI_V1_FLUSHES
		           ? RME_OK
		           : rme_error_set(err, RME_ELIMIT, NULL, "more than %d flushes are open", RMI_V1_FLUSHES);
	}
	if (q->n - q->flushes == RMI_HOST_WINDOW) {
		return rme_error_set(
		    err, RME_ELIMIT, NULL, "more than the %d items of the window are open", RMI_HOST_WINDOW);
	}
	/* One item alone always fits, or large ones could never be sent. */
	if (q->bytes > 0 && (q->bytes >= RMI_V1_WINDOW_BYTES || item->bytes > RMI_V1_WINDOW_BYTES - q->bytes)) {
		return rme_error_set(err, RME_ELIMIT, NULL, "more than the %llu bytes of the window are open",
		    (unsigned long long)RMI_V1_WINDOW_BYTES);
	}
	return RME_OK;
}

enum rme_err
rmi_v1_items_push(struct rmi_v1_items *q, const struct rmi_v1_item *item, struct rme_error *err)
{
	pthread_mutex_lock(&q->mu);
	enum rme_err e = check(q, item, err);
	if (e == RME_OK) {
		q->ring[(q->first + q->n) % RMI_V1_OPEN_MAX] = *item;
		q->n++;
		q->flushes += item->flush ? 1 : 0;
		q->bytes += item->bytes;
		q->last_seq = item->seq;
	}
	pthread_mutex_unlock(&q->mu);
	return e;
}

struct rmi_v1_item *
rmi_v1_items_first(struct rmi_v1_items *q)
{
	pthread_mutex_lock(&q->mu);
	struct rmi_v1_item *item = q->n > 0 ? &q->ring[q->first] : NULL;
	pthread_mutex_unlock(&q->mu);
	return item;
}

void
rmi_v1_items_pop(struct rmi_v1_items *q)
{
	struct rme_packet *item = NULL;
	pthread_mutex_lock(&q->mu);
	if (q->n > 0) {
		struct rmi_v1_item *first = &q->ring[q->first];
		item = first->item;
		first->item = NULL;
		q->bytes -= first->bytes;
		q->flushes -= first->flush ? 1 : 0;
		q->first = (q->first + 1) % RMI_V1_OPEN_MAX;
		q->n--;
	}
	pthread_mutex_unlock(&q->mu);
	rme_packet_unref(item);
}

void
rmi_v1_items_cancel(struct rmi_v1_items *q, uint64_t seq)
{
	pthread_mutex_lock(&q->mu);
	for (unsigned i = 0; i < q->n; i++) {
		struct rmi_v1_item *item = &q->ring[(q->first + i) % RMI_V1_OPEN_MAX];
		item->canceled = item->canceled || item->seq == seq;
	}
	pthread_mutex_unlock(&q->mu);
}

bool
rmi_v1_items_canceled(struct rmi_v1_items *q)
{
	pthread_mutex_lock(&q->mu);
	bool canceled = q->n > 0 && q->ring[q->first].canceled;
	pthread_mutex_unlock(&q->mu);
	return canceled;
}
