#include "serve/json_media.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rme_packet *
packet(const struct rme_format *f, const void *data, size_t n)
{
	struct rme_packet *p = NULL;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = *f;
	assert_int_equal(rme_packet_new(&p, &meta, data, n), RME_OK);
	return p;
}

static struct rme_packet *
json(const char *text)
{
	struct rme_format f = rme_format_of(RME_MEDIA_JSON);
	return packet(&f, text, strlen(text));
}

static enum rme_err
read_as(struct rme_packet **out, struct rmi_json_kind *kind, const char *text, enum rme_media want)
{
	struct rme_packet *in = json(text);
	struct rme_error err = {0};
	enum rme_err e = rmi_json_read(out, kind, in, want, &err);
	if (e != RME_OK && e != RME_ENOMEM) {
		assert_int_equal(err.code, e);
		assert_true(err.text[0] != '\0');
	}
	rme_packet_unref(in);
	return e;
}

static void
expect_floats(struct rme_packet *p, const float *want, size_t n)
{
	size_t len;
	const uint8_t *data = rme_packet_data(p, &len);
	assert_int_equal(len, n * sizeof(float));
	assert_memory_equal(data, want, len);
}

static void
expect_json(struct rme_packet *p, enum rmi_json_shape shape, const char *want)
{
	struct rme_packet *out = NULL;
	size_t len;
	assert_int_equal(rmi_json_write(&out, p, shape, NULL), RME_OK);
	const char *text = (const char *)rme_packet_data(out, &len);
	assert_int_equal(rme_packet_meta(out)->format.media, RME_MEDIA_JSON);
	if (len != strlen(want) || memcmp(text, want, len) != 0) {
		fail_msg("%.*s instead of %s", (int)len, text, want);
	}
	rme_packet_unref(out);
}

static void
test_read_audio(void **state)
{
	(void)state;
	static const float mono[] = {0, 0.5f, -1};
	static const float stereo[] = {1, 3, 2, 4};
	static const char *const same[] = {"{\"audio_data\": [0, 0.5, -1], \"sample_rate\": 16000}",
	    "[[0,0.5,-1.0],16000.0]", "[[[0,0.5,-1]], 16000, {\"session_id\": \"x\"}]"};
	struct rme_packet *p = NULL;
	struct rmi_json_kind k;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_int_equal(read_as(&p, &k, same[i], RME_MEDIA_AUDIO_PCM), RME_OK);
		assert_int_equal(k.shape, i == 0 ? RMI_JSON_OBJECT : RMI_JSON_PAIR);
		assert_int_equal(rme_packet_meta(p)->format.audio.rate_hz, 16000);
		assert_int_equal(rme_packet_meta(p)->format.audio.channels, 1);
		expect_floats(p, mono, 3);
		rme_packet_unref(p);
	}
	assert_int_equal(read_as(&p, &k, "[[[1,2],[3,4]],8000]", RME_MEDIA_AUDIO_PCM), RME_OK);
	assert_int_equal(k.format.audio.channels, 2);
	expect_floats(p, stereo, 4);
	rme_packet_unref(p);
	assert_int_equal(read_as(&p, &k, "[[],8000]", RME_MEDIA_AUDIO_PCM), RME_OK);
	expect_floats(p, mono, 0);
	rme_packet_unref(p);
}

static void
test_read_audio_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"{}", "[]", "3", "null", "\"x\"", "[[1,2]]", "{\"audio_data\":[1]}",
	    "[[1],0]", "[[1],-5]", "[[1],1.5]", "[[1],\"16000\"]", "[[1],1e9]", "[[\"1\"],8000]", "[[null],8000]",
	    "[[NaN],8000]", "[[1e39],8000]", "[[Infinity],8000]", "[[[1,2],[3]],8000]", "[[[1,2],3],8000]", "[3,8000]",
	    "[{},8000]", "[[[[1]]],8000]",
	    /* 33 lists */
	    ("[[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]],"
	     "8000]")};
	struct rme_packet *p = NULL;
	struct rmi_json_kind k;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (read_as(&p, &k, bad[i], RME_MEDIA_AUDIO_PCM) != RME_EFORMAT) {
			fail_msg("taken: %s", bad[i]);
		}
	}
}

