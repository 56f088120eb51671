#include <math.h>
#include <rme/node.h>
#include "nodes/audio_in.h"
#include "nodes/catalog.h"
#include "nodes/media_time.h"
#include "nodes/speech_verdict.h"
#include "nodes/utterance.h"

/*
 * Audio comes with a detector's verdict as its annotation (see Annotate), item by item. An utterance is part of the item
 * that ended it, or of the flush.
 */

#define JUMP_NS_MAX (100 * RMI_NS_PER_MS) /* less is jitter of the clock that stamped the packets */

enum missing { MISSING_FAIL = 0, MISSING_LAST };

struct config {
	int64_t pre_roll_ns, hang_over_ns, tail_ns, min_speech_ns, max_length_ns;
	double threshold;
	int missing; /* enum missing */
};

static const char *const missing_names[] = {"fail", "last", NULL};

static const struct rme_param params[] = {
    {.name = "pre_roll",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct config, pre_roll_ns),
        .fallback = "300ms",
        .max = 10,
        .help = "audio before the first speech that belongs to the utterance"},
    {.name = "hang_over",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct config, hang_over_ns),
        .fallback = "600ms",
        .max = 10,
        .help = "silence that ends an utterance"},
    {.name = "tail",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct config, tail_ns),
        .fallback = "200ms",
        .max = 10,
        .help = "audio after the last speech that belongs to the utterance; at most hang_over"},
    {.name = "min_speech",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct config, min_speech_ns),
        .fallback = "200ms",
        .max = 60,
        .help = "utterances with less speech than this are dropped"},
    {.name = "max_length",
        .kind = RME_PARAM_DURATION,
        .offset = offsetof(struct config, max_length_ns),
        .fallback = "15s",
        .min = 0.1,
        .max = 300,
        .help = "longer utterances are cut; more than pre_roll"},
    {.name = "threshold",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct config, threshold),
        .fallback = "0",
        .max = 1,
        .help = "speech is what has at least this probability; 0 = what the detector says"},
    {.name = "missing_verdict",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct config, missing),
        .fallback = "fail",
        .choices = missing_names,
        .help = "audio without verdict: fail the item, or take it for what came last"},
    {.name = NULL},
};

struct buffer {
	const struct config *config;
	struct rme_format format; /* of what is in the buffer; media ANY = nothing yet */
	struct rmi_utterance utterance;
	bool has_base;
	int64_t base_ns; /* pts of frame 0 */
	struct rmi_speech_verdict last;
	uint32_t flags; /* RME_PACKET_LOCAL where a piece in the buffer has it */
};

static enum rme_err
buffer_open(struct rme_node *self, const void *config)
{
	struct buffer *b = rme_node_state(self);
	const struct config *c = config;
	b->config = c;
	b->last.probability = NAN;
	if (c->tail_ns > c->hang_over_ns) {
		return rme_node_fail(self, RME_ECONFIG, "tail is longer than hang_over: that audio has not come yet");
	}
	if (c->max_length_ns <= c->pre_roll_ns) {
		return rme_node_fail(self, RME_ECONFIG, "max_length must be longer than pre_roll");
	}
	return RME_OK;
}

static void
forget_stream(struct buffer *b)
{
	rmi_utterance_done(&b->utterance);
	b->format = (struct rme_format){0};
	b->has_base = false;
	b->last = (struct rmi_speech_verdict){false, NAN};
	b->flags = 0;
}

static void
buffer_reset(struct rme_node *self)
{
	forget_stream(rme_node_state(self));
}

static void
buffer_close(struct rme_node *self)
{
	forget_stream(rme_node_state(self));
}

/* @p like: whose item it is. */
static enum rme_err
emit_utterance(struct rme_node *self, const struct rme_packet *like, const struct rmi_utterance_out *u)
{
	struct buffer *b = rme_node_state(self);
	if (u->frames == 0) {
		return RME_OK;
	}
	uint32_t rate = b->format.audio.rate_hz;
	struct rme_packet_meta meta = *rme_packet_meta(like);
	meta.kind = RME_PACKET_DATA;
	meta.flags = RME_PACKET_WHOLE | b->flags | (meta.flags & RME_PACKET_LOCAL);
	meta.format = b->format;
	meta.pts_ns = b->has_base ? b->base_ns + rmi_frames_ns(u->first, rate) : -1;
	meta.duration_ns = rmi_frames_ns(u->frames, rate);
	meta.confidence = u->confidence;
	struct rme_packet *out = NULL;
	enum rme_err e = rme_packet_new(&out, &meta, u->data, u->frames * b->utterance.rules.unit);
	return e == RME_OK ? rme_node_emit(self, out) : rme_node_fail(self, e, "no memory for an utterance");
}

static enum rme_err
end_stream(struct rme_node *self, const struct rme_packet *like)
{
	struct buffer *b = rme_node_state(self);
	if (b->format.media == RME_MEDIA_ANY) {
		return RME_OK;
	}
	struct rmi_utterance_out out;
	rmi_utterance_end(&b->utterance, &out);
	enum rme_err e = emit_utterance(self, like, &out);
	forget_stream(b);
	return e;
}

