#ifndef RMI_RPC_WIRE_WRITE_H
#define RMI_RPC_WIRE_WRITE_H

/**
 * @file
 * Writer for the small part of a protobuf message: everything but payloads goes into a fixed array, with room kept in front
 * for the tag and length that enclose it. Fields with their default value are left out, as proto3 wants.
 */

#include "rpc/wire_read.h"

enum { RMI_WRITER_BYTES = 1024, RMI_WRITER_FRONT = 16 };

struct rmi_writer {
	size_t n;  /* bytes after the front */
	bool full; /* something did not fit; nothing was written beyond the end */
	uint8_t bytes[RMI_WRITER_FRONT + RMI_WRITER_BYTES];
};

void rmi_writer_init(struct rmi_writer *w);
void rmi_put_varint(struct rmi_writer *w, uint32_t number, uint64_t value);
void rmi_put_float(struct rmi_writer *w, uint32_t number, float value); /**< written even where it is 0 */
void rmi_put_bytes(struct rmi_writer *w, uint32_t number, const void *data, size_t n);
void rmi_put_text(struct rmi_writer *w, uint32_t number, const char *text); /**< NULL = nothing */
/** Tag and length of a field whose contents follow from elsewhere. */
void rmi_put_open(struct rmi_writer *w, uint32_t number, size_t n);

/**
 * Append to @p out: tag and length of an enclosing field, then what was written. @p more bytes of the field follow from the
 * caller. The writer is empty afterwards. @return RME_OK, RME_ELIMIT (did not fit), RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_writer_close(struct rmi_writer *w, struct rmi_buf *out, uint32_t number, size_t more);
/** Append what was written, as it is. */
RME_NODISCARD enum rme_err rmi_writer_flush(struct rmi_writer *w, struct rmi_buf *out);

#endif
