#ifndef RMI_NODES_MEDIA_TIME_H
#define RMI_NODES_MEDIA_TIME_H

/** @file Frames of audio as time. */

#include <stdint.h>
#include "base/clock.h"

/** Duration of @p frames, rounded down; without overflow for 290 years of audio. */
static inline int64_t
rmi_frames_ns(uint64_t frames, uint32_t rate_hz)
{
	return (int64_t)(frames / rate_hz) * RMI_NS_PER_S + (int64_t)(frames % rate_hz) * RMI_NS_PER_S / rate_hz;
}

/** Frames in @p ns, rounded down. */
static inline uint64_t
rmi_ns_frames(int64_t ns, uint32_t rate_hz)
{
	return (uint64_t)(ns / RMI_NS_PER_S) * rate_hz +
	       (uint64_t)(ns % RMI_NS_PER_S) * rate_hz / (uint64_t)RMI_NS_PER_S;
}

#endif
