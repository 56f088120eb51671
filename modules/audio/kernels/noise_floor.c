#include "noise_floor.h"

#include "fmath.h"

void
noise_floor_init(struct noise_floor *f)
{
	*f = (struct noise_floor){0};
}

static void
start(struct noise_floor *f, const float *band_power)
{
	for (uint32_t b = 0; b < NOISE_FLOOR_BANDS; b++) {
		f->power[b] = band_power[b];
		f->smooth[b] = band_power[b];
		f->minimum[b] = band_power[b];
		for (uint32_t p = 0; p < NOISE_FLOOR_PARTS; p++) {
			f->part_min[p][b] = band_power[b];
		}
	}
}

/* Minimum statistics: a ring of part minima, so that the minimum of the window can rise again. */
static void
update_minimum(struct noise_floor *f, const float *band_power)
{
	const f32x4 keep = f4_set1(0.8f);
	const f32x4 take = f4_set1(0.2f);
	float *mine = f->part_min[f->part];
	for (uint32_t b = 0; b < NOISE_FLOOR_BANDS; b += 4) {
		f32x4 s = keep * f4_load(f->smooth + b) + take * f4_load(band_power + b);
		f4_store(f->smooth + b, s);
		f4_store(mine + b, f4_min(f4_load(mine + b), s));
		f4_store(f->minimum + b, f4_min(f4_load(f->minimum + b), s));
	}
	f->part_frames++;
	if (f->part_frames < NOISE_FLOOR_PART_FRAMES) {
		return;
	}
	f->part_frames = 0;
	f->part = (f->part + 1) % NOISE_FLOOR_PARTS;
	for (uint32_t b = 0; b < NOISE_FLOOR_BANDS; b += 4) {
		f4_store(f->part_min[f->part] + b, f4_load(f->smooth + b));
		f32x4 m = f4_load(f->part_min[0] + b);
		for (uint32_t p = 1; p < NOISE_FLOOR_PARTS; p++) {
			m = f4_min(m, f4_load(f->part_min[p] + b));
		}
		f4_store(f->minimum + b, m);
	}
}

void
noise_floor_update(struct noise_floor *f, const float band_power[NOISE_FLOOR_BANDS])
{
	if (f->frames < NOISE_FLOOR_START_FRAMES) {
		start(f, band_power); /* the first windows are partly empty */
	}
	f->frames += f->frames < 1000000 ? 1 : 0;
	update_minimum(f, band_power);
	const f32x4 one = f4_set1(1.0f);
	const float xi = 31.6f; /* a priori SNR under speech: 15 dB */
	const f32x4 gain = f4_set1(xi / (1.0f + xi));
	const f32x4 bias = f4_set1(1.5f); /* the minimum of smoothed noise lies below its mean */
	f32x4 rate = f4_set1(f->frames < 20 ? 0.4f : 0.2f);
	for (uint32_t b = 0; b < NOISE_FLOOR_BANDS; b += 4) {
		f32x4 n = f4_load(f->power + b);
		f32x4 p = f4_load(band_power + b);
		f32x4 odds = f4_set1(1.0f + xi) * f4_exp(-(p / n) * gain);
		f32x4 speech = one / (one + odds);
		f32x4 presence = f4_set1(0.9f) * f4_load(f->presence + b) + f4_set1(0.1f) * speech;
		f4_store(f->presence + b, presence);
		speech = f4_select(presence > f4_set1(0.99f), f4_min(speech, f4_set1(0.99f)), speech);
		f32x4 noise_now = speech * n + (one - speech) * p;
		n = (one - rate) * n + rate * noise_now;
		f4_store(f->power + b, f4_max(n, f4_load(f->minimum + b) * bias));
	}
}
