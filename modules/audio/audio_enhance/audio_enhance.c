/* audio_enhance: speech made pleasant and equally loud. The work is done in enhance.c. */

#include "rme_module.h"

#include "enhance.h"

struct audio_enhance {
	struct enhance chain;
};

static int
audio_enhance_configure(struct audio_enhance *s, struct rme_params *p)
{
	struct enhance_options o;
	const char *said;
	uint32_t n = rme_input_field(p, "format", &said);
	o.format = n == 5 && __builtin_memcmp(said, "f32le", 5) == 0 ? PCM_F32LE : PCM_S16LE;
	o.rate_in = rme_input_number(p, "rate", 16000);
	o.channels = rme_input_number(p, "channels", 1);
	o.rate_out = (uint32_t)rme_param_number(
	    p, "output_sample_rate", 0, 0, 192000, "output_sample_rate: 8000 to 192000, or 0 = as it comes, is wanted");
	o.rate_out = o.rate_out != 0 ? o.rate_out : o.rate_in;
	o.target_lufs = (float)rme_param_number(p, "target_lufs", -16, -40, -10, "target_lufs: -40 to -10 is wanted");
	o.max_gain_db = (float)rme_param_number(p, "max_gain_db", 30, 0, 40, "max_gain_db: 0 to 40 is wanted");
	o.ceiling_db = (float)rme_param_number(p, "ceiling_db", -1, -20, 0, "ceiling_db: -20 to 0 is wanted");
	o.presence_db = (float)rme_param_number(p, "presence_db", 2, 0, 6, "presence_db: 0 (none) to 6 is wanted");
	o.de_ess_db = (float)rme_param_number(p, "de_ess_db", 6, 0, 12, "de_ess_db: 0 (none) to 12 is wanted");
	const char *wrong = p->bad != NULL ? p->bad : enhance_init(&s->chain, &o);
	return wrong == NULL ? RME_GUEST_OK : rme_fail(RME_GUEST_BAD_INPUT, wrong);
}

static uint32_t
frame_bytes(const struct audio_enhance *s)
{
	return s->chain.o.channels * pcm_format_bytes(s->chain.o.format);
}

static uint64_t
audio_enhance_bound(struct audio_enhance *s, uint32_t len)
{
	return enhance_bound(&s->chain, len / frame_bytes(s));
}

static int
audio_enhance_process(struct audio_enhance *s, struct rme_in in, struct rme_out *out)
{
	if (in.len % frame_bytes(s) != 0) {
		return rme_fail(
		    RME_GUEST_BAD_INPUT, "an item is no whole number of frames (channels x bytes of a sample)");
	}
	out->len += enhance_push(&s->chain, in.data, in.len / frame_bytes(s), out->data + out->len);
	return RME_GUEST_OK;
}

static int
audio_enhance_flush(struct audio_enhance *s, struct rme_out *out)
{
	out->len += enhance_flush(&s->chain, out->data + out->len);
	return RME_GUEST_OK;
}

static int
audio_enhance_output_format(struct audio_enhance *s, struct rme_out *out)
{
	rme_put_text(
	    out, s->chain.o.format == PCM_F32LE ? "audio/pcm;format=f32le;rate=" : "audio/pcm;format=s16le;rate=");
	rme_put_uint(out, s->chain.o.rate_out);
	rme_put_text(out, ";channels=");
	rme_put_uint(out, s->chain.o.channels);
	return RME_GUEST_OK;
}

static void
audio_enhance_reset(struct audio_enhance *s)
{
	enhance_reset(&s->chain);
}

RME_MODULE(struct audio_enhance, .configure = audio_enhance_configure, .process = audio_enhance_process,
    .reset = audio_enhance_reset, .result_bound = audio_enhance_bound, .result_bytes = ENHANCE_FLUSH_BYTES)
RME_MODULE_FLUSH(audio_enhance_flush)
RME_MODULE_OUTPUT_FORMAT(audio_enhance_output_format)
