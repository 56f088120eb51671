#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/pcm.h"

static void
every_16_bit_sample_comes_back(void **state)
{
	(void)state;
	for (int i = INT16_MIN; i <= INT16_MAX; i++) {
		int16_t in = (int16_t)i;
		uint8_t bytes[sizeof(in)];
		memcpy(bytes, &in, sizeof(in));
		float x = 0;
		rmi_pcm_read(&x, bytes, RME_SAMPLE_S16LE, 1);
		assert_true(x >= -1.0F && x < 1.0F);
		uint8_t back[sizeof(in)];
		rmi_pcm_write(back, RME_SAMPLE_S16LE, &x, 1);
		assert_memory_equal(bytes, back, sizeof(in));
	}
}

static int16_t
as_s16(float x)
{
	uint8_t bytes[2];
	int16_t out = 0;
	rmi_pcm_write(bytes, RME_SAMPLE_S16LE, &x, 1);
	memcpy(&out, bytes, sizeof(out));
	return out;
}

static void
loud_and_broken_samples_stay_in_range(void **state)
{
	(void)state;
	assert_int_equal(as_s16(1.0F), 32767);
	assert_int_equal(as_s16(5e30F), 32767);
	assert_int_equal(as_s16(INFINITY), 32767);
	assert_int_equal(as_s16(-1.0F), -32768);
	assert_int_equal(as_s16(-INFINITY), -32768);
	assert_int_equal(as_s16(NAN), 0);
	assert_int_equal(as_s16(0.6F / 32768.0F), 1);
	assert_int_equal(as_s16(-0.4F / 32768.0F), 0);
	static const float in[] = {NAN, INFINITY, -INFINITY, 0.5F};
	uint8_t bytes[sizeof(in) + 1];
	float out[4];
	memcpy(bytes + 1, in, sizeof(in)); /* not aligned */
	rmi_pcm_read(out, bytes + 1, RME_SAMPLE_F32LE, 4);
	assert_true(out[0] == 0.0F && out[1] == 0.0F && out[2] == 0.0F && out[3] == 0.5F);
}

static void
channels_are_mixed_by_the_rules(void **state)
{
	(void)state;
	static const float stereo[] = {1, 3, -2, 2};
	static const float mean[] = {2, 0};
	static const float mono[] = {7, 8};
	static const float tiled[] = {7, 7, 7, 8, 8, 8};
	static const float three[] = {1, 2, 3, 4, 5, 6};
	static const float first_two[] = {1, 2, 4, 5};
	static const float padded[] = {1, 3, 0, 0, -2, 2, 0, 0};
	float out[8] = {0};
	rmi_pcm_mix(out, 1, stereo, 2, 2);
	assert_memory_equal(out, mean, sizeof(mean));
	rmi_pcm_mix(out, 3, mono, 1, 2);
	assert_memory_equal(out, tiled, sizeof(tiled));
	rmi_pcm_mix(out, 2, three, 3, 2);
	assert_memory_equal(out, first_two, sizeof(first_two));
	rmi_pcm_mix(out, 4, stereo, 2, 2);
	assert_memory_equal(out, padded, sizeof(padded));
	float here[] = {1, 3, -2, 2};
	rmi_pcm_mix(here, 1, here, 2, 2);
	assert_memory_equal(here, mean, sizeof(mean));
	rmi_pcm_mix(out, 2, stereo, 2, 2);
	assert_memory_equal(out, stereo, sizeof(stereo));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_16_bit_sample_comes_back),
	    cmocka_unit_test(loud_and_broken_samples_stay_in_range),
	    cmocka_unit_test(channels_are_mixed_by_the_rules),
	};
	return cmocka_run_group_tests_name("pcm", tests, NULL, NULL);
}
