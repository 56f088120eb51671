#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/speech_decoder.h"
#include "speech_data.h"

enum { WAV_HEADER_BYTES = 44 };

static const struct rmi_decoder_config english = {
    .model = MODEL_DIR "en-us",
    .dictionary = MODEL_DIR "cmudict-en-us.dict",
    .language_model = MODEL_DIR "en-us.lm.bin",
    .keyphrase_threshold = 1e-10,
};

static int16_t *
load(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		fail_msg("%s: install pocketsphinx-testdata", path);
	}
	long skip = strstr(path, ".wav") != NULL ? WAV_HEADER_BYTES : 0;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	long bytes = ftell(f) - skip;
	assert_true(bytes > 0);
	assert_int_equal(fseek(f, skip, SEEK_SET), 0);
	*n = (size_t)bytes / sizeof(int16_t);
	int16_t *pcm = calloc(*n, sizeof(*pcm));
	assert_non_null(pcm);
	assert_int_equal(fread(pcm, sizeof(*pcm), *n, f), *n);
	(void)fclose(f);
	return pcm;
}

static struct rmi_decoder *
open_decoder(const struct rmi_decoder_config *config)
{
	struct rmi_decoder *d = NULL;
	struct rme_error err = {0};
	if (rmi_decoder_open(&d, config, &err) != RME_OK) {
		fail_msg("%s: %s", err.where, err.text);
	}
	return d;
}

static void
expect(struct rmi_decoder *d, const char *path, const char *text)
{
	size_t n = 0;
	int16_t *pcm = load(path, &n);
	struct rmi_transcript t = {0};
	struct rme_error err = {0};
	assert_int_equal(rmi_decoder_run(d, pcm, n, &t, &err), RME_OK);
	print_message("%s -> \"%s\" (%.2f)\n", strrchr(path, '/') + 1, t.text, (double)t.confidence);
	assert_string_equal(t.text, text);
	assert_true(t.confidence > 0.0F && t.confidence <= 1.0F);
	int64_t before = 0;
	for (size_t i = 0; i < t.n_words; i++) {
		assert_true(t.words[i].start_ms >= before && t.words[i].end_ms > t.words[i].start_ms);
		assert_true(t.words[i].end_ms <= (int64_t)n / 16);
		assert_true(t.words[i].confidence >= 0.0F && t.words[i].confidence <= 1.0F);
		assert_non_null(strstr(t.text, t.words[i].text));
		before = t.words[i].end_ms;
	}
	rmi_transcript_done(&t);
	free(pcm);
}

static void
recognizes_commands_with_a_grammar(void **state)
{
	(void)state;
	struct rmi_decoder_config c = english;
	c.grammar = SPEECH_DIR "cards/cards.gram";
	c.language_model = "/nowhere"; /* not looked at */
	struct rmi_decoder *d = open_decoder(&c);
	for (int round = 0; round < 2; round++) { /* an utterance does not depend on the ones before it */
		expect(d, SPEECH_DIR "cards/005.wav", "eight of spades four of clubs seven of hearts");
		expect(d, SPEECH_DIR "cards/001.wav", "ten of clubs");
		expect(d, SPEECH_DIR "cards/002.wav", "four queen of clubs");
		expect(d, SPEECH_DIR "cards/003.wav", "seven of clubs");
		expect(d, SPEECH_DIR "cards/004.wav", "five five");
	}
	rmi_decoder_close(d);
}

static void
any_public_rule_may_be_spoken(void **state)
{
	(void)state;
	struct rmi_decoder_config c = english;
	c.grammar =
	    "#JSGF V1.0; grammar g; public <one> = stop now; public <two> = go forward ten meters; public <three> = "
	    "turn left;";
	struct rmi_decoder *d = open_decoder(&c);
	expect(d, SPEECH_DIR "goforward.raw", "go forward ten meters");
	rmi_decoder_close(d);
}

static void
recognizes_free_speech(void **state)
{
	(void)state;
	struct rmi_decoder *d = open_decoder(&english);
	expect(d, SPEECH_DIR "goforward.raw", "go forward ten meters");
	expect(d, SPEECH_DIR "something.raw", "go somewhere and do something");
	rmi_decoder_close(d);
}

static void
waits_for_a_keyphrase(void **state)
{
	(void)state;
	struct rmi_decoder_config c = english;
	c.keyphrase = "go forward";
	struct rmi_decoder *d = open_decoder(&c);
	expect(d, SPEECH_DIR "goforward.raw", "go forward");
	size_t n = 0;
	int16_t *pcm = load(SPEECH_DIR "numbers.raw", &n);
	struct rmi_transcript t = {0};
	assert_int_equal(rmi_decoder_run(d, pcm, n, &t, NULL), RME_OK);
	assert_string_equal(t.text, "");
	rmi_transcript_done(&t);
	free(pcm);
	rmi_decoder_close(d);
}

