#ifndef RME_FAST_VAD_REPORT_H
#define RME_FAST_VAD_REPORT_H

/* The result as JSON; modules and the native node print the same bytes. */

#include "rme_guest_io.h"
#include "vad_kernel.h"

enum { VAD_REPORT_MAX = 256 }; /* bytes that vad_report_put() writes at most */

/* The members of the result object, without the braces around them. */
static inline void
vad_report_put(struct rme_out *out, const struct vad_summary *s)
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
	rme_put_text(out, ",\"frame_duration_ms\":10,\"latency_ms\":");
	rme_put_uint(out, s->latency_ms);
}

#endif
