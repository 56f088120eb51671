#ifndef RMI_NODES_VAD_H
#define RMI_NODES_VAD_H

/** @file VoiceActivityDetector: says where speech is in a stream of audio. */

#include <rme/node.h>

/** In: audio/pcm. Out: JSON, or the audio with the finding as annotation. docs/reference/modules/fast_vad.md. */
extern const struct rme_node_type rmi_vad_type;

#endif
