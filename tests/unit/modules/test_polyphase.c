#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "polyphase.h"

static struct polyphase p;

struct signal {
	float *x;
	uint32_t n;
};

/* Resample all of it in pieces of @p piece frames, 0 = of changing lengths. */
static struct signal
resample(const float *in, uint32_t n, uint32_t piece, uint32_t channels)
{
	static float room[POLYPHASE_CHANNELS][32768];
	struct signal s = {calloc((size_t)n * 30 + 9000, sizeof(float)), 0};
	for (uint32_t at = 0, k = 1; at < n; k++) {
		uint32_t take = piece != 0 ? piece : k * 37 % 1000 + 1;
		take = take < n - at ? take : n - at;
		const float *from[POLYPHASE_CHANNELS];
		float *to[POLYPHASE_CHANNELS];
		for (uint32_t c = 0; c < channels; c++) {
			from[c] = in + at;
			to[c] = room[c];
		}
		uint32_t made = polyphase_push(&p, from, take, to);
		assert_true(made <= polyphase_bound(&p, take));
		for (uint32_t c = 1; c < channels; c++) {
			assert_memory_equal(room[0], room[c], made * sizeof(float));
		}
		memcpy(s.x + s.n, room[0], made * sizeof(float));
		s.n += made;
		at += take;
	}
	for (;;) {
		float *to[POLYPHASE_CHANNELS] = {room[0], room[1]};
		uint32_t made = polyphase_flush(&p, to);
		if (made == 0) {
			return s;
		}
		memcpy(s.x + s.n, room[0], made * sizeof(float));
		s.n += made;
	}
}

static float *
tone(uint32_t n, double hz, double rate)
{
	float *x = calloc(n, sizeof *x);
	for (uint32_t i = 0; i < n; i++) {
		x[i] = (float)(0.5 * sin(2.0 * M_PI * hz * i / rate));
	}
	return x;
}

/* Power left after the best sine of this frequency is taken out, and power of that sine, of the middle part. */
static void
fit(const struct signal *s, double hz, double rate, double *in_tone, double *rest)
{
	double a = 0.0;
	double b = 0.0;
	uint32_t from = s->n / 4;
	uint32_t n = s->n / 2;
	double cc = 0.0;
	double ss = 0.0;
	double cs = 0.0;
	for (uint32_t i = from; i < from + n; i++) {
		double w = 2.0 * M_PI * hz * i / rate;
		cc += cos(w) * cos(w);
		ss += sin(w) * sin(w);
		cs += cos(w) * sin(w);
		a += (double)s->x[i] * cos(w);
		b += (double)s->x[i] * sin(w);
	}
	double det = cc * ss - cs * cs;
	double ka = (a * ss - b * cs) / det;
	double kb = (b * cc - a * cs) / det;
	*in_tone = 0.0;
	*rest = 0.0;
	for (uint32_t i = from; i < from + n; i++) {
		double w = 2.0 * M_PI * hz * i / rate;
		double v = ka * cos(w) + kb * sin(w);
		*in_tone += v * v / n;
		*rest += ((double)s->x[i] - v) * ((double)s->x[i] - v) / n;
	}
}

struct ratio {
	uint32_t in, out;
};
static const struct ratio ratios[] = {{48000, 16000}, {44100, 16000}, {16000, 48000}, {8000, 16000}, {11025, 16000},
    {44100, 48000}, {16001, 44100}, {47999, 16000}};
enum { RATIOS = sizeof ratios / sizeof ratios[0], N = 24000 };

static void
tones_pass_and_keep_their_place(void **state)
{
	(void)state;
	for (int k = 0; k < RATIOS; k++) {
		double low = ratios[k].in < ratios[k].out ? ratios[k].in / 2.0 : ratios[k].out / 2.0;
		for (double share = 0.06; share < 0.91; share += 0.28) {
			double hz = low * share;
			float *x = tone(N, hz, ratios[k].in);
			double in_tone;
			double rest;
			assert_true(polyphase_init(&p, ratios[k].in, ratios[k].out, 1, POLYPHASE_HQ));
			struct signal s = resample(x, N, 0, 1);
			assert_int_equal(s.n, ((uint64_t)N * ratios[k].out + ratios[k].in - 1) / ratios[k].in);
			fit(&s, hz, ratios[k].out, &in_tone, &rest);
			double sinad = 10.0 * log10(in_tone / rest);
			double gain = 10.0 * log10(in_tone / 0.125);
			if (sinad < 118.0 || fabs(gain) > 0.11) {
				fail_msg("%u -> %u at %.0f Hz: SINAD %.1f dB, gain %.3f dB", ratios[k].in,
				    ratios[k].out, hz, sinad, gain);
			}
			/* no delay: the output is the tone at its own time */
			double w = 2.0 * M_PI * hz * (s.n / 2) / ratios[k].out;
			assert_true(fabs((double)s.x[s.n / 2] - 0.5 * sin(w)) < 0.01);
			free(x);
			free(s.x);
		}
	}
}

