/*
 * denoise_eval [-p dev|test|all] [-s] [-w 0|1|2] FOLDER - noise suppressors on real speech with noise that no tuning has heard:
 * SI-SDR and STOI, and words that a recognizer gets wrong. -s: short. -w 0: no recognition, 1: grammars, 2: dictation too.
 * Fails where the floors of docs/design/denoise.md are not held. FOLDER is eval/denoise.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "methods.h"
#include "recognize.h"
#include "rng.h"
#include "stoi.h"
#include "test_noise.h"
#include "testset.h"

enum { BOOT = 1000 };

struct options {
	enum part part;
	int brief, words;
	const char *folder;
};

/* Values of the utterances of a track under one method. */
struct values {
	double v[TESTSET_SPANS_MAX];
	size_t n;
};

static double
mean_of(const struct values *v)
{
	double sum = 0.0;
	for (size_t i = 0; i < v->n; i++) {
		sum += v->v[i] / (double)v->n;
	}
	return sum;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Half the width of the 95 % interval of the mean, utterances resampled. */
static double
interval_of(const struct values *v)
{
	static double sums[BOOT];
	struct rng r = rng_of(1);
	for (int b = 0; b < BOOT; b++) {
		sums[b] = 0.0;
		for (size_t i = 0; i < v->n; i++) {
			sums[b] += v->v[rng_below(&r, (uint32_t)v->n)] / (double)v->n;
		}
	}
	qsort(sums, BOOT, sizeof *sums, compare);
	return (sums[BOOT * 975 / 1000] - sums[BOOT * 25 / 1000]) / 2.0;
}

static float *
to_float(const int16_t *x, size_t n)
{
	float *y = need(calloc(n + 1, sizeof *y));
	for (size_t i = 0; i < n; i++) {
		y[i] = (float)x[i] / 32768.0f;
	}
	return y;
}

struct pair {
	struct values sdr, stoi;
};

static struct pair
score(const struct testset *t, const int16_t *out)
{
	struct pair p = {0};
	float *got = to_float(out, t->sound.n);
	for (size_t i = 0; i < t->n_spans; i++) {
		size_t from = t->span[i] * SOUND_FRAME;
		size_t n = t->span[i + 1] * SOUND_FRAME - from;
		p.sdr.v[p.sdr.n++] = si_sdr(t->sound.x + from, got + from, n);
		p.stoi.v[p.stoi.n++] = stoi(t->sound.x + from, got + from, n);
	}
	free(got);
	return p;
}

static unsigned failures;

static void
demand(int holds, const char *what, double have, double want)
{
	if (!holds) {
		(void)printf("FLOOR NOT HELD: %s: %.3f, wanted %.3f\n", what, have, want);
		failures++;
	}
}

/* What docs/design/denoise.md promises of a line. @param steady  noise that suppressors are made for */
static void
judge_line(const struct pair got[METHODS], int steady)
{
	const struct pair *mine = &got[METHOD_ASR];
	double sdr = mean_of(&mine->sdr);
	double clear = mean_of(&mine->stoi);
	double noisy = mean_of(&got[METHOD_NONE].stoi);
	demand(clear >= noisy - 0.025, "STOI beside that of the noisy speech", clear, noisy);
	if (steady) {
		demand(sdr >= mean_of(&got[METHOD_SPEEX].sdr) - 0.5, "SI-SDR beside speexdsp", sdr,
		    mean_of(&got[METHOD_SPEEX].sdr));
		demand(sdr >= mean_of(&got[METHOD_NONE].sdr) + 3.5, "SI-SDR beside noisy speech", sdr,
		    mean_of(&got[METHOD_NONE].sdr));
		demand(clear >= mean_of(&got[METHOD_SPEEX].stoi) - 0.01, "STOI beside speexdsp", clear,
		    mean_of(&got[METHOD_SPEEX].stoi));
		demand(clear >= noisy, "STOI in steady noise", clear, noisy);
	}
}

/* One line of the table: a noise at an SNR, all methods. */
static void
measure_line(const struct testset *t, const struct sound *noise, const char *name, double snr)
{
	int16_t *mixed = testset_mix(&t->sound, noise, snr, 0.0);
	int16_t *out = need(calloc(t->sound.n + 1, sizeof *out));
	struct pair got[METHODS] = {0};
	(void)printf("%-7s %3.0f |", name, snr);
	for (int m = 0; m < METHODS; m++) {
		if (!method_is_there((enum method)m)) {
			(void)printf("        -      |");
			continue;
		}
		method_run((enum method)m, mixed, t->sound.n, out);
		got[m] = score(t, out);
		(void)printf(" %6.2f %.3f |", mean_of(&got[m].sdr), mean_of(&got[m].stoi));
	}
	(void)printf(" +-%.2f %.3f\n", interval_of(&got[METHOD_ASR].sdr), interval_of(&got[METHOD_ASR].stoi));
	(void)fflush(stdout);
	judge_line(got, strcmp(name, "white") == 0 || strcmp(name, "pink") == 0 || strcmp(name, "car") == 0);
	if (noise == NULL) {
		demand(mean_of(&got[METHOD_ASR].sdr) >= 20.0, "SI-SDR of clean speech", mean_of(&got[METHOD_ASR].sdr),
		    20.0);
	}
	free(mixed);
	free(out);
}

static void
measure_sound(const struct options *o)
{
	static const double snrs[] = {5.0, 0.0, 10.0};
	struct testset t = testset_make(o->part, 1);
	(void)printf("SI-SDR in dB, STOI; mean of %zu utterances; the last columns: 95 %% interval of 'denoise asr'\n",
	    t.n_spans);
	(void)printf("noise   SNR |");
	for (int m = 0; m < METHODS; m++) {
		(void)printf(" %-13s|", method_names[m]);
	}
	(void)printf("\n");
	for (int k = 0; k < TEST_NOISES; k++) {
		if (o->brief && k > 2) {
			break;
		}
		struct sound noise = test_noise(k, t.sound.n, 77);
		for (int i = 0; i < (o->brief ? 1 : 2); i++) {
			measure_line(&t, &noise, test_noise_names[k], snrs[i]);
		}
		sound_free(&noise);
	}
	measure_line(&t, NULL, "none", 99.0);
	sound_free(&t.sound);
}

/* Words wrong of an utterance in noise, after a second of noise alone, for each method. */
struct tally {
	unsigned errors[METHODS], words;
};

static int16_t *
utterance_in(const struct spoken *s, const struct sound *noise, double snr, size_t *n)
{
	enum { LEAD = 16000, TAIL = 4800 };
	size_t len = strlen(s->path);
	struct sound x = strcmp(s->path + len - 4, ".raw") == 0 ? sound_load_raw(s->path) : sound_load(s->path);
	sound_label(&x);
	sound_scale(x.x, x.n, pow(10.0, -26.0 / 20.0) / sqrt(sound_speech_power(&x)));
	struct sound padded = sound_new((LEAD + x.n + TAIL + 159) / 160 * 160);
	memcpy(padded.x + LEAD, x.x, x.n * sizeof *x.x);
	sound_label(&x);
	double level = noise != NULL ? sqrt(sound_speech_power(&x)) * pow(10.0, -snr / 20.0) : 0.0;
	int16_t *out = need(calloc(padded.n + 1, sizeof *out));
	for (size_t i = 0; i < padded.n; i++) {
		double v =
		    32768.0 * ((double)padded.x[i] + (noise != NULL ? level * (double)noise->x[i % noise->n] : 0.0));
		out[i] = (int16_t)lrint(v > 32767.0 ? 32767.0 : v < -32768.0 ? -32768.0 : v);
	}
	*n = padded.n;
	sound_free(&x);
	sound_free(&padded);
	return out;
}

static void
recognize_all(const struct options *o, struct recognizer *r, const struct sound *noise, double snr, struct tally *t)
{
	for (size_t i = 0; i < n_spoken; i++) {
		int dictated = strcmp(spoken[i].search, "lm") == 0;
		if ((dictated && o->words < 2) || (o->part & (spoken[i].dev ? PART_DEV : PART_TEST)) == 0) {
			continue;
		}
		size_t n;
		int16_t *in = utterance_in(&spoken[i], noise, snr, &n);
		int16_t *out = need(calloc(n + 1, sizeof *out));
		t->words += words_of(spoken[i].words);
		for (int m = 0; m < METHODS; m++) {
			if (method_is_there((enum method)m)) {
				method_run((enum method)m, in, n, out);
				t->errors[m] += recognizer_errors(r, &spoken[i], out + 11200, n - 11200);
			}
		}
		free(in);
		free(out);
	}
}

static double
share(const struct tally *t, enum method m)
{
	return t->words > 0 ? 100.0 * t->errors[m] / t->words : 0.0;
}

static void
measure_words(const struct options *o)
{
	static const struct {
		int noise; /* -1 = none */
		double snr;
		int brief;
	} cases[] = {
	    {-1, 99, 1}, {1, 10, 1}, {0, 10, 1}, {1, 5, 0}, {0, 5, 0}, {1, 20, 0}, {2, 5, 0}, {3, 5, 0}, {5, 10, 0}};
	struct recognizer *r = recognizer_new(o->folder);
	(void)printf("\nwords wrong in %% (PocketSphinx en-us, %s)\nnoise   SNR |",
	    o->words > 1 ? "grammars and dictation" : "grammars");
	for (int m = 0; m < METHODS; m++) {
		(void)printf(" %-14s|", method_names[m]);
	}
	(void)printf(" words\n");
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct tally t = {0};
		if (o->brief && !cases[c].brief) {
			continue;
		}
		for (uint64_t seed = 1; seed <= (o->brief || cases[c].noise < 0 ? 1 : 2); seed++) {
			struct sound noise =
			    cases[c].noise < 0 ? (struct sound){0} : test_noise(cases[c].noise, 160000, seed);
			recognize_all(o, r, cases[c].noise < 0 ? NULL : &noise, cases[c].snr, &t);
			sound_free(&noise);
		}
		(void)printf(
		    "%-7s %3.0f |", cases[c].noise < 0 ? "none" : test_noise_names[cases[c].noise], cases[c].snr);
		for (int m = 0; m < METHODS; m++) {
			(void)printf(" %13.1f |", share(&t, (enum method)m));
		}
		(void)printf(" %u\n", t.words);
		(void)fflush(stdout);
		if (cases[c].brief && cases[c].noise >= 0 &&
		    o->part != PART_TEST) { /* 9 words of commands are too few */
			demand(2 * t.errors[METHOD_ASR] <= t.errors[METHOD_NONE] + 4,
			    "words wrong beside half of the noisy speech", share(&t, METHOD_ASR),
			    share(&t, METHOD_NONE) / 2);
		}
		if (cases[c].noise < 0 && o->words == 1) {
			demand(t.errors[METHOD_ASR] <= t.errors[METHOD_NONE], "words wrong in clean speech",
			    share(&t, METHOD_ASR), share(&t, METHOD_NONE));
		}
	}
	recognizer_free(r);
}

int
main(int argc, char **argv)
{
	struct options o = {.part = PART_ALL, .words = 1};
	for (int c; (c = getopt(argc, argv, "p:sw:")) != -1;) {
		if (c == 'p') {
			o.part = strcmp(optarg, "dev") == 0    ? PART_DEV
			         : strcmp(optarg, "test") == 0 ? PART_TEST
			                                       : PART_ALL;
		} else if (c == 's') {
			o.brief = 1;
		} else if (c == 'w') {
			o.words = atoi(optarg);
		} else {
			return 2;
		}
	}
	if (optind >= argc) {
		(void)fprintf(stderr, "usage: denoise_eval [-p dev|test|all] [-s] [-w 0|1|2] FOLDER\n");
		return 2;
	}
	o.folder = argv[optind];
	measure_sound(&o);
	if (o.words > 0) {
		measure_words(&o);
	}
	return failures > 0 ? 1 : 0;
}
