#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tiny_asr.h"

struct fixture {
	struct asr asr;
	struct asr_model model;
	struct tiny_sound sound;
	uint8_t *file, *room;
};

static struct fixture *
setup_model(uint32_t n_points)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *why = NULL;
	uint32_t len = 0;
	assert_non_null(f);
	f->file = tiny_model(n_points, &len);
	if (asr_model_open(&f->model, f->file, len, &why) < 0) {
		fail_msg("%s", why);
	}
	f->room = aligned_alloc(16, (asr_bytes(&f->model) + 15) & ~(uint64_t)15);
	assert_non_null(f->room);
	asr_init(&f->asr, &f->model, f->room);
	return f;
}

static void
teardown_model(struct fixture *f)
{
	free(f->file);
	free(f->room);
	free(f);
}

static void
hear(struct fixture *f, const int *sounds, uint32_t n, struct asr_verdict *v)
{
	f->sound.n = 0;
	for (uint32_t i = 0; i < n; i++) {
		tiny_say(&f->sound, sounds[i], TINY_PIECE);
	}
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, f->sound.n, v), ASR_OK);
}

static void
words_come_in_their_order_and_at_their_times(void **state)
{
	(void)state;
	static const int said[] = {
	    TINY_SILENCE, TINY_HIGH, TINY_SILENCE, TINY_LOW, TINY_SILENCE, TINY_HIGH, TINY_SILENCE};
	struct fixture *f = setup_model(1);
	struct asr_verdict v;
	for (int round = 0; round < 2; round++) { /* the second is not another one for the first */
		hear(f, said, 7, &v);
		assert_int_equal(f->asr.result.complete, 1);
		assert_int_equal(v.rejected, 0);
		assert_true(v.confidence > 0.8f);
		uint32_t at = 0;
		for (uint32_t i = 0; i < f->asr.result.n_words; i++) {
			const struct asr_result_word *w = &f->asr.result.words[i];
			assert_int_equal(w->start, i == 0 ? 0 : f->asr.result.words[i - 1].end);
			assert_true(w->end > w->start);
			if (w->filler) {
				continue;
			}
			assert_true(at < 3);
			assert_int_equal(w->word, said[1 + 2 * at]);
			assert_in_range(w->start, 25 + 50 * at - 4, 25 + 50 * at + 4);
			assert_in_range(w->end, 50 + 50 * at - 4, 50 + 50 * at + 4);
			assert_true(asr_word_confidence(&f->asr, w) > 0.8f);
			at++;
		}
		assert_int_equal(at, 3);
	}
	teardown_model(f);
}

static void
nothing_said_is_rejected(void **state)
{
	(void)state;
	static const int said[] = {TINY_SILENCE, TINY_SILENCE};
	struct fixture *f = setup_model(1);
	struct asr_verdict v;
	hear(f, said, 2, &v);
	assert_int_equal(v.rejected, 1);
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, 0, &v), ASR_OK);
	assert_int_equal(v.rejected, 1);
	assert_int_equal(f->asr.result.n_words, 0);
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, 1, &v), ASR_OK);
	teardown_model(f);
}

static void
sound_needs_a_front_end(void **state)
{
	(void)state;
	struct asr_verdict v;
	struct fixture *f = setup_model(1);
	((struct asr_header *)(void *)f->file)->feature = ASR_FEATURE_GIVEN;
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, 1600, &v), ASR_NO_FRONT_END);
	assert_int_equal(asr_features(&f->asr, NULL, 0, &v), ASR_OK);
	assert_int_equal(v.rejected, 1);
	teardown_model(f);
}

static void
a_threshold_rejects(void **state)
{
	(void)state;
	static const int said[] = {TINY_SILENCE, TINY_LOW, TINY_SILENCE};
	struct fixture *f = setup_model(1);
	struct asr_verdict v;
	f->asr.threshold = 1.0f;
	hear(f, said, 3, &v);
	assert_int_equal(v.rejected, 1);
	teardown_model(f);
}

