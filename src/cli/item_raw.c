#include "cli/item_backend.h"

#include <errno.h>
#include <string.h>

#include "nodes/media_time.h"

enum rme_err
rmi_item_start_audio(struct rmi_item_source *s, struct rme_error *err)
{
	const struct rme_format *f = &s->format;
	if (f->media != RME_MEDIA_AUDIO_PCM || f->audio.sample == RME_SAMPLE_ANY || f->audio.rate_hz == 0 ||
	    f->audio.channels == 0) {
		return rme_error_set(err, RME_EFORMAT, s->path,
		    "raw samples need a whole format: --format 'audio/pcm;format=s16le;rate=16000;channels=1', for "
		    "example");
	}
	uint64_t frames = rmi_ns_frames(s->chunk_ns, f->audio.rate_hz);
	s->chunk_frames = frames > 0 ? (size_t)frames : 1;
	return RME_OK;
}

struct rme_packet_meta
rmi_item_audio_meta(struct rmi_item_source *s, size_t frames)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	uint32_t rate = s->format.audio.rate_hz;
	meta.format = s->format;
	meta.pts_ns = rmi_frames_ns(s->frames_done, rate);
	s->frames_done += frames;
	meta.duration_ns = rmi_frames_ns(s->frames_done, rate) - meta.pts_ns;
	return meta;
}

static enum rme_err
raw_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	size_t unit = rme_format_unit_bytes(&s->format);
	struct rme_packet_meta meta = rme_packet_meta_init();
	uint8_t *data;
	struct rme_packet *pkt;
	enum rme_err e = rme_packet_alloc(&pkt, &meta, s->chunk_frames * unit, &data);
	if (e != RME_OK) {
		return rme_error_set(err, e, s->path, "%s", rme_err_text(e));
	}
	size_t frames = fread(data, unit, s->chunk_frames, s->file);
	if (frames == 0) {
		rme_packet_unref(pkt);
		return ferror(s->file) != 0
		           ? rme_error_set(err, RME_EIO, s->path, "reading failed: %s", strerror(errno))
		           : RME_ECLOSED;
	}
	e = rme_packet_truncate(pkt, frames * unit);
	meta = rmi_item_audio_meta(s, frames);
	struct rme_packet *timed = NULL;
	e = e == RME_OK ? rme_packet_derive(&timed, pkt, &meta) : e;
	rme_packet_unref(pkt);
	if (e != RME_OK) {
		return rme_error_set(err, e, s->path, "%s", rme_err_text(e));
	}
	*out = timed;
	return RME_OK;
}

const struct rmi_item_backend rmi_item_raw = {raw_next, rmi_item_rewind_file, rmi_item_close_file};
