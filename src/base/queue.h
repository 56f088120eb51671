#ifndef RMI_BASE_QUEUE_H
#define RMI_BASE_QUEUE_H

/**
 * @file
 * A ring of pointers that grows up to a bound, without a lock of its own: whoever shares it between threads guards it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <rme/err.h>

struct rmi_queue {
	void **slot;
	size_t cap, head, n;
	size_t max; /**< bound */
};

/** No memory is taken yet. */
void rmi_queue_init(struct rmi_queue *q, size_t max);
/** The queue must be empty. */
void rmi_queue_done(struct rmi_queue *q);
/** Make sure that @p n pushes in a row will succeed. @return RME_OK, RME_EAGAIN (bound), RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_queue_reserve(struct rmi_queue *q, size_t n);
/** @return RME_OK, RME_EAGAIN (bound), RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_queue_push(struct rmi_queue *q, void *p);
/** Oldest first; NULL where it is empty. */
void *rmi_queue_pop(struct rmi_queue *q);
/** The oldest, left where it is; NULL where it is empty. */
void *rmi_queue_peek(const struct rmi_queue *q);

#endif
