#ifndef RMI_WASM_ISO_RECEIVE_H
#define RMI_WASM_ISO_RECEIVE_H

/**
 * @file
 * The host's ear: takes replies of a guest process out of a ring. The guest may be under a stranger's control, so each
 * head is copied once, checked against what its kind may be, and only then is there memory for what follows.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "wasm/iso_wire.h"

struct rmi_iso_receiver {
	struct rmi_ring_end end;
	uint32_t result_max;                /**< bytes of one result */
	uint64_t number;                    /**< of the order under way: no other may be answered */
	bool assets;                        /**< the guest may ask for files */
	const struct rme_packet_meta *item; /**< results take its meta; NULL = there must be none */
	struct rmi_iso_reply head;          /**< of the message that is there */
	struct rme_packet *result;          /**< RESULT: take it, and set it to NULL */
	uint8_t *body;                      /**< of the others, head.len bytes and a NUL; valid until the next call */
	/* Inside. */
	uint8_t *to;
	size_t have_head, have_body;
};

enum rmi_iso_got { RMI_ISO_NOTHING, RMI_ISO_MESSAGE, RMI_ISO_VIOLATION, RMI_ISO_NO_MEMORY };

/** @param[out] what  for VIOLATION: what was wrong, a static text */
enum rmi_iso_got rmi_iso_receive(struct rmi_iso_receiver *r, const char **what);
/** Between messages: nothing of one has been read. */
bool rmi_iso_receiver_idle(const struct rmi_iso_receiver *r);
void rmi_iso_receiver_done(struct rmi_iso_receiver *r);

/** The host's mouth. */
struct rmi_iso_sender {
	struct rmi_ring_end end;
	struct rmi_iso_order head;
	const uint8_t *body; /**< head.len bytes, the owner's, until all is sent */
	size_t sent;         /**< of head and body; all when it is sizeof(head) + head.len */
};
/** Move what there is room for. @return true once all is sent */
bool rmi_iso_send(struct rmi_iso_sender *s);

#endif
