#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "audio_enhance/audio_enhance.c"
#include "guest_host.h"
#include "module_stream.h"
#include "sample_audio.h"

static const char *const mono16 = "audio/pcm;format=s16le;rate=16000;channels=1";
static struct sample_audio audio;

static double
lufs_of(const struct bytes *b, uint32_t rate)
{
	static struct loudness meter;
	uint32_t n = b->n / 2;
	float *x = calloc(n + 1, sizeof *x);
	const float *in[1] = {x};
	pcm_read((struct pcm_layout){PCM_S16LE, 1}, b->data, x, n);
	loudness_init(&meter, rate, 1);
	loudness_push(&meter, in, n);
	free(x);
	return (double)loudness_integrated(&meter);
}

static void
a_sentence_gets_the_loudness_at_any_level(void **state)
{
	(void)state;
	static int16_t scaled[SAMPLE_MAX];
	static const double gains[] = {0.0, -12.0, 5.0};
	for (int k = 0; k < 3; k++) {
		for (uint32_t i = 0; i < audio.n; i++) {
			double v = audio.pcm[i] * pow(10.0, gains[k] / 20.0);
			scaled[i] = (int16_t)(v > 32767.0 ? 32767.0 : v < -32768.0 ? -32768.0 : v);
		}
		module_configure("", mono16);
		struct bytes b = module_stream(scaled, audio.n * 2, audio.n * 2, ENHANCE_FLUSH_BYTES);
		assert_int_equal(b.n, audio.n * 2);
		double lufs = lufs_of(&b, 16000);
		if (fabs(lufs + 16.0) > 0.5) {
			fail_msg("%.0f dB: %.2f LUFS", gains[k], lufs);
		}
		const int16_t *x = (const int16_t *)(const void *)b.data;
		for (uint32_t i = 0; i < audio.n; i++) {
			assert_in_range(x[i] < 0 ? -x[i] : x[i], 0, 29300); /* -1 dB, and a rounding */
		}
		free(b.data);
	}
}

static void
another_rate_has_as_many_seconds(void **state)
{
	(void)state;
	module_configure("\"output_sample_rate\":48000", mono16);
	struct bytes b = module_stream(audio.pcm, audio.n * 2, 6400, ENHANCE_FLUSH_BYTES);
	char *text = calloc(1, ENHANCE_FLUSH_BYTES + 1);
	uint32_t n = ENHANCE_FLUSH_BYTES;
	assert_int_equal(b.n, audio.n * 6);
	assert_true(fabs(lufs_of(&b, 48000) + 16.0) < 1.5);
	assert_int_equal(rme_export_output_format((uint8_t *)text, &n), 0);
	assert_string_equal(text, "audio/pcm;format=s16le;rate=48000;channels=1");
	free(text);
	free(b.data);
}

static void
nothing_wanted_changes_the_level_alone(void **state)
{
	(void)state;
	module_configure("\"presence_db\":0,\"de_ess_db\":0,\"target_lufs\":-30", mono16);
	struct bytes b = module_stream(audio.pcm, audio.n * 2, audio.n * 2, ENHANCE_FLUSH_BYTES);
	const int16_t *x = (const int16_t *)(const void *)b.data;
	double cross = 0.0;
	double power = 0.0;
	for (uint32_t i = 0; i < audio.n; i++) {
		cross += (double)x[i] * audio.pcm[i];
		power += (double)audio.pcm[i] * audio.pcm[i];
	}
	double gain = cross / power;
	for (uint32_t i = 0; i < audio.n; i++) {
		assert_true(fabs(x[i] - gain * audio.pcm[i]) < 2.0);
	}
	free(b.data);
}

/* Power of the band around 6.5 kHz in that of all. */
static double
sharpness(const struct bytes *b)
{
	struct iir2 band = iir2_band_pass(6500000, 16000, 1.2);
	struct iir2_state s = {0};
	const int16_t *x = (const int16_t *)(const void *)b->data;
	double in = 0.0;
	double all = 0.0;
	for (uint32_t i = 0; i < b->n / 2; i++) {
		double y = iir2_step(&band, &s, (double)x[i]);
		in += y * y;
		all += (double)x[i] * x[i];
	}
	return 10.0 * log10(in / all);
}

static void
sharp_sounds_are_turned_down_and_others_not(void **state)
{
	(void)state;
	static int16_t hiss[32000];
	uint32_t seed = 3;
	int32_t last = 0;
	for (int i = 0; i < 32000; i++) {
		int32_t v = sample_random(&seed) / 4;
		hiss[i] = (int16_t)(i / 4000 % 2 == 0 ? 4000.0 * sin(i * 0.08) : (v - last) * 0.9); /* a vowel, an s */
		last = v;
	}
	double sharp[2];
	for (int k = 0; k < 2; k++) {
		module_configure(
		    k == 0 ? "\"presence_db\":0,\"de_ess_db\":0" : "\"presence_db\":0,\"de_ess_db\":12", mono16);
		struct bytes b = module_stream(hiss, sizeof hiss, sizeof hiss, ENHANCE_FLUSH_BYTES);
		sharp[k] = sharpness(&b);
		free(b.data);
	}
	if (sharp[1] > sharp[0] - 2.0) {
		fail_msg("%.1f dB without, %.1f dB with the de-esser", sharp[0], sharp[1]);
	}
}

static void
silence_and_short_pieces_are_survived(void **state)
{
	(void)state;
	static const int16_t zero[16000];
	module_configure("", mono16);
	struct bytes b = module_stream(zero, sizeof zero, 640, ENHANCE_FLUSH_BYTES);
	assert_memory_equal(b.data, zero, sizeof zero);
	free(b.data);
	for (uint32_t n = 0; n < 200; n += 7) {
		b = module_stream(audio.pcm + 8000, n * 2, 32, ENHANCE_FLUSH_BYTES);
		assert_int_equal(b.n, n * 2);
		free(b.data);
	}
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {"\"output_sample_rate\":100", "\"target_lufs\":0", "\"max_gain_db\":-1",
	    "\"ceiling_db\":2", "\"presence_db\":7", "\"de_ess_db\":\"much\""};
	static const char *const about[] = {
	    "sample rate", "target_lufs", "max_gain_db", "ceiling_db", "presence_db", "de_ess_db"};
	static const char three[] = "{\"params\":{},\"input\":\"audio/pcm;format=s16le;rate=16000;channels=3\"}";
	module_refuses(wrong, about, sizeof wrong / sizeof wrong[0]);
	assert_int_equal(rme_export_configure(three, sizeof three - 1), RME_GUEST_BAD_INPUT);
	assert_non_null(strstr(host.error, "channels"));
	uint8_t out[8];
	uint32_t room = 1 << 20;
	module_configure("", "audio/pcm;format=f32le;rate=16000;channels=2");
	assert_int_equal(rme_export_process((const uint8_t *)audio.pcm, 12, out, &room), RME_GUEST_BAD_INPUT);
	assert_int_equal(rme_export_reset(), 0);
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
	    cmocka_unit_test(a_sentence_gets_the_loudness_at_any_level),
	    cmocka_unit_test(another_rate_has_as_many_seconds),
	    cmocka_unit_test(nothing_wanted_changes_the_level_alone),
	    cmocka_unit_test(sharp_sounds_are_turned_down_and_others_not),
	    cmocka_unit_test(silence_and_short_pieces_are_survived),
	    cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
