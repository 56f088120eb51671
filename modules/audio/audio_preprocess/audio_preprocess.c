/* audio_preprocess: sound of any rate, channels and format made ready for recognizers. The work is done in preprocess.c. */

#include "rme_module.h"

#include "preprocess.h"

struct audio_preprocess {
	struct preprocess chain;
};

static const char *const formats[] = {"s16le", "f32le", "u8", "alaw", "mulaw", "auto"};
enum { FORMAT_AUTO = PCM_FORMATS };

static const char *const qualities[] = {"fast", "hq"};

/* What comes in: as the parameters say, else as the pipeline says. */
static struct preprocess_side
read_input(struct rme_params *p)
{
	struct preprocess_side side;
	uint32_t format = rme_param_choice(p, "input_format", formats, 6, FORMAT_AUTO,
	    "input_format: one of auto, s16le, f32le, u8, alaw, mulaw is wanted");
	if (format == FORMAT_AUTO) {
		const char *said;
		uint32_t n = rme_input_field(p, "format", &said);
		format = n == 5 && __builtin_memcmp(said, "f32le", 5) == 0 ? PCM_F32LE : PCM_S16LE;
	}
	side.format = (enum pcm_format)format;
	side.rate = (uint32_t)rme_param_number(
	    p, "input_sample_rate", 0, 0, 192000, "input_sample_rate: 8000 to 192000, or 0 = as it comes, is wanted");
	side.channels = (uint32_t)rme_param_number(
	    p, "input_channels", 0, 0, 8, "input_channels: 1 to 8, or 0 = as they come, is wanted");
	side.rate = side.rate != 0 ? side.rate : rme_input_number(p, "rate", 16000);
	side.channels = side.channels != 0 ? side.channels : rme_input_number(p, "channels", 1);
	return side;
}

static struct preprocess_side
read_output(struct rme_params *p, const struct preprocess_side *in)
{
	struct preprocess_side side;
	uint32_t format = rme_param_choice(p, "output_format", formats, 6, PCM_S16LE,
	    "output_format: one of auto, s16le, f32le, u8, alaw, mulaw is wanted");
	side.format = format == FORMAT_AUTO ? in->format : (enum pcm_format)format;
	side.rate = (uint32_t)rme_param_number(p, "output_sample_rate", 16000, 0, 192000,
	    "output_sample_rate: 8000 to 192000, or 0 = as it comes, is wanted");
	side.channels = (uint32_t)rme_param_number(
	    p, "output_channels", 1, 0, 8, "output_channels: 1 to 8, or 0 = as they come, is wanted");
	side.rate = side.rate != 0 ? side.rate : in->rate;
	side.channels = side.channels != 0 ? side.channels : in->channels;
	return side;
}

static int
audio_preprocess_configure(struct audio_preprocess *s, struct rme_params *p)
{
	struct preprocess_options o;
	o.in = read_input(p);
	o.out = read_output(p, &o.in);
	o.quality = rme_param_choice(p, "quality", qualities, 2, 1, "quality: fast or hq is wanted") == 0
	                ? POLYPHASE_FAST
	                : POLYPHASE_HQ;
	o.high_pass_hz =
	    (uint32_t)rme_param_number(p, "high_pass_hz", 80, 0, 1000, "high_pass_hz: 0 (none) to 1000 is wanted");
	o.agc = rme_param_bool(p, "agc", 1, "agc: true or false is wanted");
	o.target_lufs = (float)rme_param_number(p, "target_lufs", -23, -40, -10, "target_lufs: -40 to -10 is wanted");
	o.max_gain_db = (float)rme_param_number(p, "max_gain_db", 30, 0, 40, "max_gain_db: 0 to 40 is wanted");
	o.limiter = rme_param_bool(p, "limiter", 1, "limiter: true or false is wanted");
	o.ceiling_db = (float)rme_param_number(p, "ceiling_db", -1, -20, 0, "ceiling_db: -20 to 0 is wanted");
	o.dither = rme_param_bool(p, "dither", 0, "dither: true or false is wanted");
	const char *wrong = p->bad != NULL ? p->bad : preprocess_init(&s->chain, &o);
	return wrong == NULL ? RME_GUEST_OK : rme_fail(RME_GUEST_BAD_INPUT, wrong);
}

static uint64_t
audio_preprocess_bound(struct audio_preprocess *s, uint32_t len)
{
	const struct preprocess_side *in = &s->chain.o.in;
	return preprocess_bound(&s->chain, len / (in->channels * pcm_format_bytes(in->format)));
}

static int
audio_preprocess_process(struct audio_preprocess *s, struct rme_in in, struct rme_out *out)
{
	uint32_t frame = s->chain.o.in.channels * pcm_format_bytes(s->chain.o.in.format);
	if (in.len % frame != 0) {
		return rme_fail(
		    RME_GUEST_BAD_INPUT, "an item is no whole number of frames (channels x bytes of a sample)");
	}
	out->len += preprocess_push(&s->chain, in.data, in.len / frame, out->data + out->len);
	return RME_GUEST_OK;
}

static int
audio_preprocess_flush(struct audio_preprocess *s, struct rme_out *out)
{
	out->len += preprocess_flush(&s->chain, out->data + out->len);
	return RME_GUEST_OK;
}

static int
audio_preprocess_output_format(struct audio_preprocess *s, struct rme_out *out)
{
	const struct preprocess_side *side = &s->chain.o.out;
	if (side->format != PCM_S16LE && side->format != PCM_F32LE) {
		rme_put_text(out, "application/octet-stream");
		return RME_GUEST_OK;
	}
	rme_put_text(out, "audio/pcm;format=");
	rme_put_text(out, formats[side->format]);
	rme_put_text(out, ";rate=");
	rme_put_uint(out, side->rate);
	rme_put_text(out, ";channels=");
	rme_put_uint(out, side->channels);
	return RME_GUEST_OK;
}

static void
audio_preprocess_reset(struct audio_preprocess *s)
{
	preprocess_reset(&s->chain);
}

RME_MODULE(struct audio_preprocess, .configure = audio_preprocess_configure, .process = audio_preprocess_process,
    .reset = audio_preprocess_reset, .result_bound = audio_preprocess_bound, .result_bytes = PREPROCESS_FLUSH_BYTES)
RME_MODULE_FLUSH(audio_preprocess_flush)
RME_MODULE_OUTPUT_FORMAT(audio_preprocess_output_format)
