#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "iir2.h"
#include "loudness.h"

enum { RATE = 48000, N = RATE * 20 };
static struct loudness l;
static float x[N];

static double
gain_db(const struct iir2 *f, double hz, double rate)
{
	struct iir2_state s = {0};
	double in = 0.0;
	double out = 0.0;
	for (int i = 0; i < 48000; i++) {
		double v = sin(2.0 * M_PI * hz * i / rate);
		double y = iir2_step(f, &s, v);
		in += i > 24000 ? v * v : 0.0;
		out += i > 24000 ? y * y : 0.0;
	}
	return 10.0 * log10(out / in);
}

static void
filters_do_what_they_are_called(void **state)
{
	(void)state;
	struct iir2 f = iir2_high_pass(80000, 16000);
	assert_true(fabs(gain_db(&f, 80, 16000) + 3.01) < 0.05);
	assert_true(gain_db(&f, 20, 16000) < -23.0 && gain_db(&f, 1000, 16000) > -0.05);
	f = iir2_low_pass(1000000, 16000);
	assert_true(fabs(gain_db(&f, 1000, 16000) + 3.01) < 0.05 && gain_db(&f, 5000, 16000) < -30.0);
	f = iir2_band_pass(1000000, 16000, 2.0);
	assert_true(fabs(gain_db(&f, 1000, 16000)) < 0.05 && gain_db(&f, 200, 16000) < -15.0);
	f = iir2_high_shelf(2000000, 16000, 6.0);
	assert_true(fabs(gain_db(&f, 7000, 16000) - 6.0) < 0.2 && fabs(gain_db(&f, 100, 16000)) < 0.05);
	f = iir2_peak(2000000, 16000, 1.0, -9.0);
	assert_true(fabs(gain_db(&f, 2000, 16000) + 9.0) < 0.05 && fabs(gain_db(&f, 100, 16000)) < 0.05);
}

/* The coefficients at 48 kHz are those of the tables of ITU-R BS.1770. */
static void
weighting_is_that_of_the_standard(void **state)
{
	(void)state;
	static const double shelf[5] = {
	    1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585};
	struct k_weight k = k_weight_of(RATE);
	const double mine[5] = {k.shelf.b0, k.shelf.b1, k.shelf.b2, k.shelf.a1, k.shelf.a2};
	for (int i = 0; i < 5; i++) {
		assert_true(fabs(mine[i] - shelf[i]) < 1e-6);
	}
	assert_true(fabs(k.high_pass.a1 + 1.99004745483398) < 1e-6 && fabs(k.high_pass.a2 - 0.99007225036621) < 1e-6);
}

static float
measure(uint32_t rate, uint32_t n, uint32_t channels)
{
	const float *in[2] = {x, x};
	loudness_init(&l, rate, channels);
	for (uint32_t at = 0; at < n; at += 777) {
		in[0] = x + at;
		in[1] = in[0];
		loudness_push(&l, in, n - at < 777 ? n - at : 777);
	}
	return loudness_integrated(&l);
}

/* EBU Tech 3341: a 1 kHz sine of -23 dBFS (peak) in both channels measures -23 LUFS. */
static void
sines_measure_as_they_should(void **state)
{
	(void)state;
	static const uint32_t rates[] = {16000, 24000, 44100, 48000};
	for (int k = 0; k < 4; k++) {
		for (int i = 0; i < N; i++) {
			x[i] = (float)(pow(10.0, -23.0 / 20.0) * sin(2.0 * M_PI * 1000.0 * i / rates[k]));
		}
		assert_true(fabs((double)measure(rates[k], rates[k] * 10, 2) + 23.0) < 0.1);
		assert_true(fabs((double)measure(rates[k], rates[k] * 10, 1) + 26.01) < 0.1);
	}
}

/* EBU Tech 3341, case 3 in short: what is 10 LU under the rest does not count, nor does silence. */
static void
gates_take_out_what_is_quiet(void **state)
{
	(void)state;
	for (int i = 0; i < N; i++) {
		double level = i < RATE * 4 || i > RATE * 16 ? -36.0 : i < RATE * 12 ? -23.0 : -120.0;
		x[i] = (float)(pow(10.0, level / 20.0) * sin(2.0 * M_PI * 1000.0 * i / RATE));
	}
	assert_true(fabs((double)measure(RATE, N, 2) + 23.0) < 0.15);
	for (int i = 0; i < N; i++) {
		x[i] = 0.0f;
	}
	assert_true(measure(RATE, N, 2) == -100.0f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filters_do_what_they_are_called),
	    cmocka_unit_test(weighting_is_that_of_the_standard),
	    cmocka_unit_test(sines_measure_as_they_should),
	    cmocka_unit_test(gates_take_out_what_is_quiet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
