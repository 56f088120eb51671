#ifndef RMI_BASE_PACKET_H
#define RMI_BASE_PACKET_H

/** @file What the library may do with packets and others may not. */

#include <rme/packet.h>

/**
 * Get metadata that may be written, giving the packet a head of its own (not a copy of the payload) if it is shared.
 * @param[in,out] p  consumed and replaced on success; untouched on failure
 */
RME_NODISCARD enum rme_err rmi_packet_own_meta(struct rme_packet **p, struct rme_packet_meta **meta);

/** The metadata of a packet that nobody else holds, to be written. */
struct rme_packet_meta *rmi_packet_meta_mut(struct rme_packet *p);

/** Payload memory that whoever holds the packet alone may write to. */
struct rmi_packet_memory {
	uint8_t *data;
	size_t len;
	void (*release)(void *ctx); /**< called once, by any thread; on failure too */
	void *ctx;
};
/** Make a packet over it, without a copy. @return RME_OK, RME_ENOMEM, RME_ELIMIT */
RME_NODISCARD enum rme_err
rmi_packet_over(struct rme_packet **out, const struct rme_packet_meta *meta, const struct rmi_packet_memory *memory);
/** The ctx of the memory that a packet's payload lies in, if it is released by this function, else NULL. */
const void *rmi_packet_memory_ctx(const struct rme_packet *p, void (*release)(void *ctx));

#endif
