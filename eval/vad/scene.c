#include "scene.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double REFERENCE = 2.5e-3; /* power of active speech before the gain at the end */

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The level rule of sound_label() needs pauses: it is applied to half a minute at a time. */
static void
label_in_blocks(struct sound *s)
{
	const size_t block = (size_t)30 * SOUND_RATE;
	s->label = need(calloc(s->n / SOUND_FRAME + 1, 1));
	for (size_t at = 0; at < s->n; at += block) {
		struct sound part = {.x = s->x + at, .n = s->n - at < block ? s->n - at : block};
		sound_label(&part);
		memcpy(s->label + at / SOUND_FRAME, part.label, part.n / SOUND_FRAME);
		free(part.label);
	}
}

void
voices_load(struct voices *v, const char *dir)
{
	struct dirent **list;
	char path[600];
	(void)snprintf(path, sizeof path, "%s/speech", dir);
	int n = scandir(path, &list, NULL, by_name);
	v->n = 0;
	for (int i = 0; i < n && v->n < VOICES_MAX; i++) {
		size_t len = strlen(list[i]->d_name);
		if (len > 4 && strcmp(list[i]->d_name + len - 4, ".s16") == 0) {
			(void)snprintf(path, sizeof path, "%s/speech/%s", dir, list[i]->d_name);
			v->file[v->n] = sound_load_raw(path);
			label_in_blocks(&v->file[v->n]);
			v->n++;
		}
	}
	if (v->n == 0) {
		(void)fprintf(stderr, "%s/speech: recordings are missing; run eval/vad/fetch-training.sh\n", dir);
		exit(1);
	}
}

/* Put pieces of one voice into the scene, pauses between them. */
static void
place_speech(const struct sound *voice, struct rng *r, struct sound *scene)
{
	size_t frames = scene->n / SOUND_FRAME;
	size_t at = (size_t)rng_uniform(r, 0, 250) * (rng_chance(r, 0.85) ? 1 : 0);
	while (at < frames) {
		size_t len = (size_t)rng_scale(r, 40, 500);
		size_t from = (size_t)rng_uniform(r, 0, (double)(voice->n / SOUND_FRAME - len - 1));
		len = len < frames - at ? len : frames - at;
		while (from > 0 && voice->label[from]) { /* start in a pause */
			from--;
		}
		memcpy(scene->x + at * SOUND_FRAME, voice->x + from * SOUND_FRAME, len * SOUND_FRAME * sizeof(float));
		memcpy(scene->label + at, voice->label + from, len);
		for (size_t i = 0; i < SOUND_FRAME; i++) {
			scene->x[(at + len) * SOUND_FRAME - 1 - i] *= (float)i / SOUND_FRAME;
		}
		for (size_t k = 1; k <= 2 && k <= len; k++) { /* cut words end before the cut */
			scene->label[at + len - k] = 0;
		}
		at += len + (size_t)rng_scale(r, 10, 400);
	}
}

/* Microphone and room. */
static void
color_speech(struct sound *s, struct rng *r)
{
	if (rng_chance(r, 0.5)) {
		struct biquad f = biquad_of(BIQUAD_HIGH, rng_scale(r, 40, 350), 0.7, 0);
		biquad_run(&f, s->x, s->n);
	}
	if (rng_chance(r, 0.25)) {
		struct biquad f = biquad_of(BIQUAD_LOW, rng_scale(r, 2800, 7000), 0.7, 0);
		biquad_run(&f, s->x, s->n);
	}
	for (int k = 0; k < 2; k++) {
		struct biquad f =
		    biquad_of(BIQUAD_PEAK, rng_scale(r, 80, 7000), rng_scale(r, 0.4, 2), rng_uniform(r, -9, 9));
		biquad_run(&f, s->x, s->n);
	}
	if (!rng_chance(r, 0.35)) {
		return;
	}
	double decay = rng_uniform(r, 0.1, 0.6); /* time to -60 dB */
	double gain = rng_scale(r, 0.05, 0.35);
	float *dry = need(malloc(s->n * sizeof *dry));
	memcpy(dry, s->x, s->n * sizeof *dry);
	for (int tap = 0; tap < 120; tap++) {
		double t = rng_uniform(r, 0.002, decay * 0.8);
		size_t delay = (size_t)(t * SOUND_RATE);
		float g = (float)(gain * exp(-6.9 * t / decay) * (rng_chance(r, 0.5) ? 1 : -1));
		for (size_t i = delay; i < s->n; i++) {
			s->x[i] += g * dry[i - delay];
		}
	}
	free(dry);
}

