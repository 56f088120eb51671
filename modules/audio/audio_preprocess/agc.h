#ifndef RME_AUDIO_PREPROCESS_AGC_H
#define RME_AUDIO_PREPROCESS_AGC_H

/*
 * Levels speech to a loudness, and leaves alone what is none: the level is that of the K-weighted sound (ITU-R BS.1770) in
 * those 10 ms that the voice activity detector calls speech and that are not 10 dB under the rest of it; the gain moves only
 * then, down within 10 ms and up within 300 ms (time constants), and stays where it is in pauses.
 */

#include <stdint.h>

#include "loudness.h"
#include "polyphase.h"
#include "vad_kernel.h"

struct agc {
	uint32_t rate, channels, hop;
	float target, max_gain_db;
	float down, up;     /* share of the way to the wanted gain per sample */
	float gain, wanted; /* factors */
	struct k_weight filter;
	struct k_weight_state state[POLYPHASE_CHANNELS];
	double hop_energy;
	uint32_t in_hop;
	double level;        /* mean square of speech */
	uint32_t level_hops; /* in it, up to some seconds */
	int in_speech;
	float mono[POLYPHASE_BLOCK];
	uint32_t n_mono;
	struct vad vad;
	struct polyphase ear; /* to the detector's rate */
};

/* @param target_lufs  -40 .. -10 */
void agc_init(struct agc *a, uint32_t rate, uint32_t channels, float target_lufs, float max_gain_db);
void agc_reset(struct agc *a);
/* In place, no delay. One array per channel. */
void agc_run(struct agc *a, float *const *x, uint32_t n);

#endif
