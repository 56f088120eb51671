#include "cli/item_backend.h"

#include <string.h>

#include "nodes/audio_reader.h"

static bool
is_complete(const struct rme_format *f)
{
	return f->media == RME_MEDIA_AUDIO_PCM && f->audio.sample != RME_SAMPLE_ANY && f->audio.rate_hz != 0 &&
	       f->audio.channels != 0;
}

static enum rme_err
open_reader(struct rmi_item_source *s, struct rme_error *err)
{
	struct rmi_audio_reader_config config = {.packet_ns = s->chunk_ns};
	if (s->raw) {
		config.raw = s->format;
	}
	return rmi_audio_reader_open(&s->audio, s->path, &config, err);
}

/* A file whose name says that it has a header is read by that; what else is audio needs to be told of whole. */
enum rme_err
rmi_item_open_audio(struct rmi_item_source *s, struct rme_error *err)
{
	s->raw = rmi_item_media_of_name(s->path) != RME_MEDIA_AUDIO_PCM && is_complete(&s->format);
	enum rme_err e = open_reader(s, err);
	if (e != RME_OK) {
		return e;
	}
	s->format = *rmi_audio_reader_format(s->audio);
	uint64_t frames = rmi_audio_reader_frames(s->audio);
	uint64_t per_item = (uint64_t)s->chunk_ns * s->format.audio.rate_hz / 1000000000;
	if (frames != UINT64_MAX && per_item > 0) {
		s->count = (frames + per_item - 1) / per_item;
	}
	return RME_OK;
}

/* The same audio at a later time. */
static enum rme_err
move(struct rme_packet **pkt, int64_t by_ns)
{
	struct rme_packet_meta meta = *rme_packet_meta(*pkt);
	meta.pts_ns += by_ns;
	struct rme_packet *moved;
	enum rme_err e = rme_packet_derive(&moved, *pkt, &meta);
	rme_packet_unref(*pkt);
	*pkt = e == RME_OK ? moved : NULL;
	return e;
}

static enum rme_err
audio_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	struct rme_packet *pkt;
	enum rme_err e = rmi_audio_reader_next(s->audio, &pkt, err);
	if (e != RME_OK) {
		return e;
	}
	if (s->round_ns > 0) {
		e = move(&pkt, s->round_ns);
		if (e != RME_OK) {
			return rme_error_set(err, e, s->path, "%s", rme_err_text(e));
		}
	}
	const struct rme_packet_meta *meta = rme_packet_meta(pkt);
	s->end_ns = meta->pts_ns + meta->duration_ns;
	*out = pkt;
	return RME_OK;
}

static enum rme_err
audio_rewind(struct rmi_item_source *s, struct rme_error *err)
{
	if (strcmp(s->path, "-") == 0) {
		return rme_error_set(err, RME_EUNSUPPORTED, "standard input", "can be read only once");
	}
	rmi_audio_reader_close(s->audio);
	s->audio = NULL;
	s->round_ns = s->end_ns;
	return open_reader(s, err);
}

static void
audio_close(struct rmi_item_source *s)
{
	rmi_audio_reader_close(s->audio);
}

const struct rmi_item_backend rmi_item_audio = {audio_next, audio_rewind, audio_close};
