#ifndef RMI_REMOTE_FLIGHTS_H
#define RMI_REMOTE_FLIGHTS_H

/** @file What a remote node has taken in and not given on yet, in order: a ring that grows up to a bound. */

#include <rme/packet.h>

#include <stdbool.h>

enum {
	RMI_FLIGHTS_FIRST = 16,
	RMI_FLIGHTS_MAX = 8192, /**< packets; a session bounds its items, this bounds what one item may consist of */
};

struct rmi_flight {
	struct rme_packet *pkt; /**< DATA, FLUSH or ITEM_END */
	int64_t deadline_ns;    /**< 0 = none (ITEM_END) */
	uint64_t wire_seq;      /**< 0 = not sent */
	uint32_t results;       /**< that came for it ... */
	uint64_t result_bytes;  /**< ... and their payload */
	bool done;              /**< may leave when it is the first */
};

struct rmi_flights {
	struct rmi_flight *ring;
	unsigned cap, head, n;
	unsigned sent; /**< the first so many need no sending any more */
};

/** Owns @p pkt on RME_OK only. @return RME_OK, RME_ELIMIT, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_flights_push(struct rmi_flights *f, struct rme_packet *pkt, int64_t deadline_ns);
/** The i-th, from the oldest on. @p i < n */
struct rmi_flight *rmi_flights_at(const struct rmi_flights *f, unsigned i);
/** Take the oldest out. @return its packet, now the caller's */
struct rme_packet *rmi_flights_pop(struct rmi_flights *f);
/** The one that was sent under this number, or NULL. */
struct rmi_flight *rmi_flights_find(const struct rmi_flights *f, uint64_t wire_seq);
void rmi_flights_done(struct rmi_flights *f);

#endif
