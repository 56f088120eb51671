/*
 * hybrid_vad: the detector of fast_vad, and a second opinion from the service VoiceActivityDetector where it is in doubt.
 *
 * The service sees the last `context_ms` of audio, not the one item alone: 20 ms say nothing to a detector that has just
 * started. Its answer stands for `answer_items` items, which bounds the audio sent (the context may be much longer than an
 * item). When a call fails the own answer counts, and further calls are held back: for 8 items after the first failure,
 * twice as many after each further one, up to 512.
 */

#include "rme_module.h"

#include "vad_module.h"

enum { CONTEXT_MAX = VAD_RATE_HZ, REPLY_MAX = 4096, BACKOFF_FIRST = 8, BACKOFF_DOUBLINGS = 6 };

enum source { SOURCE_EDGE, SOURCE_CLOUD, SOURCE_TIMEOUT, SOURCE_OFFLINE, SOURCE_DENIED };

static const char *const SOURCE_NAMES[] = {"edge", "cloud", "edge-timeout", "edge-offline", "edge-denied"};

struct hybrid_vad {
	struct vad vad;
	struct vad_summary last;
	int seen;
	float doubt_low, doubt_high;
	uint32_t context_samples, answer_items;
	int16_t context[CONTEXT_MAX]; /* the newest samples are at the end */
	uint32_t n_context;
	/* the last answer of the service, good for some items */
	float cloud_probability;
	uint32_t answer_left;
	/* after failures */
	enum source failure;
	uint32_t failures, backoff_left;
	uint8_t reply[REPLY_MAX];
};

static int
hybrid_vad_configure(struct hybrid_vad *s, struct rme_params *p)
{
	struct vad_options o = vad_module_options(p);
	vad_init(&s->vad, &o);
	s->doubt_low =
	    (float)rme_param_number(p, "doubt_low", 0.3, 0.0, 1.0, "doubt_low: a probability from 0 to 1 is wanted");
	s->doubt_high =
	    (float)rme_param_number(p, "doubt_high", 0.7, 0.0, 1.0, "doubt_high: a probability from 0 to 1 is wanted");
	double ms =
	    rme_param_number(p, "context_ms", 300.0, 20.0, 1000.0, "context_ms: a time from 20 to 1000 ms is wanted");
	s->context_samples = (uint32_t)(ms * (VAD_RATE_HZ / 1000));
	s->answer_items = (uint32_t)rme_param_number(
	    p, "answer_items", 10.0, 1.0, 1000.0, "answer_items: a number from 1 to 1000 is wanted");
	return RME_GUEST_OK;
}

/* Keep the newest samples. */
static void
remember(struct hybrid_vad *s, const int16_t *pcm, uint32_t n)
{
	uint32_t most = s->context_samples;
	if (n >= most) {
		__builtin_memcpy(s->context, pcm + (n - most), (size_t)most * 2);
		s->n_context = most;
		return;
	}
	uint32_t keep = s->n_context < most - n ? s->n_context : most - n;
	__builtin_memmove(s->context, s->context + (s->n_context - keep), (size_t)keep * 2);
	__builtin_memcpy(s->context + keep, pcm, (size_t)n * 2);
	s->n_context = keep + n;
}

/* What the service says about the end of the context: 0..1, or -1 if it says nothing usable. */
static float
read_reply(const struct rme_out *reply)
{
	static const char *const keys[] = {"last_probability", "probability"};
	const char *text = (const char *)reply->data;
	const char *value;
	uint32_t n;
	for (uint32_t i = 0; i < 2; i++) {
		double v;
		if (rme_json_find(text, reply->len, keys[i], &value, &n) && rme_json_number(value, n, &v) && v >= 0.0 &&
		    v <= 1.0) {
			return (float)v;
		}
	}
	if (rme_json_find(text, reply->len, "is_speech", &value, &n)) {
		return n == 4 && __builtin_memcmp(value, "true", 4) == 0 ? 1.0f : 0.0f;
	}
	return -1.0f;
}

static enum source
failed(struct hybrid_vad *s, enum source how)
{
	uint32_t doublings = s->failures < BACKOFF_DOUBLINGS ? s->failures : BACKOFF_DOUBLINGS;
	s->backoff_left = (uint32_t)BACKOFF_FIRST << doublings;
	s->failures++;
	s->failure = how;
	return how;
}

/* Ask the service. On SOURCE_CLOUD cloud_probability is set. */
static enum source
ask(struct hybrid_vad *s)
{
	struct rme_in request = rme_in_s16(s->context, s->n_context);
	struct rme_out reply = {s->reply, REPLY_MAX, 0, 0};
	int status = rme_remote_call("VoiceActivityDetector", request, &reply);
	if (status == RME_REMOTE_NOT_GRANTED) {
		return failed(s, SOURCE_DENIED);
	}
	if (status != RME_REMOTE_OK) {
		return failed(s, status == RME_REMOTE_DEADLINE ? SOURCE_TIMEOUT : SOURCE_OFFLINE);
	}
	float p = read_reply(&reply);
	if (p < 0.0f) {
		rme_log_text(3, "VoiceActivityDetector answered without is_speech or probability");
		return failed(s, SOURCE_OFFLINE);
	}
	s->failures = 0;
	s->cloud_probability = p;
	s->answer_left = s->answer_items;
	return SOURCE_CLOUD;
}

/* Who decides this item. */
static enum source
choose(struct hybrid_vad *s)
{
	float p = s->last.probability;
	s->backoff_left -= s->backoff_left > 0 ? 1 : 0;
	s->answer_left -= s->answer_left > 0 ? 1 : 0;
	if (p <= s->doubt_low || p >= s->doubt_high) {
		return SOURCE_EDGE;
	}
	if (s->answer_left > 0) {
		return SOURCE_CLOUD;
	}
	return s->backoff_left > 0 ? s->failure : ask(s);
}

static int
hybrid_vad_process(struct hybrid_vad *s, struct rme_in in, struct rme_out *out)
{
	const int16_t *pcm = vad_module_samples(in);
	if (pcm == NULL) {
		return RME_GUEST_BAD_INPUT;
	}
	uint32_t n = rme_count(in, 2);
	vad_push(&s->vad, pcm, n, &s->last, NULL);
	remember(s, pcm, n);
	s->seen = 1;
	float edge_probability = s->last.probability;
	enum source source = choose(s);
	if (source == SOURCE_CLOUD) {
		s->last.probability = s->cloud_probability;
		s->last.is_speech = s->cloud_probability >= s->vad.options.threshold;
	}
	rme_put_text(out, "{");
	vad_report_put(out, &s->last);
	rme_put_text(out, ",\"edge_probability\":");
	rme_put_number(out, (double)edge_probability, 4);
	rme_put_text(out, ",\"source\":\"");
	rme_put_text(out, SOURCE_NAMES[source]);
	rme_put_text(out, "\"}");
	return RME_GUEST_OK;
}

static void
hybrid_vad_reset(struct hybrid_vad *s)
{
	vad_reset(&s->vad);
	s->seen = 0;
	s->n_context = 0;
	s->answer_left = 0;
}

static float
hybrid_vad_confidence(struct hybrid_vad *s)
{
	return s->seen ? vad_confidence(&s->last) : __builtin_nanf("");
}

RME_MODULE(struct hybrid_vad, .configure = hybrid_vad_configure, .process = hybrid_vad_process,
    .reset = hybrid_vad_reset, .result_bytes = 320)
RME_MODULE_CONFIDENCE(hybrid_vad_confidence)
