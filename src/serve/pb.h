#ifndef RMI_SERVE_PB_H
#define RMI_SERVE_PB_H

/**
 * @file
 * protobuf-c messages to and from rpc buffers. Reading goes into an arena with a limit: two bytes on the wire can
 * become a whole struct in memory, so the size of a message alone bounds nothing.
 */

#include "rpc/buf.h"

#include <rme/err.h>

#include <protobuf-c/protobuf-c.h>

enum { RMI_PB_SLACK_BYTES = 64 * 1024 /**< an arena may take this, and twice the message */ };

struct rmi_pb_chunk;

/** Owns everything that was read with it. All-zero = empty. */
struct rmi_pb_arena {
	struct rmi_pb_chunk *chunks; /**< the newest first */
	size_t used;                 /**< bytes of the newest chunk */
	size_t left;                 /**< bytes that may still be taken */
};

/**
 * Read one message.
 * @param arena     all-zero or done; release it with rmi_pb_done(), after failure too
 * @param[out] out  lives as long as the arena
 * @return RME_OK, RME_EPROTO (malformed, or more structure than the arena takes), RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_pb_read(struct rmi_pb_arena *arena, const ProtobufCMessageDescriptor *type,
    const struct rmi_buf *from, ProtobufCMessage **out);
void rmi_pb_done(struct rmi_pb_arena *arena);

/** Write a message; NULL = out of memory. Texts in it must be valid UTF-8. */
RME_NODISCARD struct rmi_buf *rmi_pb_write(const ProtobufCMessage *m);

#endif
