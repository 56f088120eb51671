#ifndef RMI_NODES_AUDIO_IN_H
#define RMI_NODES_AUDIO_IN_H

/** @file What nodes that take audio ask of a packet. */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>

struct rme_node;
struct rme_packet;

/** Audio of a packet, borrowed from it. */
struct rmi_audio_in {
	struct rme_format format; /**< sample, rate and channels are all said */
	const uint8_t *data;
	size_t frames;
	size_t unit; /**< bytes of a frame */
};

/** @return RME_OK, RME_EFORMAT with a text for the verdict: no audio, format not complete, or a piece of a frame */
RME_NODISCARD enum rme_err rmi_audio_in(struct rmi_audio_in *out, struct rme_node *self, const struct rme_packet *in);

#endif
