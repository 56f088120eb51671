#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "nodes/audio_reader.h"
#include "nodes/catalog.h"

/*
 * Real speech through every native node: recording -> 48 kHz -> 16 kHz -> detector -> utterances -> text -> reply -> speech.
 * The recordings are those of the package pocketsphinx-testdata.
 */

#define SPEECH_DIR "/usr/share/pocketsphinx/test/data/"

enum { STAGES_MAX = 8, RESULTS_MAX = 64, SILENCE_MS = 1500 };

static const char grammar[] =
    "#JSGF V1.0; grammar test; public <go> = go (forward | backward) <number> (meter | meters);\n"
    "public <cards> = <card>+; <card> = <number> [of] <suit>; <suit> = clubs | hearts | diamonds | spades;\n"
    "<number> = two | three | four | five | six | seven | eight | nine | ten;";
static const char rules[] = "[{\"when\":\"go * meters\",\"say\":\"Going {1} meters.\"}]";

/* Stages with their configurations, as a file would give them. */
struct chain {
	struct rme_runtime *rt;
	struct rme_node_spec specs[STAGES_MAX];
	void *configs[STAGES_MAX];
	size_t n;
};

static void *
bind(const char *type_name, struct rme_runtime *rt, const char *const *params)
{
	const struct rme_node_type *type = rme_runtime_find(rt, type_name);
	assert_non_null(type);
	struct rme_value values[8] = {{0}};
	size_t n = 0;
	for (; params != NULL && params[2 * n] != NULL; n++) {
		values[n] = (struct rme_value){.key = params[2 * n], .kind = RME_VALUE_TEXT, .text = params[2 * n + 1]};
	}
	const struct rme_params_in in = {values, n};
	void *config = calloc(1, type->config_size + 1);
	struct rme_error err = {0};
	if (rme_params_bind(type->params, &in, config, NULL, &err) != RME_OK) {
		fail_msg("%s: %s", type_name, err.text);
	}
	return config;
}

static void
add(struct chain *c, const char *type_name, const char *const *params)
{
	c->configs[c->n] = bind(type_name, c->rt, params);
	c->specs[c->n] = (struct rme_node_spec){.type = rme_runtime_find(c->rt, type_name), .config = c->configs[c->n]};
	c->n++;
}

static void
chain_begin(struct chain *c)
{
	*c = (struct chain){.n = 0};
	assert_int_equal(rme_runtime_new(&c->rt, NULL, NULL), RME_OK);
	assert_int_equal(rmi_catalog_register(c->rt), RME_OK);
	static const char *const to_speech[] = {
	    "output_sample_rate", "16000", "output_channels", "1", "output_format", "s16le", NULL};
	static const char *const utterances[] = {"hang_over", "500ms", NULL};
	add(c, "AudioTransform", to_speech);
	add(c, "Annotate", NULL);
	const struct rme_node_spec detector = {.type = rme_runtime_find(c->rt, "VoiceActivityDetector")};
	memcpy((char *)c->configs[1] + c->specs[1].type->params[0].offset, &detector, sizeof(detector));
	add(c, "UtteranceBuffer", utterances);
}

static void
chain_end(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		rme_params_done(c->specs[i].type->params, c->configs[i]);
		free(c->configs[i]);
	}
	rme_runtime_free(c->rt);
}

static void
submit(struct rme_session *s, const struct rme_format *f, const void *data, size_t len, int64_t *at_ns)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = *f;
	m.pts_ns = *at_ns;
	struct rme_packet *p = NULL;
	assert_int_equal(rme_packet_new(&p, &m, data, len), RME_OK);
	assert_int_equal(rme_session_submit(s, p, NULL), RME_OK);
	*at_ns += (int64_t)(len / 2) * 1000000000 / f->audio.rate_hz;
}

static void
submit_recording(struct rme_session *s, const char *path, int64_t *at_ns)
{
	struct rmi_audio_reader *r = NULL;
	struct rme_error err = {0};
	const struct rmi_audio_reader_config c = {.raw = strstr(path, ".raw") != NULL
	                                                     ? rme_format_audio(RME_SAMPLE_S16LE, 16000, 1)
	                                                     : (struct rme_format){0}};
	if (rmi_audio_reader_open(&r, path, &c, &err) != RME_OK) {
		fail_msg("%s: %s (install pocketsphinx-testdata)", err.where, err.text);
	}
	struct rme_packet *p = NULL;
	while (rmi_audio_reader_next(r, &p, &err) == RME_OK) {
		size_t len = 0;
		const uint8_t *data = rme_packet_data(p, &len);
		submit(s, rmi_audio_reader_format(r), data, len, at_ns);
		rme_packet_unref(p);
	}
	rmi_audio_reader_close(r);
}

