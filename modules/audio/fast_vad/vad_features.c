#include "vad_features.h"

#include <stddef.h>

#include "fmath.h"

/* Edges of the triangular bands in bins of 31.25 Hz; band b rises from edge b to edge b + 1 and falls to edge b + 2. */
static const uint16_t EDGES[VAD_BANDS + 2] = {
    1, 3, 5, 7, 9, 11, 13, 15, 18, 21, 24, 28, 32, 37, 43, 50, 58, 67, 78, 90, 104, 121, 140, 162, 188, 220};

enum { PITCH_BINS = 128, LAG_MIN = 40, LAG_MAX = 256 }; /* up to 4 kHz; 400 Hz down to 62.5 Hz */

static const float POWER_FLOOR = 4e-10f; /* about -94 dB: below the rounding noise of 16 bit samples */

/* Add the constant tables of the band filters. */
static void
init_bands(struct vad_tables *t)
{
	float sum[VAD_BANDS + 1] = {0};
	for (uint32_t e = 0; e <= VAD_BANDS; e++) {
		uint32_t from = EDGES[e];
		uint32_t to = EDGES[e + 1];
		for (uint32_t k = from; k < to; k++) {
			float up = (float)(k - from) / (float)(to - from);
			t->rise[k] = up;
			if (e > 0) {
				sum[e - 1] += 1.0f - up;
			}
			sum[e] += up;
		}
	}
	for (uint32_t b = 0; b < VAD_BANDS; b++) {
		t->band_scale[b] = 1.0f / (192.0f * sum[b]); /* 192 = energy of the window */
	}
}

void
vad_features_init(struct vad_features *f)
{
	*f = (struct vad_features){0};
	rfft512_init(&f->t.fft);
	for (uint32_t i = 0; i < VAD_WINDOW; i++) {
		double c;
		double s;
		fm_unit_circle(i, VAD_WINDOW, &c, &s);
		f->t.window[i] = (float)(0.5 - 0.5 * c);
	}
	init_bands(&f->t);
	for (uint32_t n = 0; n < 260; n++) {
		double c;
		double s;
		fm_unit_circle(n < VAD_WINDOW ? n : VAD_WINDOW, VAD_WINDOW, &c, &s);
		double own = (1.0 - n / 512.0) * (2.0 + c) / 3.0 + s * 0.15915494309189535; /* of a Hann window */
		f->t.lag_scale[n] = (float)(1.0 / (0.3 + 0.7 * own));
	}
	vad_features_reset(f);
}

void
vad_features_reset(struct vad_features *f)
{
	noise_floor_init(&f->floor);
	for (uint32_t i = 0; i < VAD_WINDOW; i++) {
		f->history[i] = 0.0f;
	}
	for (uint32_t b = 0; b < VAD_BANDS; b++) {
		f->prior_snr[b] = 0.0f;
		f->last_snr[b] = 0.0f;
	}
	f->last_lag = fm_log(100.0f);
	f->peak_level = -100.0f;
}

/* Shift the hop in; returns its mean square. */
static float
take_hop(struct vad_features *f, const int16_t *pcm)
{
	for (uint32_t i = 0; i < VAD_WINDOW - VAD_HOP; i += 4) {
		f4_store(f->history + i, f4_load(f->history + i + VAD_HOP));
	}
	float *to = f->history + VAD_WINDOW - VAD_HOP;
	f32x4 sum = f4_set1(0.0f);
	for (uint32_t i = 0; i < VAD_HOP; i += 4) {
		f32x4 v = {(float)pcm[i], (float)pcm[i + 1], (float)pcm[i + 2], (float)pcm[i + 3]};
		v *= f4_set1(1.0f / 32768.0f);
		f4_store(to + i, v);
		sum += v * v;
	}
	return f4_sum(sum) * (1.0f / (float)VAD_HOP);
}

/* Power of every bin, not scaled. */
static void
power_spectrum(const struct vad_features *f, float power[260], struct rfft512_work *work)
{
	float in[VAD_WINDOW];
	float re[260];
	float im[260];
	for (uint32_t i = 0; i < VAD_WINDOW; i += 4) {
		f4_store(in + i, f4_load(f->history + i) * f4_load(f->t.window + i));
	}
	rfft512(&f->t.fft, in, re, im, work);
	for (uint32_t k = 0; k < 260; k += 4) {
		f32x4 r = f4_load(re + k);
		f32x4 i = f4_load(im + k);
		f4_store(power + k, r * r + i * i);
	}
}

static void
band_powers(const struct vad_tables *t, const float *power, float *band)
{
	float down = 0.0f;
	for (uint32_t e = 0; e <= VAD_BANDS; e++) {
		float up = 0.0f;
		float all = 0.0f;
		for (uint32_t k = EDGES[e]; k < EDGES[e + 1]; k++) {
			up += power[k] * t->rise[k];
			all += power[k];
		}
		if (e > 0) {
			band[e - 1] = (down + (all - up)) * t->band_scale[e - 1] + POWER_FLOOR;
		}
		down = up;
	}
}

/*
 * Periodicity: autocorrelation of the signal with its amplitude spectrum compressed (the transform of |X|, not of its
 * square), which keeps the formants from posing as a pitch (Tolonen and Karjalainen, 2000).
 */
