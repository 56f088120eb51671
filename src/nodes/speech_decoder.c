#include "nodes/speech_decoder.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <sphinxbase/jsgf.h>
#include "nodes/speech_grammar.h"

enum {
	MS_PER_FRAME = 10,
	NAME_BYTES_MAX = 4096,
	SILENT_PEAK = 8, /* -72 dBFS: whatever stays below is silence */
};

static const char search_name[] = "main";
static const char any_rule[] = "rme_any";

struct rmi_decoder {
	cmd_ln_t *options;
	ps_decoder_t *ps;
	char *key; /* what it was opened with, see config_key() */
};

static void
ignore_log(void *ctx, err_lvl_t level, const char *fmt, ...)
{
	(void)ctx, (void)level, (void)fmt;
}

static bool
given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static enum rme_err
need_file(const char *folder, const char *file, const char *what, struct rme_error *err)
{
	char path[NAME_BYTES_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s", folder != NULL ? folder : "", folder != NULL ? "/" : "", file);
	if (n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0) {
		return RME_OK;
	}
	return rme_error_set(err, RME_ENOTFOUND, "speech model",
	    "no %s at %.140s: install pocketsphinx-en-us, or name another one", what, path);
}

/* The library ends the process over some missing files, so look before it does. */
static enum rme_err
need_models(const struct rmi_decoder_config *c, struct rme_error *err)
{
	static const char *const parts[] = {"mdef", "means", "variances", "transition_matrices", "feat.params"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		enum rme_err e = need_file(c->model, parts[i], "acoustic model", err);
		if (e != RME_OK) {
			return e;
		}
	}
	if (need_file(c->model, "sendump", "", NULL) != RME_OK) {
		enum rme_err e = need_file(c->model, "mixture_weights", "acoustic model", err);
		if (e != RME_OK) {
			return e;
		}
	}
	enum rme_err e = need_file(NULL, c->dictionary, "dictionary", err);
	if (e == RME_OK && !given(c->grammar) && !given(c->keyphrase)) {
		e = need_file(NULL, c->language_model, "language model", err);
	}
	return e;
}

/* Every word must be in the dictionary; the library would only say that it failed. */
static enum rme_err
need_word(struct rmi_decoder *d, const char *word, const char *where, struct rme_error *err)
{
	char *phones = ps_lookup_word(d->ps, word);
	if (phones == NULL) {
		return rme_error_set(err, RME_ECONFIG, where,
		    "the word \"%.60s\" is not in the dictionary (words are lower case)", word);
	}
	free(phones);
	return RME_OK;
}

static enum rme_err
need_words_of(struct rmi_decoder *d, const fsg_model_t *fsg, struct rme_error *err)
{
	for (int32 i = 0; i < fsg->n_word; i++) {
		enum rme_err e = need_word(d, fsg->vocab[i], "grammar", err);
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

/*
 * Any public rule may be spoken (JSGF 4.1), but the library takes one only: give it a rule that means any of them.
 * Returns the text with that rule added, to be freed.
 */
static char *
with_any_rule(const char *text, jsgf_t *parsed)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	if (f == NULL) {
		return NULL;
	}
	(void)fprintf(f, "%s\npublic <%s> = ", text, any_rule);
	int n = 0;
	for (jsgf_rule_iter_t *it = jsgf_rule_iter(parsed); it != NULL; it = jsgf_rule_iter_next(it)) {
		jsgf_rule_t *rule = jsgf_rule_iter_rule(it);
		if (jsgf_rule_public(rule)) {
			(void)fprintf(f, "%s%s", n++ == 0 ? "" : " | ", jsgf_rule_name(rule));
		}
	}
	(void)fputs(";\n", f);
	bool ok = fclose(f) == 0 && n > 0;
	if (!ok) {
		free(out);
		return NULL;
	}
	return out;
}

static enum rme_err
set_fsg(struct rmi_decoder *d, jsgf_t *grammar, struct rme_error *err)
{
	char name[NAME_BYTES_MAX];
	(void)snprintf(name, sizeof(name), "%s.%s", jsgf_grammar_name(grammar), any_rule);
	jsgf_rule_t *top = jsgf_get_rule(grammar, name);
	logmath_t *log = ps_get_logmath(d->ps);
	float32 weight = (float32)cmd_ln_float_r(d->options, "-lw");
	fsg_model_t *fsg = top != NULL ? jsgf_build_fsg(grammar, top, log, weight) : NULL;
	if (fsg == NULL) {
		return rme_error_set(err, RME_ECONFIG, "grammar", "its rules cannot be expanded");
	}
	enum rme_err e = need_words_of(d, fsg, err);
	if (e == RME_OK && ps_set_fsg(d->ps, search_name, fsg) < 0) {
		e = rme_error_set(err, RME_ECONFIG, "grammar", "the recognizer cannot use it");
	}
	fsg_model_free(fsg);
	return e;
}

static void
free_grammar(jsgf_t *g)
{
	if (g != NULL) {
		jsgf_grammar_free(g);
	}
}

static enum rme_err
set_grammar(struct rmi_decoder *d, const char *text_or_file, struct rme_error *err)
{
	char *text = NULL;
	char *extended = NULL;
	jsgf_t *parsed = NULL;
	jsgf_t *grammar = NULL;
	enum rme_err e = rmi_grammar_load(&text, text_or_file, err);
	e = e == RME_OK ? rmi_grammar_check(text, err) : e;
	if (e == RME_OK) {
		parsed = jsgf_parse_string(text, NULL);
		extended = parsed != NULL ? with_any_rule(text, parsed) : NULL;
		grammar = extended != NULL ? jsgf_parse_string(extended, NULL) : NULL;
		e = grammar != NULL ? set_fsg(d, grammar, err)
		                    : rme_error_set(err, RME_ECONFIG, "grammar",
		                          "not understood, or no rule is public: start with #JSGF V1.0; grammar name;");
	}
	free_grammar(grammar);
	free_grammar(parsed);
	free(extended);
	free(text);
	return e;
}

static enum rme_err
set_keyphrase(struct rmi_decoder *d, const char *phrase, struct rme_error *err)
{
	char *words = strdup(phrase);
	char *rest = words;
	enum rme_err e = words != NULL ? RME_OK : rme_error_set(err, RME_ENOMEM, "keyphrase", "no memory");
	for (char *w = NULL; e == RME_OK && (w = strsep(&rest, " ")) != NULL;) {
		e = w[0] == '\0' ? RME_OK : need_word(d, w, "keyphrase", err);
	}
	free(words);
	if (e == RME_OK && ps_set_keyphrase(d->ps, search_name, phrase) < 0) {
		e = rme_error_set(err, RME_ECONFIG, "keyphrase", "the recognizer cannot use \"%.100s\"", phrase);
	}
	return e;
}

static enum rme_err
set_search(struct rmi_decoder *d, const struct rmi_decoder_config *c, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	if (given(c->grammar) && given(c->keyphrase)) {
		return rme_error_set(err, RME_ECONFIG, "speech", "set either grammar or keyphrase, not both");
	}
	if (given(c->grammar)) {
		e = set_grammar(d, c->grammar, err);
	} else if (given(c->keyphrase)) {
		e = set_keyphrase(d, c->keyphrase, err);
	} else if (ps_set_lm_file(d->ps, search_name, c->language_model) < 0) {
		e = rme_error_set(err, RME_EFORMAT, "speech model", "%.140s is no language model", c->language_model);
	}
	if (e == RME_OK && ps_set_search(d->ps, search_name) < 0) {
		e = rme_error_set(err, RME_ECONFIG, "speech", "the recognizer did not accept its search");
	}
	return e;
}

/* All that makes a difference, in one text, to be freed. */
static char *
config_key(const struct rmi_decoder_config *c)
{
	const char *const parts[] = {c->model, c->dictionary, c->language_model, c->grammar, c->keyphrase};
	char *key = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&key, &len);
	if (f == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)fprintf(f, "%s\n%zu\n", parts[i] != NULL ? parts[i] : "", i);
	}
	(void)fprintf(f, "%a", c->keyphrase_threshold);
	if (fclose(f) != 0) {
		free(key);
		return NULL;
	}
	return key;
}

