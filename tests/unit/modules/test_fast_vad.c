#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fast_vad/fast_vad.c"
#include "guest_host.h"
#include "sample_audio.h"

static struct sample_audio audio;

static void
answers_every_chunk_with_the_kernels_answer(void **state)
{
	(void)state;
	struct vad v;
	struct vad_summary s;
	const struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f, .hold = 0};
	assert_true(sample_sentence(&audio) > 0);
	vad_init(&v, &o);
	assert_int_equal(rme_export_configure("{}", 2), 0);
	assert_int_equal(rme_export_initialize("s"), 1);
	assert_true(rme_export_confidence() != rme_export_confidence()); /* NaN: no item yet */
	uint32_t speech = 0;
	for (uint32_t at = 0; at + 320 <= audio.n; at += 320) {
		char out[512];
		uint32_t n = sizeof out;
		int r = rme_export_process((const uint8_t *)(audio.pcm + at), 640, (uint8_t *)out, &n);
		assert_int_equal(r, 0);
		out[n] = '\0';
		vad_push(&v, audio.pcm + at, 320, &s, NULL);
		assert_non_null(strstr(out, s.is_speech ? "{\"is_speech\":true," : "{\"is_speech\":false,"));
		assert_non_null(strstr(out, "\"frame_duration_ms\":10,\"latency_ms\":40}"));
		assert_true(rme_export_confidence() == vad_confidence(&s));
		speech += s.is_speech ? 1 : 0;
	}
	assert_true(speech > 50);
}

static void
reset_forgets_the_stream(void **state)
{
	(void)state;
	char first[512];
	char second[512];
	uint32_t n1 = sizeof first;
	uint32_t n2 = sizeof second;
	assert_int_equal(rme_export_configure("{}", 2), 0);
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 640, (uint8_t *)first, &n1), 0);
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 3200, (uint8_t *)second, &n2), 0);
	assert_int_equal(rme_export_reset(), 0);
	n2 = sizeof second;
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 640, (uint8_t *)second, &n2), 0);
	assert_int_equal(n1, n2);
	assert_memory_equal(first, second, n1);
}

static void
refuses_what_is_no_audio(void **state)
{
	(void)state;
	uint8_t out[512];
	uint32_t n = sizeof out;
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 641, out, &n), RME_GUEST_BAD_INPUT);
	n = 10;
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 640, out, &n), RME_GUEST_TOO_SMALL);
	assert_true(n > 200 && n <= sizeof out);
	static const char *const wrong[] = {"threshold", "speech_threshold", "hold_ms"};
	for (int i = 0; i < 3; i++) {
		char json[80];
		(void)snprintf(json, sizeof json, "{\"params\":{\"%s\":-1}}", wrong[i]);
		assert_int_equal(rme_export_configure(json, (uint32_t)strlen(json)), RME_GUEST_BAD_INPUT);
		assert_memory_equal(host.error, wrong[i], strlen(wrong[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_every_chunk_with_the_kernels_answer),
	    cmocka_unit_test(reset_forgets_the_stream),
	    cmocka_unit_test(refuses_what_is_no_audio),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
