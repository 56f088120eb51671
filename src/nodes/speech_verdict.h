#ifndef RMI_NODES_SPEECH_VERDICT_H
#define RMI_NODES_SPEECH_VERDICT_H

/** @file What a voice activity detector said about a piece of audio. Pure, any thread. */

#include <stdbool.h>
#include <rme/err.h>

struct rme_packet;

struct rmi_speech_verdict {
	bool is_speech;
	float probability; /**< 0..1, NaN = not said */
};

/**
 * Read a detector's JSON: "is_speech" (or "speech"), true or false, and "probability" (or "prob") where it is given. One of
 * the two is enough: speech is what has a probability of at least one half.
 * @return RME_OK, RME_EFORMAT (no JSON object, or neither member)
 */
RME_NODISCARD enum rme_err rmi_speech_verdict_read(struct rmi_speech_verdict *out, const struct rme_packet *json);

#endif
