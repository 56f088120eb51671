/*
 * How well a recognizer understands simple_tts, beside the voices of Flite: a round trip of phrases, within a grammar and with an open
 * language model. A machine's ear, not a person's.
 *
 *	tts_eval [-q] [-v] [-d] PHRASES     -q: the grammar alone; -v: a line per phrase; -d: the phrases for tuning
 *
 * Ends with 1 where a floor is missed, with 77 where the models are not installed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../word_errors.h"
#include "../vad/rng.h"
#include "nodes/speech_decoder.h"
#include "nodes/speech_voice.h"
#include "tts.h"

#define MODEL "/usr/share/pocketsphinx/model/en-us/"

enum { PHRASES_MAX = 200, LINE_MAX_BYTES = 256, PAD = 4800, SKIPPED = 77, RESAMPLES = 1000, SAMPLES_MAX = 16000 * 30 };

struct phrase {
	char text[LINE_MAX_BYTES];
	int open; /* said without a grammar */
	int asked;
};

static struct phrase phrases[PHRASES_MAX];
static size_t n_phrases;
static int verbose, missed;

static void
read_phrases(const char *path, const char *part)
{
	char line[LINE_MAX_BYTES], name[8], kind;
	int from = 0;
	FILE *f = fopen(path, "r");
	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while (n_phrases < PHRASES_MAX && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#' && sscanf(line, "%7s %c %n", name, &kind, &from) == 2) {
			struct phrase *p = &phrases[n_phrases++];
			(void)snprintf(p->text, sizeof p->text, "%s", line + from);
			p->open = kind == 's';
			p->asked = strcmp(name, part) == 0;
		}
	}
	(void)fclose(f);
}

static char *
grammar(void)
{
	size_t cap = PHRASES_MAX * LINE_MAX_BYTES, n = 0;
	char *text = malloc(cap);
	if (text == NULL) {
		exit(1);
	}
	n += (size_t)snprintf(text, cap, "#JSGF V1.0;\ngrammar phrases;\npublic <phrase> =");
	int first = 1;
	for (size_t i = 0; i < n_phrases; i++) {
		if (!phrases[i].open) {
			n += (size_t)snprintf(text + n, cap - n, "%s %s", first ? "" : " |", phrases[i].text);
			first = 0;
		}
	}
	(void)snprintf(text + n, cap - n, ";\n");
	return text;
}

/* With a third of a second of silence before and after. */
static size_t
say(int voice, const char *text, int16_t *out)
{
	static struct tts tts;
	size_t n = PAD;
	memset(out, 0, PAD * sizeof *out);
	if (voice < 0) {
		struct tts_options o = {.rate_hz = 16000, .speed = 1, .pitch_hz = 112, .volume = 1};
		tts_init(&tts, &o);
		if (!tts_start(&tts, text, (uint32_t)strlen(text))) {
			exit(1);
		}
		for (uint32_t got; n < SAMPLES_MAX - 2 * PAD && (got = tts_read(&tts, out + n, 2048)) > 0;) {
			n += got;
		}
	} else {
		struct rmi_speech s = {0};
		struct rme_error err;
		if (rmi_voice_say(&s, (enum rmi_voice)voice, text, 1.0, &err) != RME_OK ||
		    s.n > SAMPLES_MAX - 2 * PAD) {
			(void)fprintf(stderr, "tts_eval: %s\n", err.text);
			exit(1);
		}
		memcpy(out + n, s.pcm, s.n * sizeof *out);
		n += s.n;
		rmi_speech_done(&s);
	}
	memset(out + n, 0, PAD * sizeof *out);
	return n + PAD;
}

struct table {
	unsigned errors[PHRASES_MAX], words[PHRASES_MAX];
	size_t n;
};

static double
rate_of(const struct table *t, struct rng *r)
{
	unsigned errors = 0, words = 0;
	for (size_t i = 0; i < t->n; i++) {
		size_t at = r != NULL ? rng_below(r, (uint32_t)t->n) : i;
		errors += t->errors[at];
		words += t->words[at];
	}
	return words > 0 ? 100.0 * errors / words : 0.0;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* @return the rate */
static double
print_rate(const char *voice, const struct table *t)
{
	static double rates[RESAMPLES];
	struct rng r = rng_of(5);
	for (size_t i = 0; i < RESAMPLES; i++) {
		rates[i] = rate_of(t, &r);
	}
	qsort(rates, RESAMPLES, sizeof rates[0], ascending);
	double rate = rate_of(t, NULL);
	printf("  %-12s %5.1f %%   (95 %%: %.1f .. %.1f; %zu phrases)\n", voice, rate, rates[RESAMPLES / 40],
	    rates[RESAMPLES - 1 - RESAMPLES / 40], t->n);
	return rate;
}

static double
run(struct rmi_decoder *d, int voice, int open)
{
	static int16_t pcm[SAMPLES_MAX];
	struct table t = {.n = 0};
	struct rme_error err;
	for (size_t i = 0; i < n_phrases; i++) {
		if (!phrases[i].asked || phrases[i].open != open) {
			continue;
		}
		struct rmi_transcript heard = {0};
		size_t n = say(voice, phrases[i].text, pcm);
		if (rmi_decoder_run(d, pcm, n, &heard, &err) != RME_OK) {
			(void)fprintf(stderr, "tts_eval: %s\n", err.text);
			exit(1);
		}
		t.errors[t.n] = word_errors(phrases[i].text, heard.text, &t.words[t.n]);
		if (verbose && t.errors[t.n] > 0) {
			printf("    %u  %s | %s\n", t.errors[t.n], phrases[i].text, heard.text);
		}
		t.n++;
		rmi_transcript_done(&heard);
	}
	return print_rate(voice < 0 ? "simple_tts" : rmi_voice_names[voice], &t);
}

static void
table(int open, double floor)
{
	char *text = open ? NULL : grammar();
	struct rmi_decoder_config c = {.model = MODEL "en-us",
	    .dictionary = MODEL "cmudict-en-us.dict",
	    .language_model = MODEL "en-us.lm.bin",
	    .grammar = text};
	struct rmi_decoder *d = NULL;
	struct rme_error err;
	if (rmi_decoder_open(&d, &c, &err) != RME_OK) {
		(void)fprintf(stderr, "tts_eval: %s\n", err.text);
		exit(1);
	}
	printf("%s: word error rate\n", open ? "Sentences, open vocabulary" : "Phrases of a grammar");
	double rate = run(d, -1, open);
	if (rate > floor) {
		printf("MISSED: %.1f %%, at most %.1f %% are allowed\n", rate, floor);
		missed++;
	}
	for (int v = RMI_VOICE_KAL16; v < RMI_VOICE_COUNT_; v++) {
		(void)run(d, v, open);
	}
	rmi_decoder_close(d);
	free(text);
}

int
main(int argc, char **argv)
{
	int quick = 0;
	const char *part = "test";
	for (int o; (o = getopt(argc, argv, "qvd")) != -1;) {
		quick |= o == 'q';
		verbose |= o == 'v';
		part = o == 'd' ? "dev" : part;
		if (o == '?') {
			return 2;
		}
	}
	if (access(MODEL "en-us/mdef", R_OK) != 0) {
		(void)fprintf(stderr, "tts_eval: install pocketsphinx-en-us\n");
		return SKIPPED;
	}
	read_phrases(optind < argc ? argv[optind] : "eval/tts/phrases.txt", part);
	table(0, 5.0);
	if (!quick) {
		table(1, 40.0);
	}
	printf("%s\n", missed == 0 ? "all floors met" : "floors were missed");
	return missed > 0 ? 1 : 0;
}
