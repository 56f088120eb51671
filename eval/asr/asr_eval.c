/*
 * How well simple_asr recognizes and rejects, beside PocketSphinx with the same model, dictionary and grammar.
 *
 *	asr_eval [-q] [-v]     -q: only what takes seconds; -v: a line per utterance
 *
 * Ends with 1 where a floor is missed, with 77 where recordings or the model are not installed.
 */

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../word_errors.h"
#include "../vad/rng.h"
#include "../vad/score.h"
#include "../vad/sound.h"
#include "../vad/test_noise.h"
#include "asr.h"
#include "asr_set.h"
#include "asr_text.h"
#include "asr_tidigits.h"
#include "modules/audio/denoise/denoise.h"
#include "nodes/asr_pack.h"
#include "nodes/speech_decoder.h"

#define MODEL      "/usr/share/pocketsphinx/model/en-us/en-us"
#define DICTIONARY "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict"

enum { TEXT_MAX = 512, SKIPPED = 77, RESAMPLES = 1000, ANSWERS_MAX = 2000 };

static int verbose;
static int missed;

struct recognizer {
	struct asr asr;
	struct rmi_decoder *rival;
	uint8_t *model, *room;
};

struct answer {
	char text[TEXT_MAX];
	float confidence;
	int rejected;
};

struct errors {
	unsigned sentences, wrong, words, word_errors;
};

static void *
aligned(size_t n)
{
	return need(aligned_alloc(16, (n + 15) & ~(size_t)15));
}

static void
open_both(struct recognizer *r, enum asr_grammar g)
{
	struct rme_error err;
	uint8_t *file;
	size_t len;
	const char *why;
	struct rmi_asr_pack_config pack = {MODEL, DICTIONARY, asr_grammar_files[g]};
	struct rmi_decoder_config rival = {.model = MODEL, .dictionary = DICTIONARY, .grammar = asr_grammar_files[g]};
	if (rmi_asr_pack(&file, &len, &pack, &err) != RME_OK || rmi_decoder_open(&r->rival, &rival, &err) != RME_OK) {
		(void)fprintf(stderr, "asr_eval: %s: %s\n", err.where, err.text);
		exit(1);
	}
	r->model = aligned(len);
	memcpy(r->model, file, len);
	free(file);
	struct asr_model m;
	if (asr_model_open(&m, r->model, (uint32_t)len, &why) < 0) {
		(void)fprintf(stderr, "asr_eval: %s: %s\n", asr_grammar_files[g], why);
		exit(1);
	}
	r->room = aligned(asr_bytes(&m));
	asr_init(&r->asr, &m, r->room);
	printf("%-9s %4u words, %5u models of phones, %4u senones, file %5.0f KB, room %4.1f MB\n",
	    asr_grammar_names[g], m.header->n_words - 1, m.header->n_nodes, m.header->n_senones, (double)len / 1e3,
	    (double)asr_bytes(&m) / 1e6);
}

static void
close_both(struct recognizer *r)
{
	rmi_decoder_close(r->rival);
	free(r->model);
	free(r->room);
}

void
asr_text(const struct asr *a, char *out, size_t cap)
{
	size_t n = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < a->result.n_words; i++) {
		const struct asr_word *w = &a->model.words[a->result.words[i].word];
		if (w->len > 0 && n + w->len + 2 < cap) {
			n += (size_t)snprintf(
			    out + n, cap - n, "%s%.*s", n > 0 ? " " : "", (int)w->len, a->model.text + w->text);
		}
	}
}

static struct answer
hear(struct recognizer *r, const int16_t *pcm, size_t n)
{
	struct answer out = {.rejected = 1};
	struct asr_verdict v;
	if (asr_utterance(&r->asr, pcm, (uint32_t)n, &v) == ASR_OK) {
		asr_text(&r->asr, out.text, sizeof out.text);
		out.confidence = v.confidence;
		out.rejected = v.rejected;
		if (verbose) {
			printf("  llr %6.2f worst %6.2f confidence %.3f  ", (double)v.llr, (double)v.worst,
			    (double)v.confidence);
		}
	}
	return out;
}

static struct answer
hear_rival(struct recognizer *r, const int16_t *pcm, size_t n)
{
	struct answer out = {0};
	struct rmi_transcript t;
	struct rme_error err;
	if (rmi_decoder_run(r->rival, pcm, n, &t, &err) != RME_OK) {
		(void)fprintf(stderr, "asr_eval: %s\n", err.text);
		exit(1);
	}
	(void)snprintf(out.text, sizeof out.text, "%s", t.text);
	out.confidence = t.confidence;
	rmi_transcript_done(&t);
	return out;
}

static void
count(struct errors *e, const char *said, const char *heard)
{
	unsigned n;
	unsigned wrong = word_errors(said, heard, &n);
	e->sentences++;
	e->wrong += wrong > 0;
	e->words += n;
	e->word_errors += wrong;
}

static double
rate(const struct errors *e)
{
	return e->words > 0 ? 100.0 * e->word_errors / e->words : 0.0;
}

