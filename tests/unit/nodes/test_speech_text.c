#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/speech_text.h"

/* All sentences of a text with | between them. */
static void
cut(const char *text, size_t cap, const char *expected)
{
	char got[512] = "";
	char sentence[256];
	struct rmi_speech_text rest = {text, text + strlen(text)};
	while (rmi_speech_text_next(&rest, sentence, cap)) {
		size_t n = strlen(got);
		assert_true(strlen(sentence) < cap);
		(void)snprintf(got + n, sizeof(got) - n, "%s%s", n > 0 ? "|" : "", sentence);
	}
	assert_string_equal(got, expected);
}

static void
cuts_at_the_ends_of_sentences(void **state)
{
	(void)state;
	cut("Hello there. How are you? Fine!", 100, "Hello there.|How are you?|Fine!");
	cut("One line\nand the next.\n\nA new paragraph\r\n\r\nand one more", 100,
	    "One line and the next.|A new paragraph|and one more");
	cut("  no end  ", 100, "no end");
	cut("Really?! Yes...", 100, "Really?!|Yes...");
}

static void
knows_stops_that_end_nothing(void **state)
{
	(void)state;
	cut("Dr. Smith met Mrs. Jones at 3.14 p.m. sharp, e.g. J. R. Tolkien. So did I. Bye.", 100,
	    "Dr. Smith met Mrs. Jones at 3.14 p.m.|sharp, e.g. J. R. Tolkien.|So did I.|Bye.");
	cut("www.example.org is a name. Right.", 100, "www.example.org is a name.|Right.");
}

static void
makes_ascii_of_it(void **state)
{
	(void)state;
	cut("“Don’t” — café, naïve, Łódź, 5€ 20°", 100, "\"Don't\" , cafe, naive, Lodz, 5 euros 20 degrees");
	cut("a\tb\x01 c", 100, "a b c");
	cut("日本 x", 100, "x");
	cut("bad \xff\xc3 bytes", 100, "bad bytes");
}

static void
leaves_out_what_cannot_be_said(void **state)
{
	(void)state;
	cut("", 100, "");
	cut(" \n ", 100, "");
	cut("... !! 日本。", 100, "");
	cut("... Word.", 100, "Word.");
}

static void
cuts_long_sentences_between_words(void **state)
{
	(void)state;
	cut("aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee", 32,
	    "aaaaaaaaa bbbbbbbbb ccccccccc|ddddddddd eeeeeeeee");
	cut("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|aa");
	cut("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa÷÷÷÷÷", 32,
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa|divided by divided by|divided by divided by|divided by");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cuts_at_the_ends_of_sentences),
	    cmocka_unit_test(knows_stops_that_end_nothing),
	    cmocka_unit_test(makes_ascii_of_it),
	    cmocka_unit_test(leaves_out_what_cannot_be_said),
	    cmocka_unit_test(cuts_long_sentences_between_words),
	};
	return cmocka_run_group_tests_name("speech_text", tests, NULL, NULL);
}
