#ifndef RMI_RPC_WIRE_READ_H
#define RMI_RPC_WIRE_READ_H

/**
 * @file
 * Pull reader for protobuf bytes that lie in several pieces (https://protobuf.dev/programming-guides/encoding/): one field
 * at a time, nothing allocated, nothing copied; contents of length-delimited fields are ranges of the message.
 */

#include "rpc/buf.h"

#include <stdbool.h>

enum { RMI_WIRE_VARINT = 0, RMI_WIRE_FIXED64 = 1, RMI_WIRE_LEN = 2, RMI_WIRE_FIXED32 = 5 };

/** A field's number and type in one value, for `case`. */
#define RMI_WIRE_TAG(number, type) ((uint32_t)(number) << 3 | (type))

/** A range of the message it was decoded from. */
struct rmi_span {
	size_t off, len;
};

struct rmi_field {
	uint32_t tag;         /**< RMI_WIRE_TAG() */
	uint64_t value;       /**< VARINT, FIXED64, FIXED32 */
	struct rmi_span span; /**< LEN: lies within the range being read */
};

struct rmi_reader {
	const struct rmi_buf *msg;
	size_t pos, end;        /* offsets in the message; pos <= end <= size */
	size_t piece;           /* the next piece to enter */
	const uint8_t *at, *to; /* rest of the current piece */
};

/** Read the range @p span, which must lie within @p msg. */
void rmi_reader_init(struct rmi_reader *r, const struct rmi_buf *msg, struct rmi_span span);

/** Next field. @return 1, 0 = end of the range, -1 = malformed */
int rmi_reader_next(struct rmi_reader *r, struct rmi_field *f);

/** The whole message. */
struct rmi_span rmi_span_all(const struct rmi_buf *msg);

/**
 * Copy a range as text, terminated; bytes that would damage a log line (below 0x20, 0x7f) become '?'.
 * @return false: longer than @p size - 1 (then @p dst holds the beginning)
 */
bool rmi_span_text(const struct rmi_buf *msg, struct rmi_span span, char *dst, size_t size);

#endif