/* Answers to sentences of the grammar (label 1) and to foreign ones (0). */
struct judged {
	float ours[ANSWERS_MAX], rivals[ANSWERS_MAX];
	uint8_t label[ANSWERS_MAX], accepted[ANSWERS_MAX];
	size_t n;
};

struct findings {
	struct errors ours[SOURCES], rival[SOURCES];
	unsigned same[SOURCES];
	struct judged judged[SOURCES];
};

static void
judge(struct judged *j, const struct answer *ours, const struct answer *rival, int label)
{
	if (j->n < ANSWERS_MAX) {
		j->ours[j->n] = ours->confidence;
		j->rivals[j->n] = rival->confidence;
		j->accepted[j->n] = !ours->rejected;
		j->label[j->n++] = (uint8_t)label;
	}
}

static void
run_grammar(struct recognizer *r, enum asr_grammar g, const struct asr_set *set, struct findings *f)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct asr_sample *s = &set->samples[i];
		int within = (int)(s->grammars >> g & 1);
		if (!within && (s->unfit >> g & 1)) {
			continue;
		}
		struct answer ours = hear(r, s->pcm, s->n);
		struct answer rival = hear_rival(r, s->pcm, s->n);
		if (verbose) {
			printf("%s %-8s %-28.28s \"%s\" / \"%s\"\n", within ? "in " : "out", asr_grammar_names[g],
			    s->name, ours.text, rival.text);
		}
		judge(&f->judged[s->source], &ours, &rival, within);
		if (within) {
			count(&f->ours[s->source], s->said, ours.text);
			count(&f->rival[s->source], s->said, rival.text);
			f->same[s->source] += strcmp(ours.text, rival.text) == 0;
		}
	}
}

static double
auc(const float *score, const uint8_t *label, size_t n)
{
	return score_frames(score, NULL, label, n).auc;
}

/* The 2.5th percentile over samples drawn again with replacement. */
static double
auc_low(const float *score, const uint8_t *label, size_t n)
{
	static float s[ANSWERS_MAX];
	static uint8_t l[ANSWERS_MAX];
	double low[RESAMPLES];
	struct rng r = rng_of(7);
	for (size_t k = 0; k < RESAMPLES; k++) {
		for (size_t i = 0; i < n; i++) {
			size_t at = rng_below(&r, (uint32_t)n);
			s[i] = score[at];
			l[i] = label[at];
		}
		double v = auc(s, l, n);
		size_t at = k;
		for (; at > 0 && low[at - 1] > v; at--) {
			low[at] = low[at - 1];
		}
		low[at] = v;
	}
	return low[RESAMPLES / 40];
}

static void
floor_at_least(const char *what, double value, double floor)
{
	if (!(value >= floor)) {
		printf("MISSED %s: %.3f, floor %.3f\n", what, value, floor);
		missed++;
	}
}

static void
print_recognition(const struct findings *f)
{
	printf("\nSentences of the grammar: wrong / all (word error rate)\n%-8s %22s %22s %12s\n", "", "simple_asr",
	    "pocketsphinx", "the same");
	for (int s = 0; s < SOURCES; s++) {
		const struct errors *a = &f->ours[s], *b = &f->rival[s];
		if (a->sentences > 0) {
			double same = (double)f->same[s] / a->sentences;
			printf("%-8s %9u / %3u (%4.1f %%) %9u / %3u (%4.1f %%) %10.1f %%\n", asr_source_names[s],
			    a->wrong, a->sentences, rate(a), b->wrong, b->sentences, rate(b), 100 * same);
			floor_at_least("same hypotheses", same, s == SOURCE_VOICES ? 0.90 : 0.95);
			floor_at_least("sentence errors, rival's - ours", (double)b->wrong - a->wrong,
			    s == SOURCE_VOICES ? -2 : 0);
		}
	}
}

static void
print_rejection(const struct findings *f)
{
	printf("\nRejection of what is not of the grammar: AUC of the confidence (95 %% of resamplings above)\n%-8s "
	       "%9s %22s %22s %12s %12s\n",
	    "", "in / out", "simple_asr", "pocketsphinx", "false rej.", "false acc.");
	for (int s = 0; s < SOURCES; s++) {
		const struct judged *j = &f->judged[s];
		double in = 0, rejected = 0, accepted = 0;
		for (size_t i = 0; i < j->n; i++) {
			in += j->label[i];
			rejected += j->label[i] && !j->accepted[i];
			accepted += !j->label[i] && j->accepted[i];
		}
		if (in == 0) {
			continue;
		}
		double ours = auc(j->ours, j->label, j->n);
		printf("%-8s %3.0f / %3.0f %14.3f (%.3f) %14.3f (%.3f) %10.1f %% %10.1f %%\n", asr_source_names[s], in,
		    (double)j->n - in, ours, auc_low(j->ours, j->label, j->n), auc(j->rivals, j->label, j->n),
		    auc_low(j->rivals, j->label, j->n), 100 * rejected / in, 100 * accepted / ((double)j->n - in));
		floor_at_least("AUC of rejection", ours, 0.95);
	}
}

