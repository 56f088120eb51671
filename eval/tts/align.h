#ifndef EVAL_TTS_ALIGN_H
#define EVAL_TTS_ALIGN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which letter of a word makes which sounds: none, one or two each. Probabilities by expectation maximization over all words,
 * then the best alignment of each.
 */

enum { WORD_LETTERS_MAX = 48, WORD_SOUNDS_MAX = 64 };

struct dict_word {
	char text[WORD_LETTERS_MAX];
	uint8_t n_letters, n_sounds;
	uint8_t sounds[WORD_SOUNDS_MAX];   /* phone * 4 + stress */
	uint16_t chunks[WORD_LETTERS_MAX]; /* of each letter: first code | second code << 8, 0 = none */
	int aligned;
};

/* Reads lines "word PHONE..."; unknown ones are an error. Exits with a message on failure. */
size_t dict_read(const char *path, struct dict_word **out);
void dict_align(struct dict_word *words, size_t n);
/* Every twentieth word, by its hash, is not learned from. */
int dict_is_held_out(const struct dict_word *w);

#endif
