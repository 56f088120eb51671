/* What is written, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tts_g2p.h"
#include "tts_lexicon.h"
#include "tts_text.h"

struct pair {
	const char *written, *said;
};

/* Phrases as "words words. words?": the mark is how the phrase ends. */
static const struct pair texts[] = {
    {"Hello, world!", "hello, world!"},
    {"Going 10 meters.", "going ten meters."},
    {"Dr. Smith met Mr. J. Jones.", "doctor smith met mister j. jones."},
    {"It costs $5.20.", "it costs five dollars and twenty cents."},
    {"$1 and $3 million", "one dollar and three million dollars."},
    {"\xe2\x82\xac"
     "7.01",
        "seven euros and one cent."},
    {"at 7:05pm", "at seven oh five p. m.."},
    {"7:30 or 5:00 or 17:00", "seven thirty or five o'clock or seventeen hundred."},
    {"on 12/24/2025", "on december twenty fourth twenty twenty five."},
    {"2024-01-02", "january second twenty twenty four."},
    {"in 1984, 2005 and 1900", "in nineteen eighty four, two thousand five and nineteen hundred."},
    {"the 21st and 100th", "the twenty first and one hundredth."},
    {"1,234,567 people", "one million two hundred thirty four thousand five hundred sixty seven people."},
    {"1/2 and 3/4 and 2/3", "one half and three quarters and two thirds."},
    {"3.14", "three point one four."},
    {"-5 degrees", "minus five degrees."},
    {"20\xc2\xb0"
     "C",
        "twenty degrees celsius."},
    {"5-10 km", "five to ten kilometers."},
    {"12 lbs. of it", "twelve pounds of it."},
    {"1 km", "one kilometer."},
    {"50% more", "fifty percent more."},
    {"007", "zero zero seven."},
    {"The BBC and NATO", "the b. b. c. and nato."},
    {"mp3", "m. p. three."},
    {"a@b.com", "a at b. dot com."},
    {"na\xc3\xafve \xc3\xa9"
     "lan",
        "naive elan."},
    {"\xe2\x80\x9cYes\xe2\x80\x9d \xe2\x80\x94 no?", "yes, no?"},
    {"R&D", "r. and d.."},
    {"one\n\ntwo", "one. two."},
    {"well-known", "well known."},
    {"don't", "don't."},
    {"e.g. this", "for example this."},
    {"\xff\xfe", ""},
    {"... !!! ---", ""},
    {"", ""},
    {"99999999999999999999",
        "nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine nine."},
};

static void
print(const struct tts_words *w, enum tts_ending ending, char *out, size_t cap)
{
	static const char marks[] = {
	    [TTS_ENDS_STATEMENT] = '.', [TTS_ENDS_QUESTION] = '?', [TTS_GOES_ON] = ',', [TTS_ENDS_EXCLAMATION] = '!'};
	size_t n = strlen(out);
	uint32_t at = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n > 0 ? " " : "", w->text + at);
		at += tts_length(w->text + at) + 1;
	}
	(void)snprintf(out + n, cap - n, "%c", marks[ending]);
}

static void
written_text_becomes_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct tts_reader r = {texts[i].written, (uint32_t)strlen(texts[i].written), 0};
		struct tts_words w;
		enum tts_ending ending;
		char said[2048] = "";
		while (tts_reader_next(&r, &w, &ending)) {
			print(&w, ending, said, sizeof said);
		}
		assert_string_equal(said, texts[i].said);
		assert_int_equal(r.at, r.len);
	}
}

static void
long_text_is_cut_for_breath(void **state)
{
	(void)state;
	char text[4000];
	for (size_t i = 0; i < sizeof text; i++) {
		text[i] = i % 4 == 3 ? ' ' : 'a';
	}
	struct tts_reader r = {text, sizeof text, 0};
	struct tts_words w;
	enum tts_ending ending;
	uint32_t words = 0, phrases = 0;
	while (tts_reader_next(&r, &w, &ending)) {
		words += w.n;
		phrases++;
		assert_true(w.n <= 24);
	}
	assert_int_equal(words, 1000);
	assert_true(phrases > 40);
}

static const struct pair sounds[] = {
    {"hello", "HH AX0 L OW1"}, {"water", "W AO1 DX ER0"}, {"through", "TH R UW1"}, {"the apple", "DH IY0 AE1 P AX0 L"},
    {"the pear", "DH AX0 P EH1 R"}, {"b. c.", "B IY1 S IY1"}, {"one two", "W AH1 N T UW1"},
    {"flimbo", "F L IH1 M B OW0"}, /* in no dictionary */
};

static void
words_become_sounds(void **state)
{
	(void)state;
	static struct tts_phrase p;
	for (size_t i = 0; i < sizeof sounds / sizeof sounds[0]; i++) {
		struct tts_words w = {.n = 0};
		char said[256] = "";
		size_t n = 0;
		tts_words_say(&w, sounds[i].written);
		p.n_sounds = 0;
		tts_lexicon_say(&p, &w);
		for (uint32_t k = 0; k < p.n_sounds; k++) {
			const struct tts_sound *s = &p.sounds[k];
			n += (size_t)snprintf(
			    said + n, sizeof said - n, "%s%s", n > 0 ? " " : "", tts_phone_specs[s->phone].name);
			n += tts_is_vowel(s->phone) ? (size_t)snprintf(said + n, sizeof said - n, "%u", s->stress) : 0;
		}
		assert_string_equal(said, sounds[i].said);
	}
}

static void
any_letters_have_sounds(void **state)
{
	(void)state;
	uint8_t codes[TTS_WORD_SOUNDS_MAX];
	char word[200];
	memset(word, 'x', sizeof word);
	assert_in_range(tts_g2p(word, sizeof word, codes), 1, TTS_WORD_SOUNDS_MAX);
	for (uint32_t i = 0; i < sizeof word; i++) {
		word[i] = (char)(i * 7 + 1);
	}
	uint32_t n = tts_g2p(word, sizeof word, codes);
	assert_true(n <= TTS_WORD_SOUNDS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		assert_in_range(codes[i] / 4, 1, TTS_PHONES - 1);
	}
	assert_int_equal(tts_g2p("", 0, codes), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written_text_becomes_words),
	    cmocka_unit_test(long_text_is_cut_for_breath),
	    cmocka_unit_test(words_become_sounds),
	    cmocka_unit_test(any_letters_have_sounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
