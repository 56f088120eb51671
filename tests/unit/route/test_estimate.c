#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rme/packet.h>

#include "route/estimate.h"

enum { RATE = 16000 };

/* @p seconds of noise at full level, the rest of @p total silent. */
static int16_t *
sound(double seconds, double total, size_t *len)
{
	size_t n = (size_t)(total * (double)RATE), loud = (size_t)(seconds * (double)RATE);
	int16_t *pcm = calloc(n + 1, sizeof(*pcm));
	assert_non_null(pcm);
	uint32_t x = 1;
	for (size_t i = 0; i < loud; i++) {
		x = x * 1664525 + 1013904223;
		pcm[i] = (int16_t)((x >> 16) % 20001 - 10000);
	}
	*len = n * sizeof(*pcm);
	return pcm;
}

static float
estimate(struct rme_format f, const void *data, size_t len)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = f;
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, data, len), RME_OK);
	float c = rmi_route_estimate(p);
	rme_packet_unref(p);
	assert_true(c >= 0 && c <= 1);
	return c;
}

static float
estimate_sound(double seconds, double total)
{
	size_t len;
	int16_t *pcm = sound(seconds, total, &len);
	float c = estimate(rme_format_audio(RME_SAMPLE_S16LE, RATE, 1), pcm, len);
	free(pcm);
	return c;
}

static void
frames_are_simple_and_long_speech_is_not(void **state)
{
	(void)state;
	assert_true(estimate_sound(0.02, 0.02) < 0.05F);
	float one = estimate_sound(1, 1.5), three = estimate_sound(3, 3.5), ten = estimate_sound(10, 11);
	assert_true(one > 0.3F && one < 0.6F);
	assert_true(three > one && ten > 0.9F);
	assert_true(estimate_sound(0, 10) < 0.15F);
}

static void
activity_is_the_share_above_the_background(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, RATE, 1);
	size_t len;
	int16_t *pcm = sound(2, 8, &len);
	float share = rmi_estimate_active(&f, (const uint8_t *)pcm, len);
	assert_true(share > 0.2F && share < 0.3F);
	free(pcm);
	/* Steady noise has no parts that stand out. */
	pcm = sound(8, 8, &len);
	assert_true(rmi_estimate_active(&f, (const uint8_t *)pcm, len) < 0.1F);
	assert_true(rmi_estimate_active(&f, (const uint8_t *)pcm, 0) == 0);
	assert_true(rmi_estimate_active(&f, (const uint8_t *)pcm, 2) == 1);
	free(pcm);
}

static void
floats_that_are_no_numbers_do_no_harm(void **state)
{
	(void)state;
	float pcm[640];
	for (size_t i = 0; i < 640; i++) {
		pcm[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 0.5F;
	}
	assert_true(estimate(rme_format_audio(RME_SAMPLE_F32LE, RATE, 2), pcm, sizeof(pcm)) < 0.1F);
}

static void
pixels_are_in_the_head(void **state)
{
	(void)state;
	uint8_t png[24] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0";
	assert_int_equal(rmi_estimate_pixels(png, 24), 640 * 480);
	assert_int_equal(rmi_estimate_pixels(png, 23), 0);
	png[12] = 'X';
	assert_int_equal(rmi_estimate_pixels(png, 24), 0);
	const uint8_t jpeg[] = {
	    0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc4, 0, 3, 9, 0xff, 0xc0, 0, 17, 8, 1, 0xe0, 2, 0x80, 3};
	assert_int_equal(rmi_estimate_pixels(jpeg, sizeof(jpeg)), 640 * 480);
	for (size_t len = 0; len < sizeof(jpeg) - 1; len++) {
		assert_int_equal(rmi_estimate_pixels(jpeg, len), 0);
	}
	const uint8_t loop[] = {0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xc0, 0, 0, 0, 0, 0, 0, 0};
	assert_int_equal(rmi_estimate_pixels(loop, sizeof(loop)), 0);
	assert_int_equal(rmi_estimate_pixels((const uint8_t *)"", 0), 0);
}

static void
other_media_grow_with_size(void **state)
{
	(void)state;
	uint8_t *big = calloc(1, 20000000);
	assert_non_null(big);
	const enum rme_media media[] = {
	    RME_MEDIA_TEXT, RME_MEDIA_JSON, RME_MEDIA_OCTETS, RME_MEDIA_TENSOR_F32, RME_MEDIA_IMAGE_JPEG};
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		assert_true(estimate(rme_format_of(media[i]), big, 100) < 0.05F);
		assert_true(estimate(rme_format_of(media[i]), big, 20000000) > 0.8F);
	}
	struct rme_format raw = {.media = RME_MEDIA_IMAGE_RAW, .image = {RME_PIXEL_RGB8, 640, 480}};
	assert_true(estimate(raw, big, (size_t)640 * 480 * 3) < 0.3F);
	raw.image.width = 4000;
	raw.image.height = 3000;
	assert_true(estimate(raw, big, 10) > 0.8F);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_are_simple_and_long_speech_is_not),
	    cmocka_unit_test(activity_is_the_share_above_the_background),
	    cmocka_unit_test(floats_that_are_no_numbers_do_no_harm),
	    cmocka_unit_test(pixels_are_in_the_head),
	    cmocka_unit_test(other_media_grow_with_size),
	};
	return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
