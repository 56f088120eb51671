#include "cli/item_sink.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yyjson.h>

#include <rme/route.h>

#include "base/utf8.h"
#include "cli/item_source.h"
#include "nodes/audio_writer.h"

struct rmi_item_sink {
	enum rmi_sink_kind kind;
	const char *path; /* owned by the caller of open, who keeps it; NULL = stream */
	FILE *file;
	struct rmi_audio_writer *audio; /* AUDIO: made with the first result */
	uint64_t left_out;
};

static bool
ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);
	return n > k && strcasecmp(path + n - k, suffix) == 0;
}

static enum rmi_sink_kind
kind_of_name(const char *path)
{
	if (rmi_item_media_of_name(path) == RME_MEDIA_AUDIO_PCM) {
		return RMI_SINK_AUDIO;
	}
	static const char *const jsonl[] = {".json", ".jsonl", ".ndjson"};
	for (size_t i = 0; i < 3; i++) {
		if (ends_in(path, jsonl[i])) {
			return RMI_SINK_JSONL;
		}
	}
	return ends_in(path, ".txt") ? RMI_SINK_LINES : RMI_SINK_BYTES;
}

static const char *
name_of(const struct rmi_item_sink *s)
{
	return s->path != NULL ? s->path : "standard output";
}

static enum rme_err
write_failed(const struct rmi_item_sink *s, struct rme_error *err)
{
	return rme_error_set(err, RME_EIO, name_of(s), "writing failed: %s", strerror(errno));
}

enum rme_err
rmi_item_sink_open(
    struct rmi_item_sink **out, const char *path, FILE *stream, enum rmi_sink_kind kind, struct rme_error *err)
{
	struct rmi_item_sink *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return rme_error_set(err, RME_ENOMEM, path, "%s", rme_err_text(RME_ENOMEM));
	}
	s->path = path;
	s->kind = kind != RMI_SINK_AUTO ? kind : path != NULL ? kind_of_name(path) : RMI_SINK_LINES;
	s->file = stream;
	if (path == NULL && s->kind == RMI_SINK_AUDIO) {
		free(s);
		return rme_error_set(
		    err, RME_EUNSUPPORTED, "standard output", "an audio file needs a name: -o FILE.wav");
	}
	if (path != NULL) {
		s->file = fopen(path, "wbe");
		if (s->file == NULL) {
			free(s);
			return rme_error_set(err, RME_EIO, path, "cannot be created: %s", strerror(errno));
		}
	}
	/* Audio is written by its own writer once the format is known; that the file can be made is known now. */
	if (path != NULL && s->kind == RMI_SINK_AUDIO) {
		(void)fclose(s->file);
		s->file = NULL;
	}
	*out = s;
	return RME_OK;
}

/* One line, whatever the payload holds: ends of line inside become blanks. */
static enum rme_err
put_line(struct rmi_item_sink *s, const char *data, size_t len, struct rme_error *err)
{
	while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r')) {
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		char c = data[i] == '\n' || data[i] == '\r' ? ' ' : data[i];
		if (fputc(c, s->file) == EOF) {
			return write_failed(s, err);
		}
	}
	return fputc('\n', s->file) != EOF ? RME_OK : write_failed(s, err);
}

static void
add_payload(yyjson_mut_doc *doc, yyjson_mut_val *root, enum rme_media media, const char *data, size_t len)
{
	if (media == RME_MEDIA_TEXT) {
		(void)yyjson_mut_obj_add_strn(doc, root, "text", data, len);
		return;
	}
	yyjson_doc *in = media == RME_MEDIA_JSON ? yyjson_read(data, len, 0) : NULL;
	yyjson_mut_val *copy = in != NULL ? yyjson_val_mut_copy(doc, yyjson_doc_get_root(in)) : NULL;
	yyjson_doc_free(in);
	if (copy != NULL) {
		(void)yyjson_mut_obj_add_val(doc, root, "json", copy);
	} else {
		(void)yyjson_mut_obj_add_uint(doc, root, "bytes", len);
	}
}

