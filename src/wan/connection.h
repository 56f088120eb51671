#ifndef RMI_WAN_CONNECTION_H
#define RMI_WAN_CONNECTION_H

/**
 * @file
 * One connection through the relay: a client's end, a service's end, and the bytes on their way between them. Its sockets
 * are edge-triggered: the ends remember what is possible. One thread.
 */

#include "wan/script.h"
#include "wan/transit.h"

/** Index of an end; the way [d] leads from ends[d] to ends[1 - d], as RMI_WAN_TO_SERVICE and RMI_WAN_TO_CLIENT say. */
enum { RMI_WAN_CLIENT = 0, RMI_WAN_SERVICE = 1 };

struct rmi_wan_end {
	struct rmi_wan_connection *connection;
	int fd;
	bool readable, writable;      /* as far as known */
	bool read_ended, write_ended; /* end of stream received, passed on */
	int64_t ended_ns;             /* when the end of stream arrives at the other end */
};

struct rmi_wan_connection {
	struct rmi_wan_end ends[2];
	struct rmi_wan_transit ways[RMI_WAN_DIRECTIONS];
	bool connecting; /* to the service */
	struct rmi_wan_connection *next;
};

enum rmi_wan_state {
	RMI_WAN_OPEN,
	RMI_WAN_CLOSED,      /**< both sides ended */
	RMI_WAN_BROKEN,      /**< one side reset the connection */
	RMI_WAN_UNREACHABLE, /**< the service could not be connected to */
};

/** The line that connections share. */
struct rmi_wan_line {
	struct rmi_wan_shaper ways[RMI_WAN_DIRECTIONS];
	uint64_t bytes[RMI_WAN_DIRECTIONS]; /**< delivered */
};

/**
 * Both sockets, non-blocking, belong to the connection, also on failure.
 * @param buffer_bytes    most bytes on their way in each direction
 * @param not_before_ns   when the first bytes may arrive: setting up takes a round trip on a real line
 */
RME_NODISCARD enum rme_err rmi_wan_connection_new(
    struct rmi_wan_connection **out, const int fds[2], size_t buffer_bytes, const int64_t not_before_ns[2]);
/** @param reset  tell both sides that the connection broke; false: close in order */
void rmi_wan_connection_free(struct rmi_wan_connection *c, bool reset);

/** Deliver what has arrived and read what the line takes, without waiting. */
enum rmi_wan_state rmi_wan_connection_pump(struct rmi_wan_connection *c, struct rmi_wan_line *line, int64_t now_ns);

/** When it should be pumped again if no socket reports anything before; INT64_MAX = never. */
int64_t rmi_wan_connection_next_ns(const struct rmi_wan_connection *c, const struct rmi_wan_line *line, int64_t now_ns);

#endif
