#include "testset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"

#define POCKETSPHINX "/usr/share/pocketsphinx/test/data/"
#define LIBRIVOX     POCKETSPHINX "librivox/sense_and_sensibility_01_austen_64kb-"
#define ALSA         "/usr/share/sounds/alsa/"

static const struct {
	enum part part;
	const char *path;
} files[] = {
    {PART_DEV, POCKETSPHINX "cards/001.wav"},
    {PART_DEV, POCKETSPHINX "cards/002.wav"},
    {PART_DEV, POCKETSPHINX "cards/003.wav"},
    {PART_DEV, POCKETSPHINX "cards/004.wav"},
    {PART_DEV, POCKETSPHINX "cards/005.wav"},
    {PART_DEV, ALSA "Front_Center.wav"},
    {PART_DEV, ALSA "Front_Left.wav"},
    {PART_DEV, ALSA "Front_Right.wav"},
    {PART_DEV, ALSA "Rear_Center.wav"},
    {PART_DEV, ALSA "Rear_Left.wav"},
    {PART_DEV, ALSA "Rear_Right.wav"},
    {PART_DEV, ALSA "Side_Left.wav"},
    {PART_DEV, ALSA "Side_Right.wav"},
    {PART_TEST, LIBRIVOX "0870.wav"},
    {PART_TEST, LIBRIVOX "0880.wav"},
    {PART_TEST, LIBRIVOX "0890.wav"},
    {PART_TEST, LIBRIVOX "0920.wav"},
    {PART_TEST, LIBRIVOX "0930.wav"},
    {PART_TEST, POCKETSPHINX "goforward.raw"},
    {PART_TEST, POCKETSPHINX "numbers.raw"},
    {PART_TEST, POCKETSPHINX "something.raw"},
    {PART_TEST, POCKETSPHINX "tidigits/dhd.2934z.raw"},
};
enum { FILES = sizeof files / sizeof files[0] };

/* Cut to the labeled part with its margins, fade the edges, level the active part to -26 dB. */
static struct sound
prepare(const char *path)
{
	size_t name_len = strlen(path);
	struct sound s = strcmp(path + name_len - 4, ".raw") == 0 ? sound_load_raw(path) : sound_load(path);
	sound_label(&s);
	size_t frames = s.n / SOUND_FRAME;
	size_t first = 0;
	size_t last = frames;
	while (first < frames && !s.label[first]) {
		first++;
	}
	while (last > first && !s.label[last - 1]) {
		last--;
	}
	first = first > 8 ? first - 8 : 0;
	last = last + 12 < frames ? last + 12 : frames;
	struct sound cut = sound_new((last - first) * SOUND_FRAME);
	memcpy(cut.x, s.x + first * SOUND_FRAME, cut.n * sizeof *cut.x);
	cut.label = need(calloc(last - first + 1, 1));
	memcpy(cut.label, s.label + first, last - first);
	sound_free(&s);
	for (size_t i = 0; i < 320 && i < cut.n; i++) {
		cut.x[i] *= (float)i / 320.0f;
		cut.x[cut.n - 1 - i] *= (float)i / 320.0f;
	}
	sound_scale(cut.x, cut.n, pow(10.0, -26.0 / 20.0) / sqrt(sound_speech_power(&cut)));
	return cut;
}

static void
append(struct sound *track, const struct sound *piece, size_t silence_frames)
{
	size_t frames = track->n / SOUND_FRAME;
	size_t more = silence_frames + (piece != NULL ? piece->n / SOUND_FRAME : 0);
	track->x = need(realloc(track->x, (frames + more + 1) * SOUND_FRAME * sizeof *track->x));
	track->label = need(realloc(track->label, frames + more + 1));
	memset(track->x + track->n, 0, more * SOUND_FRAME * sizeof *track->x);
	memset(track->label + frames, 0, more);
	if (piece != NULL) {
		memcpy(track->x + (frames + silence_frames) * SOUND_FRAME, piece->x, piece->n * sizeof *piece->x);
		memcpy(track->label + frames + silence_frames, piece->label, piece->n / SOUND_FRAME);
	}
	track->n = (frames + more) * SOUND_FRAME;
}

struct testset
testset_make(enum part part, uint64_t seed)
{
	struct rng r = rng_of(seed);
	size_t order[FILES];
	size_t n = 0;
	for (size_t i = 0; i < FILES; i++) {
		if ((files[i].part & part) != 0) {
			order[n++] = i;
		}
	}
	for (size_t i = n; i > 1; i--) {
		size_t k = rng_below(&r, (uint32_t)i);
		size_t swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	struct testset t = {.n_spans = n};
	for (size_t i = 0; i < n; i++) {
		struct sound piece = prepare(files[order[i]].path);
		t.span[i] = t.sound.n / SOUND_FRAME;
		append(&t.sound, &piece, (size_t)rng_uniform(&r, 80, 260));
		sound_free(&piece);
	}
	append(&t.sound, NULL, 150);
	t.span[n] = t.sound.n / SOUND_FRAME;
	return t;
}

int16_t *
testset_mix(const struct sound *clean, const struct sound *noise, double snr_db, double gain_db)
{
	int16_t *out = need(calloc(clean->n + 1, sizeof *out));
	double level = noise != NULL ? sqrt(sound_speech_power(clean)) * pow(10.0, -snr_db / 20.0) : 0.0;
	double gain = pow(10.0, gain_db / 20.0) * 32768.0;
	for (size_t i = 0; i < clean->n; i++) {
		double v = gain * ((double)clean->x[i] + (noise != NULL ? level * (double)noise->x[i] : 0.0));
		v = v > 32767.0 ? 32767.0 : v < -32768.0 ? -32768.0 : v;
		out[i] = (int16_t)lrint(v);
	}
	return out;
}