static void
add_meta(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct rme_packet_meta *m)
{
	char format[RME_FORMAT_TEXT_MAX];
	(void)rme_format_print(&m->format, format);
	(void)yyjson_mut_obj_add_uint(doc, root, "item", m->seq);
	if (m->pts_ns >= 0) {
		(void)yyjson_mut_obj_add_real(doc, root, "pts_ms", (double)m->pts_ns / 1e6);
	}
	if (m->duration_ns > 0) {
		(void)yyjson_mut_obj_add_real(doc, root, "duration_ms", (double)m->duration_ns / 1e6);
	}
	if (m->side != RME_SIDE_NONE) {
		(void)yyjson_mut_obj_add_str(doc, root, "side", rme_side_name(m->side));
	}
	if (isfinite(m->confidence)) {
		(void)yyjson_mut_obj_add_real(doc, root, "confidence", (double)m->confidence);
	}
	(void)yyjson_mut_obj_add_strcpy(doc, root, "format", format);
}

static enum rme_err
put_object(struct rmi_item_sink *s, struct rme_packet *pkt, struct rme_error *err)
{
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	size_t len;
	const char *data = (const char *)rme_packet_data(pkt, &len);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	char *text = NULL;
	if (root != NULL) {
		add_meta(doc, root, m);
		add_payload(doc, root, m->format.media, data, len);
		text = yyjson_mut_val_write(root, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	}
	yyjson_mut_doc_free(doc);
	enum rme_err e = text == NULL ? rme_error_set(err, RME_ENOMEM, name_of(s), "%s", rme_err_text(RME_ENOMEM))
	                              : put_line(s, text, strlen(text), err);
	free(text);
	return e;
}

static enum rme_err
put_audio(struct rmi_item_sink *s, struct rme_packet *pkt, struct rme_error *err)
{
	const struct rme_format *format = &rme_packet_meta(pkt)->format;
	if (format->media != RME_MEDIA_AUDIO_PCM) {
		s->left_out++;
		return RME_OK;
	}
	if (s->audio == NULL) {
		enum rme_err e = rmi_audio_writer_open(&s->audio, s->path != NULL ? s->path : "-", format, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return rmi_audio_writer_write(s->audio, pkt, err);
}

/* Text by its format, or bytes that nobody described and that a terminal can show. */
static bool
is_text(enum rme_media media, const char *data, size_t len)
{
	if (media == RME_MEDIA_TEXT || media == RME_MEDIA_JSON) {
		return true;
	}
	if (media != RME_MEDIA_OCTETS || !rmi_utf8_valid(data, len)) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		bool control = (unsigned char)data[i] < 0x20 || data[i] == 0x7f;
		if (control && data[i] != '\n' && data[i] != '\t' && data[i] != '\r') {
			return false;
		}
	}
	return true;
}

enum rme_err
rmi_item_sink_put(struct rmi_item_sink *s, struct rme_packet *pkt, struct rme_error *err)
{
	size_t len;
	const char *data = (const char *)rme_packet_data(pkt, &len);
	enum rme_media media = rme_packet_meta(pkt)->format.media;
	switch (s->kind) {
	case RMI_SINK_AUTO:
	case RMI_SINK_LINES:
		if (is_text(media, data, len)) {
			return put_line(s, data, len, err);
		}
		s->left_out++;
		return RME_OK;
	case RMI_SINK_JSONL:
		return put_object(s, pkt, err);
	case RMI_SINK_AUDIO:
		return put_audio(s, pkt, err);
	case RMI_SINK_BYTES:
		return fwrite(data, 1, len, s->file) == len ? RME_OK : write_failed(s, err);
	}
	return RME_EINVAL;
}

uint64_t
rmi_item_sink_left_out(const struct rmi_item_sink *s)
{
	return s->left_out;
}

enum rme_err
rmi_item_sink_close(struct rmi_item_sink *s, struct rme_error *err)
{
	if (s == NULL) {
		return RME_OK;
	}
	enum rme_err e = RME_OK;
	if (s->audio != NULL) {
		e = rmi_audio_writer_close(s->audio, err);
	} else if (s->file != NULL && s->path != NULL) {
		e = fclose(s->file) == 0 ? RME_OK : write_failed(s, err);
	} else if (s->file != NULL && fflush(s->file) != 0) {
		e = write_failed(s, err);
	}
	free(s);
	return e;
}
