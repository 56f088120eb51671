#ifndef RME_ASR_REPORT_H
#define RME_ASR_REPORT_H

/* The result as JSON, with the members of the native node SpeechRecognizer. Needs rme_guest_io.h before it. */

#include "asr.h"

static inline void
asr_put_words(struct rme_out *out, const struct asr *a)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < a->result.n_words; i++) {
		const struct asr_result_word *w = &a->result.words[i];
		if (w->filler) {
			continue;
		}
		rme_put_text(out, n++ > 0 ? ",{\"word\":" : "{\"word\":");
		rme_put_json_string(out, a->model.text + a->model.words[w->word].text, a->model.words[w->word].len);
		rme_put_text(out, ",\"start_ms\":");
		rme_put_uint(out, (uint64_t)w->start * 10);
		rme_put_text(out, ",\"end_ms\":");
		rme_put_uint(out, (uint64_t)w->end * 10);
		rme_put_text(out, ",\"confidence\":");
		rme_put_number(out, (double)asr_word_confidence(a, w), 4);
		rme_put_text(out, "}");
	}
}

/* A JSON string with the words and spaces between them. */
static inline void
asr_put_sentence(struct rme_out *out, const struct asr *a)
{
	uint32_t start = out->len;
	rme_put_text(out, "\"");
	for (uint32_t i = 0; i < a->result.n_words; i++) {
		const struct asr_word *w = &a->model.words[a->result.words[i].word];
		if (w->len == 0) {
			continue;
		}
		if (out->len > start + 1) {
			rme_put_text(out, " ");
		}
		uint32_t quote = out->len;
		rme_put_json_string(out, a->model.text + w->text, w->len);
		if (out->overflow) {
			return;
		}
		/* The word without its quotation marks. */
		out->len -= 2;
		for (uint32_t k = quote; k < out->len; k++) {
			out->data[k] = out->data[k + 1];
		}
	}
	rme_put_text(out, "\"");
}

/* What was rejected is not in "text", so that nobody acts on it; what came closest is "closest". */
static inline void
asr_report_put(struct rme_out *out, const struct asr *a, const struct asr_verdict *v)
{
	rme_put_text(out, "{\"text\":");
	if (v->rejected) {
		rme_put_text(out, "\"\"");
	} else {
		asr_put_sentence(out, a);
	}
	rme_put_text(out, ",\"confidence\":");
	rme_put_number(out, (double)v->confidence, 4);
	rme_put_text(out, ",\"words\":[");
	if (!v->rejected) {
		asr_put_words(out, a);
	}
	rme_put_text(out, "],\"rejected\":");
	rme_put_bool(out, v->rejected);
	if (v->rejected) {
		rme_put_text(out, ",\"closest\":");
		asr_put_sentence(out, a);
	}
	rme_put_text(out, ",\"grammar\":");
	rme_put_json_string(out, a->model.header->grammar, rme_text_length(a->model.header->grammar));
	rme_put_text(out, "}");
}

#endif
