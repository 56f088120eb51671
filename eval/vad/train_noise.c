#include "train_noise.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void
recordings_load(struct recordings *r, const char *dir)
{
	struct dirent **list;
	char path[600];
	(void)snprintf(path, sizeof path, "%s/noise", dir);
	int n = scandir(path, &list, NULL, by_name);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		(void)snprintf(path, sizeof path, "%s/noise/%s", dir, name);
		if (strstr(name, ".s16") == NULL) {
			continue;
		}
		if (strncmp(name, "effects", 7) == 0) {
			r->effects = sound_load_raw(path);
		} else if (strncmp(name, "ambient", 7) == 0) {
			r->ambient[r->n_ambient++] = sound_load_raw(path);
		} else if (strncmp(name, "music", 5) == 0) {
			r->music[r->n_music++] = sound_load_raw(path);
		}
	}
	if (r->effects.x == NULL || r->n_ambient == 0 || r->n_music == 0) {
		(void)fprintf(stderr, "%s/noise: recordings are missing; run eval/vad/fetch-training.sh\n", dir);
		exit(1);
	}
}

/* A slow random curve between 0 and 1: cosine steps between random points, `hz` points per second. */
static float *
random_curve(size_t n, double hz, struct rng *r)
{
	float *c = need(calloc(n + 1, sizeof *c));
	double a = rng_uniform(r, 0, 1);
	for (size_t at = 0; at < n;) {
		double b = rng_uniform(r, 0, 1);
		size_t len = (size_t)(SOUND_RATE / hz * rng_uniform(r, 0.5, 1.5)) + 1;
		for (size_t i = 0; i < len && at < n; i++, at++) {
			double w = 0.5 - 0.5 * cos(M_PI * (double)i / (double)len);
			c[at] = (float)(a + w * (b - a));
		}
		a = b;
	}
	return c;
}

/* White noise through one to four random filters. */
static void
shaped(float *x, size_t n, struct rng *r)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = rng_gauss(r);
	}
	uint32_t filters = 1 + rng_below(r, 4);
	for (uint32_t k = 0; k < filters; k++) {
		enum biquad_kind kind = (enum biquad_kind)rng_below(r, 4);
		double low = kind == BIQUAD_LOW ? 150 : 60;
		double high = kind == BIQUAD_HIGH ? 2500 : 6500;
		struct biquad f = biquad_of(kind, rng_scale(r, low, high),
		    rng_scale(r, 0.4, kind == BIQUAD_PEAK ? 8 : 1.5), rng_uniform(r, -20, 25));
		biquad_run(&f, x, n);
	}
	sound_scale(x, n, 1.0 / sqrt(sound_power(x, n) + 1e-20));
}

static void
make_shaped(float *x, size_t n, struct rng *r)
{
	shaped(x, n, r);
	double depth = rng_uniform(r, 0, 0.8);
	float *c = random_curve(n, rng_scale(r, 0.1, 3), r);
	for (size_t i = 0; i < n; i++) {
		x[i] *= (float)(1.0 - depth + depth * (double)c[i]);
	}
	free(c);
}

/* Two noises of different color that take turns at the pace of syllables. */
static void
make_flutter(float *x, size_t n, struct rng *r)
{
	float *y = need(calloc(n + 1, sizeof *y));
	double hz = rng_scale(r, 1, 12);
	float *c = random_curve(n, hz, r);
	float *d = random_curve(n, hz, r);
	shaped(x, n, r);
	shaped(y, n, r);
	for (size_t i = 0; i < n; i++) {
		x[i] = x[i] * c[i] * c[i] + y[i] * d[i] * d[i];
	}
	free(y);
	free(c);
	free(d);
}

/* A machine: harmonics of a wandering pitch, colored, with noise. */
static void
make_engine(float *x, size_t n, struct rng *r)
{
	double base = rng_scale(r, 20, 350);
	double range = rng_scale(r, 1.02, 2.5);
	float *c = random_curve(n, rng_scale(r, 0.1, 2), r);
	double gain[40];
	int harmonics = 3 + (int)rng_below(r, 37);
	double tilt = rng_uniform(r, 0.1, 1.2);
	for (int h = 0; h < harmonics; h++) {
		gain[h] = rng_uniform(r, 0.1, 1) / pow(h + 1, tilt);
	}
	double phase = 0;
	for (size_t i = 0; i < n; i++) {
		double f = base * pow(range, (double)c[i]);
		double sum = 0;
		phase += f / SOUND_RATE;
		phase -= floor(phase);
		double s1 = sin(2 * M_PI * phase);
		double c2 = 2 * cos(2 * M_PI * phase);
		double before = 0;
		double now = s1;
		for (int h = 0; h < harmonics && f * (h + 1) < 7500; h++) {
			sum += gain[h] * now;
			double next = c2 * now - before; /* sin of the next multiple */
			before = now;
			now = next;
		}
		x[i] = (float)sum;
	}
	free(c);
	float *y = need(calloc(n + 1, sizeof *y));
	shaped(y, n, r);
	double mix = rng_scale(r, 0.02, 1.0);
	sound_scale(x, n, 1.0 / sqrt(sound_power(x, n) + 1e-20));
	for (size_t i = 0; i < n; i++) {
		x[i] += (float)mix * y[i];
	}
	free(y);
}

