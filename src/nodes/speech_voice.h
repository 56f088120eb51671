#ifndef RMI_NODES_SPEECH_VOICE_H
#define RMI_NODES_SPEECH_VOICE_H

/**
 * @file
 * Text to speech, one sentence at a time (Flite). Voices are shared by the whole process and never change, so any number
 * of threads may speak at once. Flite ends the process when memory runs out inside of it.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

enum rmi_voice { RMI_VOICE_KAL = 0, RMI_VOICE_KAL16, RMI_VOICE_SLT, RMI_VOICE_RMS, RMI_VOICE_AWB, RMI_VOICE_COUNT_ };

enum { RMI_VOICE_TEXT_MAX = 1024 /**< bytes of one sentence */ };

/** Spoken text: 16 bit, mono. */
struct rmi_speech {
	const int16_t *pcm; /**< borrowed from the speech */
	size_t n;
	uint32_t rate_hz;
	void *owner;
};

/** Names in the order of enum rmi_voice; ends with NULL. */
extern const char *const rmi_voice_names[];

/** Samples per second of a voice, without saying anything. */
uint32_t rmi_voice_rate_hz(enum rmi_voice voice);

/**
 * Speak a sentence. Any thread.
 * @param text   ASCII, see rmi_speech_text_next()
 * @param speed  1 = as the voice was recorded; 2 = twice as fast
 * @param[out] out  release with rmi_speech_done(); may hold no sample
 * @return RME_OK, RME_ELIMIT (longer than RMI_VOICE_TEXT_MAX), RME_EMODULE
 */
RME_NODISCARD enum rme_err
rmi_voice_say(struct rmi_speech *out, enum rmi_voice voice, const char *text, double speed, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_speech_done(struct rmi_speech *s);

#endif
