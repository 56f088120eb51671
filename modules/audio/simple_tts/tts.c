#include "tts.h"

#include "tts_lexicon.h"
#include "tts_prosody.h"

/* A frame of the synthesizer. */
#define FRAME_MS 2.5f
/* A vowel's peaks come to about 0.4 of full scale. */
#define FULL_SCALE 5200.0f

void
tts_init(struct tts *t, const struct tts_options *o)
{
	t->options = *o;
	t->frame_samples = (uint32_t)((float)o->rate_hz * (FRAME_MS / 1000.0f) + 0.5f);
	t->speaking = 0;
	t->rest_at = t->rest_n = 0;
	t->high_pass_in = t->high_pass_out = 0.0f;
	t->reader = (struct tts_reader){t->text, 0, 0};
	tts_klatt_init(&t->klatt, o->rate_hz);
}

int
tts_start(struct tts *t, const char *text, uint32_t len)
{
	if (len > TTS_TEXT_MAX) {
		return 0;
	}
	if (len > 0) {
		__builtin_memcpy(t->text, text, len);
	}
	struct tts_options o = t->options;
	tts_init(t, &o);
	t->reader.len = len;
	return 1;
}

int
tts_over(const struct tts *t)
{
	return !t->speaking && t->rest_at == t->rest_n && t->reader.at >= t->reader.len;
}

static void
add_pause(struct tts_phrase *p, float ms)
{
	p->sounds[p->n_sounds++] = (struct tts_sound){.phone = TTS_SIL, .word_start = 1, .word_end = 1, .ms = ms};
}

/* Prepares the next phrase. */
static int
begin_phrase(struct tts *t)
{
	struct tts_words words;
	enum tts_ending ending;
	if (!tts_reader_next(&t->reader, &words, &ending)) {
		t->reader.at = t->reader.len;
		return 0;
	}
	t->phrase.n_sounds = 0;
	add_pause(&t->phrase, 30.0f);
	tts_lexicon_say(&t->phrase, &words);
	add_pause(&t->phrase, t->reader.at >= t->reader.len ? 100.0f : ending == TTS_GOES_ON ? 160.0f : 330.0f);
	struct tts_manner_of_speaking how = {t->options.speed, t->options.pitch_hz};
	tts_prosody(&t->phrase, ending, &how);
	t->place = (struct tts_place_in_phrase){0};
	return 1;
}

/* One more frame into `rest`; 0 when the text is over. */
static int
make_frame(struct tts *t)
{
	struct tts_frame frame;
	while (!t->speaking || !tts_track_next(&t->phrase, &t->place, FRAME_MS, &frame)) {
		t->speaking = begin_phrase(t);
		if (!t->speaking) {
			return 0;
		}
	}
	tts_klatt_run(&t->klatt, &frame, t->rest, t->frame_samples);
	t->rest_at = 0;
	t->rest_n = t->frame_samples;
	return 1;
}

/* Without the slow part of the flow, that nobody hears. */
static int16_t
finish(struct tts *t, float x)
{
	t->high_pass_out = 0.985f * (t->high_pass_out + x - t->high_pass_in);
	t->high_pass_in = x;
	float v = t->high_pass_out * FULL_SCALE * t->options.volume;
	float top = 24000.0f;
	if (v > top) {
		v = top + (v - top) / (1.0f + (v - top) / 8000.0f);
	} else if (v < -top) {
		v = -top + (v + top) / (1.0f - (v + top) / 8000.0f);
	}
	return (int16_t)(v < 0.0f ? v - 0.5f : v + 0.5f);
}

uint32_t
tts_read(struct tts *t, int16_t *out, uint32_t n)
{
	uint32_t done = 0;
	while (done < n) {
		if (t->rest_at == t->rest_n && !make_frame(t)) {
			break;
		}
		while (done < n && t->rest_at < t->rest_n) {
			out[done++] = finish(t, t->rest[t->rest_at++]);
		}
	}
	return done;
}
