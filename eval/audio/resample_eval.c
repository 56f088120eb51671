/*
 * resample_eval [-s] - resamplers beside each other: signal to noise and distortion, flatness, aliases, time. Fails where the
 * targets of ours (docs/reference/modules/audio_preprocess.md) are not held.
 */

#include <math.h>
#include <soxr.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "polyphase.h"
#include "sound.h"

enum method { OURS_HQ, OURS_FAST, BY_SOXR, SPEEX_5, SPEEX_10, METHODS };
static const char *const names[METHODS] = {"ours hq", "ours fast", "soxr HQ", "speexdsp 5", "speexdsp 10"};

struct rates {
	unsigned in, out;
};
static const struct rates pairs[] = {
    {48000, 16000}, {44100, 16000}, {16000, 48000}, {8000, 16000}, {44100, 48000}, {22051, 16000}};
enum { PAIRS = sizeof pairs / sizeof pairs[0], SECONDS = 2 };

static size_t
run_ours(enum polyphase_profile profile, const struct rates *r, const float *in, size_t n, float *out)
{
	struct polyphase *p = need(malloc(sizeof *p));
	size_t made = 0;
	if (!polyphase_init(p, r->in, r->out, 1, profile)) {
		exit(1);
	}
	for (size_t at = 0; at < n; at += 480) {
		const float *from[1] = {in + at};
		float *to[1] = {out + made};
		made += polyphase_push(p, from, (uint32_t)(n - at < 480 ? n - at : 480), to);
	}
	for (uint32_t more = 1; more > 0; made += more) {
		float *to[1] = {out + made};
		more = polyphase_flush(p, to);
	}
	free(p);
	return made;
}

static size_t
run_soxr(const struct rates *r, const float *in, size_t n, float *out, size_t room)
{
	size_t used;
	size_t made = 0;
	const soxr_quality_spec_t q = soxr_quality_spec(SOXR_HQ, 0);
	if (soxr_oneshot(r->in, r->out, 1, in, n, &used, out, room, &made, NULL, &q, NULL) != NULL) {
		exit(1);
	}
	return made;
}

struct bench {
	float *in, *out;
	size_t n, room;
};

static size_t
run_speex(int quality, const struct rates *r, const struct bench *b)
{
	int err = 0;
	SpeexResamplerState *s = speex_resampler_init(1, r->in, r->out, quality, &err);
	if (s == NULL) {
		exit(1);
	}
	(void)speex_resampler_skip_zeros(s);
	spx_uint32_t used = (spx_uint32_t)b->n;
	spx_uint32_t made = (spx_uint32_t)b->room;
	(void)speex_resampler_process_float(s, 0, b->in, &used, b->out, &made);
	speex_resampler_destroy(s);
	return made;
}

static size_t
run(enum method m, const struct rates *r, const struct bench *b)
{
	switch (m) {
	case OURS_HQ:
		return run_ours(POLYPHASE_HQ, r, b->in, b->n, b->out);
	case OURS_FAST:
		return run_ours(POLYPHASE_FAST, r, b->in, b->n, b->out);
	case BY_SOXR:
		return run_soxr(r, b->in, b->n, b->out, b->room);
	case SPEEX_5:
		return run_speex(5, r, b);
	case SPEEX_10:
	case METHODS:
	default:
		return run_speex(10, r, b);
	}
}

/* Of the middle of the output: power of the best sine at @p hz, and of the rest. */
static void
fit(const float *x, size_t n, double hz, double rate, double power[2])
{
	double cc = 0.0;
	double ss = 0.0;
	double cs = 0.0;
	double a = 0.0;
	double b = 0.0;
	for (size_t i = n / 4; i < n * 3 / 4; i++) {
		double c = cos(2.0 * M_PI * hz * (double)i / rate);
		double s = sin(2.0 * M_PI * hz * (double)i / rate);
		cc += c * c;
		ss += s * s;
		cs += c * s;
		a += (double)x[i] * c;
		b += (double)x[i] * s;
	}
	double det = cc * ss - cs * cs;
	double ka = (a * ss - b * cs) / det;
	double kb = (b * cc - a * cs) / det;
	power[0] = 1e-30;
	power[1] = 1e-30;
	for (size_t i = n / 4; i < n * 3 / 4; i++) {
		double v = ka * cos(2.0 * M_PI * hz * (double)i / rate) + kb * sin(2.0 * M_PI * hz * (double)i / rate);
		power[0] += v * v / ((double)n / 2.0);
		power[1] += ((double)x[i] - v) * ((double)x[i] - v) / ((double)n / 2.0);
	}
}

