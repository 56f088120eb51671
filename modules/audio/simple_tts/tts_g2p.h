#ifndef TTS_G2P_H
#define TTS_G2P_H

/*
 * From letters to sounds for any word: a small network reads the letters left to right, with six on each side, and what it said
 * for the last two letters, and says for each letter no sound, one, or two (the idea of NETtalk, T. Sejnowski and C. Rosenberg,
 * Complex Systems 1, 1987; alignment of letters and sounds after A. Black, K. Lenzo, V. Pagel, SSW3, 1998). The best of a few
 * readings is kept (beam search). Weights: eval/tts/train.sh.
 */

#include <stdint.h>

enum {
	TTS_G2P_SIDE = 6, /* letters seen on each side */
	TTS_G2P_WINDOW = 2 * TTS_G2P_SIDE + 1,
	TTS_G2P_LETTERS = 28, /* outside the word, a..z, apostrophe */
	TTS_G2P_HIDDEN_1 = 192,
	TTS_G2P_HIDDEN_2 = 96,
	TTS_WORD_MAX = 48, /* letters */
	TTS_WORD_SOUNDS_MAX = 2 * TTS_WORD_MAX,
};

/* A sound with its stress in one byte: phone * 4 + stress. */
static inline uint8_t
tts_sound_code(uint8_t phone, uint8_t stress)
{
	return (uint8_t)(phone * 4 + stress);
}

/* 0 = outside, 1..26 = a..z, 27 = apostrophe; capital letters as small ones. */
uint8_t tts_letter(char c);

/* Sounds of a word (letters and apostrophes); at most TTS_WORD_SOUNDS_MAX codes. @return how many */
uint32_t tts_g2p(const char *word, uint32_t len, uint8_t *codes);

#endif
