#include "serve/json_media.h"

#include "serve/base64.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { NUMBER_MAX = 32 };

/* Text that grows to a limit. After the first failure everything is ignored. */
struct text {
	char *bytes;
	size_t len, room;
	enum rme_err error;
};

static bool
text_reserve(struct text *t, size_t more)
{
	if (t->error != RME_OK || more <= t->room - t->len) {
		return t->error == RME_OK;
	}
	size_t room = t->room * 2 > t->len + more ? t->room * 2 : t->len + more;
	room = room < 4096 ? 4096 : room;
	if (t->len + more > RMI_JSON_MAX_BYTES) {
		t->error = RME_ELIMIT;
		return false;
	}
	char *bytes = realloc(t->bytes, room);
	if (bytes == NULL) {
		t->error = RME_ENOMEM;
		return false;
	}
	t->bytes = bytes;
	t->room = room;
	return true;
}

static void
text_add(struct text *t, const char *s, size_t n)
{
	if (text_reserve(t, n)) {
		memcpy(t->bytes + t->len, s, n);
		t->len += n;
	}
}

static void
text_say(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

/* Write the fraction of units / 10^12 without its final zeros. */
static size_t
put_fraction(char *out, uint64_t part)
{
	size_t n = 12;
	if (part == 0) {
		return 0;
	}
	for (; part % 10 == 0; part /= 10) {
		n--;
	}
	for (size_t i = n; i > 0; i--, part /= 10) {
		out[i] = (char)('0' + part % 10);
	}
	out[0] = '.';
	return n + 1;
}

/*
 * A sample that reads back as the same float. 12 decimals are enough from 1e-4 on: half a unit in the last place of a
 * float is 3.6e-12 there. Integers are faster than printf by an order of magnitude, and know no locale.
 */
static size_t
put_sample(char out[NUMBER_MAX], float x)
{
	float magnitude = fabsf(x);
	if (x == 0) {
		out[0] = '0';
		return 1;
	}
	if (magnitude < 1e-4f || magnitude >= 10) {
		int n = snprintf(out, NUMBER_MAX, "%.9g", (double)x);
		char *comma = memchr(out, ',', n > 0 ? (size_t)n : 0);
		if (comma != NULL) {
			*comma = '.';
		}
		return n > 0 ? (size_t)n : 0;
	}
	uint64_t units = (uint64_t)llrint((double)magnitude * 1e12);
	size_t n = 0;
	if (x < 0) {
		out[n++] = '-';
	}
	uint64_t whole = units / 1000000000000u;
	out[n++] = (char)('0' + whole);
	return n + put_fraction(out + n, units % 1000000000000u);
}

static float
sample_at(const struct rme_format *f, const uint8_t *data, size_t i)
{
	if (f->audio.sample == RME_SAMPLE_S16LE) {
		int16_t v;
		memcpy(&v, data + 2 * i, sizeof v);
		return (float)v / 32768.0f;
	}
	float v;
	memcpy(&v, data + 4 * i, sizeof v);
	return v;
}

static enum rme_err
write_samples(struct text *t, const struct rme_format *f, struct rme_bytes pcm, struct rme_error *err)
{
	size_t channels = f->audio.channels;
	size_t frames = pcm.len / rme_format_unit_bytes(f);
	text_say(t, channels > 1 ? "[[" : "[");
	for (size_t c = 0; c < channels; c++) {
		if (c > 0) {
			text_say(t, "],[");
		}
		for (size_t i = 0; i < frames && text_reserve(t, NUMBER_MAX + 1); i++) {
			float x = sample_at(f, pcm.data, i * channels + c);
			if (!isfinite(x)) {
				return rme_error_set(err, RME_EFORMAT, NULL,
				    "sample %zu of the result is not finite: JSON has no "
				    "NaN or Infinity",
				    i);
			}
			if (i > 0) {
				t->bytes[t->len++] = ',';
			}
			t->len += put_sample(t->bytes + t->len, x);
		}
	}
	text_say(t, channels > 1 ? "]]" : "]");
	return RME_OK;
}

static enum rme_err
write_audio(struct text *t, struct rme_packet *pkt, enum rmi_json_shape shape, struct rme_error *err)
{
	const struct rme_format *f = &rme_packet_meta(pkt)->format;
	char rate[64];
	struct rme_bytes pcm;
	pcm.data = rme_packet_data(pkt, &pcm.len);
	if (rme_format_unit_bytes(f) == 0) {
		return rme_error_set(err, RME_EFORMAT, NULL, "the result is audio whose format is not known");
	}
	bool pair = shape == RMI_JSON_PAIR;
	text_say(t, pair ? "[" : "{\"audio_data\":");
	enum rme_err e = write_samples(t, f, pcm, err);
	(void)snprintf(rate, sizeof rate, pair ? ",%u]" : ",\"sample_rate\":%u}", (unsigned)f->audio.rate_hz);
	text_say(t, rate);
	return e;
}

static void
write_typed(struct text *t, struct rme_packet *pkt)
{
	char format[RME_FORMAT_TEXT_MAX];
	size_t n;
	const uint8_t *data = rme_packet_data(pkt, &n);
	text_say(t, "{\"format\":\"");
	text_add(t, format, rme_format_print(&rme_packet_meta(pkt)->format, format));
	text_say(t, "\",\"data_base64\":\"");
	if (n <= RMI_JSON_MAX_BYTES && text_reserve(t, rmi_base64_chars(n))) {
		rmi_base64_write(t->bytes + t->len, data, n);
		t->len += rmi_base64_chars(n);
	} else if (t->error == RME_OK) {
		t->error = RME_ELIMIT;
	}
	text_say(t, "\"}");
}

static enum rme_err
write_text(struct text *t, struct rme_packet *pkt, struct rme_error *err)
{
	size_t n;
	const char *s = (const char *)rme_packet_data(pkt, &n);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_write_err why = {0};
	size_t len = 0;
	if (doc == NULL) {
		return RME_ENOMEM;
	}
	yyjson_mut_doc_set_root(doc, yyjson_mut_strn(doc, s, n));
	char *json = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, NULL, &len, &why);
	yyjson_mut_doc_free(doc);
	if (json == NULL) {
		return why.code == YYJSON_WRITE_ERROR_MEMORY_ALLOCATION
		           ? RME_ENOMEM
		           : rme_error_set(err, RME_EFORMAT, NULL, "the result is text that is not UTF-8");
	}
	text_add(t, json, len);
	free(json);
	return RME_OK;
}