/* Things that are hit: a few resonances that ring for a while. */
static void
make_knocks(float *x, size_t n, struct rng *r)
{
	double rate = rng_scale(r, 0.5, 10);
	int steady = rng_chance(r, 0.4);
	for (size_t at = 0; at < n; at += (size_t)(SOUND_RATE / rate * (steady ? 1 : rng_scale(r, 0.3, 3))) + 1) {
		int modes = 1 + (int)rng_below(r, 5);
		double loud = rng_scale(r, 0.1, 1);
		for (int m = 0; m < modes; m++) {
			double f = rng_scale(r, 80, 5000);
			double decay = rng_scale(r, 6, 90);
			double gain = loud * rng_uniform(r, 0.2, 1);
			size_t len = (size_t)(SOUND_RATE * 5 / decay);
			for (size_t i = 0; i < len && at + i < n; i++) {
				double t = (double)i / SOUND_RATE;
				x[at + i] += (float)(gain * sin(2 * M_PI * f * t) * exp(-t * decay));
			}
		}
	}
	for (size_t i = 0; i < n; i++) {
		x[i] += 3e-4f * rng_gauss(r);
	}
}

/* Sirens and chirps: tones that sweep all the time. */
static void
make_sweeps(float *x, size_t n, struct rng *r)
{
	double low = rng_scale(r, 150, 2500);
	double ratio = rng_scale(r, 1.2, 4);
	double rate = rng_scale(r, 0.3, 12);
	double second = rng_uniform(r, 0, 0.6);
	double phase = 0;
	float *gate = random_curve(n, rng_scale(r, 0.5, 6), r);
	double open = rng_uniform(r, 0, 0.7);
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / SOUND_RATE;
		double f = low * pow(ratio, 0.5 + 0.5 * sin(2 * M_PI * rate * t));
		phase += fmin(f, 7000) / SOUND_RATE;
		double on = fmin(1, fmax(0, ((double)gate[i] - open) * 20));
		x[i] = (float)(on * (sin(2 * M_PI * phase) + second * sin(4 * M_PI * phase))) + 3e-4f * rng_gauss(r);
	}
	free(gate);
}

/* A piece of a recording, from a random place, in a loop if it is short; sometimes slower or faster. */
static void
make_recorded(const struct sound *s, float *x, size_t n, struct rng *r)
{
	double speed = rng_chance(r, 0.5) ? rng_scale(r, 0.75, 1.33) : 1.0;
	double at = rng_uniform(r, 0, (double)s->n);
	for (size_t i = 0; i < n; i++) {
		size_t k = (size_t)at;
		double w = at - (double)k;
		x[i] = (float)((1 - w) * (double)s->x[k % s->n] + w * (double)s->x[(k + 1) % s->n]);
		at += speed;
		at -= at >= (double)s->n ? (double)s->n : 0;
	}
	if (rng_chance(r, 0.4)) {
		struct biquad f = biquad_of(BIQUAD_PEAK, rng_scale(r, 100, 6000), 0.7, rng_uniform(r, -12, 12));
		biquad_run(&f, x, n);
	}
}

struct sound
train_noise(const struct recordings *rec, size_t n, int music, struct rng *r)
{
	static void (*const makers[])(float *, size_t, struct rng *) = {
	    make_shaped, make_shaped, make_flutter, make_engine, make_engine, make_knocks, make_sweeps};
	struct sound s = sound_new(n);
	uint32_t kind = music ? 11 : rng_below(r, 12);
	if (kind < 7) {
		makers[kind](s.x, n, r);
	} else if (kind < 9) {
		make_recorded(&rec->ambient[rng_below(r, (uint32_t)rec->n_ambient)], s.x, n, r);
	} else if (kind < 10) {
		make_recorded(&rec->effects, s.x, n, r);
	} else {
		make_recorded(&rec->music[rng_below(r, (uint32_t)rec->n_music)], s.x, n, r);
	}
	sound_scale(s.x, n, 1.0 / sqrt(sound_power(s.x, n) + 1e-9));
	return s;
}
