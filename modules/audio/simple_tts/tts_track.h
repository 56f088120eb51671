#ifndef TTS_TRACK_H
#define TTS_TRACK_H

/*
 * From sounds with durations to what the synthesizer is told frame by frame: formants that move from sound to sound, voice,
 * breath and noise. Every value is a function of the time and the neighboring sounds alone.
 */

#include "tts_klatt.h"
#include "tts_phones.h"

enum { TTS_SOUNDS_MAX = 512, TTS_TUNE_MAX = 160 };

/* One sound of a phrase. */
struct tts_sound {
	uint8_t phone;
	uint8_t stress;     /* of a vowel: 0 none, 1 main, 2 secondary */
	uint8_t word_start; /* first sound of a word */
	uint8_t word_end;   /* last sound of a word */
	uint8_t accented;   /* vowel of a stressed syllable of a word that matters */
	uint8_t function_word;
	float ms;         /* how long, of it */
	float release_ms; /* of a stop or affricate: burst and breath or noise at its end */
};

/* The pitch goes in straight lines from point to point. */
struct tts_tune_point {
	float ms, hz;
};

struct tts_phrase {
	struct tts_sound sounds[TTS_SOUNDS_MAX];
	uint32_t n_sounds;
	struct tts_tune_point tune[TTS_TUNE_MAX];
	uint32_t n_tune;
};

/* Where in a phrase the synthesizer is. All zero: at its start. */
struct tts_place_in_phrase {
	uint32_t sound, tune;
	float sound_ms;                       /* into the sound */
	float ms;                             /* into the phrase */
	float voicing, aspiration, frication; /* as they were; they change smoothly */
};

/* The next frame of @p step_ms; 0 when the phrase is over. */
int tts_track_next(const struct tts_phrase *p, struct tts_place_in_phrase *at, float step_ms, struct tts_frame *out);

#endif
