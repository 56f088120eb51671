/* simple_tts: speaks US English. The synthesizer itself is tts.c; the page is docs/reference/modules/simple_tts.md. */

#include "rme_module.h"

#include "tts.h"

enum { CHUNK_SAMPLES = 4096 };

struct simple_tts {
	struct tts tts;
	int16_t chunk[CHUNK_SAMPLES];
};

static int
simple_tts_configure(struct simple_tts *s, struct rme_params *p)
{
	double rate =
	    rme_param_number(p, "sample_rate", 16000, 16000, 24000, "sample_rate: 16000, 22050 or 24000 is wanted");
	if (rate != 16000.0 && rate != 22050.0 && rate != 24000.0) {
		return rme_fail(RME_GUEST_BAD_INPUT, "sample_rate: 16000, 22050 or 24000 is wanted");
	}
	struct tts_options o = {.rate_hz = (uint32_t)rate,
	    .speed = (float)rme_param_number(p, "speed", 1, 0.5, 2, "speed: a number from 0.5 to 2 is wanted"),
	    .pitch_hz =
	        (float)rme_param_number(p, "pitch", 112, 60, 300, "pitch: a frequency from 60 to 300 is wanted"),
	    .volume = (float)rme_param_number(p, "volume", 1, 0, 2, "volume: a number from 0 to 2 is wanted")};
	tts_init(&s->tts, &o);
	return RME_GUEST_OK;
}

static int
simple_tts_next(struct simple_tts *s, struct rme_out *out)
{
	uint32_t n = tts_read(&s->tts, s->chunk, CHUNK_SAMPLES);
	rme_put(out, s->chunk, n * 2);
	return RME_GUEST_OK;
}

static int
simple_tts_process(struct simple_tts *s, struct rme_in in, struct rme_out *out)
{
	if (!tts_start(&s->tts, (const char *)in.data, in.len)) {
		return rme_fail(RME_GUEST_BAD_INPUT, "the text is longer than 16 KiB; send it in parts");
	}
	return simple_tts_next(s, out);
}

static void
simple_tts_reset(struct simple_tts *s)
{
	(void)tts_start(&s->tts, "", 0);
}

static int
simple_tts_output_format(struct simple_tts *s, struct rme_out *out)
{
	rme_put_text(out, "audio/pcm;format=s16le;rate=");
	rme_put_uint(out, s->tts.options.rate_hz);
	rme_put_text(out, ";channels=1");
	return RME_GUEST_OK;
}

RME_MODULE(struct simple_tts, .configure = simple_tts_configure, .process = simple_tts_process,
    .reset = simple_tts_reset, .result_bytes = 2 * CHUNK_SAMPLES)
RME_MODULE_NEXT(simple_tts_next)
RME_MODULE_OUTPUT_FORMAT(simple_tts_output_format)
