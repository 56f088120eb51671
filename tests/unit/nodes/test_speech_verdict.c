#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <rme/packet.h>
#include "nodes/speech_verdict.h"

static enum rme_err
read_json(const char *json, size_t len, struct rmi_speech_verdict *out)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	assert_int_equal(rme_packet_new(&p, &m, json, len), RME_OK);
	enum rme_err e = rmi_speech_verdict_read(out, p);
	rme_packet_unref(p);
	return e;
}

static void
detectors_are_understood(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		bool is_speech;
		float probability;
	} cases[] = {
	    {"{\"is_speech\":true,\"speech_ratio\":0.9,\"avg_energy\":0.1,\"frame_duration_ms\":30}", true, NAN},
	    {"{\"is_speech\":false,\"probability\":0.75}", false, 0.75F},
	    {"{\"speech\":true,\"prob\":1}", true, 1.0F},
	    {"{\"probability\":0.5}", true, 0.5F},
	    {"{\"probability\":0.25,\"is_speech\":null}", false, 0.25F},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_speech_verdict v;
		assert_int_equal(read_json(cases[i].json, strlen(cases[i].json), &v), RME_OK);
		assert_int_equal(v.is_speech, cases[i].is_speech);
		assert_true(
		    v.probability == cases[i].probability || (isnan(v.probability) && isnan(cases[i].probability)));
	}
}

static void
other_things_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "", "{}", "[true]", "true", "{\"is_speech\":\"yes\"}", "{\"is_speech\":true", "\xff"};
	struct rmi_speech_verdict v;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_json(bad[i], strlen(bad[i]), &v), RME_EFORMAT);
	}
	/* Larger than the pool on the stack, and than anything a detector says. */
	static char spaces[100000];
	memset(spaces, ' ', sizeof(spaces));
	memcpy(spaces, "{\"is_speech\":true}", 18);
	assert_int_equal(read_json(spaces, 20000, &v), RME_OK);
	assert_true(v.is_speech);
	assert_int_equal(read_json(spaces, sizeof(spaces), &v), RME_EFORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(detectors_are_understood),
	    cmocka_unit_test(other_things_are_refused),
	};
	return cmocka_run_group_tests_name("speech_verdict", tests, NULL, NULL);
}
