#include <stdlib.h>
#include <string.h>
#include <rme/node.h>
#include "base/packet.h"
#include "nodes/audio_in.h"
#include "nodes/catalog.h"
#include "nodes/media_time.h"
#include "nodes/pcm.h"
#include "nodes/resampler.h"

/*
 * Samples go through in blocks, so that the memory for numbers does not grow with the packet: bytes -> float -> fewer
 * channels -> other rate -> more channels -> bytes. The resampler sees one endless stream; where the input says that it is
 * none (a jump in time, another format, a packet that is whole), its tail is given out and it starts anew.
 */

enum {
	BLOCK_FRAMES = 4096,
	JUMP_NS_MAX = 50 * 1000 * 1000, /* less is jitter of the clock that stamped the packets */
};

struct config {
	int64_t rate_hz, channels; /* 0 = as it comes */
	int sample;                /* 0 = as it comes, else enum rme_sample */
	bool continuous;
};

static const char *const sample_names[] = {"auto", "s16le", "f32le", NULL};

static const struct rme_param params[] = {
    {.name = "output_sample_rate",
        .kind = RME_PARAM_INT,
        .offset = offsetof(struct config, rate_hz),
        .fallback = "44100",
        .max = RME_AUDIO_RATE_MAX,
        .help = "samples per second; 0 = as it comes"},
    {.name = "output_channels",
        .kind = RME_PARAM_INT,
        .offset = offsetof(struct config, channels),
        .fallback = "2",
        .max = RME_AUDIO_CHANNELS_MAX,
        .help = "channels; 0 = as they come"},
    {.name = "output_format",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct config, sample),
        .fallback = "auto",
        .choices = sample_names,
        .help = "sample format; auto = as it comes"},
    {.name = "continuous",
        .kind = RME_PARAM_BOOL,
        .offset = offsetof(struct config, continuous),
        .fallback = "true",
        .help = "packets are pieces of one stream; false = each stands alone"},
    {.name = NULL},
};

struct floats {
	float *data;
	size_t cap;
};

struct transform {
	const struct config *config;
	struct rme_format in, out;
	struct rmi_resampler *resampler; /* NULL while the rate stays */
	int64_t base_ns;                 /* pts of the stream's first frame, -1 = not known */
	uint64_t frames_in, frames_out;  /* of the stream */
	struct floats block, made;       /* room for a block before and after the resampler */
};

static struct rme_format
output_of(const struct config *c, const struct rme_format *in)
{
	struct rme_format f = *in;
	f.audio.rate_hz = c->rate_hz != 0 ? (uint32_t)c->rate_hz : f.audio.rate_hz;
	f.audio.channels = c->channels != 0 ? (uint32_t)c->channels : f.audio.channels;
	f.audio.sample = c->sample != 0 ? (enum rme_sample)c->sample : f.audio.sample;
	return f;
}

static enum rme_err
transform_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type;
	static const struct config defaults = {44100, 2, 0, true};
	if (in->media != RME_MEDIA_AUDIO_PCM && in->media != RME_MEDIA_ANY) {
		return RME_EFORMAT;
	}
	struct rme_format audio = *in;
	audio.media = RME_MEDIA_AUDIO_PCM;
	*want = audio;
	*gives = output_of(config != NULL ? config : &defaults, &audio);
	return RME_OK;
}

static enum rme_err
transform_open(struct rme_node *self, const void *config)
{
	struct transform *t = rme_node_state(self);
	t->config = config;
	t->base_ns = -1;
	return RME_OK;
}

static void
forget_stream(struct transform *t)
{
	rmi_resampler_free(t->resampler);
	t->resampler = NULL;
	t->in = (struct rme_format){0};
	t->base_ns = -1;
	t->frames_in = 0;
	t->frames_out = 0;
}

static void
transform_reset(struct rme_node *self)
{
	forget_stream(rme_node_state(self));
}

static void
transform_close(struct rme_node *self)
{
	struct transform *t = rme_node_state(self);
	forget_stream(t);
	free(t->block.data);
	free(t->made.data);
}

