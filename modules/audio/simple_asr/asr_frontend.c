#include "asr_frontend.h"

#include <stddef.h>

#include "fmath.h"

static const float pre_emphasis = 0.97f;
static const float log_floor = 1.0e-4f;

static float
cosine(uint32_t num, uint32_t den)
{
	double c;
	double s;
	fm_unit_circle(num % den, den, &c, &s);
	return (float)c;
}

static float
sine(uint32_t num, uint32_t den)
{
	double c;
	double s;
	fm_unit_circle(num % den, den, &c, &s);
	return (float)s;
}

/* The triangles between the edges, each of area 1 over frequency. */
static void
make_filters(struct asr_frontend *f, const struct asr_header *h)
{
	const float hz = (float)ASR_RATE / (float)RFFT_N;
	uint32_t at = 0;
	for (uint32_t i = 0; i < h->n_filters; i++) {
		uint32_t low = h->edges[i];
		uint32_t top = h->edges[i + 1];
		uint32_t high = h->edges[i + 2];
		float height = 2.0f / ((float)(high - low) * hz);
		f->first[i] = (uint16_t)(low + 1);
		f->count[i] = (uint16_t)(high - low - 1);
		for (uint32_t k = low + 1; k < high; k++) {
			float rise = (float)(k - low) / (float)(top - low);
			float fall = (float)(high - k) / (float)(high - top);
			f->filter[at++] = height * (rise < fall ? rise : fall);
		}
	}
}

void
asr_frontend_init(struct asr_frontend *f, const struct asr_header *h)
{
	rfft512_init(&f->fft);
	f->n_filters = h->n_filters;
	for (uint32_t i = 0; i < ASR_WINDOW; i++) {
		f->window[i] = 0.54f - 0.46f * cosine(i, ASR_WINDOW - 1);
	}
	make_filters(f, h);
	float scale = fm_sqrt(2.0f / (float)h->n_filters);
	for (uint32_t c = 0; c < ASR_CEPSTRA; c++) {
		float lift = h->lifter > 0 ? 1.0f + 0.5f * (float)h->lifter * sine(c, 2 * h->lifter) : 1.0f;
		for (uint32_t i = 0; i < h->n_filters; i++) {
			float norm = c == 0 ? fm_sqrt(1.0f / (float)h->n_filters) : scale;
			f->dct[c][i] = lift * norm * cosine(c * (2 * i + 1), 4 * h->n_filters);
		}
	}
}

uint32_t
asr_frontend_frames(uint32_t n)
{
	return n == 0 ? 0 : n < ASR_WINDOW ? 1 : (n - ASR_WINDOW) / ASR_HOP + 2;
}

static void
take_frame(struct asr_frontend *f, const int16_t *pcm, uint32_t n, uint32_t t)
{
	uint32_t at = t * ASR_HOP;
	uint32_t have = at < n ? n - at : 0;
	have = have < ASR_WINDOW ? have : ASR_WINDOW;
	float before = at > 0 && at <= n ? (float)pcm[at - 1] : 0.0f;
	for (uint32_t i = 0; i < have; i++) {
		float x = (float)pcm[at + i];
		f->frame[i] = (x - pre_emphasis * before) * f->window[i];
		before = x;
	}
	for (uint32_t i = have; i < RFFT_N; i++) {
		f->frame[i] = 0.0f;
	}
}

/* Follow from below: slowly up, quickly down. */
static float
lower_envelope(float envelope, float now)
{
	return now >= envelope ? 0.995f * envelope + 0.005f * now : 0.5f * envelope + 0.5f * now;
}

static void
noise_begin(struct asr_noise *s, const float *mel, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		s->power[i] = mel[i];
		s->noise[i] = mel[i] / 20.0f;
		s->floor[i] = mel[i];
		s->peak[i] = 0.0f;
	}
}

/* By how much one band is taken down. */
static float
band_gain(struct asr_noise *s, uint32_t i, float mel)
{
	s->power[i] = 0.7f * s->power[i] + 0.3f * mel;
	s->noise[i] = lower_envelope(s->noise[i], s->power[i]);
	float signal = s->power[i] > s->noise[i] + 1.0f ? s->power[i] - s->noise[i] : 1.0f;
	s->floor[i] = lower_envelope(s->floor[i], signal);
	float decayed = 0.85f * s->peak[i];
	if (signal < decayed) {
		signal = 0.2f * s->peak[i];
		s->peak[i] = decayed;
	} else {
		s->peak[i] = signal;
	}
	signal = signal > s->floor[i] ? signal : s->floor[i];
	float gain = signal / (s->power[i] + 1.0f);
	return gain < 0.05f ? 0.05f : gain > 20.0f ? 20.0f : gain;
}

