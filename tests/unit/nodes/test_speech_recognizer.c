#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"
#include "speech_data.h"

static struct rme_packet_meta
speech_meta(void)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	m.pts_ns = 4000000;
	return m;
}

static void
says_text_words_and_times(void **state)
{
	(void)state;
	static const char *const params[] = {"grammar", SPEECH_DIR "goforward.gram", NULL};
	struct node_fixture f;
	struct rme_error err = {0};
	if (node_open(&f, &rmi_speech_recognizer_type, params, &err) != RME_OK) {
		fail_msg("%s", err.text);
	}
	FILE *file = fopen(SPEECH_DIR "goforward.raw", "rb");
	assert_non_null(file);
	static uint8_t pcm[200000];
	size_t n = fread(pcm, 1, sizeof(pcm), file);
	(void)fclose(file);
	struct rme_packet_meta m = speech_meta();
	assert_int_equal(harness_item(&f.h, &m, pcm, n & ~(size_t)1), RME_OK);
	print_message("%s\n", node_result(&f, 0));
	static const char expected[] =
	    "{\"text\":\"go forward ten meters\",\"confidence\":1.0,\"words\":[{\"word\":\"go\","
	    "\"start_ms\":460,\"end_ms\":640,\"confidence\":1.0},";
	assert_memory_equal(node_result(&f, 0), expected, strlen(expected));
	const struct rme_packet_meta *out = rme_packet_meta(harness_data(&f.h, 0));
	assert_int_equal(out->pts_ns, 4000000);
	assert_int_equal(out->format.media, RME_MEDIA_JSON);
	assert_true(out->confidence == 1.0F);
	node_close(&f);
}

static void
silence_is_a_result_too(void **state)
{
	(void)state;
	static const char *const params[] = {"grammar", "#JSGF V1.0; grammar g; public <a> = hello;", NULL};
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_speech_recognizer_type, params, NULL), RME_OK);
	static const int16_t zeros[8000];
	struct rme_packet_meta m = speech_meta();
	assert_int_equal(harness_item(&f.h, &m, zeros, sizeof(zeros)), RME_OK);
	assert_int_equal(harness_item(&f.h, &m, zeros, 0), RME_OK);
	assert_string_equal(node_result(&f, 0), "{\"text\":\"\",\"confidence\":0.0,\"words\":[]}");
	assert_string_equal(node_result(&f, 1), "{\"text\":\"\",\"confidence\":0.0,\"words\":[]}");
	assert_true(rme_packet_meta(harness_data(&f.h, 0))->confidence == 0.0F);
	m.format.audio.rate_hz = 8000;
	assert_int_equal(harness_item(&f.h, &m, zeros, 100), RME_EFORMAT);
	assert_non_null(strstr(f.h.failed[f.h.seq].text, "rate=16000"));
	m = speech_meta();
	assert_int_equal(harness_item(&f.h, &m, zeros, 101), RME_EFORMAT);
	m.deadline_ns = 1; /* long ago */
	assert_int_equal(harness_item(&f.h, &m, zeros, 100), RME_ETIMEDOUT);
	node_close(&f);
}

static void
says_what_to_install(void **state)
{
	(void)state;
	static const char *const params[] = {"model", "/nowhere", NULL};
	struct node_fixture f;
	struct rme_error err = {0};
	assert_int_equal(node_open(&f, &rmi_speech_recognizer_type, params, &err), RME_ENOTFOUND);
	assert_string_equal(err.where, "SpeechRecognizer");
	assert_non_null(strstr(err.text, "install pocketsphinx-en-us"));
	node_close(&f);
}

static void
asks_for_the_models_format(void **state)
{
	(void)state;
	const struct rme_node_type *t = &rmi_speech_recognizer_type;
	struct rme_format in = rme_format_audio(RME_SAMPLE_F32LE, 44100, 2), want = in, gives = {0};
	assert_int_equal(t->formats(t, NULL, &in, &want, &gives), RME_OK);
	struct rme_format expected = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	assert_true(rme_format_equal(&want, &expected));
	assert_int_equal(gives.media, RME_MEDIA_JSON);
	in = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(t->formats(t, NULL, &in, &want, &gives), RME_EFORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(says_text_words_and_times),
	    cmocka_unit_test(silence_is_a_result_too),
	    cmocka_unit_test(says_what_to_install),
	    cmocka_unit_test(asks_for_the_models_format),
	};
	return cmocka_run_group_tests_name("speech_recognizer", tests, NULL, NULL);
}