static void
test_read_broken(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "{", "[1,]", "{'a':1}", "True", "\"\xff\"", "{} x", "\x80\x04\x95"};
	struct rme_packet *p = NULL;
	struct rmi_json_kind k;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(read_as(&p, &k, bad[i], RME_MEDIA_JSON), RME_EPROTO);
		assert_int_equal(read_as(NULL, &k, bad[i], RME_MEDIA_AUDIO_PCM), RME_EPROTO);
	}
	char deep[2 * RMI_JSON_MAX_DEPTH + 3];
	memset(deep, '[', RMI_JSON_MAX_DEPTH + 1);
	memset(deep + RMI_JSON_MAX_DEPTH + 1, ']', RMI_JSON_MAX_DEPTH + 1);
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(read_as(&p, &k, deep, RME_MEDIA_JSON), RME_ELIMIT);
	assert_int_equal(read_as(&p, &k, "\"[[[[\\\"[[\"", RME_MEDIA_JSON), RME_OK);
	rme_packet_unref(p);
}

static void
test_read_others(void **state)
{
	(void)state;
	struct rme_packet *p = NULL;
	struct rmi_json_kind k;
	size_t len;
	assert_int_equal(read_as(&p, &k, "{\"text\": \"hi\"}", RME_MEDIA_JSON), RME_OK);
	assert_int_equal(k.format.media, RME_MEDIA_JSON);
	assert_memory_equal(rme_packet_data(p, &len), "{\"text\": \"hi\"}", 14);
	rme_packet_unref(p);
	assert_int_equal(read_as(&p, &k, "\"h\\u00e4\"", RME_MEDIA_TEXT), RME_OK);
	assert_memory_equal(rme_packet_data(p, &len), "h\xc3\xa4", 3);
	rme_packet_unref(p);
	assert_int_equal(read_as(&p, &k, "{\"text\": \"\"}", RME_MEDIA_TEXT), RME_OK);
	rme_packet_unref(p);
	assert_int_equal(read_as(&p, &k, "{\"text\": 3}", RME_MEDIA_TEXT), RME_EFORMAT);
	assert_int_equal(read_as(&p, &k, "[1]", RME_MEDIA_TEXT), RME_EFORMAT);
	const char *typed = "{\"format\":\"audio/pcm;format=s16le;rate=8000;channels=1\",\"data_base64\":\"AAD/fw==\"}";
	assert_int_equal(read_as(&p, &k, typed, RME_MEDIA_AUDIO_PCM), RME_OK);
	assert_int_equal(k.shape, RMI_JSON_TYPED);
	assert_memory_equal(rme_packet_data(p, &len), "\0\0\xff\x7f", 4);
	expect_json(p, RMI_JSON_TYPED, typed);
	expect_json(p, RMI_JSON_OBJECT, "{\"audio_data\":[0,0.999969482422],\"sample_rate\":8000}");
	expect_json(p, RMI_JSON_PAIR, "[[0,0.999969482422],8000]");
	rme_packet_unref(p);
	assert_int_equal(
	    read_as(&p, &k, "{\"format\":\"audio/pcm\",\"data_base64\":\"A\"}", RME_MEDIA_AUDIO_PCM), RME_EFORMAT);
	assert_int_equal(
	    read_as(&p, &k, "{\"format\":\"nonsense\",\"data_base64\":\"\"}", RME_MEDIA_TEXT), RME_EFORMAT);
	assert_int_equal(read_as(&p, &k, "{\"data_base64\":\"\"}", RME_MEDIA_TEXT), RME_EFORMAT);
}

