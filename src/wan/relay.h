#ifndef RMI_WAN_RELAY_H
#define RMI_WAN_RELAY_H

/**
 * @file
 * A simulated wide-area line in user space: a TCP relay that delays, slows down and interrupts what passes through it. It
 * needs no rights and no kernel module, and knows nothing of what it carries.
 */

#include "wan/script.h"

#include <rme/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RMI_WAN_CONNECTIONS_MAX = 1024,
	RMI_WAN_CONNECTIONS_DEFAULT = 64,
	RMI_WAN_BUFFER_DEFAULT = 1024 * 1024,
	RMI_WAN_BUFFER_MAX = 64 * 1024 * 1024,
};

struct rmi_wan_config {
	const char *listen; /**< "127.0.0.1:6000"; port 0 = any that is free */
	const char *to;     /**< the service: "127.0.0.1:50052" */
	struct rmi_wan_shape shape[RMI_WAN_DIRECTIONS];
	size_t queue_bytes;  /**< most bytes that wait to be sent, per direction; 0 = RMI_WAN_QUEUE_DEFAULT */
	size_t buffer_bytes; /**< most bytes on their way, per connection and direction; 0 = RMI_WAN_BUFFER_DEFAULT */
	unsigned connections_max;            /**< more wait to be accepted; 0 = RMI_WAN_CONNECTIONS_DEFAULT */
	int64_t lose_every_ns;               /**< reset all connections so often on average; 0 = never */
	uint64_t seed;                       /**< of jitter and losses */
	const struct rmi_wan_script *script; /**< outlives the relay; NULL = none */
	/** Called by the thread that runs the relay; @p text is one line. NULL = not wanted. */
	void (*event)(void *ctx, int64_t at_ns, const char *text);
	void *ctx;
};

struct rmi_wan_stats {
	uint64_t bytes[RMI_WAN_DIRECTIONS]; /**< delivered */
	uint64_t connections;               /**< accepted */
	uint64_t open;                      /**< now */
	uint64_t reset;                     /**< by the line: steps down and cut, losses */
	uint64_t unreachable;               /**< accepted, but the service did not */
	int64_t elapsed_ns;                 /**< since rmi_wan_relay_run() */
};

struct rmi_wan_relay;

/** Listens when it returns. @p config  copied, its texts and script borrowed. @return RME_OK, RME_ECONFIG
 *  for a value out of its range, or why it cannot listen */
RME_NODISCARD enum rme_err
rmi_wan_relay_new(struct rmi_wan_relay **out, const struct rmi_wan_config *config, struct rme_error *err);
/** It must not run. NULL is a no-op. */
void rmi_wan_relay_free(struct rmi_wan_relay *r);

/** The port it listens on. */
uint16_t rmi_wan_relay_port(const struct rmi_wan_relay *r);

/** Relay until rmi_wan_relay_stop(); once. Time in the script counts from here. @return RME_OK when stopped, RME_EIO */
RME_NODISCARD enum rme_err rmi_wan_relay_run(struct rmi_wan_relay *r, struct rme_error *err);

/** Any thread, also a signal handler; also before rmi_wan_relay_run(), which then returns at once. */
void rmi_wan_relay_stop(struct rmi_wan_relay *r);

/** By the thread that runs it (in event()), or after it ran. */
void rmi_wan_relay_stats(const struct rmi_wan_relay *r, struct rmi_wan_stats *out);

#endif
