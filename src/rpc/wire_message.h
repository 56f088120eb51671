#ifndef RMI_RPC_WIRE_MESSAGE_H
#define RMI_RPC_WIRE_MESSAGE_H

/** @file The messages inside frames and calls, shared by the wire_*.c files. */

#include "rpc/wire_packet.h"
#include "rpc/wire_write.h"

/* Each reads the message that lies in the given range; what it does not say is zero, or "none". */
RME_NODISCARD enum rme_err
rmi_get_open(struct rmi_frame_open *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err);
RME_NODISCARD enum rme_err
rmi_get_packet(struct rmi_frame_packet *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err);
RME_NODISCARD enum rme_err
rmi_get_item_end(struct rmi_frame_item_end *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err);

/* Each appends the message as field `number` of the one around it. */
RME_NODISCARD enum rme_err rmi_add_open(struct rmi_buf *out, uint32_t number, const struct rmi_frame_open *open);
RME_NODISCARD enum rme_err rmi_add_item_end(struct rmi_buf *out, uint32_t number, const struct rmi_frame_item_end *end);

RME_NODISCARD enum rme_err
rmi_add_packet(struct rmi_buf *out, uint32_t number, struct rme_packet *pkt, const struct rmi_wire_out *how);

/** A media format field. Empty text: nothing said, which is not an error. */
RME_NODISCARD enum rme_err
rmi_get_format(struct rme_format *out, const struct rmi_buf *msg, struct rmi_span at, struct rme_error *err);
void rmi_put_format(struct rmi_writer *w, uint32_t number, const struct rme_format *format);

/** A trace field: 25 bytes, or empty. @return false: another length */
bool rmi_get_trace(struct rme_trace *out, const struct rmi_buf *msg, struct rmi_span at);
void rmi_put_trace(struct rmi_writer *w, uint32_t number, const struct rme_trace *trace);

/** Malformed: sets the text. @return RME_EPROTO */
enum rme_err rmi_wire_bad(struct rme_error *err, const char *what);
/** An error code from the wire. */
enum rme_err rmi_wire_err(uint64_t code);

#endif
