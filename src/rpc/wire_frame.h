#ifndef RMI_RPC_WIRE_FRAME_H
#define RMI_RPC_WIRE_FRAME_H

/**
 * @file
 * Frames of rme.v1 (proto/rme/v1/rme.proto) to and from buffers. Payloads are never copied: a decoded frame refers to
 * ranges of the message, an encoded one holds a reference to the packet. The bytes are plain protobuf.
 */

#include <rme/packet.h>

#include "rpc/buf.h"
#include "rpc/wire_read.h"

#include <stdbool.h>

enum {
	RMI_WIRE_VERSION = 1,
	RMI_WIRE_PAYLOAD_MAX = 16 * 1024 * 1024, /**< of one packet */
	RMI_WIRE_ANNOTATION_MAX = 64 * 1024,
	RMI_WIRE_PARAMS_MAX = 64 * 1024,
	RMI_WIRE_NAME_MAX = 128,     /**< service, session id, server; NUL included */
	RMI_WIRE_RESULTS_MAX = 4096, /**< results of one Call */
};

enum rmi_frame_kind {
	RMI_FRAME_OPEN = 1,
	RMI_FRAME_ITEM = 2,
	RMI_FRAME_DATA = 3,
	RMI_FRAME_ITEM_END = 4,
	RMI_FRAME_FLUSH = 5,
	RMI_FRAME_CREDIT = 6,
	RMI_FRAME_CONTROL = 7,
	RMI_FRAME_CLOSE = 8,
	RMI_FRAME_OPENED = 9,
	RMI_FRAME_ERROR = 10,
};

enum rmi_wire_flags {
	RMI_WIRE_HAS_PTS = 1,
	RMI_WIRE_HAS_CONFIDENCE = 2,
	RMI_WIRE_SAME_PAYLOAD = 4,
	RMI_WIRE_NO_RESULTS = 8,
	RMI_WIRE_WHOLE = 16, /* RME_PACKET_WHOLE */
};

enum rmi_control_op { RMI_CONTROL_CANCEL = 1, RMI_CONTROL_RESET = 2 };

struct rmi_frame_open {
	uint32_t version;
	char service[RMI_WIRE_NAME_MAX];
	char session[RMI_WIRE_NAME_MAX];
	char resume[RMI_WIRE_NAME_MAX];
	struct rme_format format;
	struct rme_trace trace;
	const char *params_json; /**< encoding only; NULL = none */
	struct rmi_span params;  /**< decoding only */
};

struct rmi_frame_opened {
	char session[RMI_WIRE_NAME_MAX];
	char server[RMI_WIRE_NAME_MAX];
	uint32_t window_items;
	uint64_t window_bytes;
	uint64_t max_payload;
	struct rme_format format;
};

/** Item or Data as decoded; to encode them see wire_packet.h. */
struct rmi_frame_packet {
	uint64_t seq;
	uint32_t index;
	uint32_t flags; /**< enum rmi_wire_flags */
	int64_t pts_ns, duration_ns, remaining_ns;
	float confidence;
	float note_confidence;
	bool has_format, has_trace, has_note;
	struct rme_format format, note_format;
	struct rme_trace trace;
	struct rmi_span payload, note;
};

struct rmi_frame_item_end {
	uint64_t seq;
	struct rme_error error;
	int64_t queue_ns, service_ns;
	uint32_t results;
};

struct rmi_frame_flush {
	uint64_t seq;
	bool last;
	int64_t remaining_ns;
};

struct rmi_frame_credit {
	uint32_t window_items;
	uint64_t window_bytes;
};

struct rmi_frame_control {
	enum rmi_control_op op;
	uint64_t seq;
};

struct rmi_frame {
	enum rmi_frame_kind kind;
	union {
		struct rmi_frame_open open;
		struct rmi_frame_opened opened;
		struct rmi_frame_packet packet; /**< ITEM, DATA */
		struct rmi_frame_item_end item_end;
		struct rmi_frame_flush flush;
		struct rmi_frame_credit credit;
		struct rmi_frame_control control;
		struct rme_error error;
	};
};

/**
 * Decode one message of a Stream. Unknown fields are skipped; every length is checked against the message and the limits.
 * @return RME_OK, RME_EPROTO (malformed, or more than one kind), RME_ELIMIT, RME_EFORMAT (media format not understood)
 */
RME_NODISCARD enum rme_err rmi_frame_decode(struct rmi_frame *out, const struct rmi_buf *msg, struct rme_error *err);

/** Encode any kind but ITEM and DATA. @return RME_OK, RME_ENOMEM, RME_EINVAL, RME_ELIMIT */
RME_NODISCARD enum rme_err rmi_frame_encode(struct rmi_buf **out, const struct rmi_frame *frame);

#endif
