/* Checks of the speech nodes: they open with the models that are installed, and work. */

#include "cli/doctor.h"
#include "cli/doctor_node.h"

#include <string.h>

#include "nodes/catalog.h"

enum { HALF_SECOND = 8000 /* samples */ };

void
rmi_doctor_recognizer(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	static const uint8_t silence[2 * HALF_SECOND];
	struct rmi_trial t;
	struct rme_error err;
	if (rmi_try_node(&t, &rmi_speech_recognizer_type, "audio/pcm;format=s16le;rate=16000;channels=1",
	        (struct rme_bytes){silence, sizeof(silence)}, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
		rmi_finding_todo(f, "apt install pocketsphinx-en-us, or serve the recognizer elsewhere");
		return;
	}
	rmi_finding_set(f, RMI_FINDING_OK, "the models for US English load");
}

void
rmi_doctor_synthesizer(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	static const char text[] = "ready";
	struct rmi_trial t;
	struct rme_error err;
	const struct rme_bytes data = {(const uint8_t *)text, strlen(text)};
	if (rmi_try_node(&t, &rmi_speech_synthesizer_type, "text/plain", data, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
	} else if (t.bytes == 0) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "said nothing");
	} else {
		rmi_finding_set(f, RMI_FINDING_OK, "speaks: %zu bytes of audio for \"%s\"", t.bytes, text);
	}
}
