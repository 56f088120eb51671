#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <rme/node.h>
#include "nodes/catalog.h"
#include "nodes/json_io.h"
#include "nodes/speech_decoder.h"
#include "nodes/speech_grammar.h"
#include "nodes/speech_pool.h"

#define MODEL_DIR "/usr/share/pocketsphinx/model/en-us/" /* where Debian's pocketsphinx-en-us puts it */

struct config {
	char *model, *dictionary, *language_model, *grammar, *keyphrase;
	double keyphrase_threshold;
};

static const struct rme_param params[] = {
    {.name = "model",
        .kind = RME_PARAM_PATH,
        .offset = offsetof(struct config, model),
        .fallback = MODEL_DIR "en-us",
        .help = "folder of the acoustic model"},
    {.name = "dictionary",
        .kind = RME_PARAM_PATH,
        .offset = offsetof(struct config, dictionary),
        .fallback = MODEL_DIR "cmudict-en-us.dict",
        .help = "file with the pronunciation of words"},
    {.name = "language_model",
        .kind = RME_PARAM_PATH,
        .offset = offsetof(struct config, language_model),
        .fallback = MODEL_DIR "en-us.lm.bin",
        .help = "file; used for free speech, without grammar and keyphrase"},
    {.name = "grammar",
        .kind = RME_PARAM_PATH,
        .offset = offsetof(struct config, grammar),
        .help = "JSGF grammar of what may be said: a file, or the text, which starts with #JSGF"},
    {.name = "keyphrase",
        .kind = RME_PARAM_TEXT,
        .offset = offsetof(struct config, keyphrase),
        .help = "words to wait for; everything else is left out"},
    {.name = "keyphrase_threshold",
        .kind = RME_PARAM_NUMBER,
        .offset = offsetof(struct config, keyphrase_threshold),
        .fallback = "1e-20",
        .max = 1,
        .help = "the lower, the more is taken for the keyphrase"},
    {.name = NULL},
};

struct recognizer {
	struct rmi_decoder *decoder;
};

static struct rme_format
speech_format(void)
{
	return rme_format_audio(RME_SAMPLE_S16LE, RMI_DECODER_RATE_HZ, 1);
}

static enum rme_err
recognizer_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)config;
	*want = speech_format();
	*gives = rme_format_of(RME_MEDIA_JSON);
	return in->media == RME_MEDIA_AUDIO_PCM || in->media == RME_MEDIA_ANY ? RME_OK : RME_EFORMAT;
}

/* The grammar is read here, so that a decoder is used again for the same text, not for the same file name. */
static enum rme_err
open_decoder(struct rmi_decoder **out, struct rme_runtime *rt, const struct config *c, struct rme_error *err)
{
	char *grammar = NULL;
	enum rme_err e = RME_OK;
	if (c->grammar != NULL && c->grammar[0] != '\0') {
		e = rmi_grammar_load(&grammar, c->grammar, err);
	}
	const struct rmi_decoder_config decoder = {
	    .model = c->model,
	    .dictionary = c->dictionary,
	    .language_model = c->language_model,
	    .grammar = grammar,
	    .keyphrase = c->keyphrase,
	    .keyphrase_threshold = c->keyphrase_threshold,
	};
	e = e == RME_OK ? rmi_speech_pool_take(out, rt, &decoder, err) : e;
	free(grammar);
	return e;
}

static enum rme_err
recognizer_open(struct rme_node *self, const void *config)
{
	struct recognizer *r = rme_node_state(self);
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = open_decoder(&r->decoder, rme_node_runtime(self), config, &err);
	return e == RME_OK ? RME_OK : rme_node_fail(self, e, "%s: %.200s", err.where, err.text);
}

static void
recognizer_close(struct rme_node *self)
{
	struct recognizer *r = rme_node_state(self);
	rmi_speech_pool_give(rme_node_runtime(self), r->decoder);
}

/* Four digits are more than a probability is worth. */
static double
rounded(float p)
{
	return round((double)p * 1e4) / 1e4;
}

static yyjson_mut_val *
word_json(yyjson_mut_doc *doc, const struct rmi_word *w)
{
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	bool ok = yyjson_mut_obj_add_str(doc, o, "word", w->text) &&
	          yyjson_mut_obj_add_sint(doc, o, "start_ms", w->start_ms) &&
	          yyjson_mut_obj_add_sint(doc, o, "end_ms", w->end_ms) &&
	          yyjson_mut_obj_add_real(doc, o, "confidence", rounded(w->confidence));
	return ok ? o : NULL;
}

