#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "simple_tts/simple_tts.c"
#include "guest_host.h"

enum { SAMPLES_MAX = 16000 * 20 };

static int
configure(const char *json)
{
	memset(&rme_guest, 0, sizeof rme_guest);
	return rme_export_configure(json, (uint32_t)strlen(json));
}

/* The whole answer to one item. @return samples */
static size_t
speak(const char *text, int16_t *out)
{
	uint8_t *at = (uint8_t *)out;
	uint32_t n = 2 * CHUNK_SAMPLES;
	assert_int_equal(rme_export_process((const uint8_t *)text, (uint32_t)strlen(text), at, &n), 0);
	while (n > 0) {
		at += n;
		assert_true(at - (uint8_t *)out < 2 * SAMPLES_MAX - 2 * CHUNK_SAMPLES);
		n = 2 * CHUNK_SAMPLES;
		assert_int_equal(rme_export_next(at, &n), 0);
	}
	return (size_t)(at - (uint8_t *)out) / 2;
}

static void
speaks_at_a_good_level(void **state)
{
	(void)state;
	static int16_t pcm[SAMPLES_MAX];
	assert_int_equal(configure("{}"), 0);
	size_t n = speak("Going ten meters.", pcm);
	assert_in_range(n, 16000 * 8 / 10, 16000 * 2);
	int top = 0;
	double power = 0;
	for (size_t i = 0; i < n; i++) {
		top = abs(pcm[i]) > top ? abs(pcm[i]) : top;
		power += (double)pcm[i] * pcm[i] / (double)n;
	}
	assert_in_range(top, 6000, 32000);
	assert_true(power > 700.0 * 700.0 && power < 6000.0 * 6000.0);
}

static void
the_same_text_sounds_the_same(void **state)
{
	(void)state;
	static int16_t first[SAMPLES_MAX], second[SAMPLES_MAX];
	assert_int_equal(configure("{}"), 0);
	size_t n = speak("one two", first);
	(void)speak("Something else?", second);
	assert_int_equal(speak("one two", second), n);
	assert_memory_equal(first, second, 2 * n);
}

static void
speed_and_rate_change_the_length(void **state)
{
	(void)state;
	static int16_t pcm[SAMPLES_MAX];
	assert_int_equal(configure("{}"), 0);
	size_t n = speak("front center", pcm);
	assert_int_equal(configure("{\"params\":{\"speed\":2}}"), 0);
	assert_in_range(speak("front center", pcm), n * 45 / 100, n * 60 / 100);
	assert_int_equal(configure("{\"params\":{\"sample_rate\":24000}}"), 0);
	assert_in_range(speak("front center", pcm), n * 149 / 100, n * 151 / 100);
	uint8_t format[2 * CHUNK_SAMPLES];
	uint32_t len = sizeof format;
	assert_int_equal(rme_export_output_format(format, &len), 0);
	assert_memory_equal(format, "audio/pcm;format=s16le;rate=24000;channels=1", len);
}

static void
nothing_to_say_is_no_error(void **state)
{
	(void)state;
	static int16_t pcm[SAMPLES_MAX];
	assert_int_equal(configure("{}"), 0);
	assert_int_equal(speak("", pcm), 0);
	assert_int_equal(speak("... --- \xff\xff", pcm), 0);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	static uint8_t text[TTS_TEXT_MAX + 1], out[2 * CHUNK_SAMPLES];
	uint32_t n = sizeof out;
	assert_int_equal(configure("{\"params\":{\"speed\":9}}"), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "speed"));
	assert_int_equal(configure("{\"params\":{\"sample_rate\":17000}}"), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "22050"));
	assert_int_equal(configure("{}"), 0);
	assert_int_equal(rme_export_process(text, sizeof text, out, &n), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "16 KiB"));
}

static void
reset_ends_the_text(void **state)
{
	(void)state;
	static int16_t pcm[CHUNK_SAMPLES];
	assert_int_equal(configure("{}"), 0);
	const char *text = "A text that takes several pieces to say, and more of it still.";
	uint32_t n = sizeof pcm;
	assert_int_equal(rme_export_process((const uint8_t *)text, (uint32_t)strlen(text), (uint8_t *)pcm, &n), 0);
	assert_int_equal(n, sizeof pcm);
	assert_int_equal(rme_export_reset(), 0);
	assert_int_equal(rme_export_next((uint8_t *)pcm, &n), 0);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speaks_at_a_good_level),
	    cmocka_unit_test(the_same_text_sounds_the_same),
	    cmocka_unit_test(speed_and_rate_change_the_length),
	    cmocka_unit_test(nothing_to_say_is_no_error),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(reset_ends_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
