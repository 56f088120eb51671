#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "rfft512.h"

static void
assert_transform(const float in[RFFT_N])
{
	struct rfft512 f;
	struct rfft512_work work;
	float re[260];
	float im[260];
	rfft512_init(&f);
	rfft512(&f, in, re, im, &work);
	double size = 0.0;
	for (int i = 0; i < RFFT_N; i++) {
		size += fabs((double)in[i]);
	}
	for (int k = 0; k < RFFT_BINS; k++) {
		double want_re = 0.0;
		double want_im = 0.0;
		for (int i = 0; i < RFFT_N; i++) {
			double angle = 2.0 * M_PI * (double)(i * k % RFFT_N) / (double)RFFT_N;
			want_re += (double)in[i] * cos(angle);
			want_im -= (double)in[i] * sin(angle);
		}
		assert_true(fabs((double)re[k] - want_re) <= 3e-7 * size);
		assert_true(fabs((double)im[k] - want_im) <= 3e-7 * size);
	}
}

static void
equals_the_definition_on_noise(void **state)
{
	(void)state;
	float in[RFFT_N];
	uint32_t seed = 7;
	for (int i = 0; i < RFFT_N; i++) {
		seed = seed * 1664525u + 1013904223u;
		in[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
	}
	assert_transform(in);
}

static void
equals_the_definition_on_impulses(void **state)
{
	(void)state;
	for (int at = 0; at < RFFT_N; at += 73) {
		float in[RFFT_N] = {0};
		in[at] = 1.0f;
		assert_transform(in);
	}
}

static void
the_inverse_gives_the_input_back(void **state)
{
	(void)state;
	static struct rfft512 f;
	static struct rfft512_work w;
	float in[RFFT_N];
	float out[RFFT_N];
	float re[260];
	float im[260];
	uint32_t seed = 11;
	for (int i = 0; i < RFFT_N; i++) {
		seed = seed * 1664525u + 1013904223u;
		in[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
	}
	rfft512_init(&f);
	rfft512(&f, in, re, im, &w);
	irfft512(&f, re, im, out, &w);
	for (int i = 0; i < RFFT_N; i++) {
		assert_true(fabs((double)out[i] - (double)in[i]) < 1e-6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equals_the_definition_on_noise),
	    cmocka_unit_test(equals_the_definition_on_impulses),
	    cmocka_unit_test(the_inverse_gives_the_input_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
