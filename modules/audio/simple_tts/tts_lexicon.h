#ifndef TTS_LEXICON_H
#define TTS_LEXICON_H

/*
 * How words sound: a short list of small words that change with their neighbors and of the names of letters, a list of common
 * words that the rules get wrong, and the rules (tts_g2p.h) for all others.
 */

#include "tts_track.h"
#include "tts_words.h"

/* Adds the sounds of a phrase's words, without durations. What does not fit is dropped. */
void tts_lexicon_say(struct tts_phrase *p, const struct tts_words *words);

#endif
