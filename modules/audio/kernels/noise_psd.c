#include "noise_psd.h"

#include "fmath.h"

static const float PRIOR_SNR = 22.8f;    /* of speech where there is some: 13.6 dB */
static const float MINIMUM_BIAS = 1.34f; /* the minimum of smoothed noise lies below its mean */
static const float RATE = 0.09f;         /* share of a frame in the estimate */

void
noise_psd_init(struct noise_psd *n)
{
	__builtin_memset(n, 0, sizeof *n);
}

/* The mean of the first frames. */
static void
start(struct noise_psd *n, const float *power)
{
	f32x4 share = f4_set1(1.0f / (float)(n->frames + 1));
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 p = f4_load(n->power + k);
		p += (f4_load(power + k) - p) * share;
		f4_store(n->power + k, p);
		f4_store(n->smooth + k, p);
		f4_store(n->minimum + k, p);
		for (uint32_t i = 0; i < NOISE_PSD_PARTS; i++) {
			f4_store(n->part_min[i] + k, p);
		}
	}
}

static void
update_minimum(struct noise_psd *n, const float *power)
{
	const f32x4 keep = f4_set1(0.85f);
	const f32x4 take = f4_set1(0.15f);
	float *mine = n->part_min[n->part];
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 s = keep * f4_load(n->smooth + k) + take * f4_load(power + k);
		f4_store(n->smooth + k, s);
		f4_store(mine + k, f4_min(f4_load(mine + k), s));
		f4_store(n->minimum + k, f4_min(f4_load(n->minimum + k), s));
	}
	if (++n->part_frames < NOISE_PSD_PART_FRAMES) {
		return;
	}
	n->part_frames = 0;
	n->part = (n->part + 1) % NOISE_PSD_PARTS;
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f4_store(n->part_min[n->part] + k, f4_load(n->smooth + k));
		f32x4 m = f4_load(n->part_min[0] + k);
		for (uint32_t i = 1; i < NOISE_PSD_PARTS; i++) {
			m = f4_min(m, f4_load(n->part_min[i] + k));
		}
		f4_store(n->minimum + k, m);
	}
}

static int
is_silence(const float *power, float least)
{
	f32x4 most = f4_set1(0.0f);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		most = f4_max(most, f4_load(power + k));
	}
	return most[0] <= least && most[1] <= least && most[2] <= least && most[3] <= least;
}

void
noise_psd_update(struct noise_psd *n, const float power[NOISE_PSD_BINS], float least)
{
	if (is_silence(power, least)) {
		return;
	}
	if (n->frames < NOISE_PSD_START_FRAMES) {
		start(n, power);
		n->frames++;
		return;
	}
	update_minimum(n, power);
	const f32x4 one = f4_set1(1.0f);
	const f32x4 slope = f4_set1(PRIOR_SNR / (1.0f + PRIOR_SNR));
	const f32x4 rate = f4_set1(RATE);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 noise = f4_load(n->power + k);
		f32x4 p = f4_load(power + k);
		f32x4 odds = f4_set1(1.0f + PRIOR_SNR) * f4_exp(-(p / noise) * slope);
		f32x4 speech = one / (one + odds);
		f32x4 presence = f4_set1(0.9f) * f4_load(n->presence + k) + f4_set1(0.1f) * speech;
		f4_store(n->presence + k, presence);
		speech = f4_select(presence > f4_set1(0.99f), f4_min(speech, f4_set1(0.99f)), speech);
		f32x4 now = speech * noise + (one - speech) * p;
		noise += (now - noise) * rate;
		f4_store(n->power + k, f4_max(noise, f4_load(n->minimum + k) * f4_set1(MINIMUM_BIAS)));
	}
}
