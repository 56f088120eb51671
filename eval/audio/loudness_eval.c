/*
 * loudness_eval [-s] - levels beside libebur128: the meter, the true peaks and loudness of audio_enhance, the automatic gain of
 * audio_preprocess. On real speech. Fails where the targets (docs/reference/modules) are not held.
 */

#include <ebur128.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enhance.h"
#include "preprocess.h"
#include "test_noise.h"
#include "testset.h"

static int wrong;

static void
demand(int holds, const char *what, double have, double want)
{
	if (!holds) {
		(void)printf("BELOW THE TARGET: %s: %.2f, wanted %.2f\n", what, have, want);
		wrong++;
	}
}

struct reading {
	double lufs, peak_db;
};

static struct reading
oracle(const int16_t *x, size_t n, unsigned rate)
{
	struct reading r = {0};
	double peak = 0.0;
	ebur128_state *s = ebur128_init(1, rate, EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
	(void)ebur128_add_frames_short(s, x, n);
	(void)ebur128_loudness_global(s, &r.lufs);
	(void)ebur128_true_peak(s, 0, &peak);
	r.peak_db = 20.0 * log10(peak + 1e-9);
	ebur128_destroy(&s);
	return r;
}

static double
ours(const int16_t *x, size_t n, unsigned rate)
{
	struct loudness *l = need(malloc(sizeof *l));
	float *f = need(calloc(n + 1, sizeof *f));
	const float *in[1] = {f};
	for (size_t i = 0; i < n; i++) {
		f[i] = (float)x[i] / 32768.0f;
	}
	loudness_init(l, rate, 1);
	loudness_push(l, in, (uint32_t)n);
	double lufs = (double)loudness_integrated(l);
	free(f);
	free(l);
	return lufs;
}

static int16_t *
at_level(const float *x, size_t n, double gain_db)
{
	int16_t *out = need(calloc(n + 1, sizeof *out));
	for (size_t i = 0; i < n; i++) {
		double v = (double)x[i] * pow(10.0, gain_db / 20.0) * 32768.0;
		out[i] = (int16_t)lrint(v > 32767.0 ? 32767.0 : v < -32768.0 ? -32768.0 : v);
	}
	return out;
}

/* The utterances are at -26 dBov each. */
static void
compare_meters(const struct testset *t)
{
	static const unsigned rates[] = {8000, 16000, 24000, 44100, 48000};
	double worst = 0.0;
	for (size_t i = 0; i < t->n_spans; i++) {
		size_t from = t->span[i] * SOUND_FRAME;
		size_t n = t->span[i + 1] * SOUND_FRAME - from;
		int16_t *x = at_level(t->sound.x + from, n, 0.0);
		for (int k = 0; k < 5; k++) { /* the same samples, as if they were at another rate */
			double d = fabs(ours(x, n, rates[k]) - oracle(x, n, rates[k]).lufs);
			worst = d > worst ? d : worst;
		}
		free(x);
	}
	(void)printf(
	    "meter against libebur128: %zu utterances at 5 rates, largest difference %.3f LU\n", t->n_spans, worst);
	demand(worst <= 0.1, "difference of the meters in LU", worst, 0.1);
}

static struct reading
enhance_all(const int16_t *x, size_t n, unsigned rate_out, uint32_t item, double skip_s)
{
	struct enhance *e = need(malloc(sizeof *e));
	const struct enhance_options o = {.format = PCM_S16LE,
	    .rate_in = 16000,
	    .rate_out = rate_out,
	    .channels = 1,
	    .target_lufs = -16.0f,
	    .max_gain_db = 30.0f,
	    .ceiling_db = -1.0f,
	    .presence_db = 2.0f,
	    .de_ess_db = 6.0f};
	uint8_t *out = need(calloc(n * rate_out / 16000 + 20000, 2));
	size_t made = 0;
	(void)enhance_init(e, &o);
	for (size_t at = 0; at < n; at += item) {
		uint32_t take = (uint32_t)(n - at < item ? n - at : item);
		made += enhance_push(e, (const uint8_t *)(x + at), take, out + made);
	}
	for (uint32_t more = 1; more > 0; made += more) {
		more = enhance_flush(e, out + made);
	}
	size_t skip = (size_t)(skip_s * rate_out);
	struct reading r = oracle((const int16_t *)(const void *)out + skip, made / 2 - skip, rate_out);
	free(out);
	free(e);
	return r;
}

static void
measure_enhance(const struct testset *t)
{
	static const double levels[] = {-10.0, 0.0, 8.0};
	static const unsigned rates[] = {16000, 48000};
	for (int k = 0; k < 2; k++) {
		double low = 0.0;
		double high = -99.0;
		double peak = -99.0;
		for (size_t i = 0; i < t->n_spans * 3; i++) {
			size_t from = t->span[i / 3] * SOUND_FRAME;
			size_t n = t->span[i / 3 + 1] * SOUND_FRAME - from;
			int16_t *x = at_level(t->sound.x + from, n, levels[i % 3]);
			struct reading r = enhance_all(x, n, rates[k], (uint32_t)n, 0.0);
			low = r.lufs < low ? r.lufs : low;
			high = r.lufs > high ? r.lufs : high;
			peak = r.peak_db > peak ? r.peak_db : peak;
			free(x);
		}
		(void)printf("audio_enhance to %u Hz, an utterance an item, 3 levels: %.2f to %.2f LUFS, true peak at "
		             "most %.2f dB\n",
		    rates[k], low, high, peak);
		demand(low >= -16.5, "loudness of an utterance in LUFS", low, -16.5);
		demand(high <= -15.5, "loudness of an utterance in LUFS", high, -15.5);
		demand(peak <= -1.0, "true peak in dB", peak, -1.0);
	}
	int16_t *x = at_level(t->sound.x, t->sound.n, -6.0);
	struct reading r = enhance_all(x, t->sound.n, 16000, 320, 5.0);
	(void)printf(
	    "audio_enhance, the track in items of 20 ms, after 5 s: %.2f LUFS, true peak %.2f dB\n", r.lufs, r.peak_db);
	/* What the limiter takes is not made up for in short items. */
	demand(fabs(r.lufs + 16.0) <= 1.0, "loudness of the track in LUFS", r.lufs, -16.0);
	free(x);
}

static int16_t *
preprocess_all(const int16_t *x, size_t n)
{
	struct preprocess *p = need(malloc(sizeof *p));
	const struct preprocess_options o = {.in = {PCM_S16LE, 16000, 1},
	    .out = {PCM_S16LE, 16000, 1},
	    .quality = POLYPHASE_HQ,
	    .agc = 1,
	    .limiter = 1,
	    .target_lufs = -23.0f,
	    .max_gain_db = 30.0f,
	    .ceiling_db = -1.0f};
	int16_t *out = need(calloc(n + 40000, sizeof *out));
	uint8_t *to = (uint8_t *)out;
	(void)preprocess_init(p, &o);
	size_t made = preprocess_push(p, (const uint8_t *)x, (uint32_t)n, to);
	for (uint32_t more = 1; more > 0; made += more) {
		more = preprocess_flush(p, to + made);
	}
	free(p);
	return out;
}

static double
power_db(const int16_t *x, size_t n)
{
	double sum = 1e-9;
	for (size_t i = 0; i < n; i++) {
		sum += (double)x[i] * x[i] / (double)n;
	}
	return 10.0 * log10(sum / 32768.0 / 32768.0);
}

static void
measure_agc(const struct testset *t)
{
	(void)printf("AGC of audio_preprocess, target -23 LUFS, after 2 s:");
	for (double level = -46.0; level <= -10.0; level += 6.0) {
		int16_t *x = at_level(t->sound.x, t->sound.n, level + 26.0);
		int16_t *out = preprocess_all(x, t->sound.n);
		double lufs = oracle(out + 32000, t->sound.n - 32000, 16000).lufs;
		(void)printf(" %.0f dB: %.1f", level, lufs);
		demand(fabs(lufs + 23.0) <= 1.5, "leveled speech in LUFS", lufs, -23.0);
		free(x);
		free(out);
	}
	(void)printf("\nnoise alone at -40 dB, rise in dB:");
	for (int k = 0; k < TEST_NOISES; k++) {
		struct sound noise = test_noise(k, 320000, 7);
		int16_t *x = at_level(noise.x, noise.n, -40.0);
		int16_t *out = preprocess_all(x, noise.n);
		double rise = power_db(out + 160000, 160000) - power_db(x + 160000, 160000);
		(void)printf(" %s %.1f", test_noise_names[k], rise);
		demand(rise <= 3.0 || strcmp(test_noise_names[k], "babble") == 0, test_noise_names[k], rise, 3.0);
		free(x);
		free(out);
		sound_free(&noise);
	}
	(void)printf("\n");
}

int
main(int argc, char **argv)
{
	int brief = argc > 1 && strcmp(argv[1], "-s") == 0;
	struct testset t = testset_make(brief ? PART_DEV : PART_ALL, 1);
	compare_meters(&t);
	measure_enhance(&t);
	if (!brief) {
		measure_agc(&t);
	}
	sound_free(&t.sound);
	return wrong > 0 ? 1 : 0;
}
