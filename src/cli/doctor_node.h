#ifndef RMI_CLI_DOCTOR_NODE_H
#define RMI_CLI_DOCTOR_NODE_H

/** @file Trying a native node for a moment. */

#include <stddef.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rme_node_type;

/** How much came out. */
struct rmi_trial {
	size_t packets, bytes;
};

/**
 * Open @p type with default parameters in a runtime of its own, give it one item, and take what comes.
 * @param format  of @p data, as text
 * @return RME_OK, or what the node returned
 */
RME_NODISCARD enum rme_err rmi_try_node(struct rmi_trial *out, const struct rme_node_type *type, const char *format,
    struct rme_bytes data, struct rme_error *err);

#endif
