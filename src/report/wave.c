#include "report/wave.h"

#include <math.h>
#include <string.h>

#include <rme/format.h>

/* Pairs of 5 ms at first. */
enum { PAIRS_PER_S = 200 };

static float
sample_at(const struct rme_format *f, const uint8_t *p)
{
	if (f->audio.sample == RME_SAMPLE_F32LE) {
		float v;
		memcpy(&v, p, sizeof(v));
		return isfinite(v) ? fminf(fmaxf(v, -1), 1) : 0;
	}
	int16_t v;
	memcpy(&v, p, sizeof(v));
	return (float)v / 32768;
}

static void
halve(struct rmi_wave *w)
{
	for (size_t i = 0; i < w->n / 2; i++) {
		size_t a = 2 * i, b = a + 1;
		w->lo[i] = w->lo[a] < w->lo[b] ? w->lo[a] : w->lo[b];
		w->hi[i] = w->hi[a] > w->hi[b] ? w->hi[a] : w->hi[b];
	}
	w->n /= 2;
	w->per *= 2;
}

static void
add_frame(struct rmi_wave *w, float lo, float hi)
{
	if (w->n == 0 || w->in_pair == w->per) {
		if (w->n == RMI_WAVE_PAIRS) {
			halve(w);
		}
		w->lo[w->n] = INT8_MAX;
		w->hi[w->n] = INT8_MIN;
		w->n++;
		w->in_pair = 0;
	}
	int8_t l = (int8_t)lrintf(lo * 127), h = (int8_t)lrintf(hi * 127);
	size_t i = w->n - 1;
	w->lo[i] = l < w->lo[i] ? l : w->lo[i];
	w->hi[i] = h > w->hi[i] ? h : w->hi[i];
	w->in_pair++;
}

void
rmi_wave_add(struct rmi_wave *w, const struct rme_format *f, const uint8_t *data, size_t len)
{
	size_t unit = rme_format_unit_bytes(f);
	if (f->media != RME_MEDIA_AUDIO_PCM || unit == 0 || f->audio.rate_hz == 0) {
		return;
	}
	if (w->rate_hz == 0) {
		w->rate_hz = f->audio.rate_hz;
		w->per = w->rate_hz > PAIRS_PER_S ? w->rate_hz / PAIRS_PER_S : 1;
	}
	if (w->rate_hz != f->audio.rate_hz) {
		return;
	}
	size_t bytes = unit / f->audio.channels;
	for (size_t at = 0; at + unit <= len; at += unit) {
		float lo = 1, hi = -1;
		for (uint32_t c = 0; c < f->audio.channels; c++) {
			float v = sample_at(f, data + at + c * bytes);
			lo = fminf(lo, v);
			hi = fmaxf(hi, v);
		}
		add_frame(w, lo, hi);
	}
}

double
rmi_wave_seconds(const struct rmi_wave *w)
{
	if (w->n == 0 || w->rate_hz == 0) {
		return 0;
	}
	return (double)((w->n - 1) * w->per + w->in_pair) / (double)w->rate_hz;
}