/*
 * Asymmetric noise suppression with temporal masking, in mel bands (C. Kim and R. Stern, Power-Normalized Cepstral
 * Coefficients for robust speech recognition, 2016, section III): what of the smoothed power is above its lower envelope
 * counts; where that is little, what was a moment before masks it. The gain is smoothed over neighboring bands.
 */
static void
suppress_noise(struct asr_noise *s, float *mel, uint32_t n)
{
	float gain[ASR_FILTERS_MAX];
	for (uint32_t i = 0; i < n; i++) {
		gain[i] = band_gain(s, i, mel[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = i >= 4 ? i - 4 : 0;
		uint32_t to = i + 4 < n ? i + 4 : n - 1;
		float sum = 0.0f;
		for (uint32_t k = from; k <= to; k++) {
			sum += gain[k];
		}
		mel[i] *= sum / (float)(to - from + 1);
	}
}

void
asr_frontend_cepstrum(struct asr_frontend *f, const int16_t *pcm, uint32_t n, uint32_t t, float out[ASR_CEPSTRA])
{
	float mel[ASR_FILTERS_MAX];
	take_frame(f, pcm, n, t);
	rfft512(&f->fft, f->frame, f->re, f->im, &f->work);
	for (uint32_t k = 0; k < RFFT_BINS; k++) {
		f->re[k] = f->re[k] * f->re[k] + f->im[k] * f->im[k];
	}
	const float *w = f->filter;
	for (uint32_t i = 0; i < f->n_filters; i++) {
		float sum = 0.0f;
		for (uint32_t k = 0; k < f->count[i]; k++) {
			sum += w[k] * f->re[f->first[i] + k];
		}
		w += f->count[i];
		mel[i] = sum;
	}
	if (t == 0) {
		noise_begin(&f->noise, mel, f->n_filters);
	}
	suppress_noise(&f->noise, mel, f->n_filters);
	for (uint32_t i = 0; i < f->n_filters; i++) {
		mel[i] = fm_log(mel[i] + log_floor);
	}
	for (uint32_t c = 0; c < ASR_CEPSTRA; c++) {
		float sum = 0.0f;
		for (uint32_t i = 0; i < f->n_filters; i++) {
			sum += mel[i] * f->dct[c][i];
		}
		out[c] = sum;
	}
}

void
asr_frontend_normalize(float *cepstra, uint32_t n_frames)
{
	float mean[ASR_CEPSTRA] = {0.0f};
	uint32_t counted = 0;
	for (uint32_t t = 0; t < n_frames; t++) {
		const float *c = cepstra + (size_t)t * ASR_CEPSTRA;
		if (c[0] < 0.0f) {
			continue;
		}
		for (uint32_t i = 0; i < ASR_CEPSTRA; i++) {
			mean[i] += c[i];
		}
		counted++;
	}
	for (uint32_t t = 0; counted > 0 && t < n_frames; t++) {
		for (uint32_t i = 0; i < ASR_CEPSTRA; i++) {
			cepstra[(size_t)t * ASR_CEPSTRA + i] -= mean[i] / (float)counted;
		}
	}
}

static const float *
frame_at(const float *cepstra, uint32_t n_frames, uint32_t t, int32_t by)
{
	int64_t at = (int64_t)t + by;
	at = at < 0 ? 0 : at >= (int64_t)n_frames ? (int64_t)n_frames - 1 : at;
	return cepstra + (size_t)at * ASR_CEPSTRA;
}

void
asr_frontend_features(const float *cepstra, uint32_t n_frames, uint32_t t, float out[ASR_FEATURES])
{
	const float *c[7];
	for (int32_t k = 0; k < 7; k++) {
		c[k] = frame_at(cepstra, n_frames, t, k - 3);
	}
	for (uint32_t i = 0; i < ASR_CEPSTRA; i++) {
		out[i] = c[3][i];
		out[ASR_CEPSTRA + i] = c[5][i] - c[1][i];
		out[2 * ASR_CEPSTRA + i] = (c[6][i] - c[2][i]) - (c[4][i] - c[0][i]);
	}
}
