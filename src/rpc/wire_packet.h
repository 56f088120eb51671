#ifndef RMI_RPC_WIRE_PACKET_H
#define RMI_RPC_WIRE_PACKET_H

/** @file Packets to and from Item and Data frames, and the messages of the unary Call, without copying payloads. */

#include "rpc/wire_frame.h"

/** What each direction of a stream remembers: the media format goes over the wire only when it changes. */
struct rmi_wire_format {
	bool known;
	struct rme_format format;
};

/** How to encode a packet. Flags: RMI_WIRE_NO_RESULTS, RMI_WIRE_SAME_PAYLOAD; the others follow from the packet. */
struct rmi_wire_out {
	enum rmi_frame_kind kind; /**< RMI_FRAME_ITEM or RMI_FRAME_DATA */
	uint64_t seq;
	uint32_t index;
	uint32_t flags;
	int64_t remaining_ns;         /**< 0 = no limit */
	struct rmi_wire_format *sent; /**< NULL = always say the format */
};

/**
 * Encode a packet as a frame of its own. The buffer holds a reference to @p pkt, which is borrowed.
 * @return RME_OK, RME_ENOMEM, RME_ELIMIT (payload or annotation too large)
 */
RME_NODISCARD enum rme_err
rmi_wire_encode(struct rmi_buf **out, struct rme_packet *pkt, const struct rmi_wire_out *how);

/**
 * Make a packet from a decoded frame. Large payloads refer to the message, small ones and such that arrived in several
 * pieces are copied once.
 * @param meta  what the frame does not say (kind, session, deadline, side, and seq where it differs); the frame's own
 *              fields (times, format, confidence, trace) replace those of meta
 * @param seen  format of the packets before; updated
 * @param item  packet whose payload a RMI_WIRE_SAME_PAYLOAD frame stands for; NULL = such a frame is RME_EPROTO
 * @return RME_OK, RME_ENOMEM, RME_EPROTO
 */
struct rmi_wire_in {
	const struct rme_packet_meta *meta;
	struct rmi_wire_format *seen;
	struct rme_packet *item;
};
RME_NODISCARD enum rme_err rmi_wire_packet(
    struct rme_packet **out, struct rmi_buf *msg, const struct rmi_frame_packet *frame, const struct rmi_wire_in *how);

/** Encode a CallRequest. @p open and @p item are borrowed. */
RME_NODISCARD enum rme_err rmi_wire_call_request(
    struct rmi_buf **out, const struct rmi_frame_open *open, struct rme_packet *item, int64_t remaining_ns);

/** Decode a CallRequest. */
RME_NODISCARD enum rme_err rmi_wire_read_call(
    struct rmi_frame_open *open, struct rmi_frame_packet *item, const struct rmi_buf *msg, struct rme_error *err);

/** Append one result to a CallReply under construction, then its end. */
RME_NODISCARD enum rme_err
rmi_wire_reply_add(struct rmi_buf *reply, struct rme_packet *result, const struct rmi_wire_out *how);
RME_NODISCARD enum rme_err rmi_wire_reply_end(struct rmi_buf *reply, const struct rmi_frame_item_end *end);

/**
 * Decode a CallReply: @p on_data for each result in order, then @p end is set.
 * @return RME_OK, RME_EPROTO, RME_ELIMIT, RME_EFORMAT, or what on_data returned
 */
RME_NODISCARD enum rme_err rmi_wire_read_reply(struct rmi_frame_item_end *end, const struct rmi_buf *msg,
    enum rme_err (*on_data)(void *ctx, const struct rmi_frame_packet *frame), void *ctx, struct rme_error *err);

#endif
