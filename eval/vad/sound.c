#include "sound.h"

#include <math.h>
#include <sndfile.h>
#include <soxr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
need(void *p)
{
	if (p == NULL) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

struct sound
sound_new(size_t n)
{
	struct sound s = {.n = n};
	s.x = need(calloc(n + 1, sizeof *s.x));
	return s;
}

void
sound_free(struct sound *s)
{
	free(s->x);
	free(s->label);
	*s = (struct sound){0};
}

static float *
to_mono(const float *in, size_t frames, int channels)
{
	float *out = need(calloc(frames + 1, sizeof *out));
	for (size_t i = 0; i < frames; i++) {
		for (int c = 0; c < channels; c++) {
			out[i] += in[i * (size_t)channels + (size_t)c] / (float)channels;
		}
	}
	return out;
}

struct sound
sound_load(const char *path)
{
	SF_INFO info = {0};
	SNDFILE *f = sf_open(path, SFM_READ, &info);
	if (f == NULL) {
		(void)fprintf(
		    stderr, "%s: %s (is the package installed? see eval/vad/README.md)\n", path, sf_strerror(NULL));
		exit(1);
	}
	size_t frames = (size_t)info.frames;
	float *in = need(calloc(frames * (size_t)info.channels + 1, sizeof *in));
	frames = (size_t)sf_readf_float(f, in, info.frames);
	(void)sf_close(f);
	struct sound s = {.x = to_mono(in, frames, info.channels), .n = frames};
	free(in);
	if (info.samplerate != SOUND_RATE) {
		size_t room = (size_t)((double)frames * SOUND_RATE / info.samplerate) + 16;
		float *y = need(calloc(room, sizeof *y));
		size_t used;
		size_t made;
		soxr_error_t e =
		    soxr_oneshot(info.samplerate, SOUND_RATE, 1, s.x, frames, &used, y, room, &made, NULL, NULL, NULL);
		if (e != NULL) {
			(void)fprintf(stderr, "%s: %s\n", path, e);
			exit(1);
		}
		free(s.x);
		s.x = y;
		s.n = made;
	}
	return s;
}

struct sound
sound_load_raw(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	(void)fseek(f, 0, SEEK_END);
	size_t n = (size_t)ftell(f) / 2;
	rewind(f);
	int16_t *raw = need(calloc(n + 1, sizeof *raw));
	n = fread(raw, 2, n, f);
	(void)fclose(f);
	struct sound s = sound_new(n);
	for (size_t i = 0; i < n; i++) {
		s.x[i] = (float)raw[i] / 32768.0f;
	}
	free(raw);
	return s;
}

double
sound_power(const float *x, size_t n)
{
	double sum = 0.0;
	for (size_t i = 0; i < n; i++) {
		sum += (double)x[i] * (double)x[i];
	}
	return n > 0 ? sum / (double)n : 0.0;
}

double
sound_speech_power(const struct sound *s)
{
	double sum = 0.0;
	size_t frames = 0;
	for (size_t k = 0; k < s->n / SOUND_FRAME; k++) {
		if (s->label[k]) {
			sum += sound_power(s->x + k * SOUND_FRAME, SOUND_FRAME);
			frames++;
		}
	}
	return frames > 0 ? sum / (double)frames : 0.0;
}

void
sound_scale(float *x, size_t n, double gain)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = (float)((double)x[i] * gain);
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Turn runs of `value` of at most `most` frames into the other value; runs at the ends only if `ends`. */
static void
drop_runs(uint8_t *label, size_t n, uint8_t value, size_t most, int ends)
{
	for (size_t i = 0; i < n;) {
		size_t end = i;
		while (end < n && label[end] == label[i]) {
			end++;
		}
		if (label[i] == value && end - i <= most && (ends || (i > 0 && end < n))) {
			memset(label + i, !value, end - i);
		}
		i = end;
	}
}

void
sound_label(struct sound *s)
{
	size_t n = s->n / SOUND_FRAME;
	double *level = need(calloc(n + 1, sizeof *level));
	double *sorted = need(calloc(n + 1, sizeof *sorted));
	free(s->label);
	s->label = need(calloc(n + 1, 1));
	for (size_t k = 0; k < n; k++) {
		level[k] = 10.0 * log10(sound_power(s->x + k * SOUND_FRAME, SOUND_FRAME) + 1e-12);
		sorted[k] = level[k];
	}
	qsort(sorted, n, sizeof *sorted, compare_doubles);
	double low = n > 0 ? sorted[n * 5 / 100] + 10.0 : 0.0;
	double high = n > 0 ? sorted[n * 95 / 100] - 35.0 : 0.0;
	double threshold = low > high ? low : high;
	for (size_t k = 0; k < n; k++) {
		s->label[k] = level[k] > threshold;
	}
	drop_runs(s->label, n, 1, 5, 1);
	drop_runs(s->label, n, 0, 20, 0);
	free(level);
	free(sorted);
}

struct biquad
biquad_of(enum biquad_kind kind, double hz, double q, double gain_db)
{
	double w = 2.0 * M_PI * hz / SOUND_RATE;
	double alpha = sin(w) / (2.0 * q);
	double a = pow(10.0, gain_db / 40.0);
	double c = cos(w);
	double b[3] = {0};
	double d[3] = {1.0 + alpha, -2.0 * c, 1.0 - alpha};
	switch (kind) {
	case BIQUAD_LOW:
		b[1] = 1.0 - c;
		b[0] = b[2] = b[1] / 2.0;
		break;
	case BIQUAD_HIGH:
		b[1] = -(1.0 + c);
		b[0] = b[2] = -b[1] / 2.0;
		break;
	case BIQUAD_BAND:
		b[0] = alpha;
		b[2] = -alpha;
		break;
	case BIQUAD_PEAK:
		b[0] = 1.0 + alpha * a;
		b[1] = -2.0 * c;
		b[2] = 1.0 - alpha * a;
		d[0] = 1.0 + alpha / a;
		d[2] = 1.0 - alpha / a;
		break;
	}
	return (struct biquad){b[0] / d[0], b[1] / d[0], b[2] / d[0], d[1] / d[0], d[2] / d[0], 0.0, 0.0};
}

void
biquad_run(struct biquad *f, float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double in = (double)x[i];
		double y = f->b0 * in + f->z1;
		f->z1 = f->b1 * in - f->a1 * y + f->z2;
		f->z2 = f->b2 * in - f->a2 * y;
		x[i] = (float)y;
	}
}
