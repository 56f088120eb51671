#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/reply_match.h"

/* The reply that a pattern gives to a sentence; "-" where it does not fit. */
static void
expect(const char *pattern, const char *sentence, const char *reply, const char *expected)
{
	static struct rmi_reply_words words;
	struct rmi_reply_caught caught;
	char *got = NULL;
	assert_int_equal(rmi_reply_check(pattern, NULL), RME_OK);
	rmi_reply_words(&words, sentence, strlen(sentence));
	if (!rmi_reply_match(pattern, &words, &caught)) {
		assert_string_equal("-", expected);
		return;
	}
	assert_int_equal(rmi_reply_fill(&got, reply, &words, &caught), RME_OK);
	assert_string_equal(got, expected);
	free(got);
}

static void
words_count_and_nothing_else(void **state)
{
	(void)state;
	expect("hello world", "Hello, World!", "hi", "hi");
	expect("hello", "hello world", "hi", "-");
	expect("hello world", "hello", "hi", "-");
	expect("don't stop", "Don't stop.", "ok", "ok");
	expect("grüß gott", "Grüß Gott", "servus", "servus");
	expect("hello", "", "hi", "-");
	expect("*", "", "any", "any");
}

static void
stars_catch_words(void **state)
{
	(void)state;
	expect("go * meters", "go forward ten meters", "Going {1}.", "Going forward ten.");
	expect("go * meters", "go meters", "[{1}]", "[]");
	expect("go * meters", "go ten meters now", "", "-");
	expect("* light *", "turn the kitchen light on please", "{1}|{2}", "turn the kitchen|on please");
	expect("* a * b", "x a y a z b w b", "{1}|{2}", "x|y a z b w");
	expect("*", "What, really?", "{1} / {text} / {2} / {x} {", "What, really / What, really? /  / {x} {");
	expect("* b *", "b", "[{1}][{2}]", "[][]");
	expect("* b", "a a a", "", "-");
}

static void
alternatives_are_tried_in_order(void **state)
{
	(void)state;
	expect("stop | halt | * wait *", "please wait here", "{1},{2}", "please,here");
	expect("stop | halt", "HALT", "ok", "ok");
	expect("go * | stop *", "stop now", "{1}", "now");
	expect("stop | halt", "go", "", "-");
}

static void
bad_patterns_are_refused(void **state)
{
	(void)state;
	struct rme_error err;
	assert_int_equal(rmi_reply_check("", &err), RME_ECONFIG);
	assert_int_equal(rmi_reply_check("a | | b", &err), RME_ECONFIG);
	assert_int_equal(rmi_reply_check("a | ,", &err), RME_ECONFIG);
	assert_int_equal(rmi_reply_check("* a * b * c * d * e * f * g * h * i *", &err), RME_ECONFIG);
}

/* Would take ages if every star were tried against every other. */
static void
many_stars_take_no_time(void **state)
{
	(void)state;
	static struct rmi_reply_words words;
	static char sentence[4096];
	memset(sentence, ' ', sizeof(sentence) - 1);
	for (size_t i = 0; i < sizeof(sentence) - 1; i += 2) {
		sentence[i] = 'a';
	}
	struct rmi_reply_caught caught;
	rmi_reply_words(&words, sentence, strlen(sentence));
	assert_int_equal(words.n, RMI_REPLY_WORDS_MAX);
	assert_false(rmi_reply_match("* a * a * a * a * a * a * a * a * b", &words, &caught));
}

static void
replies_are_bounded(void **state)
{
	(void)state;
	static struct rmi_reply_words words;
	static char sentence[8192];
	memset(sentence, 'a', sizeof(sentence) - 1);
	rmi_reply_words(&words, sentence, strlen(sentence));
	struct rmi_reply_caught caught = {.n = 0};
	char *out = NULL;
	assert_int_equal(
	    rmi_reply_fill(&out, "{text}{text}{text}{text}{text}{text}{text}{text}{text}", &words, &caught),
	    RME_ELIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_count_and_nothing_else),
	    cmocka_unit_test(stars_catch_words),
	    cmocka_unit_test(alternatives_are_tried_in_order),
	    cmocka_unit_test(bad_patterns_are_refused),
	    cmocka_unit_test(many_stars_take_no_time),
	    cmocka_unit_test(replies_are_bounded),
	};
	return cmocka_run_group_tests_name("reply_match", tests, NULL, NULL);
}
