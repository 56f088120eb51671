#include "asr_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../vad/sound.h"
#include "../vad/test_noise.h"
#include "nodes/speech_voice.h"

#define SPHINX "/usr/share/pocketsphinx/test/data/"
#define ALSA   "/usr/share/sounds/alsa/"
#define NOVEL  SPHINX "librivox/sense_and_sensibility_01_austen_64kb-"

const char *const asr_grammar_names[GRAMMARS] = {"cards", "commands", "digits", "numbers", "yes_no"};
const char *const asr_grammar_files[GRAMMARS] = {SPHINX "cards/cards.gram", "examples/speech/commands.gram",
    "examples/speech/grammars/digits.gram", "examples/speech/grammars/numbers.gram",
    "examples/speech/grammars/yes_no.gram"};
const char *const asr_source_names[SOURCES] = {"dev", "people", "voices"};

enum {
	C = 1 << GRAMMAR_CARDS,
	K = 1 << GRAMMAR_COMMANDS,
	D = 1 << GRAMMAR_DIGITS,
	N = 1 << GRAMMAR_NUMBERS,
	Y = 1 << GRAMMAR_YES_NO
};

struct recording {
	const char *path, *said;
	enum asr_source source;
	unsigned grammars, unfit;
};

static const struct recording recordings[] = {
    {SPHINX "cards/001.wav", "ten of clubs", SOURCE_DEV, C, 0},
    {SPHINX "cards/002.wav", "four queen of clubs", SOURCE_DEV, C, 0},
    {SPHINX "cards/003.wav", "seven of clubs", SOURCE_DEV, C, 0},
    {SPHINX "cards/004.wav", "five five", SOURCE_DEV, C | D, N},
    {SPHINX "cards/005.wav", "eight of spades four of clubs seven of hearts", SOURCE_DEV, C, 0},
    {ALSA "Front_Center.wav", "front center", SOURCE_DEV, K, 0},
    {ALSA "Front_Left.wav", "front left", SOURCE_DEV, K, 0},
    {ALSA "Front_Right.wav", "front right", SOURCE_DEV, K, 0},
    {ALSA "Rear_Center.wav", "rear center", SOURCE_DEV, K, 0},
    {ALSA "Rear_Left.wav", "rear left", SOURCE_DEV, K, 0},
    {ALSA "Rear_Right.wav", "rear right", SOURCE_DEV, K, 0},
    {ALSA "Side_Left.wav", "side left", SOURCE_DEV, K, 0},
    {ALSA "Side_Right.wav", "side right", SOURCE_DEV, K, 0},
    {SPHINX "goforward.raw", "go forward ten meters", SOURCE_PEOPLE, K, 0},
    {SPHINX "tidigits/dhd.2934z.raw", "two nine three four zero", SOURCE_PEOPLE, D, N},
    {SPHINX "something.raw", "", SOURCE_PEOPLE, 0, 0},
    {SPHINX "numbers.raw", "", SOURCE_PEOPLE, 0, C | D | N},
    {NOVEL "0870.wav", "", SOURCE_PEOPLE, 0, 0},
    {NOVEL "0880.wav", "", SOURCE_PEOPLE, 0, 0},
    {NOVEL "0890.wav", "", SOURCE_PEOPLE, 0, 0},
    {NOVEL "0920.wav", "", SOURCE_PEOPLE, 0, 0},
    {NOVEL "0930.wav", "", SOURCE_PEOPLE, 0, 0},
};

struct phrase {
	const char *said;
	unsigned grammars, unfit;
};

static const struct phrase phrases[] = {
    {"queen of hearts", C, 0},
    {"ace of spades", C, 0},
    {"two of diamonds seven of clubs", C, 0},
    {"king lady of hearts", C, 0},
    {"nine of diamonds", C, 0},
    {"front left", K, 0},
    {"rear center", K, 0},
    {"side right", K, 0},
    {"go forward three meters", K, 0},
    {"go backward one meter", K, 0},
    {"go backward seven meters", K, 0},
    {"one two three four", D, N},
    {"nine oh five seven", D, N},
    {"eight six zero zero two", D, N},
    {"three three seven one nine four", D, N},
    {"twenty three", N, D},
    {"four hundred sixteen", N, D},
    {"eleven thousand two hundred and fifty", N, D},
    {"nine hundred ninety nine thousand", N, D},
    {"yes please", Y, 0},
    {"not now", Y, 0},
    {"repeat that", Y, 0},
    {"cancel", Y, 0},
    {"the weather will be fine tomorrow morning", 0, 0},
    {"could you turn off the lights in the kitchen", 0, 0},
    {"she sells sea shells by the shore", 0, 0},
    {"please remind me to call my brother", 0, 0},
    {"what is the capital of france", 0, 0},
    {"play some music from the eighties", 0, 0},
    {"thank you very much", 0, 0},
    {"my dog likes cheese", 0, 0},
    {"go to the supermarket", 0, 0},
};