static void
silence_is_an_empty_text(void **state)
{
	(void)state;
	struct rmi_decoder_config c = english;
	c.grammar = SPEECH_DIR "cards/cards.gram";
	struct rmi_decoder *d = open_decoder(&c);
	static int16_t zeros[16000];
	for (size_t i = 0; i < 16000; i++) {
		zeros[i] = (int16_t)(i % 17) - 8; /* as good as */
	}
	static const size_t lengths[] = {0, 1, 160, 409, 16000};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct rmi_transcript t = {0};
		assert_int_equal(rmi_decoder_run(d, zeros, lengths[i], &t, NULL), RME_OK);
		assert_string_equal(t.text, "");
		assert_int_equal(t.n_words, 0);
		assert_true(t.confidence == 0.0F);
		rmi_transcript_done(&t);
	}
	struct rmi_transcript t = {0};
	struct rme_error err = {0};
	size_t longer = (size_t)RMI_DECODER_SECONDS_MAX * RMI_DECODER_RATE_HZ + 1;
	assert_int_equal(rmi_decoder_run(d, zeros, longer, &t, &err), RME_ELIMIT);
	static const int16_t click[] = {0, 30000, -30000, 0};
	assert_int_equal(rmi_decoder_run(d, click, 4, &t, &err), RME_OK);
	assert_string_equal(t.text, "");
	rmi_transcript_done(&t);
	expect(d, SPEECH_DIR "cards/004.wav", "five five"); /* still well */
	rmi_decoder_close(d);
}

static void *
recognize_in_a_thread(void *path)
{
	struct rmi_decoder_config c = english;
	c.grammar = SPEECH_DIR "cards/cards.gram";
	struct rmi_decoder *d = open_decoder(&c);
	for (int i = 0; i < 2; i++) {
		expect(d, path, strstr(path, "002") != NULL ? "four queen of clubs" : "five five");
	}
	rmi_decoder_close(d);
	return NULL;
}

static void
decoders_do_not_disturb_each_other(void **state)
{
	(void)state;
	static char paths[2][128] = {SPEECH_DIR "cards/002.wav", SPEECH_DIR "cards/004.wav"};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, recognize_in_a_thread, paths[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
}

static void
refuse(const struct rmi_decoder_config *c, enum rme_err code, const char *text)
{
	struct rmi_decoder *d = NULL;
	struct rme_error err = {0};
	assert_int_equal(rmi_decoder_open(&d, c, &err), code);
	assert_null(d);
	if (strstr(err.text, text) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	}
}

static void
says_what_is_missing(void **state)
{
	(void)state;
	struct rmi_decoder_config c = english;
	c.model = "/nowhere";
	refuse(&c, RME_ENOTFOUND, "install pocketsphinx-en-us");
	c = english;
	c.dictionary = "/nowhere.dict";
	refuse(&c, RME_ENOTFOUND, "no dictionary at /nowhere.dict");
	c = english;
	c.language_model = "/nowhere.lm";
	refuse(&c, RME_ENOTFOUND, "no language model at /nowhere.lm");
	c.language_model = MODEL_DIR "cmudict-en-us.dict";
	refuse(&c, RME_EFORMAT, "is no language model");
	c = english;
	c.grammar = "#JSGF V1.0; grammar g; public <a> = open the kwyjibo;";
	refuse(&c, RME_ECONFIG, "kwyjibo");
	c.grammar = "#JSGF V1.0; grammar g; <a> = hello;";
	refuse(&c, RME_ECONFIG, "no rule is public");
	c.grammar = "#JSGF V1.0; grammar g; public <a> = <a> hello | hello;";
	refuse(&c, RME_EUNSUPPORTED, "comes back to itself");
	c.grammar = "#JSGF V1.0; grammar g; public <a> = hello";
	refuse(&c, RME_ECONFIG, "semicolon");
	c = english;
	c.keyphrase = "hello kwyjibo";
	refuse(&c, RME_ECONFIG, "kwyjibo");
	c.grammar = "#JSGF V1.0; grammar g; public <a> = hello;";
	refuse(&c, RME_ECONFIG, "not both");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recognizes_commands_with_a_grammar),
	    cmocka_unit_test(any_public_rule_may_be_spoken),
	    cmocka_unit_test(recognizes_free_speech),
	    cmocka_unit_test(waits_for_a_keyphrase),
	    cmocka_unit_test(silence_is_an_empty_text),
	    cmocka_unit_test(decoders_do_not_disturb_each_other),
	    cmocka_unit_test(says_what_is_missing),
	};
	return cmocka_run_group_tests_name("speech_decoder", tests, NULL, NULL);
}
