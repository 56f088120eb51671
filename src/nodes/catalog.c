#include "nodes/catalog.h"

#include <rme/runtime.h>
#include "nodes/twin.h"
#include "nodes/vad.h"

const struct rme_node_type *const rmi_catalog[] = {
    &rmi_annotate_type,
    &rmi_audio_transform_type,
    &rmi_calculator_type,
    &rmi_pass_through_type,
    &rmi_reply_rules_type,
#if RMI_WITH_SPEECH
    &rmi_speech_recognizer_type,
    &rmi_speech_synthesizer_type,
#endif
    &rmi_text_processor_type,
    &rmi_utterance_buffer_type,
    &rmi_vad_type,
    NULL,
};

enum rme_err
rmi_catalog_register(struct rme_runtime *rt)
{
	for (const struct rme_node_type *const *type = rmi_catalog; *type != NULL; type++) {
		enum rme_err e = rme_runtime_register(rt, *type);
		if (e != RME_OK) {
			return e;
		}
	}
	for (const struct rmi_twin_kind *const *twin = rmi_twins; *twin != NULL; twin++) {
		enum rme_err e = rme_runtime_register(rt, &(*twin)->type);
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}
