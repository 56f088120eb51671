#include <rme/node.h>
#include "nodes/catalog.h"
#include "nodes/json_io.h"
#include "nodes/media_time.h"
#include "nodes/speech_text.h"
#include "nodes/speech_voice.h"

enum { SENTENCE_BYTES = 400 }; /* bounds how long a voice is at it before anyone can stop it */

struct config {
	int voice; /* enum rmi_voice */
	double speed;
};

static const struct rme_param params[] = {
    {.name = "voice",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct config, voice),
        .fallback = "rms",
        .choices = rmi_voice_names,
        .help = "kal (8 kHz) and kal16 are fast and plain; slt (female), rms and awb (male) sound better"},
    {.name = "speed",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct config, speed),
        .fallback = "1",
        .min = 0.25,
        .max = 4,
        .help = "2 = twice as fast"},
    {.name = NULL},
};

struct synthesizer {
	const struct config *config;
};

static struct rme_format
voice_format(const struct config *c)
{
	return rme_format_audio(RME_SAMPLE_S16LE, rmi_voice_rate_hz((enum rmi_voice)c->voice), 1);
}

static enum rme_err
synthesizer_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)want;
	static const struct config defaults = {RMI_VOICE_RMS, 1.0};
	*gives = voice_format(config != NULL ? config : &defaults);
	bool text = in->media == RME_MEDIA_ANY || in->media == RME_MEDIA_TEXT || in->media == RME_MEDIA_JSON;
	return text ? RME_OK : RME_EFORMAT;
}

static enum rme_err
synthesizer_open(struct rme_node *self, const void *config)
{
	struct synthesizer *s = rme_node_state(self);
	s->config = config;
	return RME_OK;
}

/* Nobody waits any more: stop between two sentences. */
static enum rme_err
still_wanted(struct rme_node *self, const struct rme_packet_meta *meta)
{
	if (rme_node_canceled(self)) {
		return RME_ECANCELED;
	}
	if (meta->deadline_ns != 0 && rme_node_now(self) >= meta->deadline_ns) {
		return rme_node_fail(self, RME_ETIMEDOUT, "the deadline passed while speaking");
	}
	return RME_OK;
}

/* @param at_ns  of the sentence within the item; moved on */
static enum rme_err
say(struct rme_node *self, const struct rme_packet_meta *item, const char *sentence, int64_t *at_ns)
{
	const struct synthesizer *s = rme_node_state(self);
	struct rmi_speech speech = {0};
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_voice_say(&speech, (enum rmi_voice)s->config->voice, sentence, s->config->speed, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text);
	}
	struct rme_packet_meta meta = *item;
	meta.flags |= RME_PACKET_WHOLE;
	meta.format = rme_format_audio(RME_SAMPLE_S16LE, speech.rate_hz, 1);
	meta.pts_ns = item->pts_ns < 0 ? -1 : item->pts_ns + *at_ns;
	meta.duration_ns = rmi_frames_ns(speech.n, speech.rate_hz);
	meta.confidence = rme_packet_meta_init().confidence;
	*at_ns += meta.duration_ns;
	struct rme_packet *out = NULL;
	if (speech.n > 0) {
		e = rme_packet_new(&out, &meta, speech.pcm, speech.n * sizeof(*speech.pcm));
	}
	rmi_speech_done(&speech);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "no memory for a sentence");
	}
	return out != NULL ? rme_node_emit(self, out) : RME_OK;
}

static enum rme_err
synthesizer_process(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_text_in text = {0};
	enum rme_err e = rmi_text_in(&text, self, in);
	struct rmi_speech_text rest = {text.text, e == RME_OK ? text.text + text.len : text.text};
	char sentence[SENTENCE_BYTES];
	int64_t at_ns = 0;
	while (e == RME_OK && rmi_speech_text_next(&rest, sentence, sizeof(sentence))) {
		e = still_wanted(self, rme_packet_meta(in));
		e = e == RME_OK ? say(self, rme_packet_meta(in), sentence, &at_ns) : e;
	}
	rmi_text_in_done(&text);
	rme_packet_unref(in);
	return e;
}

const struct rme_node_type rmi_speech_synthesizer_type = {
    .name = "SpeechSynthesizer",
    .category = "audio",
    .help = "Speaks a text, sentence by sentence (Flite, US English).",
    .flags = RME_NODE_BLOCKING,
    .state_size = sizeof(struct synthesizer),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = synthesizer_formats,
    .open = synthesizer_open,
    .process = synthesizer_process,
};
