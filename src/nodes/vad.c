/*
 * VoiceActivityDetector. Mode `speech` runs the detector of the modules fast_vad and hybrid_vad, from the same source, and
 * prints the same bytes; mode `compat` repeats the energy detector of the existing RemoteMedia services.
 */

#include "nodes/vad.h"

#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "nodes/pcm.h"
#include "nodes/vad_energy.h"
#include "modules/audio/fast_vad/vad_kernel.h"
#include "modules/audio/fast_vad/vad_report.h"

enum vad_mode { MODE_SPEECH, MODE_COMPAT };
enum vad_output { OUTPUT_JSON, OUTPUT_AUDIO };

struct vad_config {
	int mode;   /* enum vad_mode */
	int output; /* enum vad_output */
	double threshold, speech_threshold, hold_ms;
	bool low_latency;
	int64_t frame_duration_ms;
	double energy_threshold;
	bool filter_mode, include_metadata;
};

struct vad_node {
	const struct vad_config *config;
	struct vad *vad;              /* speech */
	struct rmi_vad_energy energy; /* compat */
};

static const char *const modes[] = {"speech", "compat", NULL};
static const char *const outputs[] = {"json", "audio", NULL};

static const struct rme_param vad_params[] = {
    {.name = "mode",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct vad_config, mode),
        .fallback = "speech",
        .choices = modes,
        .help = "speech: the detector of fast_vad; compat: the energy detector of existing services"},
    {.name = "output",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct vad_config, output),
        .fallback = "json",
        .choices = outputs,
        .help = "json: the finding; audio: the audio, with the finding attached to it"},
    {.name = "threshold",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct vad_config, threshold),
        .fallback = "0.5",
        .max = 1,
        .help = "speech: probability from which a frame is speech"},
    {.name = "speech_threshold",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct vad_config, speech_threshold),
        .fallback = "0.3",
        .max = 1,
        .help = "share of speech frames that makes an item speech"},
    {.name = "hold_ms",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct vad_config, hold_ms),
        .fallback = "0",
        .max = 10000,
        .help = "speech: time that speech goes on after the probability fell"},
    {.name = "low_latency",
        .kind = RME_PARAM_BOOL,
        .offset = offsetof(struct vad_config, low_latency),
        .fallback = "false",
        .help = "speech: judge each 10 ms at once, not 40 ms later, when it is surer"},
    {.name = "frame_duration_ms",
        .kind = RME_PARAM_INT,
        .offset = offsetof(struct vad_config, frame_duration_ms),
        .fallback = "30",
        .min = 1,
        .max = 1000,
        .help = "compat: length of a frame"},
    {.name = "energy_threshold",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct vad_config, energy_threshold),
        .fallback = "0.02",
        .max = 1,
        .help = "compat: RMS from which a frame is speech, before the noise is known"},
    {.name = "filter_mode",
        .kind = RME_PARAM_BOOL,
        .offset = offsetof(struct vad_config, filter_mode),
        .fallback = "false",
        .help = "pass the audio of items that are speech, and nothing else"},
    {.name = "include_metadata",
        .kind = RME_PARAM_BOOL,
        .offset = offsetof(struct vad_config, include_metadata),
        .fallback = "true",
        .help = "attach the finding where audio is passed"},
    {.name = NULL},
};

static bool
gives_audio(const struct vad_config *c)
{
	return c->filter_mode || c->output == OUTPUT_AUDIO;
}

static enum rme_err
vad_formats(const struct rme_node_type *self, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	static const struct vad_config defaults = {.mode = MODE_SPEECH, .output = OUTPUT_JSON};
	const struct vad_config *c = config != NULL ? config : &defaults;
	(void)self;
	if (in->media != RME_MEDIA_AUDIO_PCM && in->media != RME_MEDIA_ANY) {
		return RME_EFORMAT;
	}
	if (c->mode == MODE_SPEECH) {
		*want = rme_format_audio(RME_SAMPLE_S16LE, VAD_RATE_HZ, 1);
	}
	*gives = gives_audio(c) ? *want : rme_format_of(RME_MEDIA_JSON);
	return RME_OK;
}