static void
what_is_above_half_the_rate_is_gone(void **state)
{
	(void)state;
	static const struct {
		enum polyphase_profile profile;
		double floor_db;
	} cases[] = {{POLYPHASE_COARSE, -55.0}, {POLYPHASE_FAST, -100.0}, {POLYPHASE_HQ, -120.0}};
	for (int k = 0; k < 3; k++) {
		for (double share = 1.1; share < 2.2; share += 0.24) {
			float *x = tone(N, 8000.0 * share, 48000);
			double power = 0.0;
			assert_true(polyphase_init(&p, 48000, 16000, 1, cases[k].profile));
			struct signal s = resample(x, N, 480, 1);
			for (uint32_t i = s.n / 4; i < s.n * 3 / 4; i++) {
				power += (double)s.x[i] * (double)s.x[i] / (s.n / 2.0);
			}
			double db = 10.0 * log10(power / 0.125 + 1e-20);
			if (db > cases[k].floor_db) {
				fail_msg("profile %d at %.2f of half the rate: %.1f dB", k, share, db);
			}
			free(x);
			free(s.x);
		}
	}
}

static void
the_cut_changes_no_bit(void **state)
{
	(void)state;
	uint32_t seed = 7;
	float *x = calloc(N, sizeof *x);
	for (int i = 0; i < N; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)(int32_t)seed * 0x1p-31f;
	}
	for (int k = 0; k < RATIOS; k++) {
		static const uint32_t pieces[] = {1, 160, 441, 1024, 0};
		assert_true(polyphase_init(&p, ratios[k].in, ratios[k].out, 1, POLYPHASE_FAST));
		struct signal whole = resample(x, 5000, 1000, 1);
		for (int i = 0; i < 5; i++) {
			struct signal s = resample(x, 5000, pieces[i], 1); /* the flush left it as new */
			assert_int_equal(s.n, whole.n);
			assert_memory_equal(s.x, whole.x, whole.n * sizeof(float));
			free(s.x);
		}
		free(whole.x);
	}
	assert_true(polyphase_init(&p, 44100, 16000, 2, POLYPHASE_FAST)); /* both channels alike, checked inside */
	free(resample(x, 5000, 0, 2).x);
	free(x);
}

static void
extremes(void **state)
{
	(void)state;
	float *x = tone(2000, 100, 8000);
	assert_true(polyphase_init(&p, 8000, 192000, 1, POLYPHASE_HQ));
	struct signal s = resample(x, 1000, 100, 1);
	assert_int_equal(s.n, 24000);
	free(s.x);
	assert_true(polyphase_init(&p, 192000, 8000, 1, POLYPHASE_HQ));
	s = resample(x, 1001, 100, 1);
	assert_int_equal(s.n, 42);
	free(s.x);
	assert_true(polyphase_init(&p, 191999, 8000, 1, POLYPHASE_HQ));
	s = resample(x, 1, 1, 1);
	assert_int_equal(s.n, 1);
	free(s.x);
	free(x);
	assert_false(polyphase_init(&p, 7999, 8000, 1, POLYPHASE_HQ));
	assert_false(polyphase_init(&p, 8000, 192001, 1, POLYPHASE_HQ));
	assert_false(polyphase_init(&p, 8000, 16000, 0, POLYPHASE_HQ));
	assert_false(polyphase_init(&p, 8000, 16000, 9, POLYPHASE_HQ));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tones_pass_and_keep_their_place),
	    cmocka_unit_test(what_is_above_half_the_rate_is_gone),
	    cmocka_unit_test(the_cut_changes_no_bit),
	    cmocka_unit_test(extremes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
