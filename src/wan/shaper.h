#ifndef RMI_WAN_SHAPER_H
#define RMI_WAN_SHAPER_H

/**
 * @file
 * One direction of a simulated line, shared by all connections over it: a sender of a fixed rate behind a queue of
 * bounded length, then a delay with jitter. Pure: the caller says what time it is. One thread.
 */

#include <stddef.h>
#include <stdint.h>

enum {
	RMI_WAN_SEGMENT = 1448,               /**< most bytes that are sent as one: the payload of an Ethernet frame */
	RMI_WAN_QUEUE_MAX = 64 * 1024 * 1024, /**< longest queue, bytes */
	RMI_WAN_QUEUE_DEFAULT = 128 * 1024,   /**< bytes */
};

/** Longest delay and jitter: 1 h. */
#define RMI_WAN_DELAY_MAX_NS (INT64_C(3600) * 1000000000)

/** How a line behaves; may change while it runs. */
struct rmi_wan_shape {
	int64_t delay_ns;  /**< one way */
	int64_t jitter_ns; /**< the delay varies evenly within +- this */
	int64_t rate_bps;  /**< bit/s; 0 = no limit */
};

struct rmi_wan_shaper {
	struct rmi_wan_shape shape;
	size_t queue_bytes; /* most bytes that wait to be sent */
	int64_t free_ns;    /* when all that was given will have been sent */
	uint64_t random;
};

/** @param queue_bytes  at least one segment, at most RMI_WAN_QUEUE_MAX @param seed  same seed, same jitter */
void
rmi_wan_shaper_init(struct rmi_wan_shaper *s, const struct rmi_wan_shape *shape, size_t queue_bytes, uint64_t seed);

/** From now on the line is like this. What waits is sent at the new rate; what was sent arrives as planned. */
void rmi_wan_shaper_change(struct rmi_wan_shaper *s, const struct rmi_wan_shape *shape, int64_t now_ns);

/** True if the queue takes another segment. */
int rmi_wan_shaper_has_room(const struct rmi_wan_shaper *s, int64_t now_ns);

/** When the queue will take another segment; @p now_ns if it does already. */
int64_t rmi_wan_shaper_room_at(const struct rmi_wan_shaper *s, int64_t now_ns);

/** Send @p n <= RMI_WAN_SEGMENT bytes. @return when they arrive: at or after @p now_ns, not always after those before */
int64_t rmi_wan_shaper_send(struct rmi_wan_shaper *s, size_t n, int64_t now_ns);

/** A number in [0, 1) from the shaper's own sequence. */
double rmi_wan_random(uint64_t *state);

#endif