static enum rme_err
vad_open(struct rme_node *self, const void *config)
{
	struct vad_node *s = rme_node_state(self);
	s->config = config;
	if (s->config->mode == MODE_COMPAT) {
		return RME_OK;
	}
	s->vad = malloc(sizeof *s->vad);
	if (s->vad == NULL) {
		return RME_ENOMEM;
	}
	struct vad_options o = {.threshold = (float)s->config->threshold,
	    .speech_ratio = (float)s->config->speech_threshold,
	    .hold = (uint32_t)(s->config->hold_ms / 10.0),
	    .low_latency = s->config->low_latency};
	vad_init(s->vad, &o);
	return RME_OK;
}

struct finding {
	char json[VAD_REPORT_MAX + 8];
	size_t len;
	float confidence; /* NaN = none */
	bool is_speech;
};

static enum rme_err
hear_speech(struct rme_node *self, const uint8_t *data, size_t len, struct finding *out)
{
	struct vad_node *s = rme_node_state(self);
	struct vad_summary sum;
	const void *samples = data;
	void *copy = NULL;
	if (len % sizeof(int16_t) != 0 || len / sizeof(int16_t) > UINT32_MAX) {
		return rme_node_fail(self, RME_EFORMAT, "%zu bytes are not a number of 16 bit samples", len);
	}
	if ((uintptr_t)data % alignof(int16_t) != 0) {
		copy = malloc(len);
		if (copy == NULL) {
			return RME_ENOMEM;
		}
		samples = memcpy(copy, data, len);
	}
	vad_push(s->vad, samples, (uint32_t)(len / sizeof(int16_t)), &sum, NULL);
	free(copy);
	struct rme_out json = {(uint8_t *)out->json, sizeof out->json, 0, 0};
	rme_put_text(&json, "{");
	vad_report_put(&json, &sum);
	rme_put_text(&json, "}");
	out->len = json.len;
	out->confidence = vad_confidence(&sum);
	out->is_speech = sum.is_speech;
	return RME_OK;
}

/* Shortest decimals that give the same number again, as the existing services send them. */
static enum rme_err
print_energy(const struct rmi_vad_energy_result *r, int64_t frame_ms, struct finding *out)
{
	char pool[1024];
	yyjson_alc alc;
	if (!yyjson_alc_pool_init(&alc, pool, sizeof pool)) {
		return RME_ENOMEM;
	}
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	if (o == NULL) {
		return RME_ENOMEM;
	}
	yyjson_mut_doc_set_root(doc, o);
	bool ok = yyjson_mut_obj_add_bool(doc, o, "is_speech", r->is_speech) &&
	          yyjson_mut_obj_add_real(doc, o, "speech_ratio", r->speech_ratio) &&
	          yyjson_mut_obj_add_real(doc, o, "avg_energy", (double)r->avg_energy) &&
	          yyjson_mut_obj_add_int(doc, o, "frame_duration_ms", frame_ms);
	char *text = ok ? yyjson_mut_write_opts(doc, 0, NULL, &out->len, NULL) : NULL;
	if (text == NULL || out->len > sizeof out->json) {
		free(text);
		return RME_ENOMEM;
	}
	memcpy(out->json, text, out->len);
	free(text);
	return RME_OK;
}