static void
begin_stream(struct buffer *b, const struct rmi_audio_in *audio)
{
	const struct config *c = b->config;
	uint32_t rate = audio->format.audio.rate_hz;
	const struct rmi_utterance_rules rules = {
	    .pre_roll = rmi_ns_frames(c->pre_roll_ns, rate),
	    .hang_over = rmi_ns_frames(c->hang_over_ns, rate),
	    .tail = rmi_ns_frames(c->tail_ns, rate),
	    .min_speech = rmi_ns_frames(c->min_speech_ns, rate),
	    .max_length = rmi_ns_frames(c->max_length_ns, rate),
	    .unit = audio->unit,
	};
	rmi_utterance_init(&b->utterance, &rules);
	b->format = audio->format;
}

/* Where the next frame is expected. */
static int64_t
expected_ns(const struct buffer *b)
{
	return b->base_ns + rmi_frames_ns(b->utterance.first + b->utterance.frames, b->format.audio.rate_hz);
}

/* A jump in time or another format ends the stream. */
static enum rme_err
follow_stream(struct rme_node *self, const struct rme_packet *in, const struct rmi_audio_in *audio)
{
	struct buffer *b = rme_node_state(self);
	int64_t pts = rme_packet_meta(in)->pts_ns;
	bool same = rme_format_equal(&b->format, &audio->format);
	if (same && b->has_base && pts >= 0) {
		int64_t jump = pts - expected_ns(b);
		same = jump <= JUMP_NS_MAX && jump >= -JUMP_NS_MAX;
	}
	if (!same) {
		enum rme_err e = end_stream(self, in);
		if (e != RME_OK) {
			return e;
		}
		if (rmi_ns_frames(b->config->max_length_ns, audio->format.audio.rate_hz) <=
		    rmi_ns_frames(b->config->pre_roll_ns, audio->format.audio.rate_hz)) {
			return rme_node_fail(self, RME_EFORMAT, "the sample rate is too low for these times");
		}
		begin_stream(b, audio);
	}
	if (!b->has_base && pts >= 0) {
		b->base_ns = 0;
		b->base_ns = pts - expected_ns(b);
		b->has_base = true;
	}
	return RME_OK;
}

static enum rme_err
read_verdict(struct rme_node *self, const struct rme_packet *in)
{
	struct buffer *b = rme_node_state(self);
	const struct rme_packet *json = rme_packet_annotation(in);
	if (json == NULL) {
		return b->config->missing == MISSING_LAST ? RME_OK
		                                          : rme_node_fail(self, RME_EINVAL,
		                                                "audio came without a detector's verdict: put the "
		                                                "detector before it in a node Annotate");
	}
	if (rmi_speech_verdict_read(&b->last, json) != RME_OK) {
		return rme_node_fail(
		    self, RME_EFORMAT, "the verdict that came with the audio has neither is_speech nor probability");
	}
	if (b->config->threshold > 0 && isfinite(b->last.probability)) {
		b->last.is_speech = (double)b->last.probability >= b->config->threshold;
	}
	return RME_OK;
}

static enum rme_err
take_audio(struct rme_node *self, const struct rme_packet *in)
{
	struct buffer *b = rme_node_state(self);
	struct rmi_audio_in audio;
	enum rme_err e = rmi_audio_in(&audio, self, in);
	e = e == RME_OK ? follow_stream(self, in, &audio) : e;
	e = e == RME_OK ? read_verdict(self, in) : e;
	if (e != RME_OK) {
		return e;
	}
	b->flags |= rme_packet_meta(in)->flags & RME_PACKET_LOCAL;
	struct rmi_utterance_piece piece = {audio.data, audio.frames, b->last.is_speech, b->last.probability};
	while (piece.frames > 0) {
		struct rmi_utterance_out out;
		e = rmi_utterance_push(&b->utterance, &piece, &out);
		if (e != RME_OK) {
			return rme_node_fail(self, e, "no memory for an utterance");
		}
		enum rme_err emitted = emit_utterance(self, in, &out);
		e = e == RME_OK ? emitted : e;
		if (out.frames > 0) {
			b->flags = rme_packet_meta(in)->flags & RME_PACKET_LOCAL;
		}
	}
	return e;
}

static enum rme_err
buffer_process(struct rme_node *self, struct rme_packet *in)
{
	enum rme_err e = take_audio(self, in);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
buffer_flush(struct rme_node *self, struct rme_packet *flush)
{
	return end_stream(self, flush);
}

static enum rme_err
buffer_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)config, (void)want;
	*gives = *in;
	return in->media == RME_MEDIA_AUDIO_PCM || in->media == RME_MEDIA_ANY ? RME_OK : RME_EFORMAT;
}

const struct rme_node_type rmi_utterance_buffer_type = {
    .name = "UtteranceBuffer",
    .category = "audio",
    .help = "Collects audio into utterances, by what a voice activity detector says about it.",
    .flags = RME_NODE_STATEFUL,
    .state_size = sizeof(struct buffer),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = buffer_formats,
    .open = buffer_open,
    .process = buffer_process,
    .flush = buffer_flush,
    .reset = buffer_reset,
    .close = buffer_close,
};
