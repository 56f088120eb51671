#include "base/queue.h"

#include <stdlib.h>

enum { QUEUE_FIRST_CAP = 16 };

void
rmi_queue_init(struct rmi_queue *q, size_t max)
{
	*q = (struct rmi_queue){.max = max};
}

void
rmi_queue_done(struct rmi_queue *q)
{
	free(q->slot);
	*q = (struct rmi_queue){0};
}

static enum rme_err
queue_grow(struct rmi_queue *q, size_t want)
{
	size_t cap = q->cap != 0 ? q->cap : QUEUE_FIRST_CAP;
	while (cap < want) {
		cap *= 2;
	}
	void **slot = malloc(cap * sizeof(*slot));
	if (slot == NULL) {
		return RME_ENOMEM;
	}
	for (size_t i = 0; i < q->n; i++) {
		slot[i] = q->slot[(q->head + i) % q->cap];
	}
	free(q->slot);
	q->slot = slot;
	q->cap = cap;
	q->head = 0;
	return RME_OK;
}

enum rme_err
rmi_queue_reserve(struct rmi_queue *q, size_t n)
{
	if (n > q->max - q->n) {
		return RME_EAGAIN;
	}
	return q->n + n > q->cap ? queue_grow(q, q->n + n) : RME_OK;
}

enum rme_err
rmi_queue_push(struct rmi_queue *q, void *p)
{
	enum rme_err e = rmi_queue_reserve(q, 1);
	if (e == RME_OK) {
		q->slot[(q->head + q->n) % q->cap] = p;
		q->n++;
	}
	return e;
}

void *
rmi_queue_peek(const struct rmi_queue *q)
{
	return q->n > 0 ? q->slot[q->head] : NULL;
}

void *
rmi_queue_pop(struct rmi_queue *q)
{
	void *p = rmi_queue_peek(q);
	if (p != NULL) {
		q->head = (q->head + 1) % q->cap;
		q->n--;
	}
	return p;
}