static enum rme_err
reserve(struct floats *f, size_t n)
{
	if (n > f->cap) {
		float *grown = realloc(f->data, n * sizeof(*grown));
		if (grown == NULL) {
			return RME_ENOMEM;
		}
		f->data = grown;
		f->cap = n;
	}
	return RME_OK;
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Channels in which the rate is changed: as few as possible. */
static uint32_t
inner_channels(const struct transform *t)
{
	return smaller(t->in.audio.channels, t->out.audio.channels);
}

/* Where finished samples go. */
struct target {
	uint8_t *data;
	size_t frames;
};

static enum rme_err
put(struct transform *t, const float *samples, size_t frames, struct target *to)
{
	uint32_t inner = inner_channels(t);
	uint32_t outer = t->out.audio.channels;
	if (outer > inner) {
		enum rme_err e = reserve(&t->block, frames * outer);
		if (e != RME_OK) {
			return e;
		}
		rmi_pcm_mix(t->block.data, outer, samples, inner, frames);
		samples = t->block.data;
	}
	size_t unit = rmi_pcm_sample_bytes(t->out.audio.sample) * outer;
	rmi_pcm_write(to->data + to->frames * unit, t->out.audio.sample, samples, frames * outer);
	to->frames += frames;
	return RME_OK;
}

/* One block through the resampler; @p samples NULL: its tail. */
static enum rme_err
resample(struct transform *t, const float *samples, size_t frames, struct target *to, struct rme_error *err)
{
	size_t room = rmi_resampler_bound(t->resampler, frames);
	enum rme_err e = reserve(&t->made, room * inner_channels(t));
	if (e != RME_OK) {
		return e;
	}
	struct rmi_resampler_out out = {t->made.data, room, 0};
	e = samples != NULL ? rmi_resampler_push(t->resampler, samples, frames, &out, err)
	                    : rmi_resampler_drain(t->resampler, &out, err);
	return e == RME_OK ? put(t, t->made.data, out.frames, to) : e;
}

static enum rme_err
convert_block(struct transform *t, const struct rmi_audio_in *block, struct target *to, struct rme_error *err)
{
	uint32_t channels = t->in.audio.channels;
	uint32_t inner = inner_channels(t);
	size_t n = block->frames;
	enum rme_err e = reserve(&t->made, n * channels);
	if (e == RME_OK) {
		e = reserve(&t->block, n * channels);
	}
	if (e != RME_OK) {
		return e;
	}
	float *samples = t->resampler != NULL ? t->block.data : t->made.data;
	rmi_pcm_read(samples, block->data, t->in.audio.sample, n * channels);
	if (inner < channels) {
		rmi_pcm_mix(samples, inner, samples, channels, n);
	}
	return t->resampler != NULL ? resample(t, samples, n, to, err) : put(t, samples, n, to);
}

/* Convert @p audio (no frames: nothing), then with @p drain what the resampler still holds. */
static enum rme_err
convert(struct transform *t, const struct rmi_audio_in *audio, bool drain, struct target *to, struct rme_error *err)
{
	struct rmi_audio_in rest = *audio;
	while (rest.frames > 0) {
		struct rmi_audio_in block = rest;
		block.frames = rest.frames < BLOCK_FRAMES ? rest.frames : BLOCK_FRAMES;
		enum rme_err e = convert_block(t, &block, to, err);
		if (e != RME_OK) {
			return e;
		}
		rest.data += block.frames * rest.unit;
		rest.frames -= block.frames;
	}
	return drain && t->resampler != NULL ? resample(t, NULL, 0, to, err) : RME_OK;
}

/* Convert into a new packet and emit it; @p like: whose item it is. */
static enum rme_err
emit_converted(struct rme_node *self, const struct rme_packet *like, const struct rmi_audio_in *audio, bool drain)
{
	struct transform *t = rme_node_state(self);
	struct rme_packet_meta meta = *rme_packet_meta(like);
	meta.kind = RME_PACKET_DATA;
	meta.format = t->out;
	size_t room = t->resampler != NULL ? rmi_resampler_bound(t->resampler, audio->frames) : audio->frames;
	struct rme_packet *out = NULL;
	struct target to = {NULL, 0};
	enum rme_err e = RME_ELIMIT;
	size_t unit = rme_format_unit_bytes(&t->out);
	if (t->resampler != NULL) {
		meta.pts_ns = t->base_ns < 0 ? -1 : t->base_ns + rmi_frames_ns(t->frames_out, t->out.audio.rate_hz);
	}
	if (room <= RME_PACKET_BYTES_MAX / unit) {
		e = rme_packet_alloc(&out, &meta, room * unit, &to.data);
	}
	if (e != RME_OK) {
		return rme_node_fail(self, e, "no room for %zu converted frames in one packet", room);
	}
	struct rme_error err = {.code = RME_OK};
	e = convert(t, audio, drain, &to, &err);
	if (e == RME_OK) {
		e = rme_packet_truncate(out, to.frames * unit);
	}
	if (e != RME_OK || to.frames == 0) {
		rme_packet_unref(out);
		return e != RME_OK && err.code != RME_OK ? rme_node_fail(self, e, "%s", err.text) : e;
	}
	if (rme_packet_annotation(like) != NULL) {
		rme_packet_annotate(out, rme_packet_ref(rme_packet_annotation(like)));
	}
	rmi_packet_meta_mut(out)->duration_ns = rmi_frames_ns(to.frames, t->out.audio.rate_hz);
	t->frames_out += to.frames;
	return rme_node_emit(self, out);
}

/* Give out the tail of the stream, as a part of the item of @p like, and forget the stream. */
static enum rme_err
end_stream(struct rme_node *self, const struct rme_packet *like)
{
	struct transform *t = rme_node_state(self);
	static const struct rmi_audio_in nothing;
	enum rme_err e = t->resampler != NULL ? emit_converted(self, like, &nothing, true) : RME_OK;
	forget_stream(t);
	return e;
}

static enum rme_err
begin_stream(struct rme_node *self, const struct rmi_audio_in *audio)
{
	struct transform *t = rme_node_state(self);
	t->in = audio->format;
	t->out = output_of(t->config, &audio->format);
	if (t->in.audio.rate_hz == t->out.audio.rate_hz) {
		return RME_OK;
	}
	struct rmi_resampler_spec spec = {t->in.audio.rate_hz, t->out.audio.rate_hz, inner_channels(t)};
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_resampler_new(&t->resampler, &spec, &err);
	if (e != RME_OK) {
		forget_stream(t);
		return rme_node_fail(self, e, "%s", err.text);
	}
	return RME_OK;
}

/* True if a packet goes on where the stream is. */
static bool
continues(const struct transform *t, const struct rmi_audio_in *audio, int64_t pts_ns)
{
	if (!rme_format_equal(&t->in, &audio->format)) {
		return false;
	}
	if (t->base_ns < 0 || pts_ns < 0) {
		return true;
	}
	int64_t jump = pts_ns - (t->base_ns + rmi_frames_ns(t->frames_in, t->in.audio.rate_hz));
	return jump <= JUMP_NS_MAX && jump >= -JUMP_NS_MAX;
}

static enum rme_err
take_piece(struct rme_node *self, const struct rme_packet *in, const struct rmi_audio_in *audio)
{
	struct transform *t = rme_node_state(self);
	const struct rme_packet_meta *meta = rme_packet_meta(in);
	enum rme_err e = RME_OK;
	if (t->in.media != RME_MEDIA_ANY && !continues(t, audio, meta->pts_ns)) {
		e = end_stream(self, in);
	}
	if (e == RME_OK && t->in.media == RME_MEDIA_ANY) {
		e = begin_stream(self, audio);
	}
	if (e != RME_OK) {
		return e;
	}
	if (t->base_ns < 0 && meta->pts_ns >= 0) {
		int64_t before = rmi_frames_ns(t->frames_in, t->in.audio.rate_hz);
		t->base_ns = meta->pts_ns > before ? meta->pts_ns - before : 0;
	}
	bool whole = !t->config->continuous || (meta->flags & RME_PACKET_WHOLE) != 0;
	e = emit_converted(self, in, audio, whole);
	t->frames_in += audio->frames;
	if (whole) {
		forget_stream(t);
	}
	return e;
}

static enum rme_err
transform_process(struct rme_node *self, struct rme_packet *in)
{
	struct transform *t = rme_node_state(self);
	struct rmi_audio_in audio;
	enum rme_err e = rmi_audio_in(&audio, self, in);
	if (e == RME_OK) {
		struct rme_format out = output_of(t->config, &audio.format);
		if (t->resampler == NULL && rme_format_equal(&out, &audio.format)) {
			return rme_node_emit(self, in);
		}
		e = take_piece(self, in, &audio);
	}
	rme_packet_unref(in);
	return e;
}

static enum rme_err
transform_flush(struct rme_node *self, struct rme_packet *flush)
{
	return end_stream(self, flush);
}

const struct rme_node_type rmi_audio_transform_type = {
    .name = "AudioTransform",
    .category = "audio",
    .help = "Converts sample rate, channels and sample format.",
    .flags = RME_NODE_STATEFUL,
    .state_size = sizeof(struct transform),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = transform_formats,
    .open = transform_open,
    .process = transform_process,
    .flush = transform_flush,
    .reset = transform_reset,
    .close = transform_close,
};
