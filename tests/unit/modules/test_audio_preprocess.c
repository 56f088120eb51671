#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "audio_preprocess/audio_preprocess.c"
#include "guest_host.h"
#include "module_stream.h"
#include "sample_audio.h"

static struct sample_audio audio;

static double
level_db(const int16_t *x, uint32_t n)
{
	double sum = 1e-3;
	for (uint32_t i = 0; i < n; i++) {
		sum += (double)x[i] * x[i];
	}
	return 10.0 * log10(sum / n / 32768.0 / 32768.0);
}

static const char *const plain = "\"agc\":false,\"high_pass_hz\":0,\"limiter\":false";
static const char *const mono16 = "audio/pcm;format=s16le;rate=16000;channels=1";

static void
nothing_to_do_changes_nothing(void **state)
{
	(void)state;
	module_configure(plain, mono16);
	struct bytes b = module_stream(audio.pcm, audio.n * 2, 640, PREPROCESS_FLUSH_BYTES);
	assert_int_equal(b.n, audio.n * 2);
	assert_memory_equal(b.data, audio.pcm, b.n);
	free(b.data);
	module_configure("\"agc\":false,\"high_pass_hz\":0", mono16); /* the limiter's delay is taken off */
	b = module_stream(audio.pcm, audio.n * 2, 640, PREPROCESS_FLUSH_BYTES);
	assert_int_equal(b.n, audio.n * 2);
	assert_memory_equal(b.data, audio.pcm, b.n);
	free(b.data);
}

static void
the_cut_changes_no_byte(void **state)
{
	(void)state;
	static const char *const inputs[] = {
	    "audio/pcm;format=s16le;rate=48000;channels=2", "audio/pcm;format=s16le;rate=44100;channels=1"};
	for (int k = 0; k < 2; k++) {
		module_configure("", inputs[k]);
		struct bytes whole = module_stream(audio.pcm, 160000, 160000, PREPROCESS_FLUSH_BYTES);
		for (uint32_t item = 4; item < 50000; item = item * 9 / 4 * 4) {
			struct bytes b = module_stream(audio.pcm, 160000, item, PREPROCESS_FLUSH_BYTES);
			assert_int_equal(b.n, whole.n);
			assert_memory_equal(b.data, whole.data, b.n);
			free(b.data);
		}
		free(whole.data);
	}
}

static void
every_format_and_rate_gives_the_same_sound(void **state)
{
	(void)state;
	static const struct {
		const char *params;
		uint32_t bytes, rate, channels;
	} cases[] = {{"\"output_format\":\"f32le\"", 4, 16000, 1}, {"\"output_format\":\"u8\"", 1, 16000, 1},
	    {"\"output_format\":\"alaw\",\"output_sample_rate\":8000", 1, 8000, 1},
	    {"\"output_format\":\"mulaw\",\"output_sample_rate\":8000", 1, 8000, 1},
	    {"\"output_sample_rate\":48000,\"output_channels\":2", 4, 48000, 2},
	    {"\"output_sample_rate\":44100,\"quality\":\"fast\",\"dither\":true", 2, 44100, 1}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char params[200];
		char back[300];
		(void)snprintf(params, sizeof params, "%s,%s", plain, cases[i].params);
		module_configure(params, mono16);
		struct bytes there = module_stream(audio.pcm, audio.n * 2, 640, PREPROCESS_FLUSH_BYTES);
		uint32_t frames = (uint32_t)(((uint64_t)audio.n * cases[i].rate + 15999) / 16000);
		assert_int_equal(there.n, frames * cases[i].bytes);
		const char *format = strstr(cases[i].params, "u8")      ? "u8"
		                     : strstr(cases[i].params, "alaw")  ? "alaw"
		                     : strstr(cases[i].params, "mulaw") ? "mulaw"
		                     : strstr(cases[i].params, "f32")   ? "f32le"
		                                                        : "s16le";
		(void)snprintf(back, sizeof back,
		    "%s,\"input_format\":\"%s\",\"input_sample_rate\":%u,\"input_channels\":%u", plain, format,
		    cases[i].rate, cases[i].channels);
		module_configure(back, "application/octet-stream");
		struct bytes b = module_stream(there.data, there.n, 1600, PREPROCESS_FLUSH_BYTES);
		assert_true(b.n >= audio.n * 2);
		const int16_t *x = (const int16_t *)(const void *)b.data;
		double noise = 0.0;
		for (uint32_t k = 0; k < audio.n; k++) {
			noise += ((double)x[k] - audio.pcm[k]) * ((double)x[k] - audio.pcm[k]);
		}
		double power = pow(10.0, level_db(audio.pcm, audio.n) / 10.0) * 32768.0 * 32768.0 * audio.n;
		double want =
		    cases[i].bytes == 1 ? 8.0 : 30.0; /* telephones lose what is above 4 kHz, 8 bits are coarse */
		if (10.0 * log10(power / (noise + 1.0)) < want) {
			fail_msg("%s: %.1f dB", cases[i].params, 10.0 * log10(power / (noise + 1.0)));
		}
		free(there.data);
		free(b.data);
	}
}