static enum rme_err
write_value(struct text *t, struct rme_packet *pkt, enum rmi_json_shape shape, struct rme_error *err)
{
	enum rme_media media = rme_packet_meta(pkt)->format.media;
	if (shape != RMI_JSON_TYPED && media == RME_MEDIA_AUDIO_PCM) {
		return write_audio(t, pkt, shape, err);
	}
	if (shape != RMI_JSON_TYPED && media == RME_MEDIA_TEXT) {
		return write_text(t, pkt, err);
	}
	write_typed(t, pkt);
	return RME_OK;
}

static enum rme_err
pass_json(struct rme_packet **out, struct rme_packet *pkt, struct rme_packet *json, struct rme_error *err)
{
	size_t n;
	const uint8_t *data = rme_packet_data(json, &n);
	yyjson_doc *doc = n <= RMI_JSON_MAX_BYTES
	                      ? yyjson_read_opts((char *)(uintptr_t)data, n, YYJSON_READ_ALLOW_INF_AND_NAN, NULL, NULL)
	                      : NULL;
	if (doc == NULL) {
		return rme_error_set(err, RME_EFORMAT, NULL, "the result is marked as JSON, and is none");
	}
	yyjson_doc_free(doc);
	struct rme_packet_meta meta = *rme_packet_meta(pkt);
	meta.format = rme_format_of(RME_MEDIA_JSON);
	return rme_packet_derive(out, json, &meta);
}

static void
free_text(void *bytes)
{
	free(bytes);
}

enum rme_err
rmi_json_write(struct rme_packet **out, struct rme_packet *pkt, enum rmi_json_shape shape, struct rme_error *err)
{
	struct rme_packet *note = rme_packet_annotation(pkt);
	if (note != NULL && rme_packet_meta(note)->format.media == RME_MEDIA_JSON) {
		return pass_json(out, pkt, note, err);
	}
	struct rme_packet_meta meta = *rme_packet_meta(pkt);
	if (meta.format.media == RME_MEDIA_JSON) {
		return pass_json(out, pkt, pkt, err);
	}
	struct text t = {.error = RME_OK};
	meta.format = rme_format_of(RME_MEDIA_JSON);
	enum rme_err e = write_value(&t, pkt, shape, err);
	if (e == RME_OK && t.error == RME_ELIMIT) {
		e = rme_error_set(err, RME_ELIMIT, NULL, "a result of more than %d bytes as JSON", RMI_JSON_MAX_BYTES);
	} else if (e == RME_OK) {
		e = t.error;
	}
	if (e != RME_OK) {
		free(t.bytes);
		return e;
	}
	return rme_packet_wrap(out, &meta, (struct rme_bytes){(const uint8_t *)t.bytes, t.len}, free_text, t.bytes);
}
