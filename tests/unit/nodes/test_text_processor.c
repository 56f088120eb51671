#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"

static void
answers_with_the_known_keys(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_text_processor_type, NULL, NULL), RME_OK);
	assert_int_equal(
	    node_text(&f, RME_MEDIA_JSON,
	        "{\"text\":\"Héllo big wörld\",\"operations\":[\"uppercase\",\"lowercase\",\"reverse\",\"word_count\","
	        "\"char_count\",\"title_case\",\"remove_spaces\",\"first_word\",\"last_word\",\"spin\"]}"),
	    RME_OK);
	assert_string_equal(node_result(&f, 0),
	    "{\"original_text\":\"Héllo big "
	    "wörld\",\"operations\":[\"uppercase\",\"lowercase\",\"reverse\",\"word_count\","
	    "\"char_count\",\"title_case\",\"remove_spaces\",\"first_word\",\"last_word\",\"spin\"],\"results\":{"
	    "\"uppercase\":\"HÉLLO BIG WÖRLD\",\"lowercase\":\"héllo big wörld\",\"reverse\":\"dlröw gib olléH\","
	    "\"word_count\":3,\"char_count\":15,\"title_case\":\"Héllo Big Wörld\",\"remove_spaces\":\"Héllobigwörld\","
	    "\"first_word\":\"Héllo\",\"last_word\":\"wörld\",\"unknown_operation_spin\":\"Unknown operation: spin\"},"
	    "\"processed_by\":\"TextProcessorNode[TextProcessorNode]\",\"node_config\":{}}");
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->format.media, RME_MEDIA_JSON);
	node_close(&f);
}

static void
upper_case_is_the_default(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_text_processor_type, NULL, NULL), RME_OK);
	static const char expected[] =
	    "{\"original_text\":\"a b\",\"operations\":[\"uppercase\"],\"results\":{\"uppercase\":"
	    "\"A B\"},\"processed_by\":\"TextProcessorNode[TextProcessorNode]\",\"node_config\":{}}";
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "{\"text\":\"a b\"}"), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "a b"), RME_OK);
	assert_string_equal(node_result(&f, 0), expected);
	assert_string_equal(node_result(&f, 1), expected);
	node_close(&f);
}

static void
configuration_names_other_operations(void **state)
{
	(void)state;
	static const char *const params[] = {"operations", "[\"word_count\", \"word_count\", 5]", NULL};
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_text_processor_type, params, NULL), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "a b"), RME_OK);
	assert_string_equal(node_result(&f, 0),
	    "{\"original_text\":\"a b\",\"operations\":[\"word_count\",\"word_count\",5],\"results\":{\"word_count\":2,"
	    "\"unknown_operation_(not a string)\":\"Unknown operation: (not a string)\"},\"processed_by\":"
	    "\"TextProcessorNode[TextProcessorNode]\",\"node_config\":{\"operations\":[\"word_count\",\"word_count\",5]"
	    "}}");
	node_close(&f);
	static const char *const bad[] = {"operations", "\"uppercase\"", NULL};
	struct rme_error err = {0};
	assert_int_equal(node_open(&f, &rmi_text_processor_type, bad, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "operations is a list"));
	node_close(&f);
}

/* As in the existing system, these are answers. */
static void
wrong_requests_are_answered(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"[1]", "{\"error\":\"Input must be a dictionary\",\"input\":[1],"},
	    {"{\"x\":1}", "{\"error\":\"Input must contain 'text' key\",\"input\":{\"x\":1},"},
	    {"{\"text\":1}", "{\"error\":\"'text' must be a string\",\"input\":{\"text\":1},"},
	    {"{\"text\":\"a\",\"operations\":\"up\"}", "{\"error\":\"'operations' must be a list\","},
	};
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_text_processor_type, NULL, NULL), RME_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(node_text(&f, RME_MEDIA_JSON, cases[i].in), RME_OK);
		assert_memory_equal(node_result(&f, i), cases[i].out, strlen(cases[i].out));
		assert_non_null(
		    strstr(node_result(&f, i), "\"processed_by\":\"TextProcessorNode[TextProcessorNode]\"}"));
	}
	node_close(&f);
}

static void
what_is_no_text_fails_the_item(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_text_processor_type, NULL, NULL), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "{\"text\":"), RME_EFORMAT);
	assert_non_null(strstr(f.h.failed[f.h.seq].text, "no JSON: "));
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "\xff"), RME_EFORMAT);
	assert_int_equal(node_text(&f, RME_MEDIA_AUDIO_PCM, "ab"), RME_EFORMAT);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, ""), RME_OK);
	char *longer = calloc(1, 5 * 1024 * 1024);
	memset(longer, 'a', 5 * 1024 * 1024 - 1);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, longer), RME_ELIMIT);
	free(longer);
	node_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_with_the_known_keys),
	    cmocka_unit_test(upper_case_is_the_default),
	    cmocka_unit_test(configuration_names_other_operations),
	    cmocka_unit_test(wrong_requests_are_answered),
	    cmocka_unit_test(what_is_no_text_fails_the_item),
	};
	return cmocka_run_group_tests_name("text_processor", tests, NULL, NULL);
}
