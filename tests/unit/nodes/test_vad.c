#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <yyjson.h>

#include "harness.h"
#include "nodes/vad.h"
#include "nodes/vad_energy.h"
#include "vad_kernel.h"
#include "vad_report.h"
#include "../modules/sample_audio.h"

static struct sample_audio audio;

/* Config of the node from "key", "value" pairs. */
static void *
config_of(const struct rme_value *values, size_t n)
{
	struct rme_error err;
	void *config = calloc(1, rmi_vad_type.config_size);
	assert_non_null(config);
	const struct rme_params_in in = {values, n};
	assert_int_equal(rme_params_bind(rmi_vad_type.params, &in, config, NULL, &err), RME_OK);
	return config;
}

static void
config_free(void *config)
{
	rme_params_done(rmi_vad_type.params, config);
	free(config);
}

static struct rme_packet_meta
meta_of(uint32_t rate, uint32_t channels)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, rate, channels);
	return m;
}

static void
assert_payload(const struct rme_packet *p, const void *want, size_t want_len)
{
	size_t len;
	assert_non_null(p);
	const uint8_t *data = rme_packet_data(p, &len);
	assert_int_equal(len, want_len);
	assert_memory_equal(data, want, len);
}

static void
prints_what_the_module_prints(void **state)
{
	(void)state;
	struct harness h;
	void *config = config_of(NULL, 0);
	struct vad v;
	const struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f, .hold = 0};
	const struct rme_packet_meta m = meta_of(16000, 1);
	vad_init(&v, &o);
	assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
	for (uint32_t at = 0, k = 0; at + 320 <= audio.n; at += 320, k++) {
		uint8_t text[VAD_REPORT_MAX + 8];
		struct rme_out want = {text, sizeof text, 0, 0};
		struct vad_summary s;
		vad_push(&v, audio.pcm + at, 320, &s, NULL);
		rme_put_text(&want, "{");
		vad_report_put(&want, &s);
		rme_put_text(&want, "}");
		assert_int_equal(harness_item(&h, &m, audio.pcm + at, 640), RME_OK);
		assert_payload(harness_data(&h, k), text, want.len);
		const struct rme_packet_meta *got = rme_packet_meta(harness_data(&h, k));
		assert_int_equal(got->format.media, RME_MEDIA_JSON);
		assert_true(got->confidence == vad_confidence(&s));
	}
	harness_done(&h);
	config_free(config);
}

static void
reset_forgets(void **state)
{
	(void)state;
	struct harness h;
	void *config = config_of(NULL, 0);
	const struct rme_packet_meta m = meta_of(16000, 1);
	assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
	assert_int_equal(harness_item(&h, &m, audio.pcm, 32000), RME_OK);
	rmi_vad_type.reset(h.node);
	assert_int_equal(harness_item(&h, &m, audio.pcm, 32000), RME_OK);
	size_t len;
	const uint8_t *data = rme_packet_data(harness_data(&h, 0), &len);
	assert_payload(harness_data(&h, 1), data, len);
	harness_done(&h);
	config_free(config);
}

static void
filter_passes_audio_of_speech_alone(void **state)
{
	(void)state;
	struct harness h;
	const struct rme_value values[] = {{.key = "filter_mode", .kind = RME_VALUE_BOOL, .boolean = true}};
	void *config = config_of(values, 1);
	const struct rme_packet_meta m = meta_of(16000, 1);
	static const int16_t silence[8000];
	assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
	assert_int_equal(harness_item(&h, &m, silence, sizeof silence), RME_OK);
	assert_int_equal(harness_n_data(&h), 0);
	assert_int_equal(harness_item(&h, &m, audio.pcm, 64000), RME_OK);
	assert_payload(harness_data(&h, 0), audio.pcm, 64000);
	assert_null(rme_packet_annotation(harness_data(&h, 0)));
	harness_done(&h);
	config_free(config);
}

static void
output_audio_carries_the_finding(void **state)
{
	(void)state;
	struct harness h;
	struct rme_value values[] = {{.key = "output", .kind = RME_VALUE_TEXT, .text = "audio"},
	    {.key = "include_metadata", .kind = RME_VALUE_BOOL, .boolean = true}};
	const struct rme_packet_meta m = meta_of(16000, 1);
	for (int with = 1; with >= 0; with--) {
		values[1].boolean = with != 0;
		void *config = config_of(values, 2);
		assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
		assert_int_equal(harness_item(&h, &m, audio.pcm, 640), RME_OK);
		assert_payload(harness_data(&h, 0), audio.pcm, 640);
		const struct rme_packet *note = rme_packet_annotation(harness_data(&h, 0));
		assert_int_equal(note != NULL, with);
		if (note != NULL) {
			size_t len;
			assert_memory_equal(rme_packet_data(note, &len), "{\"is_speech\":", 13);
			assert_int_equal(rme_packet_meta(note)->format.media, RME_MEDIA_JSON);
		}
		harness_done(&h);
		config_free(config);
	}
}

