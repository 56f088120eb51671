#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "g711.h"
#include "pcm_format.h"

/* G.711, tables 1a and 2a: decision values at the ends of the segments, as 16-bit samples. */
static void
companding_is_that_of_g711(void **state)
{
	(void)state;
	assert_int_equal(g711_from_mu_law(0x80), 32124);
	assert_int_equal(g711_from_mu_law(0x00), -32124);
	assert_int_equal(g711_from_mu_law(0xff), 0);
	assert_int_equal(g711_from_mu_law(0xf0), 120);
	assert_int_equal(g711_from_a_law(0xaa), 32256);
	assert_int_equal(g711_from_a_law(0x2a), -32256);
	assert_int_equal(g711_from_a_law(0xd5), 8);
	assert_int_equal(g711_from_a_law(0x55), -8);
	for (int code = 0; code < 256; code++) {
		int16_t a = g711_from_a_law((uint8_t)code);
		int16_t m = g711_from_mu_law((uint8_t)code);
		assert_int_equal(g711_to_a_law(a), code);
		assert_int_equal(g711_from_mu_law(g711_to_mu_law(m)), m);
	}
	for (int v = -32768; v < 32768; v++) { /* an error of at most half a step: 1/32 and a little */
		double room = 9.0 + fabs((double)v) / 30.0;
		assert_true(fabs((double)g711_from_a_law(g711_to_a_law((int16_t)v)) - v) <= room);
		assert_true(
		    fabs((double)g711_from_mu_law(g711_to_mu_law((int16_t)v)) - v) <= room + 100.0 * (abs(v) > 32000));
	}
}

static void
samples_survive_a_round_trip(void **state)
{
	(void)state;
	static const int16_t in[] = {0, 1, -1, 32767, -32768, 12345};
	int16_t out[6];
	float x[6];
	pcm_read((struct pcm_layout){PCM_S16LE, 1}, (const uint8_t *)in, x, 6);
	pcm_write((struct pcm_layout){PCM_S16LE, 1}, x, (uint8_t *)out, 6, NULL);
	assert_memory_equal(in, out, sizeof in);
	static const uint8_t bytes[] = {0, 1, 127, 128, 255};
	uint8_t back[5];
	pcm_read((struct pcm_layout){PCM_U8, 1}, bytes, x, 5);
	assert_true(x[3] == 0.0f && x[0] == -1.0f);
	pcm_write((struct pcm_layout){PCM_U8, 1}, x, back, 5, NULL);
	assert_memory_equal(bytes, back, sizeof back);
	for (int f = PCM_A_LAW; f < PCM_FORMATS; f++) {
		pcm_read((struct pcm_layout){(enum pcm_format)f, 1}, bytes, x, 5);
		pcm_write((struct pcm_layout){(enum pcm_format)f, 1}, x, back, 5, NULL);
		for (int i = 0; i < 5; i++) {
			float y;
			pcm_read((struct pcm_layout){(enum pcm_format)f, 1}, back + i, &y, 1);
			assert_true(y == x[i]);
		}
	}
}

static void
floats_that_are_no_sound_are_tamed(void **state)
{
	(void)state;
	const float in[] = {NAN, INFINITY, -INFINITY, 0.25f};
	float x[4];
	int16_t out[4];
	pcm_read((struct pcm_layout){PCM_F32LE, 1}, (const uint8_t *)in, x, 4);
	assert_true(x[0] == 0.0f && x[1] == 8.0f && x[2] == -8.0f && x[3] == 0.25f);
	pcm_write((struct pcm_layout){PCM_S16LE, 1}, x, (uint8_t *)out, 4, NULL);
	assert_int_equal(out[1], 32767);
	assert_int_equal(out[2], -32768);
}

static void
interleaved_channels_are_picked(void **state)
{
	(void)state;
	static const int16_t in[] = {1, 2, 3, 4, 5, 6};
	float x[3];
	int16_t out[6] = {0};
	pcm_read((struct pcm_layout){PCM_S16LE, 2}, (const uint8_t *)(in + 1), x, 3);
	pcm_write((struct pcm_layout){PCM_S16LE, 2}, x, (uint8_t *)out, 3, NULL);
	const int16_t want[6] = {2, 0, 4, 0, 6, 0};
	assert_memory_equal(out, want, sizeof want);
}

/* With triangular dither the mean of many roundings is the value, and the error does not follow the signal. */
static void
dither_keeps_what_is_smaller_than_a_step(void **state)
{
	(void)state;
	enum { N = 200000 };
	uint32_t seed = 1;
	double sum = 0.0;
	double square = 0.0;
	for (int i = 0; i < N; i++) {
		float x = 0.3f / 32768.0f;
		int16_t s;
		pcm_write((struct pcm_layout){PCM_S16LE, 1}, &x, (uint8_t *)&s, 1, &seed);
		sum += s;
		square += (s - 0.3) * (s - 0.3);
	}
	assert_true(fabs(sum / N - 0.3) < 0.01);
	assert_true(fabs(square / N - 0.25) < 0.02); /* 1/12 of rounding, 1/6 of the noise */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(companding_is_that_of_g711),
	    cmocka_unit_test(samples_survive_a_round_trip),
	    cmocka_unit_test(floats_that_are_no_sound_are_tamed),
	    cmocka_unit_test(interleaved_channels_are_picked),
	    cmocka_unit_test(dither_keeps_what_is_smaller_than_a_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
