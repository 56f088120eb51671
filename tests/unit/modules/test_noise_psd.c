#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "noise_psd.h"

static struct noise_psd psd;
static uint32_t seed = 1;

/* Powers of noise bins are exponentially distributed. */
static void
noise_frame(float *power, float mean)
{
	for (int k = 0; k < NOISE_PSD_BINS; k++) {
		seed = seed * 1664525u + 1013904223u;
		power[k] = mean * -(float)log(((double)(seed >> 8) + 0.5) / 16777216.0);
	}
}

static double
mean_error_db(double mean)
{
	double sum = 0.0;
	for (int k = 0; k < NOISE_PSD_BINS; k++) {
		sum += 10.0 * log10((double)psd.power[k] / mean) / NOISE_PSD_BINS;
	}
	return sum;
}

static void
feed(float mean, int frames, float speech, int every)
{
	float power[NOISE_PSD_BINS];
	for (int i = 0; i < frames; i++) {
		noise_frame(power, mean);
		for (int k = 40; k < 120 && every > 0 && i % (2 * every) < every; k++) {
			power[k] += speech;
		}
		noise_psd_update(&psd, power, 1e-7f);
	}
}

static void
it_finds_the_level_of_noise(void **state)
{
	(void)state;
	noise_psd_init(&psd);
	feed(1.0f, 300, 0.0f, 0);
	assert_true(fabs(mean_error_db(1.0)) < 1.5);
}

static void
speech_on_top_does_not_move_it(void **state)
{
	(void)state;
	noise_psd_init(&psd);
	feed(1.0f, 600, 300.0f, 25);
	if (fabs(mean_error_db(1.0)) > 2.5) {
		fail_msg("%.1f dB", mean_error_db(1.0));
	}
}

static void
it_follows_a_jump_up_and_down(void **state)
{
	(void)state;
	noise_psd_init(&psd);
	feed(1.0f, 200, 0.0f, 0);
	feed(100.0f, 260, 0.0f, 0); /* about two seconds */
	assert_true(fabs(mean_error_db(100.0)) < 2.0);
	feed(1.0f, 260, 0.0f, 0);
	assert_true(fabs(mean_error_db(1.0)) < 2.0);
}

static void
silence_tells_it_nothing(void **state)
{
	(void)state;
	float power[NOISE_PSD_BINS];
	for (int k = 0; k < NOISE_PSD_BINS; k++) {
		power[k] = 1e-7f;
	}
	noise_psd_init(&psd);
	for (int i = 0; i < 100; i++) {
		noise_psd_update(&psd, power, 1e-7f);
	}
	assert_int_equal(psd.frames, 0);
	feed(1.0f, 20, 0.0f, 0);
	assert_true(fabs(mean_error_db(1.0)) < 2.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_finds_the_level_of_noise),
	    cmocka_unit_test(speech_on_top_does_not_move_it),
	    cmocka_unit_test(it_follows_a_jump_up_and_down),
	    cmocka_unit_test(silence_tells_it_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