static void
find_pitch(struct vad_features *f, const float *power, struct rfft512_work *work)
{
	float in[VAD_WINDOW] = {0};
	float re[260];
	float im[260];
	for (uint32_t k = 2; k < PITCH_BINS; k++) {
		float a = fm_sqrt(power[k]);
		in[k] = a;
		in[VAD_WINDOW - k] = a;
	}
	rfft512(&f->t.fft, in, re, im, work);
	float best = 0.0f;
	uint32_t lag = 100;
	for (uint32_t n = LAG_MIN; n < LAG_MAX; n++) {
		float r = re[n] * f->t.lag_scale[n];
		if (r > best) {
			best = r;
			lag = n;
		}
	}
	float ln_lag = fm_log((float)lag);
	float step = ln_lag - f->last_lag;
	f->x[VAD_F_PITCH] = re[0] > 1e-6f ? 3.0f * best / re[0] : 0.0f;
	f->x[VAD_F_LAG] = ln_lag - 4.6f;
	f->x[VAD_F_LAG_STEP] = step < 0.0f ? -step : step;
	f->last_lag = ln_lag;
}

/* Likelihood ratio with the decision-directed a priori SNR; band SNRs and how they changed. */
static void
compare_with_floor(struct vad_features *f, const float *band, const float *ln_band)
{
	const f32x4 one = f4_set1(1.0f);
	f32x4 ratio = f4_set1(0.0f);
	f32x4 flux = f4_set1(0.0f);
	for (uint32_t b = 0; b < VAD_BANDS; b += 4) {
		f32x4 noise = f4_load(f->floor.power + b);
		f32x4 gamma = f4_min(f4_load(band + b) / noise, f4_set1(1000.0f));
		f32x4 now = f4_max(gamma - one, f4_set1(0.0f));
		f32x4 xi = f4_set1(0.9f) * f4_load(f->prior_snr + b) + f4_set1(0.1f) * now;
		xi = f4_max(xi, f4_set1(0.003f));
		f32x4 gain = xi / (one + xi);
		f4_store(f->prior_snr + b, gain * gain * gamma);
		ratio += f4_min(gamma * gain - f4_log(one + xi), f4_set1(20.0f));
		f32x4 snr = f4_load(ln_band + b) - f4_log(noise);
		snr = f4_min(f4_max(snr, f4_set1(-2.0f)), f4_set1(8.0f));
		f32x4 change = snr - f4_load(f->last_snr + b);
		flux += f4_max(change, -change);
		f4_store(f->last_snr + b, snr);
		f4_store(f->x + VAD_F_SNR + b, snr * f4_set1(0.3f));
	}
	float mean = f4_sum(ratio) * (1.0f / (float)VAD_BANDS);
	f->x[VAD_F_RATIO] = fm_log(1.0f + (mean > 0.0f ? mean : 0.0f));
	f->x[VAD_F_FLUX] = f4_sum(flux) * (1.0f / (float)VAD_BANDS) - 0.7f;
}

/* Shape and level. */
static void
describe_level(struct vad_features *f, const float *band, const float *ln_band)
{
	f32x4 sum = f4_set1(0.0f);
	f32x4 power = f4_set1(0.0f);
	f32x4 noise = f4_set1(0.0f);
	for (uint32_t b = 0; b < VAD_BANDS; b += 4) {
		sum += f4_load(ln_band + b);
		power += f4_load(band + b);
		noise += f4_load(f->floor.power + b);
	}
	float mean = f4_sum(sum) * (1.0f / (float)VAD_BANDS);
	float ln_power = fm_log(f4_sum(power) * (1.0f / (float)VAD_BANDS));
	float above = ln_power - fm_log(f4_sum(noise) * (1.0f / (float)VAD_BANDS));
	for (uint32_t b = 0; b < VAD_BANDS; b += 4) {
		f4_store(f->x + VAD_F_SHAPE + b, (f4_load(ln_band + b) - f4_set1(mean)) * f4_set1(0.25f));
	}
	float fallen = f->peak_level - 0.005f; /* 2 dB per second */
	f->peak_level = ln_power > fallen ? ln_power : fallen;
	f->x[VAD_F_BELOW_PEAK] = (ln_power - f->peak_level) * 0.3f;
	f->x[VAD_F_ABOVE_FLOOR] = above * 0.3f;
	f->x[VAD_F_FLATNESS] = (mean - ln_power) * 0.3f;
	f->snr_db = above * 4.3429448f;
}

void
vad_features_hop(struct vad_features *f, const int16_t pcm[VAD_HOP])
{
	struct rfft512_work work;
	float power[260];
	float band[VAD_BANDS];
	float ln_band[VAD_BANDS];
	f->rms = fm_sqrt(take_hop(f, pcm));
	power_spectrum(f, power, &work);
	band_powers(&f->t, power, band);
	for (uint32_t b = 0; b < VAD_BANDS; b += 4) {
		f4_store(ln_band + b, f4_log(f4_load(band + b)));
	}
	noise_floor_update(&f->floor, band);
	find_pitch(f, power, &work);
	compare_with_floor(f, band, ln_band);
	describe_level(f, band, ln_band);
}
