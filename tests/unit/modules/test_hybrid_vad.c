#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "rust_twin.h"
#include "guest_host.h"
#include "sample_audio.h"

static struct sample_audio audio;
static char out[512];

/* Everything is doubtful, so that each item would ask. */
static const char ALWAYS[] = "{\"params\":{\"doubt_low\":0,\"doubt_high\":1,\"answer_items\":1}}";
static const char NEVER[] = "{\"params\":{\"doubt_low\":1,\"doubt_high\":0}}";

static void
start(const char *json, int32_t status, const char *reply)
{
	host = (struct guest_host){.status = status, .reply = reply};
	memset(&rme_guest, 0, sizeof rme_guest);
	assert_int_equal(rme_export_configure(json, (uint32_t)strlen(json)), 0);
	assert_int_equal(rme_export_initialize("s"), 1);
}

static void
item(uint32_t k)
{
	uint32_t n = sizeof out;
	assert_int_equal(
	    rme_export_process((const uint8_t *)(audio.pcm + (size_t)k * 320), 640, (uint8_t *)out, &n), 0);
	out[n] = '\0';
}

static void
is_certain_alone(void **state)
{
	(void)state;
	start(NEVER, RME_REMOTE_OK, "{}");
	for (uint32_t k = 0; k < 50; k++) {
		item(k);
		assert_non_null(strstr(out, "\"source\":\"edge\"}"));
	}
	assert_int_equal(host.calls, 0);
}

static void
takes_the_services_word_when_in_doubt(void **state)
{
	(void)state;
	start(ALWAYS, RME_REMOTE_OK, "{\"probability\": 0.1, \"last_probability\": 0.975, \"is_speech\": false}");
	for (uint32_t k = 0; k < 30; k++) {
		item(k);
		assert_non_null(strstr(out, "{\"is_speech\":true,"));
		assert_non_null(strstr(out, "\"probability\":0.9750"));
		assert_non_null(strstr(out, "\"source\":\"cloud\"}"));
		assert_int_equal(host.calls, k + 1);
		assert_int_equal(host.call_bytes, k < 15 ? (k + 1) * 640 : 9600); /* at most 300 ms of context */
	}
	start(ALWAYS, RME_REMOTE_OK, "{\"is_speech\":false}");
	item(0);
	assert_non_null(strstr(out, "{\"is_speech\":false,"));
}

static void
an_answer_stands_for_some_items(void **state)
{
	(void)state;
	start("{\"params\":{\"doubt_low\":0,\"doubt_high\":1,\"answer_items\":10}}", RME_REMOTE_OK,
	    "{\"is_speech\":true}");
	for (uint32_t k = 0; k < 40; k++) {
		item(k);
		assert_non_null(strstr(out, "\"source\":\"cloud\"}"));
	}
	assert_int_equal(host.calls, 4);
}

static void
falls_back_to_its_own_answer(void **state)
{
	(void)state;
	static const struct {
		int32_t status;
		const char *source;
	} cases[] = {
	    {RME_REMOTE_NETWORK, "\"source\":\"edge-offline\"}"},
	    {RME_REMOTE_UNAVAILABLE, "\"source\":\"edge-offline\"}"},
	    {RME_REMOTE_TOO_SMALL, "\"source\":\"edge-offline\"}"},
	    {RME_REMOTE_DEADLINE, "\"source\":\"edge-timeout\"}"},
	    {RME_REMOTE_NOT_GRANTED, "\"source\":\"edge-denied\"}"},
	};
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		start(ALWAYS, cases[c].status, "");
		for (uint32_t k = 0; k < 60; k++) {
			item(k);
			assert_non_null(strstr(out, cases[c].source));
		}
		assert_int_equal(host.calls, 4); /* items 0, 8, 24, 56 */
	}
}

static void
asks_again_after_an_outage(void **state)
{
	(void)state;
	start(ALWAYS, RME_REMOTE_UNAVAILABLE, "{\"is_speech\":true}");
	for (uint32_t k = 0; k < 8; k++) {
		item(k);
	}
	assert_int_equal(host.calls, 1);
	host.status = RME_REMOTE_OK;
	item(8);
	assert_non_null(strstr(out, "\"source\":\"cloud\"}"));
	item(9);
	assert_int_equal(host.calls, 3);
}

static void
a_senseless_reply_counts_as_none(void **state)
{
	(void)state;
	static const char *const replies[] = {
	    "", "{", "[]", "{\"probability\":7}", "{\"probability\":\"x\"}", "\"\\", "{\"a\":{\"is_speech\":1}}"};
	for (size_t r = 0; r < sizeof replies / sizeof replies[0]; r++) {
		start(ALWAYS, RME_REMOTE_OK, replies[r]);
		item(0);
		assert_non_null(strstr(out, "\"source\":\"edge-offline\"}"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_certain_alone),
	    cmocka_unit_test(takes_the_services_word_when_in_doubt),
	    cmocka_unit_test(an_answer_stands_for_some_items),
	    cmocka_unit_test(falls_back_to_its_own_answer),
	    cmocka_unit_test(asks_again_after_an_outage),
	    cmocka_unit_test(a_senseless_reply_counts_as_none),
	};
	if (sample_sentence(&audio) == 0) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
