#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include <rme/format.h>

static enum rme_err
parse(const char *text, struct rme_format *f, struct rme_error *err)
{
	return rme_format_parse(f, text, strlen(text), err);
}

static void
text_forms_come_back_as_they_went(void **state)
{
	(void)state;
	const char *const texts[] = {"*/*", "audio/pcm", "audio/pcm;format=s16le;rate=16000;channels=1",
	    "audio/pcm;format=f32le;rate=48000;channels=2", "image/raw;format=rgb8;width=640;height=480",
	    "image/raw;format=gray8", "image/jpeg", "image/png", "tensor/f32;shape=1x3x224x224", "tensor/f32",
	    "text/plain", "application/json", "application/octet-stream"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct rme_format f, g;
		char text[RME_FORMAT_TEXT_MAX];
		assert_int_equal(parse(texts[i], &f, NULL), RME_OK);
		assert_int_equal(rme_format_print(&f, text), strlen(texts[i]));
		assert_string_equal(text, texts[i]);
		assert_int_equal(parse(text, &g, NULL), RME_OK);
		assert_true(rme_format_equal(&f, &g));
		assert_true(rme_format_fits(&f, &g));
	}
}

static void
order_and_spaces_do_not_matter(void **state)
{
	(void)state;
	struct rme_format f, g;
	assert_int_equal(parse("audio/pcm; channels=2 ;rate = 8000; format=s16le", &f, NULL), RME_OK);
	g = rme_format_audio(RME_SAMPLE_S16LE, 8000, 2);
	assert_true(rme_format_equal(&f, &g));
	assert_int_equal(parse("text/plain; charset=utf-8", &f, NULL), RME_OK);
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	const char *const bad[] = {"", "audio", "audio/mp3", "audio/pcm;rate=0", "audio/pcm;rate=-5",
	    "audio/pcm;rate=384001", "audio/pcm;rate=99999999999999999999999", "audio/pcm;channels=33",
	    "audio/pcm;format=s24le", "audio/pcm;speed=2", "audio/pcm;rate", "image/raw;width=65536",
	    "tensor/f32;shape=", "tensor/f32;shape=1xx2", "tensor/f32;shape=1x2x3x4x5x6x7", "text/plain;rate=3",
	    "image/jpeg;width=3", "audio/pcm;=;"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct rme_format f;
		struct rme_error err;
		assert_int_equal(parse(bad[i], &f, &err), RME_EFORMAT);
		assert_true(strlen(err.text) > 10);
	}
}

static void
what_is_not_said_fits_anything(void **state)
{
	(void)state;
	struct rme_format cd = rme_format_audio(RME_SAMPLE_S16LE, 44100, 2);
	struct rme_format any_rate = rme_format_audio(RME_SAMPLE_S16LE, 0, 0);
	struct rme_format any = rme_format_of(RME_MEDIA_ANY);
	struct rme_format mono = rme_format_audio(RME_SAMPLE_ANY, 0, 1);
	struct rme_format text = rme_format_of(RME_MEDIA_TEXT);
	assert_true(rme_format_fits(&cd, &any_rate));
	assert_false(rme_format_fits(&any_rate, &cd));
	assert_true(rme_format_fits(&cd, &any));
	assert_false(rme_format_fits(&cd, &mono));
	assert_false(rme_format_fits(&cd, &text));
	assert_false(rme_format_equal(&cd, &any_rate));
	assert_int_equal(rme_format_unit_bytes(&cd), 4);
	assert_int_equal(rme_format_unit_bytes(&mono), 0);
	assert_int_equal(rme_format_unit_bytes(&text), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_forms_come_back_as_they_went),
	    cmocka_unit_test(order_and_spaces_do_not_matter),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(what_is_not_said_fits_anything),
	};
	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
