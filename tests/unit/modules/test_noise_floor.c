#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "noise_floor.h"

/* Exponentially distributed power, as one bin of white noise has it; a band of few bins has less spread. */
static float
noise_power(uint32_t *seed, double mean)
{
	double sum = 0.0;
	for (int i = 0; i < 3; i++) {
		*seed = *seed * 1664525u + 1013904223u;
		sum -= log(((double)(*seed >> 8) + 1.0) / 16777217.0);
	}
	return (float)(mean * sum / 3.0);
}

static void
feed_noise(struct noise_floor *f, uint32_t *seed, double mean, int frames)
{
	for (int i = 0; i < frames; i++) {
		float band[NOISE_FLOOR_BANDS];
		for (int b = 0; b < NOISE_FLOOR_BANDS; b++) {
			band[b] = noise_power(seed, mean);
		}
		noise_floor_update(f, band);
	}
}

static double
level_db(const struct noise_floor *f)
{
	double sum = 0.0;
	for (int b = 0; b < NOISE_FLOOR_BANDS; b++) {
		sum += (double)f->power[b];
	}
	return 10.0 * log10(sum / (double)NOISE_FLOOR_BANDS);
}

static void
finds_the_level_of_steady_noise(void **state)
{
	(void)state;
	for (double db = -80.0; db <= 0.0; db += 20.0) {
		struct noise_floor f;
		uint32_t seed = 1;
		noise_floor_init(&f);
		feed_noise(&f, &seed, pow(10.0, db / 10.0), 300);
		assert_true(fabs(level_db(&f) - db) < 2.0);
	}
}

static void
is_not_lifted_by_bursts(void **state)
{
	(void)state;
	struct noise_floor f;
	uint32_t seed = 2;
	noise_floor_init(&f);
	feed_noise(&f, &seed, 1e-6, 300);
	for (int i = 0; i < 5; i++) {
		feed_noise(&f, &seed, 1e-3, 30); /* 300 ms, 30 dB louder */
		feed_noise(&f, &seed, 1e-6, 40);
	}
	assert_true(level_db(&f) < -50.0);
}

static void
follows_a_jump_of_the_noise(void **state)
{
	(void)state;
	struct noise_floor f;
	uint32_t seed = 3;
	noise_floor_init(&f);
	feed_noise(&f, &seed, 1e-7, 300);
	feed_noise(&f, &seed, 1e-4, 250);
	assert_true(fabs(level_db(&f) + 40.0) < 3.0);
	feed_noise(&f, &seed, 1e-7, 250);
	assert_true(fabs(level_db(&f) + 70.0) < 3.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_level_of_steady_noise),
	    cmocka_unit_test(is_not_lifted_by_bursts),
	    cmocka_unit_test(follows_a_jump_of_the_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
