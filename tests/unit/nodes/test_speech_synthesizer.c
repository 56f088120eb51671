#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"
#include "nodes/speech_decoder.h"
#include "speech_data.h"

static void
one_packet_per_sentence(void **state)
{
	(void)state;
	static const char *const params[] = {"voice", "kal", "speed", "2", NULL};
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_speech_synthesizer_type, params, NULL), RME_OK);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_of(RME_MEDIA_JSON);
	m.pts_ns = 7;
	static const char text[] = "{\"text\":\"Hello there. How are you?\"}";
	assert_int_equal(harness_item(&f.h, &m, text, sizeof(text) - 1), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 2);
	int64_t next = 7;
	for (size_t i = 0; i < 2; i++) {
		const struct rme_packet_meta *out = rme_packet_meta(harness_data(&f.h, i));
		struct rme_format expected = rme_format_audio(RME_SAMPLE_S16LE, 8000, 1);
		size_t len = 0;
		(void)rme_packet_data(harness_data(&f.h, i), &len);
		assert_true(rme_format_equal(&out->format, &expected));
		assert_int_equal(out->flags, RME_PACKET_WHOLE);
		assert_int_equal(out->pts_ns, next);
		assert_int_equal(out->duration_ns, (int64_t)(len / 2) * 1000000000 / 8000);
		assert_true(len > 4000);
		next += out->duration_ns;
	}
	node_close(&f);
}

static void
nothing_to_say_is_no_result(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_speech_synthesizer_type, NULL, NULL), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, ""), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, " ...\n"), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 0);
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "{}"), RME_EFORMAT);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_of(RME_MEDIA_TEXT);
	m.deadline_ns = 1;
	assert_int_equal(harness_item(&f.h, &m, "Too late.", 9), RME_ETIMEDOUT);
	node_close(&f);
	static const char *const bad[] = {"voice", "slo", NULL};
	struct rme_error err = {0};
	assert_int_equal(node_open(&f, &rmi_speech_synthesizer_type, bad, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "slt"));
	node_close(&f);
}

/* What one node says, the other understands. */
static void
the_recognizer_understands_it(void **state)
{
	(void)state;
	struct node_fixture tts, asr;
	static const char *const grammar[] = {"grammar",
	    "#JSGF V1.0; grammar g; public <command> = (turn | switch) (on | off) the (kitchen | bedroom) light | "
	    "stop;",
	    NULL};
	assert_int_equal(node_open(&tts, &rmi_speech_synthesizer_type, NULL, NULL), RME_OK);
	assert_int_equal(node_open(&asr, &rmi_speech_recognizer_type, grammar, NULL), RME_OK);
	assert_int_equal(node_text(&tts, RME_MEDIA_TEXT, "Switch off the bedroom light."), RME_OK);
	size_t len = 0;
	const struct rme_packet *speech = harness_data(&tts.h, 0);
	const uint8_t *pcm = rme_packet_data(speech, &len);
	assert_int_equal(harness_item(&asr.h, rme_packet_meta(speech), pcm, len), RME_OK);
	static const char expected[] = "{\"text\":\"switch off the bedroom light\",";
	assert_memory_equal(node_result(&asr, 0), expected, strlen(expected));
	node_close(&tts);
	node_close(&asr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_packet_per_sentence),
	    cmocka_unit_test(nothing_to_say_is_no_result),
	    cmocka_unit_test(the_recognizer_understands_it),
	};
	return cmocka_run_group_tests_name("speech_synthesizer", tests, NULL, NULL);
}
