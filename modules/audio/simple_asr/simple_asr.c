/* simple_asr: speech recognition within a grammar, in a module. The recognizer itself is asr.c. */

#include "rme_module.h"

#include "asr.h"
#include "asr_report.h"

enum {
	SILENT_PEAK = 8,      /* -72 dBFS: whatever stays below is silence */
	ROOM_BYTES = 12 << 20 /* for what the model's numbers and the search take */
};

struct simple_asr {
	_Alignas(16) uint8_t room[ROOM_BYTES];
	struct asr asr;
	struct asr_model model;
	float threshold;
	float confidence;
	int has_model, ready, seen;
};

static const char no_model[] =
    "model not found: the parameter \"model\" wants a file that rme-asr-pack made from a grammar and "
    "a CMU model; install pocketsphinx-en-us";

static int
simple_asr_asset(struct simple_asr *s, struct rme_asset a)
{
	const char *why;
	if (!rme_asset_is(a, "model")) {
		return RME_GUEST_OK;
	}
	s->has_model = 0;
	if (asr_model_open(&s->model, a.bytes.data, a.bytes.len, &why) < 0) {
		return rme_fail(RME_GUEST_BAD_INPUT, why);
	}
	if (s->model.header->feature != ASR_FEATURE_CEPSTRA) {
		return rme_fail(
		    RME_GUEST_BAD_INPUT, "the model wants features, not sound: make it of another acoustic model");
	}
	if (asr_bytes(&s->model) > ROOM_BYTES) {
		return rme_fail(RME_GUEST_BAD_INPUT, "the model's grammar is too large for this module");
	}
	s->has_model = 1;
	return RME_GUEST_OK;
}

static int
simple_asr_configure(struct simple_asr *s, struct rme_params *p)
{
	s->threshold =
	    (float)rme_param_number(p, "threshold", 0.5, 0.0, 1.0, "threshold: a probability from 0 to 1 is wanted");
	if (!s->has_model) {
		return rme_fail(RME_GUEST_NOT_READY, no_model);
	}
	asr_init(&s->asr, &s->model, s->room);
	s->asr.threshold = s->threshold;
	s->ready = 1;
	s->seen = 0;
	return RME_GUEST_OK;
}

static int
is_silent(const int16_t *pcm, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (pcm[i] > SILENT_PEAK || pcm[i] < -SILENT_PEAK) {
			return 0;
		}
	}
	return 1;
}

static int
simple_asr_process(struct simple_asr *s, struct rme_in in, struct rme_out *out)
{
	const int16_t *pcm = (const int16_t *)(const void *)in.data;
	uint32_t n = rme_count(in, 2);
	struct asr_verdict v = {.confidence = 1.0f};
	enum asr_status status = ASR_OK;
	s->seen = 0;
	if (!s->ready) {
		return rme_fail(RME_GUEST_NOT_READY, no_model);
	}
	if (in.len % 2 != 0 || (uintptr_t)in.data % 2 != 0) {
		return rme_fail(RME_GUEST_BAD_INPUT, "s16le audio has an even number of bytes");
	}
	if (is_silent(pcm, n)) {
		s->asr.result.n_words = 0; /* nothing was said, for sure */
	} else {
		status = asr_utterance(&s->asr, pcm, n, &v);
	}
	if (status != ASR_OK) {
		return rme_fail(RME_GUEST_BAD_INPUT, status == ASR_TOO_LONG ? "the utterance is too long: at most 30 s"
		                                                            : "the utterance is too intricate");
	}
	s->confidence = v.confidence;
	s->seen = 1;
	asr_report_put(out, &s->asr, &v);
	return RME_GUEST_OK;
}

static void
simple_asr_reset(struct simple_asr *s)
{
	s->seen = 0;
}

static float
simple_asr_confidence(struct simple_asr *s)
{
	return s->seen ? s->confidence : __builtin_nanf("");
}

RME_MODULE(struct simple_asr, .configure = simple_asr_configure, .process = simple_asr_process,
    .reset = simple_asr_reset, .result_bytes = 40960)
RME_MODULE_ASSET(simple_asr_asset)
RME_MODULE_CONFIDENCE(simple_asr_confidence)
