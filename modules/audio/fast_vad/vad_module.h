#ifndef RME_FAST_VAD_MODULE_H
#define RME_FAST_VAD_MODULE_H

/* What the modules fast_vad and hybrid_vad share: parameters, input check, result. Needs rme_module.h before it. */

#include "vad_kernel.h"

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

/* The members of the result object, without the braces around them. */
static inline void
vad_module_put(struct rme_out *out, const struct vad_summary *s)
{
	rme_put_text(out, "\"is_speech\":");
	rme_put_bool(out, s->is_speech);
	rme_put_text(out, ",\"speech_ratio\":");
	rme_put_number(out, s->frames > 0 ? (double)s->speech_frames / (double)s->frames : 0.0, 4);
	rme_put_text(out, ",\"probability\":");
	rme_put_number(out, (double)s->probability, 4);
	rme_put_text(out, ",\"last_probability\":");
	rme_put_number(out, (double)s->last, 4);
	rme_put_text(out, ",\"avg_energy\":");
	rme_put_number(out, (double)s->energy, 6);
	rme_put_text(out, ",\"snr_db\":");
	rme_put_number(out, (double)s->snr_db, 1);
	rme_put_text(out, ",\"frames\":");
	rme_put_uint(out, s->frames);
	rme_put_text(out, ",\"frame_duration_ms\":10");
}

#endif
