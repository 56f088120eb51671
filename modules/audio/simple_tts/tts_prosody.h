#ifndef TTS_PROSODY_H
#define TTS_PROSODY_H

/* How long each sound lasts, and the tune of a phrase. */

#include "tts_track.h"

enum tts_ending { TTS_ENDS_STATEMENT, TTS_ENDS_QUESTION, TTS_GOES_ON, TTS_ENDS_EXCLAMATION };

struct tts_manner_of_speaking {
	float speed;    /* 1 = normal, 2 = twice as fast */
	float pitch_hz; /* of the voice, at the start of a statement */
};

/* Sets the durations (rules of D. Klatt, 1979) and the tune. The sounds carry stress and word boundaries. */
void tts_prosody(struct tts_phrase *p, enum tts_ending ending, const struct tts_manner_of_speaking *how);

#endif
