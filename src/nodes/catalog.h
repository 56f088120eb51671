#ifndef RMI_NODES_CATALOG_H
#define RMI_NODES_CATALOG_H

/** @file The native nodes. */

#include <rme/node.h>

extern const struct rme_node_type rmi_annotate_type;
extern const struct rme_node_type rmi_audio_transform_type;
extern const struct rme_node_type rmi_calculator_type;
extern const struct rme_node_type rmi_pass_through_type;
extern const struct rme_node_type rmi_reply_rules_type;
extern const struct rme_node_type rmi_speech_recognizer_type;
extern const struct rme_node_type rmi_speech_synthesizer_type;
extern const struct rme_node_type rmi_text_processor_type;
extern const struct rme_node_type rmi_utterance_buffer_type;

/** All that this build has, in order of their names; ends with NULL. */
extern const struct rme_node_type *const rmi_catalog[];

/** Register all of them. */
RME_NODISCARD enum rme_err rmi_catalog_register(struct rme_runtime *rt);

#endif