struct figures {
	double sinad, edge_gain, alias, rtf;
};

static size_t
run_tone(const struct bench *b, enum method m, const struct rates *r, double hz)
{
	for (size_t i = 0; i < b->n; i++) {
		b->in[i] = (float)(0.5 * sin(2.0 * M_PI * hz * (double)i / r->in));
	}
	return run(m, r, b);
}

static struct figures
measure(const struct bench *b, enum method m, const struct rates *r)
{
	struct figures f = {.sinad = 999.0, .alias = -999.0};
	double low = (r->in < r->out ? r->in : r->out) / 2.0;
	struct timespec t0;
	struct timespec t1;
	double best = 1e9;
	for (double share = 0.06; share < 0.91; share += 0.14) {
		double power[2];
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
		size_t made = run_tone(b, m, r, low * share);
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
		double took = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-9;
		best = took < best ? took : best;
		fit(b->out, made, low * share, r->out, power);
		double sinad = 10.0 * log10(power[0] / power[1]);
		f.sinad = sinad < f.sinad ? sinad : f.sinad;
		f.edge_gain = 10.0 * log10(power[0] / 0.125);
	}
	f.rtf = best / SECONDS;
	for (double share = 1.1; r->out < r->in && share < 2.2 && low * share < r->in / 2.0; share += 0.2) {
		size_t made = run_tone(b, m, r, low * share);
		double db = 10.0 * log10(sound_power(b->out + made / 4, made / 2) / 0.125 + 1e-30);
		f.alias = db > f.alias ? db : f.alias;
	}
	return f;
}

static int
below(const char *what, const struct rates *r, double have, double want)
{
	(void)printf("BELOW THE TARGET: %u -> %u: %s %.2f dB, wanted %.2f\n", r->in, r->out, what, have, want);
	return 1;
}

static int
judge(enum method m, const struct rates *r, const struct figures *f)
{
	int wrong = 0;
	double sinad = m == OURS_HQ ? 120.0 : 110.0;
	double alias = m == OURS_HQ ? -120.0 : -100.0;
	if (m != OURS_HQ && m != OURS_FAST) {
		return 0;
	}
	wrong += f->sinad < sinad ? below("SINAD", r, f->sinad, sinad) : 0;
	wrong += f->alias > alias ? below("alias", r, f->alias, alias) : 0;
	wrong += m == OURS_HQ && fabs(f->edge_gain) > 0.105 ? below("gain at 0.9", r, f->edge_gain, 0.1) : 0;
	return wrong;
}

int
main(int argc, char **argv)
{
	int brief = argc > 1 && strcmp(argv[1], "-s") == 0;
	int wrong = 0;
	(void)printf("resamplers, f32: worst SINAD from 0.06 to 0.9 of half the lower rate, gain at 0.9 (0.90), worst "
	             "alias from 1.1 to 2.1; "
	             "CPU time of 2 s with making the filter\n");
	for (int p = 0; p < (brief ? 2 : PAIRS); p++) {
		struct bench b = {.n = (size_t)pairs[p].in * SECONDS, .room = (size_t)pairs[p].out * (SECONDS + 1)};
		b.in = need(calloc(b.n + 16, sizeof *b.in));
		b.out = need(calloc(b.room + 16, sizeof *b.out));
		for (int m = 0; m < (brief ? 2 : METHODS); m++) {
			struct figures f = measure(&b, (enum method)m, &pairs[p]);
			(void)printf("%6u -> %-6u %-12s SINAD %6.1f dB  gain %7.3f dB  alias ", pairs[p].in,
			    pairs[p].out, names[m], f.sinad, f.edge_gain);
			if (f.alias > -900.0) {
				(void)printf("%7.1f dB  RTF %.5f\n", f.alias, f.rtf);
			} else {
				(void)printf("      -     RTF %.5f\n", f.rtf);
			}
			wrong += judge((enum method)m, &pairs[p], &f);
		}
		free(b.in);
		free(b.out);
	}
	return wrong > 0 ? 1 : 0;
}
