#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "denoise/denoise.c"
#include "guest_host.h"
#include "module_stream.h"
#include "sample_audio.h"

static const char *const mono16 = "audio/pcm;format=s16le;rate=16000;channels=1";
enum { FLUSH = 2 * DENOISE_TAIL };
static struct sample_audio clean;
static struct sample_audio noisy;

static double
level_db(const int16_t *x, uint32_t n)
{
	double sum = 1e-3;
	for (uint32_t i = 0; i < n; i++) {
		sum += (double)x[i] * x[i];
	}
	return 10.0 * log10(sum / n / 32768.0 / 32768.0);
}

static double
snr_db(const int16_t *got, const int16_t *want, uint32_t n)
{
	double signal = 0.0;
	double error = 1e-3;
	for (uint32_t i = 0; i < n; i++) {
		signal += (double)want[i] * want[i];
		error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
	}
	return 10.0 * log10(signal / error);
}

static void
speech_gets_clearer_at_its_own_time(void **state)
{
	(void)state;
	module_configure("", mono16);
	struct bytes b = module_stream(noisy.pcm, noisy.n * 2, 640, FLUSH);
	const int16_t *out = (const int16_t *)(const void *)b.data;
	assert_int_equal(b.n, noisy.n * 2);
	double before = snr_db(noisy.pcm + 16000, clean.pcm + 16000, clean.n - 16000);
	double after = snr_db(out + 16000, clean.pcm + 16000, clean.n - 16000);
	if (after < before + 5.0) {
		fail_msg("%.1f dB before, %.1f dB after", before, after);
	}
	free(b.data);
}

static void
noise_alone_goes_down_nearly_to_the_floor(void **state)
{
	(void)state;
	static const struct {
		const char *params;
		double db;
	} cases[] = {{"\"profile\":\"asr\"", -15.0}, {"\"profile\":\"listen\"", -18.0}};
	static struct sample_audio noise;
	uint32_t seed = 5;
	noise.n = 0;
	sample_noise(&noise, 80000, 2000, &seed);
	for (int k = 0; k < 2; k++) {
		module_configure(cases[k].params, mono16);
		struct bytes b = module_stream(noise.pcm, noise.n * 2, 640, FLUSH);
		const int16_t *out = (const int16_t *)(const void *)b.data;
		double down = level_db(out + 40000, 40000) - level_db(noise.pcm + 40000, 40000);
		if (down > cases[k].db + 4.0 || down < cases[k].db) {
			fail_msg("%s: %.1f dB", cases[k].params, down);
		}
		free(b.data);
	}
}

static void
clean_speech_stays_as_it_is(void **state)
{
	(void)state;
	module_configure("", mono16);
	struct bytes b = module_stream(clean.pcm, clean.n * 2, 640, FLUSH);
	double snr = snr_db((const int16_t *)(const void *)b.data, clean.pcm, clean.n);
	if (snr < 20.0) {
		fail_msg("%.1f dB", snr);
	}
	free(b.data);
}

static void
the_cut_changes_no_byte_and_the_end_is_a_start(void **state)
{
	(void)state;
	module_configure("", mono16);
	struct bytes whole = module_stream(noisy.pcm, 60000, 60000, FLUSH);
	assert_int_equal(whole.n, 60000);
	for (uint32_t item = 2; item < 9000; item = item * 3 / 2 * 2) {
		struct bytes b = module_stream(noisy.pcm, 60000, item, FLUSH);
		assert_int_equal(b.n, whole.n);
		assert_memory_equal(b.data, whole.data, b.n);
		free(b.data);
	}
	free(whole.data);
	for (uint32_t n = 0; n < 1200; n += 37) { /* streams shorter than the delay */
		struct bytes b = module_stream(noisy.pcm, n * 2, 128, FLUSH);
		assert_int_equal(b.n, n * 2);
		free(b.data);
	}
}

static void
silence_stays_silence(void **state)
{
	(void)state;
	static const int16_t zero[16000];
	module_configure("", mono16);
	struct bytes b = module_stream(zero, sizeof zero, 640, FLUSH);
	assert_memory_equal(b.data, zero, sizeof zero);
	free(b.data);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {"\"profile\":\"loud\"", "\"profile\":1"};
	static const char *const about[] = {"profile", "profile"};
	uint8_t out[4096];
	uint32_t n = sizeof out;
	module_refuses(wrong, about, 2);
	module_configure("", mono16);
	assert_int_equal(rme_export_process((const uint8_t *)noisy.pcm, 3, out, &n), RME_GUEST_BAD_INPUT);
	assert_int_equal(rme_export_reset(), 0);
}

static int
load(void **state)
{
	(void)state;
	uint32_t seed = 9;
	clean.n = 16000; /* a second of noise before the sentence */
	if (sample_sentence(&clean) == 0) {
		return 1;
	}
	noisy = clean;
	sample_add_noise(&noisy, 1500, &seed);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speech_gets_clearer_at_its_own_time),
	    cmocka_unit_test(noise_alone_goes_down_nearly_to_the_floor),
	    cmocka_unit_test(clean_speech_stays_as_it_is),
	    cmocka_unit_test(the_cut_changes_no_byte_and_the_end_is_a_start),
	    cmocka_unit_test(silence_stays_silence),
	    cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