static void
speech_of_any_level_becomes_equally_loud(void **state)
{
	(void)state;
	static const double gains[] = {0.0, -10.0, -25.0, 8.0};
	static int16_t scaled[SAMPLE_MAX];
	struct loudness meter;
	for (int k = 0; k < 4; k++) {
		for (uint32_t i = 0; i < audio.n; i++) {
			double v = audio.pcm[i] * pow(10.0, gains[k] / 20.0);
			scaled[i] = (int16_t)(v > 32767.0 ? 32767.0 : v < -32768.0 ? -32768.0 : v);
		}
		module_configure("", mono16);
		struct bytes b = module_stream(scaled, audio.n * 2, 640, PREPROCESS_FLUSH_BYTES);
		const int16_t *x = (const int16_t *)(const void *)b.data;
		uint32_t n = audio.n - 32000; /* after two seconds */
		float *tail = calloc(n, sizeof *tail);
		const float *in[1] = {tail};
		for (uint32_t i = 0; i < n; i++) {
			tail[i] = (float)x[32000 + i] / 32768.0f;
		}
		loudness_init(&meter, 16000, 1);
		loudness_push(&meter, in, n);
		double lufs = (double)loudness_integrated(&meter);
		if (fabs(lufs + 23.0) > 1.5) {
			fail_msg("%.0f dB: %.1f LUFS", gains[k], lufs);
		}
		free(tail);
		free(b.data);
	}
}

static void
noise_alone_is_not_made_louder(void **state)
{
	(void)state;
	static struct sample_audio noise;
	uint32_t seed = 5;
	noise.n = 0;
	sample_noise(&noise, 160000, 300, &seed);
	module_configure("\"high_pass_hz\":0", mono16);
	struct bytes b = module_stream(noise.pcm, noise.n * 2, 640, PREPROCESS_FLUSH_BYTES);
	double rise = level_db((const int16_t *)(const void *)b.data, noise.n) - level_db(noise.pcm, noise.n);
	assert_true(fabs(rise) < 3.0);
	free(b.data);
}

static void
says_what_comes_out(void **state)
{
	(void)state;
	char text[128];
	uint32_t n = 128;
	char *room = calloc(1, n + 1);
	module_configure("\"output_sample_rate\":0,\"output_channels\":0,\"output_format\":\"auto\"",
	    "audio/pcm;format=f32le;rate=44100;channels=2");
	assert_int_equal(rme_export_output_format((uint8_t *)room, &n), 0);
	(void)snprintf(text, sizeof text, "%.*s", (int)n, room);
	assert_string_equal(text, "audio/pcm;format=f32le;rate=44100;channels=2");
	module_configure("\"output_format\":\"mulaw\"", mono16);
	n = 128;
	assert_int_equal(rme_export_output_format((uint8_t *)room, &n), 0);
	assert_memory_equal(room, "application/octet-stream", n);
	free(room);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {"\"output_sample_rate\":7000", "\"output_sample_rate\":200000",
	    "\"input_channels\":9", "\"input_channels\":3,\"output_channels\":2", "\"quality\":\"best\"",
	    "\"output_format\":\"flac\"", "\"high_pass_hz\":-1", "\"agc\":1", "\"target_lufs\":0", "\"max_gain_db\":99",
	    "\"ceiling_db\":1", "\"dither\":\"yes\"", "\"limiter\":null", "\"input_format\":7"};
	static const char *const about[] = {"sample rate", "output_sample_rate", "input_channels", "output_channels",
	    "quality", "output_format", "high_pass_hz", "agc", "target_lufs", "max_gain_db", "ceiling_db", "dither",
	    "limiter", "input_format"};
	module_refuses(wrong, about, sizeof wrong / sizeof wrong[0]);
	uint8_t out[8];
	uint32_t room = 1 << 20;
	module_configure("", mono16);
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 3, out, &room), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "frames"));
}

static void
reset_forgets_the_stream(void **state)
{
	(void)state;
	uint8_t *room = calloc(1, 200000);
	uint32_t n = 200000;
	module_configure("", mono16);
	struct bytes first = module_stream(audio.pcm, 32000, 640, PREPROCESS_FLUSH_BYTES);
	assert_int_equal(rme_export_process((const uint8_t *)(audio.pcm + 7000), 20000, room, &n), RME_GUEST_OK);
	assert_int_equal(rme_export_reset(), 0);
	struct bytes second = module_stream(audio.pcm, 32000, 640, PREPROCESS_FLUSH_BYTES);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.data, second.data, first.n);
	free(first.data);
	free(second.data);
	free(room);
}

static int
load(void **state)
{
	(void)state;
	return sample_sentence(&audio) > 32000 ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_to_do_changes_nothing),
	    cmocka_unit_test(the_cut_changes_no_byte),
	    cmocka_unit_test(every_format_and_rate_gives_the_same_sound),
	    cmocka_unit_test(speech_of_any_level_becomes_equally_loud),
	    cmocka_unit_test(noise_alone_is_not_made_louder),
	    cmocka_unit_test(says_what_comes_out),
	    cmocka_unit_test(says_what_is_wrong),
	    cmocka_unit_test(reset_forgets_the_stream),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