bool
rmi_decoder_fits(const struct rmi_decoder *d, const struct rmi_decoder_config *config)
{
	char *key = config_key(config);
	bool fits = key != NULL && strcmp(key, d->key) == 0;
	free(key);
	return fits;
}

enum rme_err
rmi_decoder_open(struct rmi_decoder **out, const struct rmi_decoder_config *config, struct rme_error *err)
{
	enum rme_err e = need_models(config, err);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_decoder *d = calloc(1, sizeof(*d));
	char *key = config_key(config);
	if (d == NULL || key == NULL) {
		free(d);
		free(key);
		return rme_error_set(err, RME_ENOMEM, "speech", "no memory");
	}
	d->key = key;
	/* The library's log is one per process; it always gets these same values. */
	err_set_callback(ignore_log, NULL);
	err_set_logfp(NULL);
	char threshold[32];
	(void)snprintf(threshold, sizeof(threshold), "%g", config->keyphrase_threshold);
	/* Silence stays in: times of words are then times in the utterance. The VAD before us has cut it out already. */
	d->options = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", config->model, "-dict", config->dictionary,
	    "-remove_silence", "no", "-kws_threshold", threshold, NULL);
	d->ps = d->options != NULL ? ps_init(d->options) : NULL;
	e = d->ps != NULL
	        ? set_search(d, config, err)
	        : rme_error_set(err, RME_EFORMAT, "speech model", "%.140s is no usable acoustic model", config->model);
	if (e != RME_OK) {
		rmi_decoder_close(d);
		return e;
	}
	*out = d;
	return RME_OK;
}