static void
half_samples_are_refused(void **state)
{
	(void)state;
	struct harness h;
	const struct rme_packet_meta m = meta_of(16000, 1);
	struct rme_value values[] = {{.key = "mode", .kind = RME_VALUE_TEXT, .text = "speech"}};
	for (int k = 0; k < 2; k++) {
		values[0].text = k == 0 ? "speech" : "compat";
		void *config = config_of(values, 1);
		assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
		assert_int_equal(harness_item(&h, &m, audio.pcm, 641), RME_EFORMAT);
		assert_int_equal(harness_n_data(&h), 0);
		harness_done(&h);
		config_free(config);
	}
}

static void
any_audio_is_asked_for_as_the_kernel_wants_it(void **state)
{
	(void)state;
	void *config = config_of(NULL, 0);
	struct rme_format in = rme_format_audio(RME_SAMPLE_F32LE, 48000, 2);
	struct rme_format want = in;
	struct rme_format gives = {0};
	assert_int_equal(rmi_vad_type.formats(&rmi_vad_type, config, &in, &want, &gives), RME_OK);
	const struct rme_format kernel = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	assert_true(rme_format_equal(&want, &kernel));
	assert_int_equal(gives.media, RME_MEDIA_JSON);
	in = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(rmi_vad_type.formats(&rmi_vad_type, config, &in, &want, &gives), RME_EFORMAT);
	config_free(config);
}

static double
number(yyjson_val *object, const char *key)
{
	yyjson_val *v = yyjson_obj_get(object, key);
	assert_true(yyjson_is_num(v) || yyjson_is_bool(v));
	return yyjson_is_bool(v) ? (double)yyjson_get_bool(v) : yyjson_get_num(v);
}

/* The signal of a golden case: the sentence in the first channel, noise in all. */
static int16_t *
signal_of(yyjson_val *c, size_t channels, size_t n)
{
	uint32_t seed = (uint32_t)number(c, "seed");
	int32_t peak = (int32_t)number(c, "peak");
	int16_t *pcm = calloc(n * channels, sizeof *pcm);
	assert_non_null(pcm);
	for (size_t i = 0; i < n * channels; i++) {
		int32_t v = sample_random(&seed) * peak / 32768;
		v += i % channels == 0 && i / channels < audio.n ? audio.pcm[i / channels] : 0;
		pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
	return pcm;
}

static void
run_golden_case(yyjson_val *c)
{
	struct harness h;
	size_t channels = (size_t)number(c, "channels");
	size_t n = (size_t)number(c, "samples");
	size_t step = (size_t)number(c, "item_samples");
	const struct rme_packet_meta m = meta_of((uint32_t)number(c, "rate"), (uint32_t)channels);
	const struct rme_value values[] = {{.key = "mode", .kind = RME_VALUE_TEXT, .text = "compat"},
	    {.key = "frame_duration_ms", .kind = RME_VALUE_NUMBER, .number = number(c, "frame_duration_ms")},
	    {.key = "energy_threshold", .kind = RME_VALUE_NUMBER, .number = number(c, "energy_threshold")},
	    {.key = "speech_threshold", .kind = RME_VALUE_NUMBER, .number = number(c, "speech_threshold")}};
	void *config = config_of(values, sizeof values / sizeof values[0]);
	int16_t *pcm = signal_of(c, channels, n);
	assert_int_equal(harness_init(&h, &rmi_vad_type, config, NULL), RME_OK);
	yyjson_val *items = yyjson_obj_get(c, "items");
	assert_int_equal(yyjson_arr_size(items), (n + step - 1) / step);
	for (size_t at = 0, k = 0; at < n; at += step, k++) {
		size_t len;
		size_t take = n - at < step ? n - at : step;
		assert_int_equal(harness_item(&h, &m, pcm + at * channels, take * channels * 2), RME_OK);
		const uint8_t *text = rme_packet_data(harness_data(&h, k), &len);
		yyjson_doc *doc = yyjson_read((const char *)text, len, 0);
		yyjson_val *got = yyjson_doc_get_root(doc);
		yyjson_val *want = yyjson_arr_get(items, k);
		assert_true(number(got, "is_speech") == number(want, "is_speech"));
		assert_true(number(got, "speech_ratio") == number(want, "speech_ratio"));
		assert_true(number(got, "avg_energy") == number(want, "avg_energy")); /* to the last bit */
		assert_true(number(got, "frame_duration_ms") == number(c, "frame_duration_ms"));
		yyjson_doc_free(doc);
	}
	free(pcm);
	harness_done(&h);
	config_free(config);
}

static void
compat_gives_the_golden_numbers(void **state)
{
	(void)state;
	yyjson_doc *doc = yyjson_read_file(VECTORS_DIR "/vad/compat.json", 0, NULL, NULL);
	assert_non_null(doc);
	yyjson_val *cases = yyjson_obj_get(yyjson_doc_get_root(doc), "cases");
	assert_int_equal(yyjson_arr_size(cases), 5);
	for (size_t i = 0; i < 5; i++) {
		run_golden_case(yyjson_arr_get(cases, i));
	}
	yyjson_doc_free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prints_what_the_module_prints),
	    cmocka_unit_test(reset_forgets),
	    cmocka_unit_test(filter_passes_audio_of_speech_alone),
	    cmocka_unit_test(output_audio_carries_the_finding),
	    cmocka_unit_test(half_samples_are_refused),
	    cmocka_unit_test(any_audio_is_asked_for_as_the_kernel_wants_it),
	    cmocka_unit_test(compat_gives_the_golden_numbers),
	};
	if (sample_sentence(&audio) == 0) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
