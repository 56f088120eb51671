#include "stoi.h"

#include <math.h>
#include <soxr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

enum { RATE = 10000, FRAME = 256, HOP = 128, FFT = 512, BINS = 257, BANDS = 15, SEGMENT = 30 };

static double *
to_10k(const float *x, size_t n, size_t *made)
{
	size_t room = n * 10 / 16 + 64;
	float *y = need(calloc(room, sizeof *y));
	double *out = need(calloc(room + 2 * FFT, sizeof *out));
	if (soxr_oneshot(SOUND_RATE, RATE, 1, x, n, NULL, y, room, made, NULL, NULL, NULL) != NULL) {
		(void)fprintf(stderr, "stoi: cannot resample\n");
		exit(1);
	}
	for (size_t i = 0; i < *made; i++) {
		out[i] = (double)y[i];
	}
	free(y);
	return out;
}

static double
window_at(int i)
{
	return 0.5 - 0.5 * cos(2.0 * M_PI * (i + 1) / (FRAME + 1));
}

/* Take out the frames where the clean signal is 40 dB under its loudest, from both. @return samples left */
static size_t
drop_silence(double *clean, double *got, size_t n)
{
	size_t frames = n >= FRAME ? (n - FRAME) / HOP + 1 : 0;
	double *level = need(calloc(frames + 1, sizeof *level));
	double most = -1e9;
	for (size_t f = 0; f < frames; f++) {
		double sum = 1e-20;
		for (int i = 0; i < FRAME; i++) {
			double v = clean[f * HOP + (size_t)i] * window_at(i);
			sum += v * v;
		}
		level[f] = 10.0 * log10(sum);
		most = level[f] > most ? level[f] : most;
	}
	double *a = need(calloc(n + FFT, sizeof *a));
	double *b = need(calloc(n + FFT, sizeof *b));
	size_t kept = 0;
	for (size_t f = 0; f < frames; f++) {
		if (level[f] < most - 40.0) {
			continue;
		}
		for (size_t i = 0; i < FRAME; i++) {
			a[kept * HOP + i] += clean[f * HOP + i] * window_at((int)i);
			b[kept * HOP + i] += got[f * HOP + i] * window_at((int)i);
		}
		kept++;
	}
	memcpy(clean, a, n * sizeof *a);
	memcpy(got, b, n * sizeof *b);
	free(a);
	free(b);
	free(level);
	return kept > 0 ? (kept - 1) * HOP + FRAME : 0;
}

/* Plain radix-2 transform in place. */
static void
fft(double *re, double *im, double turn[2][FFT])
{
	for (unsigned i = 1, j = 0; i < FFT; i++) {
		unsigned bit = FFT / 2;
		for (; (j & bit) != 0; bit /= 2) {
			j ^= bit;
		}
		j ^= bit;
		if (i < j) {
			double t = re[i];
			re[i] = re[j];
			re[j] = t;
		}
	}
	for (unsigned len = 2; len <= FFT; len *= 2) {
		for (unsigned k = 0; k < len / 2; k++) {
			double c = turn[0][k * (FFT / len)];
			double s = turn[1][k * (FFT / len)];
			for (unsigned i = k; i < FFT; i += len) {
				unsigned o = i + len / 2;
				double r = re[o] * c - im[o] * s;
				double m = re[o] * s + im[o] * c;
				re[o] = re[i] - r;
				im[o] = im[i] - m;
				re[i] += r;
				im[i] += m;
			}
		}
	}
}

/* Third-octave band amplitudes of each frame, from 150 Hz. @return frames of BANDS values */
static double *
bands_of(const double *x, size_t n, size_t *frames)
{
	*frames = n >= FRAME ? (n - FRAME) / HOP + 1 : 0;
	double *out = need(calloc(*frames * BANDS + 1, sizeof *out));
	double turn[2][FFT];
	for (int k = 0; k < FFT; k++) {
		turn[0][k] = cos(2.0 * M_PI * k / FFT);
		turn[1][k] = -sin(2.0 * M_PI * k / FFT);
	}
	for (size_t f = 0; f < *frames; f++) {
		double re[FFT] = {0};
		double im[FFT] = {0};
		for (int i = 0; i < FRAME; i++) {
			re[i] = x[f * HOP + (size_t)i] * window_at(i);
		}
		fft(re, im, turn);
		for (int b = 0; b < BANDS; b++) {
			double center = 150.0 * pow(2.0, b / 3.0);
			int low = (int)lrint(center * pow(2.0, -1.0 / 6.0) * FFT / RATE);
			int high = (int)lrint(center * pow(2.0, 1.0 / 6.0) * FFT / RATE);
			double sum = 0.0;
			for (int k = low; k < high && k < BINS; k++) {
				sum += re[k] * re[k] + im[k] * im[k];
			}
			out[f * BANDS + (size_t)b] = sqrt(sum);
		}
	}
	return out;
}

/* Correlation of one band over one segment, the other signal scaled and clipped at -15 dB. */
static double
segment_score(const double *x, const double *y)
{
	double px = 1e-20;
	double py = 1e-20;
	for (int m = 0; m < SEGMENT; m++) {
		px += x[m * BANDS] * x[m * BANDS];
		py += y[m * BANDS] * y[m * BANDS];
	}
	double scale = sqrt(px / py);
	double clip = 1.0 + pow(10.0, 15.0 / 20.0);
	double z[SEGMENT];
	double mx = 0.0;
	double mz = 0.0;
	for (int m = 0; m < SEGMENT; m++) {
		double most = x[m * BANDS] * clip;
		z[m] = y[m * BANDS] * scale < most ? y[m * BANDS] * scale : most;
		mx += x[m * BANDS] / SEGMENT;
		mz += z[m] / SEGMENT;
	}
	double xz = 0.0;
	double xx = 1e-20;
	double zz = 1e-20;
	for (int m = 0; m < SEGMENT; m++) {
		xz += (x[m * BANDS] - mx) * (z[m] - mz);
		xx += (x[m * BANDS] - mx) * (x[m * BANDS] - mx);
		zz += (z[m] - mz) * (z[m] - mz);
	}
	return xz / sqrt(xx * zz);
}

double
stoi(const float *clean, const float *got, size_t n)
{
	size_t made;
	double *a = to_10k(clean, n, &made);
	double *b = to_10k(got, n, &made);
	size_t left = drop_silence(a, b, made);
	size_t frames;
	double *x = bands_of(a, left, &frames);
	double *y = bands_of(b, left, &frames);
	double sum = 0.0;
	size_t count = 0;
	for (size_t f = 0; f + SEGMENT <= frames; f++) {
		for (size_t k = 0; k < BANDS; k++, count++) {
			sum += segment_score(x + f * BANDS + k, y + f * BANDS + k);
		}
	}
	free(a);
	free(b);
	free(x);
	free(y);
	return count > 0 ? sum / (double)count : 0.0;
}

double
si_sdr(const float *clean, const float *got, size_t n)
{
	double cc = 1e-20;
	double cg = 0.0;
	for (size_t i = 0; i < n; i++) {
		cc += (double)clean[i] * (double)clean[i];
		cg += (double)clean[i] * (double)got[i];
	}
	double target = 0.0;
	double rest = 1e-20;
	for (size_t i = 0; i < n; i++) {
		double t = cg / cc * (double)clean[i];
		target += t * t;
		rest += ((double)got[i] - t) * ((double)got[i] - t);
	}
	return 10.0 * log10(target / rest + 1e-20);
}
