#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <yyjson.h>
#include "vad_kernel.h"
#include "sample_audio.h"

static struct sample_audio sentence;

static uint32_t
number(yyjson_val *object, const char *key)
{
	yyjson_val *v = yyjson_obj_get(object, key);
	assert_true(yyjson_is_uint(v));
	return (uint32_t)yyjson_get_uint(v);
}

static int16_t *
input_of(yyjson_val *c, uint32_t n)
{
	uint32_t seed = number(c, "seed");
	int32_t peak = (int32_t)number(c, "peak");
	uint32_t at = number(c, "sentence_at");
	int16_t *pcm = calloc(n, sizeof *pcm);
	assert_non_null(pcm);
	for (uint32_t i = 0; i < n; i++) {
		int32_t v = sample_random(&seed) * peak / 32768;
		v += i >= at && i - at < sentence.n ? sentence.pcm[i - at] : 0;
		pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
	return pcm;
}

/* One run over the whole input must give every probability to the last bit, on any compiler, machine and build type. */
static void
probabilities_are_the_golden_ones(void **state)
{
	(void)state;
	yyjson_doc *doc = yyjson_read_file(VECTORS_DIR "/vad/fast_vad.json", 0, NULL, NULL);
	assert_non_null(doc);
	yyjson_val *cases = yyjson_obj_get(yyjson_doc_get_root(doc), "cases");
	assert_true(yyjson_arr_size(cases) >= 5);
	for (size_t i = 0; i < yyjson_arr_size(cases); i++) {
		yyjson_val *c = yyjson_arr_get(cases, i);
		uint32_t n = number(c, "samples");
		struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f};
		o.low_latency = yyjson_get_bool(yyjson_obj_get(c, "low_latency"));
		struct vad *v = malloc(sizeof *v);
		float *p = calloc(n / VAD_HOP + 1, sizeof *p);
		int16_t *pcm = input_of(c, n);
		struct vad_summary s;
		assert_non_null(v);
		assert_non_null(p);
		vad_init(v, &o);
		vad_push(v, pcm, n, &s, p);
		yyjson_val *bits = yyjson_obj_get(c, "probability_bits");
		assert_int_equal(yyjson_arr_size(bits), n / VAD_HOP);
		for (uint32_t k = 0; k < n / VAD_HOP; k++) {
			uint32_t got;
			memcpy(&got, p + k, sizeof got);
			assert_int_equal(got, yyjson_get_uint(yyjson_arr_get(bits, k)));
		}
		free(pcm);
		free(p);
		free(v);
	}
	yyjson_doc_free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(probabilities_are_the_golden_ones)};
	if (sample_sentence(&sentence) == 0) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