/* Three to twelve people who talk all the time, far away. */
static struct sound
make_crowd(const struct voices *v, size_t n, struct rng *r)
{
	struct sound s = sound_new(n);
	s.label = NULL;
	uint32_t people = 3 + rng_below(r, 10);
	for (uint32_t k = 0; k < people; k++) {
		const struct sound *voice = &v->file[rng_below(r, (uint32_t)v->n)];
		double gain = rng_uniform(r, 0.4, 1.0);
		size_t at = 0;
		while (at < n) { /* pieces that are mostly speech */
			size_t from = (size_t)rng_uniform(r, 0, (double)(voice->n / SOUND_FRAME - 301));
			size_t run = 0;
			while (run < 300 && voice->label[from + run]) {
				run++;
			}
			if (run < 20) {
				continue;
			}
			double level = sqrt(sound_power(voice->x + from * SOUND_FRAME, run * SOUND_FRAME) + 1e-9);
			for (size_t i = 0; i < run * SOUND_FRAME && at < n; i++, at++) {
				s.x[at] += (float)(gain / level * (double)voice->x[from * SOUND_FRAME + i]);
			}
		}
	}
	color_speech(&s, r);
	sound_scale(s.x, n, 1.0 / sqrt(sound_power(s.x, n) + 1e-9));
	return s;
}

/* Noise comes and goes. */
static void
switch_noise(struct sound *noise, struct rng *r)
{
	int on = rng_chance(r, 0.5);
	for (size_t at = 0; at < noise->n;) {
		size_t len = (size_t)(SOUND_RATE * rng_uniform(r, 0.5, 6));
		for (size_t i = 0; i < len && at < noise->n; i++, at++) {
			noise->x[at] *= on ? 1.0f : 0.0f;
		}
		on = !on;
	}
}

/* Speech is what the scene is about; without it, what is most like speech is the most common noise. */
static struct sound
choose_noise(size_t n, const struct voices *v, const struct recordings *rec, int speech, struct rng *r)
{
	double dice = rng_uniform(r, 0, 1);
	if (dice < (speech ? 0.12 : 0.4)) {
		return make_crowd(v, n, r);
	}
	return train_noise(rec, n, !speech && dice < 0.6, r);
}

static void
add_noise(struct sound *scene, const struct voices *v, const struct recordings *rec, int speech, struct rng *r)
{
	double dice = rng_uniform(r, 0, 1);
	if (dice < 0.06) {
		return; /* digital silence in the pauses */
	}
	int sources = dice > 0.9 ? 0 : rng_chance(r, 0.25) ? 2 : 1;
	for (int k = 0; k < sources; k++) {
		struct sound noise = choose_noise(scene->n, v, rec, speech, r);
		double snr = rng_uniform(r, -3, 24) + (k > 0 ? 5 : 0);
		float gain = (float)(sqrt(REFERENCE) * pow(10, -snr / 20));
		if (rng_chance(r, 0.2)) {
			switch_noise(&noise, r);
		}
		for (size_t i = 0; i < scene->n; i++) {
			scene->x[i] += gain * noise.x[i];
		}
		sound_free(&noise);
	}
	float hiss = (float)(sqrt(REFERENCE) * pow(10, -rng_uniform(r, 25, 75) / 20));
	for (size_t i = 0; i < scene->n; i++) {
		scene->x[i] += hiss * rng_gauss(r);
	}
}

void
scene_make(const struct voices *v, const struct recordings *rec, struct rng *r, int16_t *pcm, uint8_t *label)
{
	struct sound s = sound_new(SCENE_SAMPLES);
	s.label = need(calloc(SCENE_FRAMES + 1, 1));
	int speech = rng_chance(r, 0.85);
	if (speech) {
		place_speech(&v->file[rng_below(r, (uint32_t)v->n)], r, &s);
		color_speech(&s, r);
		double power = sound_speech_power(&s);
		if (power > 1e-7) {
			sound_scale(s.x, s.n, sqrt(REFERENCE / power));
		}
	}
	add_noise(&s, v, rec, speech, r);
	double gain = 32768.0 * pow(10, rng_uniform(r, -26, 16) / 20);
	for (size_t i = 0; i < s.n; i++) {
		double x = gain * (double)s.x[i];
		pcm[i] = (int16_t)lrint(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
	}
	memcpy(label, s.label, SCENE_FRAMES);
	sound_free(&s);
}
