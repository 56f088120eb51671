#ifndef TTS_NUMBER_H
#define TTS_NUMBER_H

/* Numbers, money, times and dates as words of US English. */

#include "tts_words.h"

/* "forty two"; up to 999 trillion, beyond that digit by digit. */
void tts_say_cardinal(struct tts_words *w, uint64_t n);
/* "forty second" */
void tts_say_ordinal(struct tts_words *w, uint64_t n);
/* 1100 .. 2099 in pairs: "nineteen eighty four". */
void tts_say_year(struct tts_words *w, uint32_t year);
/*
 * A token that starts with a digit or a sign of money, whatever it is: "3.5", "1,000", "$5.20", "7:30pm", "21st", "12/24/2025",
 * "2025-12-24", "5-10", "1/2", "50%", "10km", "0049". @p next is the token after it (for "$3 million"), and @return tells
 * whether it was used too; -1: it is none of these, and nothing was said.
 */
int tts_say_number(struct tts_words *w, const char *s, uint32_t len, const char *next, uint32_t next_len);

#endif
