#ifndef RME_FAST_VAD_MODULE_H
#define RME_FAST_VAD_MODULE_H

/* What the modules fast_vad and hybrid_vad share: parameters and input check. Needs rme_module.h before it. */

#include "vad_kernel.h"
#include "vad_report.h"

static inline struct vad_options
vad_module_options(struct rme_params *p)
{
	struct vad_options o;
	o.threshold =
	    (float)rme_param_number(p, "threshold", 0.5, 0.0, 1.0, "threshold: a probability from 0 to 1 is wanted");
	o.speech_ratio = (float)rme_param_number(
	    p, "speech_threshold", 0.3, 0.0, 1.0, "speech_threshold: a share from 0 to 1 is wanted");
	o.hold = (uint32_t)(rme_param_number(
	                        p, "hold_ms", 0.0, 0.0, 10000.0, "hold_ms: a time from 0 to 10000 ms is wanted") /
	                    10.0);
	o.low_latency = rme_param_bool(p, "low_latency", 0, "low_latency: true or false is wanted");
	return o;
}

/* The samples of an input, or NULL after the error was reported. */
static inline const int16_t *
vad_module_samples(struct rme_in in)
{
	if (in.len % 2 != 0 || (uintptr_t)in.data % 2 != 0) {
		(void)rme_fail(RME_GUEST_BAD_INPUT, "s16le audio has an even number of bytes");
		return NULL;
	}
	return (const int16_t *)(const void *)in.data;
}

#endif