/* NULL where memory ran out. */
static yyjson_mut_doc *
transcript_json(const struct rmi_transcript *t)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	if (doc == NULL) {
		return NULL;
	}
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *words = yyjson_mut_arr(doc);
	bool ok = yyjson_mut_obj_add_str(doc, root, "text", t->text) &&
	          yyjson_mut_obj_add_real(doc, root, "confidence", rounded(t->confidence)) &&
	          yyjson_mut_obj_add_val(doc, root, "words", words);
	for (size_t i = 0; ok && i < t->n_words; i++) {
		ok = yyjson_mut_arr_append(words, word_json(doc, &t->words[i]));
	}
	if (!ok) {
		yyjson_mut_doc_free(doc);
		return NULL;
	}
	yyjson_mut_doc_set_root(doc, root);
	return doc;
}

static enum rme_err
check_input(struct rme_node *self, const struct rme_packet *in)
{
	const struct rme_packet_meta *meta = rme_packet_meta(in);
	struct rme_format want = speech_format();
	size_t len = 0;
	(void)rme_packet_data(in, &len);
	if (!rme_format_equal(&meta->format, &want)) {
		char has[RME_FORMAT_TEXT_MAX], wants[RME_FORMAT_TEXT_MAX];
		(void)rme_format_print(&meta->format, has);
		(void)rme_format_print(&want, wants);
		return rme_node_fail(self, RME_EFORMAT, "takes %s, got %s", wants, has);
	}
	if (len % sizeof(int16_t) != 0) {
		return rme_node_fail(self, RME_EFORMAT, "%zu bytes are no whole number of 16-bit samples", len);
	}
	if (meta->deadline_ns != 0 && rme_node_now(self) >= meta->deadline_ns) {
		return rme_node_fail(self, RME_ETIMEDOUT, "the deadline had passed before recognition began");
	}
	return RME_OK;
}

static enum rme_err
emit_transcript(struct rme_node *self, const struct rme_packet *in, const struct rmi_transcript *t)
{
	struct rme_packet_meta meta = *rme_packet_meta(in);
	meta.confidence = t->confidence;
	yyjson_mut_doc *doc = transcript_json(t);
	enum rme_err e = rmi_json_emit(self, &meta, doc);
	yyjson_mut_doc_free(doc);
	return e;
}

/* A payload from somewhere else need not begin at an even address. */
static enum rme_err
decode(struct rmi_decoder *d, const struct rme_packet *in, struct rmi_transcript *t, struct rme_error *err)
{
	size_t len = 0;
	const uint8_t *data = rme_packet_data(in, &len);
	if ((uintptr_t)data % _Alignof(int16_t) == 0) {
		return rmi_decoder_run(d, (const int16_t *)(const void *)data, len / sizeof(int16_t), t, err);
	}
	int16_t *copy = malloc(len);
	if (copy == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "no memory for the utterance");
	}
	memcpy(copy, data, len);
	enum rme_err e = rmi_decoder_run(d, copy, len / sizeof(int16_t), t, err);
	free(copy);
	return e;
}

static enum rme_err
recognize(struct rme_node *self, const struct rme_packet *in)
{
	struct recognizer *r = rme_node_state(self);
	enum rme_err e = check_input(self, in);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_transcript t = {0};
	struct rme_error err = {.code = RME_OK};
	e = decode(r->decoder, in, &t, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text);
	}
	e = emit_transcript(self, in, &t);
	rmi_transcript_done(&t);
	return e;
}

static enum rme_err
recognizer_process(struct rme_node *self, struct rme_packet *in)
{
	enum rme_err e = recognize(self, in);
	rme_packet_unref(in);
	return e;
}

const struct rme_node_type rmi_speech_recognizer_type = {
    .name = "SpeechRecognizer",
    .category = "audio",
    .help = "Turns an utterance into text (PocketSphinx, US English).",
    .flags = RME_NODE_BLOCKING,
    .state_size = sizeof(struct recognizer),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = recognizer_formats,
    .open = recognizer_open,
    .process = recognizer_process,
    .close = recognizer_close,
};