struct condition {
	const char *name;
	int noise;
	double snr_db;
};
static const struct condition conditions[] = {{"pink", 1, 20}, {"pink", 1, 10}, {"white", 0, 20}, {"white", 0, 10},
    {"car", 2, 10}, {"babble", 5, 20}, {"music", 6, 20}};
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

/* In noise, each with and without the module denoise before it. */
enum { ALONE, RIVAL, DENOISED, RIVAL_DENOISED, WAYS };

static void
denoise(int16_t *pcm, size_t n)
{
	static struct denoise d;
	int16_t *out = need(calloc(n + SUPPRESSOR_HOP + DENOISE_TAIL, sizeof *out));
	denoise_init(&d, DENOISE_ASR);
	uint32_t got = denoise_push(&d, pcm, (uint32_t)n, out);
	(void)denoise_flush(&d, out + got);
	memcpy(pcm, out, n * sizeof *pcm);
	free(out);
}

static void
hear_both(struct recognizer *r, const struct asr_sample *s, const int16_t *pcm, size_t n, struct errors *e)
{
	struct answer ours = hear(r, pcm, n);
	struct answer rival = hear_rival(r, pcm, n);
	if (verbose) {
		printf("noise \"%s\" / \"%s\"\n", ours.text, rival.text);
	}
	count(&e[ALONE], s->said, ours.text);
	count(&e[RIVAL], s->said, rival.text);
}

static void
run_noise(struct recognizer *r, enum asr_grammar g, const struct asr_set *set, struct errors *e)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct asr_sample *s = &set->samples[i];
		for (int c = 0; s->source != SOURCE_VOICES && (s->grammars >> g & 1) && c < CONDITIONS; c++) {
			for (uint64_t seed = 0; seed < 2; seed++) {
				size_t n;
				int16_t *pcm =
				    asr_set_mix(s, conditions[c].noise, conditions[c].snr_db, 100 * i + seed, &n);
				hear_both(r, s, pcm, n, &e[WAYS * c]);
				denoise(pcm, n);
				hear_both(r, s, pcm, n, &e[WAYS * c + DENOISED]);
				free(pcm);
			}
		}
	}
}

static void
print_noise(const struct errors *e)
{
	printf("\nIn noise, people: word error rate\n%-8s %6s %12s %14s %22s %14s\n", "", "SNR", "simple_asr",
	    "pocketsphinx", "denoise + simple_asr", "pocketsphinx");
	for (int c = 0; c < CONDITIONS; c++) {
		const struct errors *x = &e[WAYS * c];
		printf("%-8s %3.0f dB %10.1f %% %12.1f %% %20.1f %% %12.1f %%\n", conditions[c].name,
		    conditions[c].snr_db, rate(&x[ALONE]), rate(&x[RIVAL]), rate(&x[DENOISED]),
		    rate(&x[RIVAL_DENOISED]));
	}
	floor_at_least("right words at pink 20 dB, %", 100 - rate(&e[ALONE]), 98);
	floor_at_least("right words at pink 10 dB with denoise, %", 100 - rate(&e[WAYS + DENOISED]), 97);
}

static void
run_tidigits(void)
{
	unsigned right = 0, all = 0, rivals = 0;
	asr_tidigits(&right, &rivals, &all);
	printf("\nTIDIGITS features: simple_asr %u of %u right, pocketsphinx %u\n", right, all, rivals);
	floor_at_least("TIDIGITS", right, 30);
}

int
main(int argc, char **argv)
{
	static struct findings f;
	static struct recognizer r;
	struct errors noise[WAYS * CONDITIONS] = {{0}};
	int quick = 0;
	for (int o; (o = getopt(argc, argv, "qv")) != -1;) {
		quick |= o == 'q';
		verbose |= o == 'v';
		if (o == '?') {
			return 2;
		}
	}
	if (access(MODEL, R_OK) != 0 || access(asr_grammar_files[GRAMMAR_CARDS], R_OK) != 0 ||
	    access("/usr/share/sounds/alsa/Front_Left.wav", R_OK) != 0) {
		(void)fprintf(stderr, "asr_eval: install pocketsphinx-en-us pocketsphinx-testdata alsa-utils\n");
		return SKIPPED;
	}
	struct asr_set set = asr_set_make(!quick);
	for (enum asr_grammar g = 0; g < (quick ? GRAMMAR_NUMBERS : GRAMMARS); g++) {
		open_both(&r, g);
		run_grammar(&r, g, &set, &f);
		if (!quick) {
			run_noise(&r, g, &set, noise);
		}
		close_both(&r);
	}
	print_recognition(&f);
	print_rejection(&f);
	run_tidigits();
	if (!quick) {
		print_noise(noise);
	}
	asr_set_free(&set);
	printf("\n%s\n", missed == 0 ? "all floors met" : "floors were missed");
	return missed > 0 ? 1 : 0;
}
