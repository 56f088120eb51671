#ifndef TTS_WORDS_H
#define TTS_WORDS_H

/*
 * Words as they are spoken, collected phrase by phrase: small letters and apostrophes; "b." is the name of the letter b.
 */

#include <stdint.h>

enum { TTS_PHRASE_BYTES = 640, TTS_PHRASE_WORDS = 32 };

struct tts_words {
	char text[TTS_PHRASE_BYTES]; /* the words one after the other, each ended by a NUL */
	uint32_t len, n;
};

static inline uint32_t
tts_length(const char *s)
{
	uint32_t n = 0;
	while (s[n] != '\0') {
		n++;
	}
	return n;
}

static inline int
tts_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
tts_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline int
tts_is_letter(char c)
{
	c = tts_lower(c);
	return c >= 'a' && c <= 'z';
}

/* One word; what does not fit is dropped (the reader ends phrases long before). */
static inline void
tts_words_add(struct tts_words *w, const char *word, uint32_t len)
{
	if (len == 0 || w->len + len + 1 > TTS_PHRASE_BYTES) {
		return;
	}
	for (uint32_t i = 0; i < len; i++) {
		w->text[w->len++] = tts_lower(word[i]);
	}
	w->text[w->len++] = '\0';
	w->n++;
}

/* Words of a fixed text, separated by spaces. */
static inline void
tts_words_say(struct tts_words *w, const char *text)
{
	uint32_t at = 0;
	while (text[at] != '\0') {
		uint32_t end = at;
		while (text[end] != '\0' && text[end] != ' ') {
			end++;
		}
		tts_words_add(w, text + at, end - at);
		at = text[end] == ' ' ? end + 1 : end;
	}
}

/* The names of the letters and digits in it, one by one. */
static inline void
tts_words_spell(struct tts_words *w, const char *s, uint32_t len)
{
	static const char *const digits[] = {
	    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
	for (uint32_t i = 0; i < len; i++) {
		if (tts_is_digit(s[i])) {
			tts_words_say(w, digits[s[i] - '0']);
		} else if (tts_is_letter(s[i])) {
			char name[2] = {tts_lower(s[i]), '.'};
			tts_words_add(w, name, 2);
		}
	}
}

#endif
