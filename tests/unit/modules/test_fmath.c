#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>
#include "fmath.h"
#include "lsa_gain.h"

static void
exp_is_as_good_as_libm(void **state)
{
	(void)state;
	for (double x = -39.0; x < 39.0; x += 0.0137) {
		double want = exp((double)(float)x);
		assert_true(fabs((double)fm_exp((float)x) - want) <= 4e-7 * want);
	}
	assert_true(fm_exp(-1e30f) > 0.0f);
	assert_true(fm_exp(1e30f) < 1e18f);
}

static void
log_is_as_good_as_libm(void **state)
{
	(void)state;
	for (double x = 1e-30; x < 1e30; x *= 1.173) {
		double want = log((double)(float)x);
		assert_true(fabs((double)fm_log((float)x) - want) <= 3e-7 * (fabs(want) > 1.0 ? fabs(want) : 1.0));
	}
	assert_true(fm_log(1.0f) == 0.0f);
}

static void
sigmoid_and_tanh_stay_in_range(void **state)
{
	(void)state;
	for (float x = -60.0f; x < 60.0f; x += 0.37f) {
		float s = fm_sigmoid(x);
		float t = f4_tanh(f4_set1(x))[3];
		assert_true(s >= 0.0f && s <= 1.0f);
		assert_true(fabs((double)t - tanh((double)x)) < 4e-7);
	}
}

static void
unit_circle_is_exact_to_double(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= 720; n++) {
		double c;
		double s;
		fm_unit_circle(n, 720, &c, &s);
		double angle = 2.0 * M_PI * n / 720.0;
		assert_true(fabs(c - cos(angle)) < 1e-15 * 4 && fabs(s - sin(angle)) < 1e-15 * 4);
	}
}

static void
sine_of_pi_is_exact_to_double(void **state)
{
	(void)state;
	for (double x = -1000.0; x < 1000.0; x += 0.37) {
		double turn = fmod(x, 2.0);
		assert_true(fabs(fm_sin_pi(x) - sin(M_PI * turn)) < 1e-12);
	}
	assert_true(fm_sin_pi(7.0) == 0.0);
}

static void
decibels_go_there_and_back(void **state)
{
	(void)state;
	for (float db = -60.0f; db < 60.0f; db += 0.7f) {
		float factor = fm_from_db(db);
		assert_true(fabs((double)fm_power_db(factor * factor) - (double)db) < 1e-4);
	}
}

/* Tables of E1 (Abramowitz and Stegun, table 5.1), and the gain at its limits. */
static void
log_spectral_gain_is_that_of_the_paper(void **state)
{
	(void)state;
	static const double points[][2] = {{0.01, 4.0379296}, {0.1, 1.8229240}, {0.5, 0.5597736}, {1.0, 0.2193839},
	    {2.0, 0.0489005}, {5.0, 0.0011483}};
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		double e1 = (double)f4_e1(f4_set1((float)points[i][0]))[0];
		assert_true(fabs(e1 - points[i][1]) < 6e-5);
	}
	assert_true(f4_lsa_gain(f4_set1(1000.0f), f4_set1(1000.0f))[1] > 0.998f);
	float at_noise = f4_lsa_gain(f4_set1(0.03f), f4_set1(1.0f))[2];
	assert_true(at_noise > 0.1f && at_noise < 0.14f); /* 0.029 exp(E1(0.029) / 2) */
}

static void
dot_sums_all(void **state)
{
	(void)state;
	float a[16];
	float b[16];
	for (int i = 0; i < 16; i++) {
		a[i] = (float)(i + 1);
		b[i] = (float)(i % 3);
	}
	float want = 0.0f;
	for (int i = 0; i < 16; i++) {
		want += a[i] * b[i];
	}
	assert_true(f4_dot(a, b, 16) == want); /* small integers: exact in any order */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exp_is_as_good_as_libm),
	    cmocka_unit_test(log_is_as_good_as_libm),
	    cmocka_unit_test(sigmoid_and_tanh_stay_in_range),
	    cmocka_unit_test(unit_circle_is_exact_to_double),
	    cmocka_unit_test(sine_of_pi_is_exact_to_double),
	    cmocka_unit_test(decibels_go_there_and_back),
	    cmocka_unit_test(log_spectral_gain_is_that_of_the_paper),
	    cmocka_unit_test(dot_sums_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
