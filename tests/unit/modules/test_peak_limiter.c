#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "peak_limiter.h"

enum { N = 48000 };
static struct peak_limiter l;
static float x[2][N];
static float y[2][N];

static void
run(uint32_t piece)
{
	memcpy(y, x, sizeof x);
	for (uint32_t at = 0; at < N; at += piece) {
		float *part[2] = {y[0] + at, y[1] + at};
		peak_limiter_run(&l, part, piece < N - at ? piece : N - at);
	}
}

/* Peak of the signal between the samples too, by a long sinc at 8 places. */
static double
true_peak_of(const float *s, int from, int to)
{
	double peak = 0.0;
	for (int i = from; i < to; i++) {
		if (fabs((double)s[i]) < 0.4) {
			continue;
		}
		for (int f = 0; f < 8; f++) {
			double sum = 0.0;
			for (int k = -40; k <= 40; k++) {
				double t = f / 8.0 - k;
				double sinc = fabs(t) < 1e-9 ? 1.0 : sin(M_PI * t) / (M_PI * t);
				sum += (double)s[i + k] * sinc * (0.5 + 0.5 * cos(M_PI * t / 41.0));
			}
			peak = fabs(sum) > peak ? fabs(sum) : peak;
		}
	}
	return peak;
}

static void
no_true_peak_passes_the_ceiling(void **state)
{
	(void)state;
	uint32_t seed = 3;
	double first = 0.0;
	double smooth = 0.0; /* noise that falls by 12 dB per octave above 2 kHz */
	for (int kind = 0; kind < 3; kind++) {
		for (int i = 0; i < N; i++) {
			seed = seed * 1664525u + 1013904223u;
			first = 0.75 * first + (double)(int32_t)seed * 0x1p-31;
			smooth = 0.75 * smooth + 0.5 * first;
			double burst = i / 6000 % 2 == 0 ? 0.3 : 2.5;
			double v = kind == 0
			               ? sin(2.0 * M_PI * 11025.0 * i / 44100.0 + M_PI / 4) /* peaks between samples */
			           : kind == 1 ? smooth
			                       : sin(i * 0.05);
			x[0][i] = (float)(v * burst);
			x[1][i] = x[0][i];
		}
		peak_limiter_init(&l, 48000, 1, -1.0f);
		run(480);
		double peak = true_peak_of(y[0], 100, N - 100);
		if (20.0 * log10(peak) > -0.9) {
			fail_msg("kind %d: %.2f dBTP", kind, 20.0 * log10(peak));
		}
		assert_true(peak > 0.7); /* and it is not merely quiet */
	}
}

static void
quiet_sound_is_only_delayed(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		x[0][i] = (float)(0.8 * sin(i * 0.03));
	}
	peak_limiter_init(&l, 16000, 1, -1.0f);
	run(77);
	assert_int_equal(l.delay, 32 + LIMITER_TAPS / 2);
	assert_memory_equal(y[0] + l.delay, x[0], (N - l.delay) * sizeof(float));
}

static void
it_comes_back_and_the_cut_changes_no_bit(void **state)
{
	(void)state;
	static float whole[N];
	for (int i = 0; i < N; i++) {
		x[0][i] = (float)((i > 10000 && i < 12000 ? 3.0 : 0.5) * sin(i * 0.03));
	}
	peak_limiter_init(&l, 16000, 1, -1.0f);
	run(N);
	memcpy(whole, y[0], sizeof whole);
	assert_memory_equal(y[0] + 40000 + l.delay, x[0] + 40000, 1000 * sizeof(float));
	for (uint32_t piece = 1; piece < 1000; piece = piece * 3 + 1) {
		peak_limiter_reset(&l);
		run(piece);
		assert_memory_equal(y[0], whole, sizeof whole);
	}
}

static void
channels_get_one_gain(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		x[0][i] = (float)(2.0 * sin(i * 0.03));
		x[1][i] = 0.25f;
	}
	peak_limiter_init(&l, 16000, 2, -1.0f);
	run(160);
	assert_true(y[1][N / 2] < 0.12f && y[1][N / 2] > 0.1f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_true_peak_passes_the_ceiling),
	    cmocka_unit_test(quiet_sound_is_only_delayed),
	    cmocka_unit_test(it_comes_back_and_the_cut_changes_no_bit),
	    cmocka_unit_test(channels_get_one_gain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
