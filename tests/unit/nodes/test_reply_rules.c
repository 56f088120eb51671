#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"

static const char rules[] = "[{\"when\":\"go * meters\",\"say\":\"Going {1} meters.\"},"
                            "{\"when\":\"stop | halt\",\"say\":\"Stopping.\"},{\"when\":\"be quiet\",\"say\":\"\"}]";

static void
answers_by_the_first_rule_that_fits(void **state)
{
	(void)state;
	static const char *const params[] = {"rules", rules, "empty", "Pardon?", NULL};
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_reply_rules_type, params, NULL), RME_OK);
	static const struct {
		enum rme_media media;
		const char *in, *out;
	} cases[] = {
	    {RME_MEDIA_JSON, "{\"text\":\"go forward ten meters\",\"confidence\":0.6,\"words\":[]}",
	        "Going forward ten meters."},
	    {RME_MEDIA_TEXT, "Halt!", "Stopping."},
	    {RME_MEDIA_JSON, "\"five five\"", "I heard: five five"},
	    {RME_MEDIA_JSON, "{\"text\":\"\"}", "Pardon?"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(node_text(&f, cases[i].media, cases[i].in), RME_OK);
		assert_string_equal(node_result(&f, i), cases[i].out);
		assert_int_equal(rme_packet_meta(harness_data(&f.h, i))->format.media, RME_MEDIA_TEXT);
	}
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "Be quiet"), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 4);
	node_close(&f);
}

static void
nothing_said_is_nothing_answered(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_reply_rules_type, NULL, NULL), RME_OK);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, " ... "), RME_OK);
	assert_int_equal(harness_n_data(&f.h), 0);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "hello"), RME_OK);
	assert_string_equal(node_result(&f, 0), "I heard: hello");
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "{\"words\":[]}"), RME_EFORMAT);
	node_close(&f);
}

static void
bad_rules_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *text;
	} bad[] = {
	    {"{\"when\":\"a\"}", "rules is a list"},
	    {"[{\"when\":\"a\"}]", "rule 1: a rule is"},
	    {"[{\"when\":\"a\",\"say\":\"b\"},{\"when\":\"a\",\"say\":\"b\",\"x\":1}]", "rule 2: a rule is"},
	    {"[{\"when\":\"\",\"say\":\"b\"}]", "rule 1: the pattern"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const params[] = {"rules", bad[i].rules, NULL};
		struct rme_error err = {0};
		struct node_fixture f;
		assert_int_equal(node_open(&f, &rmi_reply_rules_type, params, &err), RME_ECONFIG);
		assert_non_null(strstr(err.text, bad[i].text));
		node_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_by_the_first_rule_that_fits),
	    cmocka_unit_test(nothing_said_is_nothing_answered),
	    cmocka_unit_test(bad_rules_are_refused),
	};
	return cmocka_run_group_tests_name("reply_rules", tests, NULL, NULL);
}