static void
longer_than_thirty_seconds_is_refused(void **state)
{
	(void)state;
	struct fixture *f = setup_model(1);
	struct asr_verdict v;
	uint32_t most = (ASR_FRAMES_MAX - 2) * ASR_HOP + ASR_WINDOW;
	f->sound.n = 0;
	tiny_say(&f->sound, TINY_SILENCE, most + ASR_HOP);
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, most + ASR_HOP, &v), ASR_TOO_LONG);
	assert_int_equal(asr_utterance(&f->asr, f->sound.pcm, most, &v), ASR_OK);
	teardown_model(f);
}

/* So many word ends that those that lead nowhere must be forgotten: the words are the same as with few. */
static void
records_are_cleared_out(void **state)
{
	(void)state;
	struct fixture *few = setup_model(1);
	struct fixture *many = setup_model(60);
	struct asr_verdict v, w;
	for (uint32_t i = 0; i < 100; i++) {
		tiny_say(&few->sound, i % 2 == 0 ? TINY_SILENCE : i % 3 == 0 ? TINY_LOW : TINY_HIGH, 4600);
	}
	assert_int_equal(asr_utterance(&few->asr, few->sound.pcm, few->sound.n, &v), ASR_OK);
	assert_int_equal(asr_utterance(&many->asr, few->sound.pcm, few->sound.n, &w), ASR_OK);
	assert_true((uint64_t)many->asr.search.n_frames * 60 > ASR_RECORDS_MAX);
	assert_true(few->asr.result.n_words > 90);
	assert_int_equal(few->asr.result.n_words, many->asr.result.n_words);
	for (uint32_t i = 0; i < few->asr.result.n_words; i++) {
		assert_int_equal(few->asr.result.words[i].word, many->asr.result.words[i].word);
		assert_int_equal(few->asr.result.words[i].end, many->asr.result.words[i].end);
	}
	teardown_model(few);
	teardown_model(many);
}

static void
foreign_bytes_are_no_model(void **state)
{
	(void)state;
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	struct asr_model m;
	const char *why = NULL;
	assert_true(asr_model_open(&m, file, 4, &why) < 0);
	assert_string_equal(why, "not a model of simple_asr");
	assert_true(asr_model_open(&m, file + 1, len - 1, &why) < 0);
	for (uint32_t n = sizeof(struct asr_header); n < len; n += 16) {
		assert_true(asr_model_open(&m, file, n, &why) < 0);
	}
	struct asr_header *h = (struct asr_header *)(void *)file;
	h->offset[ASR_ARCS] = h->bytes;
	assert_true(asr_model_open(&m, file, len, &why) < 0);
	assert_string_equal(why, "the model is cut off or damaged");
	free(file);
}

static int
write_vectors(const char *folder)
{
	static struct tiny_sound s;
	static const int said[] = {TINY_SILENCE, TINY_HIGH, TINY_LOW, TINY_SILENCE, TINY_LOW, TINY_SILENCE};
	char path[300];
	uint32_t len = 0;
	uint8_t *file = tiny_model(1, &len);
	for (uint32_t i = 0; i < 6; i++) {
		tiny_say(&s, said[i], TINY_PIECE / 2);
	}
	(void)snprintf(path, sizeof(path), "%s/tiny.asr", folder);
	FILE *f = fopen(path, "we");
	size_t n = f != NULL ? fwrite(file, 1, len, f) : 0;
	n += f != NULL && fclose(f) == 0;
	(void)snprintf(path, sizeof(path), "%s/high_low_low.s16le", folder);
	f = fopen(path, "we");
	n += f != NULL ? fwrite(s.pcm, 2, s.n, f) : 0;
	n += f != NULL && fclose(f) == 0;
	free(file);
	return n == (size_t)len + s.n + 2 ? 0 : 1;
}

/* test_asr --write FOLDER makes the files that tests/vectors/modules/simple_asr.json names. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_come_in_their_order_and_at_their_times),
	    cmocka_unit_test(nothing_said_is_rejected),
	    cmocka_unit_test(sound_needs_a_front_end),
	    cmocka_unit_test(a_threshold_rejects),
	    cmocka_unit_test(longer_than_thirty_seconds_is_refused),
	    cmocka_unit_test(records_are_cleared_out),
	    cmocka_unit_test(foreign_bytes_are_no_model),
	};
	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		return write_vectors(argv[2]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
