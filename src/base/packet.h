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

#endif
