#ifndef RMI_NODES_VAD_ENERGY_H
#define RMI_NODES_VAD_ENERGY_H

/**
 * @file
 * The energy detector that the existing RemoteMedia services use, result for result: frames whose RMS is above a threshold that
 * follows the 30th percentile of the last 100 frames. The arithmetic is that of float32 arrays in NumPy 2, pairwise sums
 * included, so that the numbers are equal to the last bit. Kept for parity; as a detector it is poor (docs/design/vad.md).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RMI_VAD_ENERGY_HISTORY = 100 };

/** All-zero = nothing heard yet. Plain value. */
struct rmi_vad_energy {
	float history[RMI_VAD_ENERGY_HISTORY]; /**< RMS of the last frames, oldest first */
	size_t n;
};

struct rmi_vad_energy_options {
	size_t frame; /**< samples, > 0 */
	double energy_threshold, speech_threshold;
};

struct rmi_vad_energy_result {
	size_t frames, speech_frames;
	double speech_ratio;
	float avg_energy;
	float threshold; /**< that held in this item */
	bool is_speech;
};

/** Mean of the channels, in place: the sum in order of the channels, divided once. */
void rmi_vad_energy_mono(float *samples, uint32_t channels, size_t frames);

/** Judge one item of @p n mono samples. The part of a frame at the end is not looked at. */
void rmi_vad_energy_item(struct rmi_vad_energy *v, const struct rmi_vad_energy_options *o, const float *mono, size_t n,
    struct rmi_vad_energy_result *out);

#endif
