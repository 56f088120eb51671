#include "serve/json_media.h"

#include "serve/base64.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <yyjson.h>

static enum rme_err
fail(struct rme_error *err, enum rme_err code, const char *text)
{
	return rme_error_set(err, code, NULL, "%s", text);
}

/* Deeper nesting than this is refused before yyjson sees it, so that whoever reads the value later may recurse. */
static bool
nests_too_deep(const char *text, size_t len)
{
	unsigned depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\') {
				i++;
			} else if (text[i] == '"') {
				in_string = false;
			}
			continue;
		}
		if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '[' || text[i] == '{') {
			if (++depth > RMI_JSON_MAX_DEPTH) {
				return true;
			}
		} else if ((text[i] == ']' || text[i] == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static enum rme_err
parse(yyjson_doc **out, const char *text, size_t len, struct rme_error *err)
{
	if (len > RMI_JSON_MAX_BYTES) {
		return rme_error_set(
		    err, RME_ELIMIT, NULL, "JSON text of %zu bytes: at most %d are taken", len, RMI_JSON_MAX_BYTES);
	}
	if (nests_too_deep(text, len)) {
		return rme_error_set(err, RME_ELIMIT, NULL, "JSON nested more than %d deep", RMI_JSON_MAX_DEPTH);
	}
	yyjson_read_err e;
	/* Python writes NaN and Infinity. The text is not written to without YYJSON_READ_INSITU. */
	*out = yyjson_read_opts((char *)(uintptr_t)text, len, YYJSON_READ_ALLOW_INF_AND_NAN, NULL, &e);
	if (*out != NULL) {
		return RME_OK;
	}
	if (e.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
		return RME_ENOMEM;
	}
	return rme_error_set(err, RME_EPROTO, NULL, "input is no JSON: %s at byte %zu", e.msg, e.pos);
}

/* Audio */

struct audio_in {
	yyjson_val *data;
	size_t channels, frames;
};

static enum rme_err
measure(struct audio_in *a, yyjson_val *data, struct rme_error *err)
{
	size_t i;
	size_t n;
	yyjson_val *row;
	if (!yyjson_is_arr(data)) {
		return fail(err, RME_EFORMAT, "audio_data must be an array of samples, or one array per channel");
	}
	*a = (struct audio_in){.data = data, .channels = 1, .frames = yyjson_arr_size(data)};
	if (!yyjson_is_arr(yyjson_arr_get_first(data))) {
		return RME_OK;
	}
	a->channels = a->frames;
	a->frames = yyjson_arr_size(yyjson_arr_get_first(data));
	if (a->channels > RME_AUDIO_CHANNELS_MAX) {
		return rme_error_set(err, RME_EFORMAT, NULL, "audio of %zu channels: at most %d are taken", a->channels,
		    RME_AUDIO_CHANNELS_MAX);
	}
	yyjson_arr_foreach(data, i, n, row)
	{
		if (!yyjson_is_arr(row) || yyjson_arr_size(row) != a->frames) {
			return fail(
			    err, RME_EFORMAT, "every channel of audio_data must be an array of the same length");
		}
	}
	return RME_OK;
}

static enum rme_err
read_channel(float *to, size_t step, yyjson_val *row, struct rme_error *err)
{
	size_t i;
	size_t n;
	yyjson_val *v;
	yyjson_arr_foreach(row, i, n, v)
	{
		float x = (float)yyjson_get_num(v);
		if (!yyjson_is_num(v) || !isfinite(x)) {
			return rme_error_set(err, RME_EFORMAT, NULL, "sample %zu of audio_data is no finite number", i);
		}
		to[i * step] = x;
	}
	return RME_OK;
}

static enum rme_err
read_samples(
    struct rme_packet **out, const struct rme_packet_meta *meta, const struct audio_in *a, struct rme_error *err)
{
	size_t i;
	size_t n;
	yyjson_val *row;
	uint8_t *bytes;
	struct rme_packet *p;
	enum rme_err e = rme_packet_alloc(&p, meta, a->channels * a->frames * sizeof(float), &bytes);
	if (e != RME_OK) {
		return e;
	}
	float *to = (float *)(void *)bytes;
	if (a->channels == 1 && !yyjson_is_arr(yyjson_arr_get_first(a->data))) {
		e = read_channel(to, 1, a->data, err);
	} else {
		yyjson_arr_foreach(a->data, i, n, row)
		{
			e = e == RME_OK ? read_channel(to + i, a->channels, row, err) : e;
		}
	}
	if (e != RME_OK) {
		rme_packet_unref(p);
		return e;
	}
	*out = p;
	return RME_OK;
}

static enum rme_err
read_rate(uint32_t *out, yyjson_val *rate, struct rme_error *err)
{
	double hz = yyjson_get_num(rate);
	if (!yyjson_is_num(rate) || !(hz >= 1) || hz > (double)RME_AUDIO_RATE_MAX || hz != floor(hz)) {
		return rme_error_set(
		    err, RME_EFORMAT, NULL, "sample_rate must be a whole number of 1 to %d", RME_AUDIO_RATE_MAX);
	}
	*out = (uint32_t)hz;
	return RME_OK;
}

static enum rme_err
read_audio(struct rme_packet **out, struct rmi_json_kind *kind, struct rme_packet_meta *meta, yyjson_val *root,
    struct rme_error *err)
{
	struct audio_in a = {0};
	uint32_t rate = 0;
	bool pair = yyjson_is_arr(root);
	yyjson_val *data = pair ? yyjson_arr_get(root, 0) : yyjson_obj_get(root, "audio_data");
	yyjson_val *hz = pair ? yyjson_arr_get(root, 1) : yyjson_obj_get(root, "sample_rate");
	if (data == NULL || hz == NULL) {
		return fail(err, RME_EFORMAT,
		    "the node takes audio: give {\"audio_data\": [...], \"sample_rate\": HZ}, [[...], HZ], or "
		    "{\"format\": ..., \"data_base64\": ...}");
	}
	enum rme_err e = measure(&a, data, err);
	if (e == RME_OK) {
		e = read_rate(&rate, hz, err);
	}
	if (e != RME_OK) {
		return e;
	}
	kind->shape = pair ? RMI_JSON_PAIR : RMI_JSON_OBJECT;
	kind->format = rme_format_audio(RME_SAMPLE_F32LE, rate, (uint32_t)a.channels);
	meta->format = kind->format;
	return out != NULL ? read_samples(out, meta, &a, err) : RME_OK;
}

/* Text, and bytes with a format */

static enum rme_err
read_text(struct rme_packet **out, struct rmi_json_kind *kind, struct rme_packet_meta *meta, yyjson_val *root,
    struct rme_error *err)
{
	yyjson_val *text = yyjson_is_str(root) ? root : yyjson_obj_get(root, "text");
	if (!yyjson_is_str(text)) {
		return fail(err, RME_EFORMAT, "the node takes text: give \"...\" or {\"text\": \"...\"}");
	}
	kind->shape = RMI_JSON_PLAIN;
	kind->format = rme_format_of(RME_MEDIA_TEXT);
	meta->format = kind->format;
	return out != NULL ? rme_packet_new(out, meta, yyjson_get_str(text), yyjson_get_len(text)) : RME_OK;
}

static enum rme_err
read_base64(struct rme_packet **out, const struct rme_packet_meta *meta, yyjson_val *data, struct rme_error *err)
{
	uint8_t *bytes;
	size_t n;
	size_t len = yyjson_get_len(data);
	struct rme_packet *p;
	enum rme_err e = rme_packet_alloc(&p, meta, rmi_base64_bytes(len), &bytes);
	if (e != RME_OK) {
		return e;
	}
	if (!rmi_base64_read(bytes, &n, yyjson_get_str(data), len)) {
		rme_packet_unref(p);
		return fail(err, RME_EFORMAT, "data_base64 is not base64 with padding");
	}
	e = rme_packet_truncate(p, n);
	if (e != RME_OK) {
		rme_packet_unref(p);
		return e;
	}
	*out = p;
	return RME_OK;
}

static enum rme_err
read_typed(struct rme_packet **out, struct rmi_json_kind *kind, struct rme_packet_meta *meta, yyjson_val *root,
    struct rme_error *err)
{
	yyjson_val *format = yyjson_obj_get(root, "format");
	yyjson_val *data = yyjson_obj_get(root, "data_base64");
	if (!yyjson_is_str(format) || !yyjson_is_str(data)) {
		return fail(err, RME_EFORMAT, "format and data_base64 must both be given, as texts");
	}
	enum rme_err e = rme_format_parse(&kind->format, yyjson_get_str(format), yyjson_get_len(format), err);
	if (e != RME_OK) {
		return e;
	}
	kind->shape = RMI_JSON_TYPED;
	meta->format = kind->format;
	return out != NULL ? read_base64(out, meta, data, err) : RME_OK;
}

enum rme_err
rmi_json_read(struct rme_packet **out, struct rmi_json_kind *kind, struct rme_packet *in, enum rme_media want,
    struct rme_error *err)
{
	size_t len;
	const char *text = (const char *)rme_packet_data(in, &len);
	struct rme_packet_meta meta = *rme_packet_meta(in);
	struct rmi_json_kind k = {RMI_JSON_PLAIN, rme_format_of(RME_MEDIA_JSON)};
	yyjson_doc *doc = NULL;
	enum rme_err e = parse(&doc, text, len, err);
	if (e != RME_OK) {
		return e;
	}
	yyjson_val *root = yyjson_doc_get_root(doc);
	if (want != RME_MEDIA_JSON && yyjson_obj_get(root, "data_base64") != NULL) {
		e = read_typed(out, &k, &meta, root, err);
	} else if (want == RME_MEDIA_AUDIO_PCM) {
		e = read_audio(out, &k, &meta, root, err);
	} else if (want == RME_MEDIA_TEXT) {
		e = read_text(out, &k, &meta, root, err);
	} else if (out != NULL) {
		meta.format = k.format;
		e = rme_packet_derive(out, in, &meta);
	}
	yyjson_doc_free(doc);
	if (e == RME_OK) {
		*kind = k;
	}
	return e;
}
