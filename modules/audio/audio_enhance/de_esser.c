#include "de_esser.h"

#include "fmath.h"

static const float THRESHOLD = 0.2f; /* power of the band over that of the voice around */
static const float FAST = 0.22f;     /* per millisecond */
static const float SLOW = 0.005f;

void
de_esser_init(struct de_esser *d, uint32_t rate, uint32_t channels, float most_db)
{
	d->band = iir2_band_pass(6500000, rate, 1.2);
	d->low = iir2_low_pass(3000000, rate);
	d->channels = channels;
	d->hop = rate / 1000;
	d->most = rate >= DE_ESSER_RATE_MIN ? fm_from_db(-most_db) : 1.0f;
	de_esser_reset(d);
}

void
de_esser_reset(struct de_esser *d)
{
	for (uint32_t c = 0; c < DE_ESSER_CHANNELS; c++) {
		d->state[c] = (struct iir2_state){0};
		d->low_state[c] = (struct iir2_state){0};
	}
	d->in_hop = 0;
	d->band_energy = 0.0f;
	d->voice_energy = 0.0f;
	d->band_power = 0.0f;
	d->voice_power = 0.0f;
	d->cut = 0.0f;
	d->step = 0.0f;
}

/* A millisecond is over: where the gain is to be at the end of the next. */
static void
decide(struct de_esser *d)
{
	float scale = 1.0f / (float)d->hop;
	float voice = d->voice_energy * scale;
	d->band_power += (d->band_energy * scale - d->band_power) * FAST;
	/* The voice is what the cut is measured by: pauses do not bring it down fast. */
	d->voice_power += (voice - d->voice_power) * (voice > d->voice_power ? 4.0f * SLOW : SLOW);
	float limit = d->voice_power * THRESHOLD;
	float gain = d->band_power > limit ? fm_sqrt(limit / d->band_power) : 1.0f;
	gain = gain > d->most ? gain : d->most;
	d->step = ((1.0f - gain) - d->cut) / (float)d->hop;
	d->in_hop = 0;
	d->band_energy = 0.0f;
	d->voice_energy = 0.0f;
}

void
de_esser_run(struct de_esser *d, float *const *x, uint32_t n)
{
	if (d->most >= 1.0f) {
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		d->cut += d->step;
		for (uint32_t c = 0; c < d->channels; c++) {
			float v = x[c][i];
			float band = (float)iir2_step(&d->band, &d->state[c], (double)v + 1e-20);
			d->band_energy += band * band;
			float low = (float)iir2_step(&d->low, &d->low_state[c], (double)v + 1e-20);
			d->voice_energy += low * low;
			x[c][i] = v - band * d->cut;
		}
		if (++d->in_hop == d->hop) {
			decide(d);
		}
	}
}
