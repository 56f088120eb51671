#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "vad_kernel.h"
#include "sample_audio.h"

static const struct vad_options OPTIONS = {.threshold = 0.5f, .speech_ratio = 0.3f, .hold = 0};

static struct sample_audio *
audio_new(void)
{
	struct sample_audio *a = calloc(1, sizeof *a);
	assert_non_null(a);
	return a;
}

/* Mean probability over a piece, after the frames before it. */
static double
mean_of(const float *p, uint32_t from_sample, uint32_t to_sample)
{
	double sum = 0.0;
	uint32_t n = 0;
	for (uint32_t i = from_sample / VAD_HOP + 1; i < to_sample / VAD_HOP; i++, n++) {
		sum += (double)p[i];
	}
	return sum / n;
}

static void
silence_is_no_speech(void **state)
{
	(void)state;
	struct vad v;
	struct vad_summary s;
	int16_t zero[16000] = {0};
	vad_init(&v, &OPTIONS);
	vad_push(&v, zero, 16000, &s, NULL);
	assert_int_equal(s.frames, 100);
	assert_false(s.is_speech);
	assert_true(s.probability < 0.2f);
	assert_true(s.energy == 0.0f);
}

static void
noise_of_any_level_is_no_speech(void **state)
{
	(void)state;
	for (int32_t peak = 20; peak < 32768; peak *= 6) {
		struct sample_audio *a = audio_new();
		struct vad v;
		struct vad_summary s;
		uint32_t seed = 11;
		sample_noise(a, 48000, peak, &seed);
		vad_init(&v, &OPTIONS);
		vad_push(&v, a->pcm, 16000, &s, NULL); /* the tracker may learn for a second */
		vad_push(&v, a->pcm + 16000, 32000, &s, NULL);
		assert_true(s.speech_frames < 20);
		assert_true(vad_confidence(&s) >= 0.5f);
		free(a);
	}
}

static void
a_sentence_in_noise_is_found(void **state)
{
	(void)state;
	struct sample_audio *a = audio_new();
	struct vad v;
	struct vad_summary s;
	uint32_t seed = 12;
	float *p = calloc(SAMPLE_MAX / VAD_HOP + 1, sizeof *p);
	assert_non_null(p);
	sample_noise(a, 24000, 0, &seed);
	uint32_t n = sample_sentence(a);
	assert_true(n > 40000);
	sample_noise(a, 24000, 0, &seed);
	sample_add_noise(a, 300, &seed);
	vad_init(&v, &OPTIONS);
	vad_push(&v, a->pcm, a->n, &s, p);
	assert_int_equal(s.frames, a->n / VAD_HOP);
	assert_true(mean_of(p, 8000, 24000) < 0.3);
	assert_true(mean_of(p, 24000, 24000 + n) > 0.6);
	assert_true(mean_of(p, 24000 + n + 8000, a->n) < 0.3);
	free(p);
	free(a);
}

static void
any_chunking_gives_the_same_bits(void **state)
{
	(void)state;
	struct sample_audio *a = audio_new();
	struct vad v;
	struct vad_summary s;
	uint32_t seed = 13;
	sample_noise(a, 9000, 900, &seed);
	sample_sentence(a);
	uint32_t frames = a->n / VAD_HOP;
	float *whole = calloc(frames + 1, sizeof *whole);
	float *parts = calloc(2 * (size_t)frames + 2, sizeof *parts);
	assert_non_null(whole);
	assert_non_null(parts);
	vad_init(&v, &OPTIONS);
	vad_push(&v, a->pcm, a->n, &s, whole);
	vad_reset(&v);
	uint32_t done = 0;
	for (uint32_t at = 0; at < a->n;) {
		uint32_t n = (uint32_t)(sample_random(&seed) + 32768) % 700;
		n = n < a->n - at ? n : a->n - at;
		vad_push(&v, a->pcm + at, n, &s, parts + done);
		done += s.frames;
		at += n;
	}
	assert_int_equal(done, frames);
	assert_memory_equal(whole, parts, frames * sizeof *whole);
	free(whole);
	free(parts);
	free(a);
}

/* Full-scale squares, single clicks, the smallest and the largest values. */
static int16_t
extreme_sample(uint32_t kind, uint32_t i, uint32_t *seed)
{
	switch (kind) {
	case 0:
		return i / 40 % 2 != 0 ? INT16_MAX : INT16_MIN;
	case 1:
		return i % 5000 == 0 ? INT16_MIN : 0;
	case 2:
		return i % 2 != 0 ? 1 : 0;
	case 3:
		return INT16_MIN;
	default:
		return (int16_t)sample_random(seed);
	}
}

static void
extreme_input_stays_finite(void **state)
{
	(void)state;
	struct vad v;
	struct vad_summary s;
	uint32_t seed = 14;
	vad_init(&v, &OPTIONS);
	for (uint32_t i = 0; i < 400; i++) {
		int16_t hop[VAD_HOP];
		float p;
		for (uint32_t k = 0; k < VAD_HOP; k++) {
			hop[k] = extreme_sample(i / 10 % 5, i * VAD_HOP + k, &seed);
		}
		vad_push(&v, hop, VAD_HOP, &s, &p);
		assert_true(p >= 0.0f && p <= 1.0f);
		assert_true(isfinite(s.energy) && isfinite(s.snr_db));
		for (uint32_t k = 0; k < VAD_FEATURES; k++) {
			assert_true(fabsf(v.features.x[k]) < 100.0f);
		}
	}
}

static void
items_shorter_than_a_frame_repeat_the_last_answer(void **state)
{
	(void)state;
	struct vad v;
	struct vad_summary s;
	struct vad_summary t;
	int16_t few[100] = {1000, -1000};
	vad_init(&v, &OPTIONS);
	vad_push(&v, few, 100, &s, NULL);
	assert_int_equal(s.frames, 0);
	assert_false(s.is_speech);
	vad_push(&v, few, 100, &s, NULL);
	assert_int_equal(s.frames, 1);
	vad_push(&v, few, 0, &t, NULL);
	assert_int_equal(t.frames, 0);
	assert_true(t.probability == s.last);
}

static void
hold_keeps_speech_on(void **state)
{
	(void)state;
	struct sample_audio *a = audio_new();
	uint32_t speech_frames[2];
	for (uint32_t k = 0; k < 2; k++) {
		struct vad v;
		struct vad_summary s;
		uint32_t seed = 15;
		struct vad_options o = OPTIONS;
		o.hold = k * 20;
		a->n = 0;
		sample_noise(a, 16000, 100, &seed);
		sample_sentence(a);
		sample_noise(a, 32000, 100, &seed);
		vad_init(&v, &o);
		vad_push(&v, a->pcm, a->n, &s, NULL);
		speech_frames[k] = s.speech_frames;
	}
	assert_true(speech_frames[1] >= speech_frames[0] + 20);
	free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silence_is_no_speech),
	    cmocka_unit_test(noise_of_any_level_is_no_speech),
	    cmocka_unit_test(a_sentence_in_noise_is_found),
	    cmocka_unit_test(any_chunking_gives_the_same_bits),
	    cmocka_unit_test(extreme_input_stays_finite),
	    cmocka_unit_test(items_shorter_than_a_frame_repeat_the_last_answer),
	    cmocka_unit_test(hold_keeps_speech_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
