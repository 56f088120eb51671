#ifndef RMI_SERVE_V1_ITEMS_H
#define RMI_SERVE_V1_ITEMS_H

/**
 * @file
 * The open items of one rme.v1 stream, oldest first: the caller's numbers for the session's, what the window counts,
 * and the item itself, so that a result with the same payload need not be sent back.
 *
 * Items are pushed by the gRPC thread and popped by whoever pumps; the two may run at the same time.
 */

#include "serve/host.h"

#include <rme/packet.h>

enum {
	RMI_V1_FLUSHES = 4, /**< flushes that may be open beside the window of items */
	RMI_V1_OPEN_MAX = RMI_HOST_WINDOW + RMI_V1_FLUSHES,
};

struct rmi_v1_item {
	uint64_t seq; /**< the caller's */
	int64_t arrival_ns;
	struct rme_packet *item; /**< a reference; NULL for a flush */
	size_t bytes;            /**< of its payload */
	bool flush;
	bool no_results; /**< the caller wants none */
	bool canceled;   /**< by the caller */
	uint32_t results;
	struct rme_error error; /**< of this server: a result could not be sent */
};

struct rmi_v1_items {
	pthread_mutex_t mu; /* guards all below */
	struct rmi_v1_item ring[RMI_V1_OPEN_MAX];
	unsigned first, n, flushes;
	uint64_t bytes, last_seq;
};

void rmi_v1_items_init(struct rmi_v1_items *q);
/** Drops what is left. @return how many items (no flushes) it was */
unsigned rmi_v1_items_done(struct rmi_v1_items *q);

/**
 * Check against the window and append. Owns item->item on success alone.
 * @return RME_OK, RME_EPROTO (the number does not rise), RME_ELIMIT (outside of the window)
 */
RME_NODISCARD enum rme_err
rmi_v1_items_push(struct rmi_v1_items *q, const struct rmi_v1_item *item, struct rme_error *err);

/** The oldest, or NULL. Stays where it is until it is popped; only mark() touches it meanwhile. */
struct rmi_v1_item *rmi_v1_items_first(struct rmi_v1_items *q);
/** Drop the oldest. */
void rmi_v1_items_pop(struct rmi_v1_items *q);

/** Mark an item as canceled; unknown numbers are no error: it may just have ended. */
void rmi_v1_items_cancel(struct rmi_v1_items *q, uint64_t seq);
/** Was the oldest canceled? */
bool rmi_v1_items_canceled(struct rmi_v1_items *q);

#endif
