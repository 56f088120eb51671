#ifndef TTS_TEXT_H
#define TTS_TEXT_H

/* From written text to the words of one phrase after the other: numbers, abbreviations, signs and foreign letters become words. */

#include "tts_prosody.h"
#include "tts_words.h"

/* What is left of a text; borrowed. */
struct tts_reader {
	const char *text;
	uint32_t len, at;
};

/* The next phrase that has words: up to a mark that ends it, an empty line, or as much as can be said in one breath.
 * @return 0 when the text is over */
int tts_reader_next(struct tts_reader *r, struct tts_words *out, enum tts_ending *ending);

#endif
