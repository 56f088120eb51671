/* fast_vad: voice activity detection in a module. The detector itself is vad_kernel.c. */

#include "rme_module.h"

#include "vad_module.h"

struct fast_vad {
	struct vad vad;
	struct vad_summary last;
	int seen; /* there was an item */
};

static int
fast_vad_configure(struct fast_vad *s, struct rme_params *p)
{
	struct vad_options o = vad_module_options(p);
	vad_init(&s->vad, &o);
	return RME_GUEST_OK;
}

static int
fast_vad_process(struct fast_vad *s, struct rme_in in, struct rme_out *out)
{
	const int16_t *pcm = vad_module_samples(in);
	if (pcm == NULL) {
		return RME_GUEST_BAD_INPUT;
	}
	vad_push(&s->vad, pcm, rme_count(in, 2), &s->last, NULL);
	s->seen = 1;
	rme_put_text(out, "{");
	vad_report_put(out, &s->last);
	rme_put_text(out, "}");
	return RME_GUEST_OK;
}

static void
fast_vad_reset(struct fast_vad *s)
{
	vad_reset(&s->vad);
	s->seen = 0;
}

static float
fast_vad_confidence(struct fast_vad *s)
{
	return s->seen ? vad_confidence(&s->last) : __builtin_nanf("");
}

RME_MODULE(struct fast_vad, .configure = fast_vad_configure, .process = fast_vad_process, .reset = fast_vad_reset,
    .result_bytes = 256)
RME_MODULE_CONFIDENCE(fast_vad_confidence)