void
rmi_decoder_close(struct rmi_decoder *d)
{
	if (d == NULL) {
		return;
	}
	if (d->ps != NULL) {
		ps_free(d->ps);
	}
	if (d->options != NULL) {
		cmd_ln_free_r(d->options);
	}
	free(d->key);
	free(d);
}

/* Fillers (<s>, <sil>, [NOISE], ++UH++) and empty steps of a grammar ("(NULL)") are no words. */
static bool
is_word(const char *w)
{
	return w != NULL && w[0] != '\0' && strchr("<[(+", w[0]) == NULL;
}

struct tally {
	size_t words, bytes;
};

static struct tally
count_words(ps_decoder_t *ps)
{
	struct tally t = {0, 0};
	for (ps_seg_t *s = ps_seg_iter(ps); s != NULL; s = ps_seg_next(s)) {
		const char *w = ps_seg_word(s);
		if (is_word(w)) {
			t.words++;
			t.bytes += strlen(w) + 1;
		}
	}
	return t;
}

/* Without the number of a pronunciation: "was(2)". */
static size_t
word_len(const char *w)
{
	const char *paren = strchr(w, '(');
	return paren != NULL ? (size_t)(paren - w) : strlen(w);
}

/* Write the joined text to the front of the buffer, and each word with a NUL behind it to @p to. */
static void
collect_words(ps_decoder_t *ps, struct rmi_transcript *t, char *to, size_t n_words)
{
	char *joined = t->text;
	double log_sum = 0;
	for (ps_seg_t *s = ps_seg_iter(ps); s != NULL; s = ps_seg_next(s)) {
		const char *w = ps_seg_word(s);
		if (!is_word(w) || t->n_words == n_words) {
			continue;
		}
		int first = 0;
		int last = 0;
		ps_seg_frames(s, &first, &last);
		double log_p = logmath_log_to_ln(ps_get_logmath(ps), ps_seg_prob(s, NULL, NULL, NULL));
		log_p = log_p < 0 ? log_p : 0;
		log_sum += log_p;
		size_t len = word_len(w);
		t->words[t->n_words++] = (struct rmi_word){
		    to, (int64_t)first * MS_PER_FRAME, ((int64_t)last + 1) * MS_PER_FRAME, (float)exp(log_p)};
		to = (char *)mempcpy(to, w, len) + 1;
		if (joined != t->text) {
			*joined++ = ' ';
		}
		joined = mempcpy(joined, w, len);
	}
	t->confidence = t->n_words > 0 ? (float)exp(log_sum / (double)t->n_words) : 0.0F;
}

/* @p ps NULL: nothing was said. */
static enum rme_err
read_result(ps_decoder_t *ps, struct rmi_transcript *out, struct rme_error *err)
{
	struct tally room = {0, 0};
	if (ps != NULL && ps_get_hyp(ps, NULL) != NULL) {
		room = count_words(ps);
	}
	struct rmi_transcript t = {.text = calloc(1, 2 * room.bytes + 1)}; /* the words twice, see collect_words() */
	t.words = calloc(room.words > 0 ? room.words : 1, sizeof(*t.words));
	if (t.text == NULL || t.words == NULL) {
		rmi_transcript_done(&t);
		return rme_error_set(err, RME_ENOMEM, "speech", "no memory for the transcript");
	}
	if (room.words > 0) {
		collect_words(ps, &t, t.text + room.bytes, room.words);
	}
	*out = t;
	return RME_OK;
}

/* A grammar makes words out of silence too: it knows no sentence without any. */
static bool
is_silent(const int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pcm[i] > SILENT_PEAK || pcm[i] < -SILENT_PEAK) {
			return false;
		}
	}
	return true;
}

enum rme_err
rmi_decoder_run(struct rmi_decoder *d, const int16_t *pcm, size_t n, struct rmi_transcript *out, struct rme_error *err)
{
	if (n > (size_t)RMI_DECODER_SECONDS_MAX * RMI_DECODER_RATE_HZ) {
		return rme_error_set(err, RME_ELIMIT, "speech", "an utterance of %zu s is too long: at most %d s",
		    n / RMI_DECODER_RATE_HZ, RMI_DECODER_SECONDS_MAX);
	}
	if (is_silent(pcm, n)) {
		return read_result(NULL, out, err);
	}
	/* A new stream per utterance: the noise estimate of the last one is forgotten. All at once: the means are its own. */
	bool ok = ps_start_stream(d->ps) >= 0 && ps_start_utt(d->ps) >= 0;
	if (!ok) {
		return rme_error_set(err, RME_EMODULE, "speech", "the recognizer could not start an utterance");
	}
	ok = ps_process_raw(d->ps, pcm, n, FALSE, TRUE) >= 0;
	ok = ps_end_utt(d->ps) >= 0 && ok;
	if (!ok) {
		return rme_error_set(err, RME_EMODULE, "speech", "the recognizer failed on this utterance");
	}
	return read_result(d->ps, out, err);
}

void
rmi_transcript_done(struct rmi_transcript *t)
{
	free(t->text);
	free(t->words);
	*t = (struct rmi_transcript){0};
}