static void
test_write(void **state)
{
	(void)state;
	static const float stereo[] = {0.25f, -0.25f, 1e-7f, 9.5f};
	struct rme_format f = rme_format_audio(RME_SAMPLE_F32LE, 8000, 2);
	struct rme_packet *p = packet(&f, stereo, sizeof stereo);
	expect_json(p, RMI_JSON_PLAIN, "{\"audio_data\":[[0.25,1.00000001e-07],[-0.25,9.5]],\"sample_rate\":8000}");
	rme_packet_annotate(p, json("{\"is_speech\":true}"));
	expect_json(p, RMI_JSON_PAIR, "{\"is_speech\":true}");
	rme_packet_unref(p);
	f = rme_format_of(RME_MEDIA_TEXT);
	p = packet(&f, "a\"\n", 3);
	expect_json(p, RMI_JSON_PLAIN, "\"a\\\"\\n\"");
	rme_packet_unref(p);
	f = rme_format_of(RME_MEDIA_OCTETS);
	p = packet(&f, "\xff", 1);
	expect_json(p, RMI_JSON_PLAIN, "{\"format\":\"application/octet-stream\",\"data_base64\":\"/w==\"}");
	rme_packet_unref(p);
}

static void
test_write_refused(void **state)
{
	(void)state;
	static const float bad[] = {0, NAN};
	struct rme_packet *out = NULL;
	struct rme_format f = rme_format_audio(RME_SAMPLE_F32LE, 8000, 1);
	struct rme_packet *p = packet(&f, bad, sizeof bad);
	struct rme_error err;
	assert_int_equal(rmi_json_write(&out, p, RMI_JSON_PLAIN, &err), RME_EFORMAT);
	rme_packet_unref(p);
	f = rme_format_of(RME_MEDIA_TEXT);
	p = packet(&f, "\xff", 1);
	assert_int_equal(rmi_json_write(&out, p, RMI_JSON_PLAIN, &err), RME_EFORMAT);
	rme_packet_unref(p);
	p = json("{broken");
	assert_int_equal(rmi_json_write(&out, p, RMI_JSON_PLAIN, &err), RME_EFORMAT);
	rme_packet_unref(p);
	f = rme_format_of(RME_MEDIA_OCTETS);
	size_t n = RMI_JSON_MAX_BYTES / 4 * 3;
	char *big = calloc(1, n);
	assert_non_null(big);
	p = packet(&f, big, n);
	assert_int_equal(rmi_json_write(&out, p, RMI_JSON_PLAIN, &err), RME_ELIMIT);
	rme_packet_unref(p);
	free(big);
}

/* Every float that goes out comes back as the same float. */
static void
test_samples_survive(void **state)
{
	(void)state;
	enum { N = 20000 };
	static float v[N];
	uint32_t x = 1;
	for (size_t i = 0; i < N; i++) {
		x = x * 1664525u + 1013904223u;
		float unit = (float)(int32_t)x / 2147483648.0f;
		v[i] = i % 4 == 0 ? unit : i % 4 == 1 ? unit * 2e-4f : i % 4 == 2 ? unit * 10 : unit * 1e-3f;
	}
	struct rme_format f = rme_format_audio(RME_SAMPLE_F32LE, 48000, 1);
	struct rme_packet *p = packet(&f, v, sizeof v);
	struct rme_packet *text = NULL;
	struct rme_packet *back = NULL;
	struct rmi_json_kind k;
	assert_int_equal(rmi_json_write(&text, p, RMI_JSON_PAIR, NULL), RME_OK);
	assert_int_equal(rmi_json_read(&back, &k, text, RME_MEDIA_AUDIO_PCM, NULL), RME_OK);
	expect_floats(back, v, N);
	rme_packet_unref(p);
	rme_packet_unref(text);
	rme_packet_unref(back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_read_audio), cmocka_unit_test(test_read_audio_refused),
	    cmocka_unit_test(test_read_broken), cmocka_unit_test(test_read_others), cmocka_unit_test(test_write),
	    cmocka_unit_test(test_write_refused), cmocka_unit_test(test_samples_survive)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
