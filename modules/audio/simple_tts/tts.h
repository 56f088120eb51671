#ifndef TTS_H
#define TTS_H

/* Text to speech: reads a text phrase by phrase and makes its samples piece by piece. No allocation; everything in the struct. */

#include "tts_klatt.h"
#include "tts_text.h"
#include "tts_track.h"

enum { TTS_TEXT_MAX = 16384 };

struct tts_options {
	uint32_t rate_hz; /* 16000, 22050 or 24000 */
	float speed;      /* 0.5 .. 2 */
	float pitch_hz;   /* 60 .. 300 */
	float volume;     /* 0 .. 2 */
};

struct tts {
	struct tts_options options;
	char text[TTS_TEXT_MAX];
	struct tts_reader reader;
	struct tts_phrase phrase;
	struct tts_place_in_phrase place;
	struct tts_klatt klatt;
	uint32_t frame_samples;
	float rest[128]; /* samples of a frame that were not asked for yet */
	uint32_t rest_at, rest_n;
	float high_pass_in, high_pass_out;
	int speaking; /* there is a phrase under way */
};

void tts_init(struct tts *t, const struct tts_options *o);
/* @return 0 where the text is too long: longer than TTS_TEXT_MAX bytes */
int tts_start(struct tts *t, const char *text, uint32_t len);
/* The next samples. @return how many: @p n, fewer at the end of the text, 0 after it */
uint32_t tts_read(struct tts *t, int16_t *out, uint32_t n);
/* Nothing is left to be said. */
int tts_over(const struct tts *t);

#endif
