/* rme.v1 messages in pieces of any size: what is understood must say the same after being written again. */

#include "rpc/wire_packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rme_err
take(void *msg, const struct rmi_frame_packet *frame)
{
	struct rmi_wire_format seen = {0};
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_wire_in in = {.meta = &meta, .seen = &seen};
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = frame->seq};
	struct rme_packet *pkt = NULL;
	struct rmi_buf *again = NULL;
	struct rmi_frame f;
	enum rme_err e = rmi_wire_packet(&pkt, msg, frame, &in);
	if (e == RME_OK &&
	    (rmi_wire_encode(&again, pkt, &out) != RME_OK || rmi_frame_decode(&f, again, NULL) != RME_OK ||
	        f.packet.payload.len != frame->payload.len)) {
		abort();
	}
	rmi_buf_unref(again);
	rme_packet_unref(pkt);
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_buf *b = rmi_buf_new();
	for (size_t i = 1, n; b && i < size; i += n) {
		n = i % 2 ? 24 + data[0] % 40 : 1 + data[0] % 7;
		n = n < size - i ? n : size - i;
		(void)!rmi_buf_add(b, data + i, n);
	}
	struct rmi_frame f;
	struct rmi_frame_packet item;
	if (rmi_frame_decode(&f, b, NULL) == RME_OK && (f.kind == RMI_FRAME_ITEM || f.kind == RMI_FRAME_DATA)) {
		(void)!take(b, &f.packet);
	}
	(void)!rmi_wire_read_call(&f.open, &item, b, NULL);
	(void)!rmi_wire_read_reply(&f.item_end, b, take, b, NULL);
	rmi_buf_unref(b);
	return 0;
}