static const enum rmi_voice voices[] = {RMI_VOICE_RMS, RMI_VOICE_SLT, RMI_VOICE_AWB};

enum {
	N_RECORDINGS = sizeof recordings / sizeof recordings[0],
	N_PHRASES = sizeof phrases / sizeof phrases[0],
	N_VOICES = 3
};

static int16_t *
to_pcm(const struct sound *s)
{
	int16_t *pcm = need(calloc(s->n + 1, sizeof *pcm));
	for (size_t i = 0; i < s->n; i++) {
		float v = s->x[i] * 32768.0f;
		pcm[i] = (int16_t)lrintf(v > 32767.0f ? 32767.0f : v < -32768.0f ? -32768.0f : v);
	}
	return pcm;
}

static struct asr_sample
record(const struct recording *r)
{
	struct asr_sample s = {.source = r->source, .said = r->said, .grammars = r->grammars, .unfit = r->unfit};
	const char *slash = strrchr(r->path, '/');
	(void)snprintf(s.name, sizeof s.name, "%s", slash + 1);
	struct sound x = strstr(slash, ".raw") != NULL ? sound_load_raw(r->path) : sound_load(r->path);
	s.pcm = to_pcm(&x);
	s.n = x.n;
	sound_free(&x);
	return s;
}

static struct asr_sample
speak(const struct phrase *p, enum rmi_voice voice)
{
	struct asr_sample s = {.source = SOURCE_VOICES, .said = p->said, .grammars = p->grammars, .unfit = p->unfit};
	struct rmi_speech speech = {0};
	struct rme_error err;
	(void)snprintf(s.name, sizeof s.name, "%s:%.48s", rmi_voice_names[voice], p->said);
	if (rmi_voice_say(&speech, voice, p->said, 1.0, &err) != RME_OK || speech.rate_hz != SOUND_RATE) {
		(void)fprintf(stderr, "asr_set: voice %s: %s\n", rmi_voice_names[voice], err.text);
		exit(1);
	}
	/* A quarter of a second of a quiet room before and after. */
	enum { MARGIN = SOUND_RATE / 4 };
	struct rng r = rng_of(voice + 1);
	s.n = speech.n + (size_t)2 * MARGIN;
	s.pcm = need(calloc(s.n, sizeof *s.pcm));
	memcpy(s.pcm + MARGIN, speech.pcm, speech.n * sizeof *s.pcm);
	for (size_t i = 0; i < s.n; i++) {
		int32_t v = s.pcm[i] + (int32_t)rng_below(&r, 17) - 8;
		s.pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
	}
	rmi_speech_done(&speech);
	return s;
}

struct asr_set
asr_set_make(int with_voices)
{
	struct asr_set set = {need(calloc(N_RECORDINGS + N_PHRASES * N_VOICES, sizeof *set.samples)), 0};
	for (size_t i = 0; i < N_RECORDINGS; i++) {
		set.samples[set.n++] = record(&recordings[i]);
	}
	for (size_t v = 0; with_voices && v < N_VOICES; v++) {
		for (size_t i = 0; i < N_PHRASES; i++) {
			set.samples[set.n++] = speak(&phrases[i], voices[v]);
		}
	}
	return set;
}

void
asr_set_free(struct asr_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->samples[i].pcm);
	}
	free(s->samples);
	s->samples = NULL;
}

int16_t *
asr_set_mix(const struct asr_sample *s, int noise, double snr_db, uint64_t seed, size_t *n)
{
	*n = s->n + SOUND_RATE;
	struct sound speech = sound_new(*n);
	for (size_t i = 0; i < s->n; i++) {
		speech.x[SOUND_RATE + i] = (float)s->pcm[i] / 32768.0f;
	}
	sound_label(&speech);
	struct sound hiss = test_noise(noise, *n, seed);
	double gain = sqrt(sound_speech_power(&speech) / pow(10.0, snr_db / 10.0));
	for (size_t i = 0; i < *n; i++) {
		speech.x[i] += (float)gain * hiss.x[i];
	}
	int16_t *pcm = to_pcm(&speech);
	sound_free(&speech);
	sound_free(&hiss);
	return pcm;
}