static enum rme_err
hear_energy(struct rme_node *self, const struct rme_packet *in, struct finding *out)
{
	struct vad_node *s = rme_node_state(self);
	const struct rme_format *f = &rme_packet_meta(in)->format;
	size_t len;
	const uint8_t *data = rme_packet_data(in, &len);
	size_t bytes = rmi_pcm_sample_bytes(f->audio.sample) * f->audio.channels;
	struct rmi_vad_energy_options o = {
	    .frame = (size_t)((int64_t)f->audio.rate_hz * s->config->frame_duration_ms / 1000),
	    .energy_threshold = s->config->energy_threshold,
	    .speech_threshold = s->config->speech_threshold};
	if (bytes == 0 || len % bytes != 0 || o.frame == 0) {
		return rme_node_fail(
		    self, RME_EFORMAT, "audio of known format, rate and channels is needed, in whole samples");
	}
	size_t n = len / bytes;
	float *samples = malloc((n * f->audio.channels + 1) * sizeof *samples);
	if (samples == NULL) {
		return RME_ENOMEM;
	}
	struct rmi_vad_energy_result r;
	rmi_pcm_read(samples, data, f->audio.sample, n * f->audio.channels);
	rmi_vad_energy_mono(samples, f->audio.channels, n);
	rmi_vad_energy_item(&s->energy, &o, samples, n, &r);
	free(samples);
	out->confidence = NAN;
	out->is_speech = r.is_speech;
	return print_energy(&r, s->config->frame_duration_ms, out);
}

static enum rme_err
make_json(struct rme_packet **out, const struct rme_packet *in, const struct finding *f)
{
	struct rme_packet_meta meta = *rme_packet_meta(in);
	meta.format = rme_format_of(RME_MEDIA_JSON);
	meta.confidence = f->confidence;
	return rme_packet_new(out, &meta, f->json, f->len);
}

/* The audio, with the finding attached if that is wanted. */
static enum rme_err
make_audio(const struct vad_config *c, struct rme_packet **out, struct rme_packet *in, const struct finding *f)
{
	struct rme_packet_meta meta = *rme_packet_meta(in);
	struct rme_packet *note = NULL;
	meta.confidence = f->confidence;
	if (!c->filter_mode && c->include_metadata) {
		enum rme_err e = make_json(&note, in, f);
		if (e != RME_OK) {
			return e;
		}
	}
	enum rme_err e = rme_packet_derive(out, in, &meta);
	if (e != RME_OK || note == NULL) {
		rme_packet_unref(note);
		return e;
	}
	rme_packet_annotate(*out, note);
	return RME_OK;
}

static enum rme_err
vad_process(struct rme_node *self, struct rme_packet *in)
{
	struct vad_node *s = rme_node_state(self);
	struct finding f = {.len = 0};
	struct rme_packet *out = NULL;
	enum rme_err e;
	if (s->config->mode == MODE_COMPAT) {
		e = hear_energy(self, in, &f);
	} else {
		size_t len;
		const uint8_t *data = rme_packet_data(in, &len);
		e = hear_speech(self, data, len, &f);
	}
	if (e == RME_OK && (f.is_speech || !s->config->filter_mode)) {
		e = gives_audio(s->config) ? make_audio(s->config, &out, in, &f) : make_json(&out, in, &f);
	}
	rme_packet_unref(in);
	if (e != RME_OK || out == NULL) {
		return e;
	}
	return rme_node_emit(self, out);
}

static void
vad_reset_stream(struct rme_node *self)
{
	struct vad_node *s = rme_node_state(self);
	s->energy.n = 0;
	if (s->vad != NULL) {
		vad_reset(s->vad);
	}
}

static void
vad_close(struct rme_node *self)
{
	struct vad_node *s = rme_node_state(self);
	free(s->vad);
	s->vad = NULL;
}

const struct rme_node_type rmi_vad_type = {
    .name = "VoiceActivityDetector",
    .category = "audio",
    .help = "says where speech is in a stream of audio",
    .flags = RME_NODE_STATEFUL,
    .state_size = sizeof(struct vad_node),
    .config_size = sizeof(struct vad_config),
    .params = vad_params,
    .formats = vad_formats,
    .open = vad_open,
    .process = vad_process,
    .reset = vad_reset_stream,
    .close = vad_close,
};
