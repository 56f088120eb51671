#ifndef RMI_ROUTE_HOLD_H
#define RMI_ROUTE_HOLD_H

/** @file A bounded list of packets that are kept: results until they are committed, inputs until they are not needed. */

#include <stddef.h>
#include <rme/err.h>

struct rme_packet;

/** All-zero = empty. Its memory is kept for the next item. */
struct rmi_hold {
	struct rme_packet **pkt;
	size_t n, cap;
	size_t bytes;
};

/** Bounds of a list. */
struct rmi_hold_limits {
	size_t packets, bytes;
};

/** Append. Owns @p pkt in every case. @return RME_OK, RME_ELIMIT, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_hold_put(struct rmi_hold *h, const struct rmi_hold_limits *limits, struct rme_packet *pkt);
/** Drop what is kept. */
void rmi_hold_clear(struct rmi_hold *h);
/** Drop, and free the list's memory. */
void rmi_hold_done(struct rmi_hold *h);

#endif