static void
submit_silence(struct rme_session *s, int64_t *at_ns)
{
	static const int16_t zeros[320];
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	for (int ms = 0; ms < SILENCE_MS; ms += 20) {
		submit(s, &f, zeros, sizeof(zeros), at_ns);
	}
}

/* Run the recordings, with silence around each. @return number of results, owned by the caller */
static size_t
run(struct chain *c, const char *const *recordings, struct rme_packet *results[RESULTS_MAX])
{
	struct rme_plan *plan = NULL;
	struct rme_session *s = NULL;
	struct rme_error err = {0};
	const struct rme_plan_in in = {c->specs, c->n, rme_format_audio(RME_SAMPLE_S16LE, 16000, 1)};
	const struct rme_session_config config = {.inbox_items = 4096, .outbox_packets = 8192};
	if (rme_plan_new(&plan, c->rt, &in, &err) != RME_OK ||
	    rme_session_open(&s, c->rt, plan, &config, &err) != RME_OK) {
		fail_msg("%s: %s", err.where, err.text);
	}
	int64_t at_ns = 0;
	submit_silence(s, &at_ns);
	for (size_t i = 0; recordings[i] != NULL; i++) {
		submit_recording(s, recordings[i], &at_ns);
		submit_silence(s, &at_ns);
	}
	assert_int_equal(rme_session_end(s), RME_OK);
	size_t n = 0;
	struct rme_packet *p = NULL;
	while (rme_session_recv(s, &p, 0) == RME_OK) {
		if (rme_packet_meta(p)->kind == RME_PACKET_DATA) {
			assert_true(n < RESULTS_MAX);
			results[n++] = p;
			continue;
		}
		const struct rme_verdict *v = rme_packet_verdict(p);
		if (v->error.code != RME_OK) {
			fail_msg("item %u: %s: %s", (unsigned)rme_packet_meta(p)->seq, v->error.where, v->error.text);
		}
		rme_packet_unref(p);
	}
	rme_session_free(s);
	rme_plan_free(plan);
	return n;
}

static void
drop(struct rme_packet **results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rme_packet_unref(results[i]);
	}
}

static void
recordings_become_text(void **state)
{
	(void)state;
	static const char *const recordings[] = {SPEECH_DIR "goforward.raw", SPEECH_DIR "cards/001.wav",
	    SPEECH_DIR "cards/005.wav", SPEECH_DIR "cards/003.wav", NULL};
	static const char *const expected[] = {
	    "go forward ten meters", "ten of clubs", "eight of spades four of clubs seven of hearts", "seven of clubs"};
	static const char *const params[] = {"grammar", grammar, NULL};
	struct chain c;
	struct rme_packet *results[RESULTS_MAX];
	chain_begin(&c);
	add(&c, "SpeechRecognizer", params);
	size_t n = run(&c, recordings, results);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		const char *json = (const char *)rme_packet_data(results[i], &len);
		char start[128];
		int k = snprintf(start, sizeof(start), "{\"text\":\"%s\",", expected[i]);
		print_message("%.2f s: %.*s\n", (double)rme_packet_meta(results[i])->pts_ns / 1e9, k, json);
		assert_memory_equal(json, start, (size_t)k);
	}
	drop(results, n);
	chain_end(&c);
}

static void
recordings_are_answered(void **state)
{
	(void)state;
	static const char *const recordings[] = {SPEECH_DIR "goforward.raw", NULL};
	static const char *const recognizer[] = {"grammar", grammar, NULL};
	static const char *const replier[] = {"rules", rules, NULL};
	static const char *const voice[] = {"voice", "kal16", NULL};
	struct chain c;
	struct rme_packet *results[RESULTS_MAX];
	chain_begin(&c);
	add(&c, "SpeechRecognizer", recognizer);
	add(&c, "ReplyRules", replier);
	size_t n = run(&c, recordings, results);
	assert_int_equal(n, 1);
	size_t len = 0;
	const uint8_t *text = rme_packet_data(results[0], &len);
	assert_int_equal(len, strlen("Going forward ten meters."));
	assert_memory_equal(text, "Going forward ten meters.", len);
	drop(results, n);
	add(&c, "SpeechSynthesizer", voice);
	n = run(&c, recordings, results);
	assert_int_equal(n, 1);
	struct rme_format speech = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	assert_true(rme_format_equal(&rme_packet_meta(results[0])->format, &speech));
	assert_true(rme_packet_meta(results[0])->duration_ns > 1000000000);
	drop(results, n);
	chain_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recordings_become_text),
	    cmocka_unit_test(recordings_are_answered),
	};
	return cmocka_run_group_tests_name("speech_pipeline", tests, NULL, NULL);
}
