#ifndef RMI_WAN_TRANSIT_H
#define RMI_WAN_TRANSIT_H

/**
 * @file
 * Bytes on their way in one direction of one connection: a ring of fixed size, cut into segments that each arrive at a time
 * of their own, in order. One thread.
 */

#include <rme/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmi_wan_segment {
	int64_t due_ns;
	size_t len;
};

struct rmi_wan_transit {
	unsigned char *bytes;
	size_t size, head, len;
	struct rmi_wan_segment *segments;
	size_t segments_max, first, count;
	int64_t last_due_ns; /* nothing arrives before what was sent before it */
};

/** @param not_before_ns  nothing arrives earlier: the time that setting up the connection takes */
RME_NODISCARD enum rme_err rmi_wan_transit_init(struct rmi_wan_transit *t, size_t size, int64_t not_before_ns);
/** Accepts an all-zero one. */
void rmi_wan_transit_done(struct rmi_wan_transit *t);

/** Where to put the next bytes, and how many fit there; 0 = full. @return valid until the next call */
unsigned char *rmi_wan_transit_space(struct rmi_wan_transit *t, size_t *n);
/** @p n bytes were put there as one segment. @p n > 0 and at most what fitted. */
void rmi_wan_transit_push(struct rmi_wan_transit *t, size_t n, int64_t due_ns);

/** The bytes that have arrived and lie in one piece; *n = 0 if none. @return valid until the next call */
const unsigned char *rmi_wan_transit_arrived(const struct rmi_wan_transit *t, int64_t now_ns, size_t *n);
/** @p n of them were taken. */
void rmi_wan_transit_take(struct rmi_wan_transit *t, size_t n);

/** When the next bytes arrive (may have passed); INT64_MAX if none are on their way. */
int64_t rmi_wan_transit_next_ns(const struct rmi_wan_transit *t);

static inline bool
rmi_wan_transit_has_space(const struct rmi_wan_transit *t)
{
	return t->len < t->size && t->count < t->segments_max;
}

static inline bool
rmi_wan_transit_is_empty(const struct rmi_wan_transit *t)
{
	return t->len == 0;
}

#endif
