#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "simple_asr/simple_asr.c"
#include "guest_host.h"
#include "tiny_asr.h"

static struct tiny_sound sound;
static char out[65536];

static int
process(const void *data, uint32_t len)
{
	uint32_t n = sizeof out - 1;
	int r = rme_export_process(data, len, (uint8_t *)out, &n);
	out[r >= 0 ? n : 0] = '\0';
	return r;
}

static int
configure(const char *json)
{
	return rme_export_configure(json, (uint32_t)strlen(json));
}

static void
say(const int *sounds, uint32_t n)
{
	sound.n = 0;
	for (uint32_t i = 0; i < n; i++) {
		tiny_say(&sound, sounds[i], TINY_PIECE);
	}
}

static void
without_a_model_it_says_what_to_do(void **state)
{
	(void)state;
	assert_int_equal(configure("{}"), RME_GUEST_NOT_READY);
	assert_non_null(strstr(host.error, "model not found"));
	assert_non_null(strstr(host.error, "install pocketsphinx-en-us"));
	assert_int_equal(rme_export_initialize("s"), RME_GUEST_NOT_READY);
	assert_int_equal(process(sound.pcm, 320), RME_GUEST_NOT_READY);
}

static void
foreign_assets_are_refused(void **state)
{
	(void)state;
	_Alignas(16) uint8_t bytes[4096] = {1, 2, 3};
	assert_int_equal(rme_export_asset("other", 5, bytes, sizeof bytes), RME_GUEST_OK);
	assert_int_equal(rme_export_asset("model", 5, bytes, sizeof bytes), RME_GUEST_BAD_INPUT);
	assert_string_equal(host.error, "not a model of simple_asr");
	assert_int_equal(rme_export_asset("model", 5, bytes, 0), RME_GUEST_BAD_INPUT);
	assert_int_equal(configure("{}"), RME_GUEST_NOT_READY);
}

static void
models_without_front_end_are_refused(void **state)
{
	(void)state;
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	((struct asr_header *)(void *)file)->feature = ASR_FEATURE_GIVEN;
	assert_int_equal(rme_export_asset("model", 5, file, len), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "features, not sound"));
	free(file);
}

static void
an_utterance_becomes_words(void **state)
{
	(void)state;
	static const int said[] = {TINY_SILENCE, TINY_HIGH, TINY_LOW, TINY_SILENCE};
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	assert_int_equal(rme_export_asset("model", 5, file, len), RME_GUEST_OK);
	assert_int_equal(configure("{\"params\":{\"threshold\":0.4}}"), RME_GUEST_OK);
	assert_int_equal(rme_export_initialize("s"), 1);
	assert_true(rme_export_confidence() != rme_export_confidence()); /* NaN: no item yet */
	say(said, 4);
	assert_int_equal(process(sound.pcm, 2 * sound.n), RME_GUEST_OK);
	assert_ptr_equal(strstr(out, "{\"text\":\"high low\",\"confidence\":0."), out);
	assert_non_null(strstr(out, "\"words\":[{\"word\":\"high\",\"start_ms\":"));
	assert_non_null(strstr(out, "}],\"rejected\":false,\"grammar\":\"tiny\"}"));
	assert_true(rme_export_confidence() > 0.8f);
	assert_int_equal(rme_export_reset(), RME_GUEST_OK);
	assert_true(rme_export_confidence() != rme_export_confidence());
	free(file);
}

static void
what_is_rejected_is_not_text(void **state)
{
	(void)state;
	static const int said[] = {TINY_SILENCE, TINY_LOW, TINY_SILENCE};
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	assert_int_equal(rme_export_asset("model", 5, file, len), RME_GUEST_OK);
	assert_int_equal(configure("{\"params\":{\"threshold\":1}}"), RME_GUEST_OK);
	say(said, 3);
	assert_int_equal(process(sound.pcm, 2 * sound.n), RME_GUEST_OK);
	assert_ptr_equal(strstr(out, "{\"text\":\"\",\"confidence\":0."), out);
	assert_non_null(strstr(out, "\"words\":[],\"rejected\":true,\"closest\":\"low\",\"grammar\":\"tiny\"}"));
	free(file);
}

static void
silence_is_no_words_for_sure(void **state)
{
	(void)state;
	static const int16_t silence[1600] = {3, -8, 8};
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	assert_int_equal(rme_export_asset("model", 5, file, len), RME_GUEST_OK);
	assert_int_equal(configure("{}"), RME_GUEST_OK);
	for (uint32_t n = 0; n <= sizeof silence; n += sizeof silence) {
		assert_int_equal(process(silence, n), RME_GUEST_OK);
		assert_string_equal(
		    out, "{\"text\":\"\",\"confidence\":1.0000,\"words\":[],\"rejected\":false,\"grammar\":\"tiny\"}");
		assert_true(rme_export_confidence() == 1.0f);
	}
	free(file);
}

static void
wrong_input_is_refused(void **state)
{
	(void)state;
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	assert_int_equal(rme_export_asset("model", 5, file, len), RME_GUEST_OK);
	assert_int_equal(configure("{\"params\":{\"threshold\":1.5}}"), RME_GUEST_BAD_INPUT);
	assert_int_equal(configure("{}"), RME_GUEST_OK);
	sound.n = 0;
	tiny_say(&sound, TINY_LOW, (uint32_t)(sizeof sound.pcm / 2));
	assert_int_equal(process(sound.pcm, 641), RME_GUEST_BAD_INPUT);
	assert_int_equal(process(sound.pcm, sizeof sound.pcm), RME_GUEST_BAD_INPUT);
	assert_string_equal(host.error, "the utterance is too long: at most 30 s");
	assert_true(rme_export_confidence() != rme_export_confidence());
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_model_it_says_what_to_do),
	    cmocka_unit_test(foreign_assets_are_refused),
	    cmocka_unit_test(models_without_front_end_are_refused),
	    cmocka_unit_test(an_utterance_becomes_words),
	    cmocka_unit_test(what_is_rejected_is_not_text),
	    cmocka_unit_test(silence_is_no_words_for_sure),
	    cmocka_unit_test(wrong_input_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
