#ifndef RME_FAST_VAD_KERNEL_H
#define RME_FAST_VAD_KERNEL_H

/*
 * The voice activity detector: a stream of 16 kHz samples in pieces of any size -> a probability of speech for every 10 ms.
 * The same source is compiled into the modules fast_vad and hybrid_vad and into the native node VoiceActivityDetector, and
 * gives the same bits in all of them. No allocation, no global state, no pointers inside the state: it may be copied.
 * How it works: docs/design/vad.md.
 */

#include <stddef.h>
#include <stdint.h>

#include "vad_features.h"
#include "vad_net.h"

struct vad_options {
	float threshold;    /* probability from which a frame is speech; below threshold - 0.15 it ends */
	float speech_ratio; /* share of speech frames that makes an item speech */
	uint32_t hold;      /* frames that speech goes on after the probability fell */
	int low_latency;    /* judge each frame at once, not VAD_LOOKAHEAD frames later, when it is surer */
};

struct vad {
	struct vad_features features;
	struct vad_net net;
	struct vad_options options;
	int in_speech;
	uint32_t held;
	int16_t rest[VAD_HOP]; /* samples short of a hop */
	uint32_t n_rest;
	float last_probability;
	float last_snr_db;
};

/* What one piece of audio (an item) held. */
struct vad_summary {
	uint32_t frames;        /* that ended in this item; 0 in items shorter than what was missing */
	uint32_t speech_frames; /* of them, after hysteresis and hold */
	float probability;      /* mean over the frames; of the last one known where frames is 0 */
	float last;             /* of the last frame */
	float energy;           /* mean of the frames' RMS, full scale = 1 */
	float snr_db;           /* of the last frame: all bands over the noise floor */
	uint32_t latency_ms;    /* the probabilities say something about the sound this much before the frames */
	int is_speech;
};

void vad_init(struct vad *v, const struct vad_options *options);

/* Forget the stream, keep the options. */
void vad_reset(struct vad *v);

/*
 * Take the next @p n samples.
 * @param probabilities  optional: room for n / VAD_HOP + 1 values, one per frame that ended
 */
void vad_push(struct vad *v, const int16_t *pcm, uint32_t n, struct vad_summary *out, float *probabilities);

/* Probability that is_speech is right, 0.5 .. 1. */
float vad_confidence(const struct vad_summary *s);

#endif
