#include "test_noise.h"

#include <flite/flite.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const test_noise_names[TEST_NOISES] = {
    "white", "pink", "car", "fan", "hum", "babble", "music", "clicks", "bursts"};

static void
make_white(float *x, size_t n, struct rng *r)
{
	for (size_t i = 0; i < n; i++) {
		x[i] = rng_gauss(r);
	}
}

/* White noise through three one-pole filters, -3 dB per octave (P. Kellet's weights). */
static void
make_pink(float *x, size_t n, struct rng *r)
{
	double b0 = 0;
	double b1 = 0;
	double b2 = 0;
	for (size_t i = 0; i < n; i++) {
		double w = (double)rng_gauss(r);
		b0 = 0.99765 * b0 + w * 0.0990460;
		b1 = 0.96300 * b1 + w * 0.2965164;
		b2 = 0.57000 * b2 + w * 1.0526913;
		x[i] = (float)(b0 + b1 + b2 + w * 0.1848);
	}
}

/* Rolling and wind below some hundred Hz, swelling slowly, and a little tire hiss. */
static void
make_car(float *x, size_t n, struct rng *r)
{
	make_white(x, n, r);
	struct biquad low1 = biquad_of(BIQUAD_LOW, 180.0, 0.7, 0);
	struct biquad low2 = biquad_of(BIQUAD_LOW, 350.0, 0.7, 0);
	biquad_run(&low1, x, n);
	biquad_run(&low2, x, n);
	double phase = rng_uniform(r, 0, 6);
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / SOUND_RATE;
		double swell = 1.0 + 0.35 * sin(2 * M_PI * 0.23 * t + phase) + 0.2 * sin(2 * M_PI * 0.71 * t);
		x[i] = (float)((double)x[i] * swell) + 0.004f * rng_gauss(r);
	}
}

/* Air noise in a band, and blade tones. */
static void
make_fan(float *x, size_t n, struct rng *r)
{
	make_white(x, n, r);
	struct biquad high = biquad_of(BIQUAD_HIGH, 150.0, 0.7, 0);
	struct biquad low = biquad_of(BIQUAD_LOW, 1800.0, 0.7, 0);
	biquad_run(&high, x, n);
	biquad_run(&low, x, n);
	double f = rng_uniform(r, 110, 140);
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / SOUND_RATE;
		double tone = 0;
		for (int h = 1; h <= 4; h++) {
			tone += sin(2 * M_PI * f * h * t + h) / h;
		}
		x[i] += (float)(0.25 * tone);
	}
}

/* Mains: 50 Hz and 12 harmonics. */
static void
make_hum(float *x, size_t n, struct rng *r)
{
	double phase[13];
	double gain[13];
	for (int h = 0; h < 13; h++) {
		phase[h] = rng_uniform(r, 0, 2 * M_PI);
		gain[h] = rng_uniform(r, 0.3, 1.0) / (1 + 0.4 * h);
	}
	for (size_t i = 0; i < n; i++) {
		double t = (double)i / SOUND_RATE;
		double sum = 0;
		for (int h = 0; h < 13; h++) {
			sum += gain[h] * sin(2 * M_PI * 50.0 * (h + 1) * t + phase[h]);
		}
		x[i] = (float)sum + 0.01f * rng_gauss(r);
	}
}

cst_voice *register_cmu_us_kal16(const char *voxdir);
cst_voice *register_cmu_us_awb(const char *voxdir);
cst_voice *register_cmu_us_rms(const char *voxdir);
cst_voice *register_cmu_us_slt(const char *voxdir);

static const char *const babble_text[] = {
    "The committee will meet again on Thursday, provided that the minutes have been circulated before noon.",
    "I told her we could take the early train, but she would rather drive down along the coast.",
    "Seven of the nine samples were contaminated, which makes the whole series rather doubtful.",
    "You should have seen the garden in June, when the roses were out and the pond was full.",
    "Could you pass me the salt, please, and another piece of that wonderful bread?",
    "He bought the house for next to nothing, and sold it two years later for a fortune.",
    "There is a new restaurant around the corner that everybody seems to be talking about.",
    "When the results came in, nobody in the room could quite believe what they were reading.",
};

/* Eight synthetic voices that talk all the time. */
static void
make_babble(float *x, size_t n, struct rng *r)
{
	static cst_voice *voices[4];
	if (voices[0] == NULL) {
		(void)flite_init();
		voices[0] = register_cmu_us_kal16(NULL);
		voices[1] = register_cmu_us_awb(NULL);
		voices[2] = register_cmu_us_rms(NULL);
		voices[3] = register_cmu_us_slt(NULL);
	}
	for (int s = 0; s < 8; s++) {
		size_t at = 0;
		double gain = rng_uniform(r, 0.5, 1.0);
		for (uint32_t k = rng_below(r, 8); at < n; k++) {
			cst_wave *w = flite_text_to_wave(babble_text[(k + (uint32_t)s) % 8], voices[s % 4]);
			for (int i = 0; i < w->num_samples && at < n; i++, at++) {
				x[at] += (float)(gain * w->samples[i] / 32768.0);
			}
			delete_wave(w);
		}
	}
}

/* Four-part chords of decaying harmonics, a bass, and drums, at 100 beats per minute. */
static void
make_music(float *x, size_t n, struct rng *r)
{
	static const int chords[4][4] = {{0, 4, 7, 12}, {-3, 0, 4, 9}, {-7, -3, 0, 5}, {-5, -1, 2, 7}};
	const size_t beat = SOUND_RATE * 60 / 100;
	for (size_t start = 0, k = 0; start < n; start += beat, k++) {
		const int *chord = chords[k / 4 % 4];
		for (int v = 0; v < 5; v++) {
			double f = v == 4 ? 65.4 * pow(2, chord[0] / 12.0) : 261.6 * pow(2, chord[v] / 12.0);
			double gain = rng_uniform(r, 0.6, 1.0) * (v == 4 ? 1.5 : 1.0);
			for (size_t i = 0; i < 2 * beat && start + i < n; i++) {
				double t = (double)i / SOUND_RATE;
				double tone = 0;
				for (int h = 1; h <= 6; h++) {
					tone += sin(2 * M_PI * f * h * t) * exp(-t * (1.5 + h)) / h;
				}
				x[start + i] += (float)(gain * tone * fmin(1.0, t * 200));
			}
		}
		for (size_t i = 0; i < beat / 2 && start + i < n; i++) {
			double t = (double)i / SOUND_RATE;
			double drum = k % 2 != 0 ? (double)rng_gauss(r) * exp(-t * 25)
			                         : 3 * sin(2 * M_PI * (50 + 60 * exp(-t * 30)) * t) * exp(-t * 12);
			x[start + i] += (float)drum;
		}
	}
}

/* Short clicks at random times, some with a ringing. */
static void
make_clicks(float *x, size_t n, struct rng *r)
{
	for (size_t at = 0; at < n; at += (size_t)(SOUND_RATE * rng_scale(r, 0.02, 0.6))) {
		double f = rng_scale(r, 800, 6000);
		double decay = rng_scale(r, 200, 3000);
		double gain = rng_scale(r, 0.2, 1.0);
		for (size_t i = 0; i < 800 && at + i < n; i++) {
			double t = (double)i / SOUND_RATE;
			x[at + i] += (float)(gain * cos(2 * M_PI * f * t) * exp(-t * decay));
		}
	}
	for (size_t i = 0; i < n; i++) {
		x[i] += 1e-4f * rng_gauss(r);
	}
}

/* Beeps of one frequency, 50 to 500 ms. */
static void
make_bursts(float *x, size_t n, struct rng *r)
{
	for (size_t at = 0; at < n;) {
		double f = rng_scale(r, 200, 4000);
		size_t len = (size_t)(SOUND_RATE * rng_uniform(r, 0.05, 0.5));
		for (size_t i = 0; i < len && at + i < n; i++) {
			double edge = fmin(1.0, fmin((double)i, (double)(len - i)) / 80.0);
			x[at + i] = (float)(edge * sin(2 * M_PI * f * (double)i / SOUND_RATE));
		}
		at += len + (size_t)(SOUND_RATE * rng_uniform(r, 0.05, 0.8));
	}
	for (size_t i = 0; i < n; i++) {
		x[i] += 1e-4f * rng_gauss(r);
	}
}

struct sound
test_noise(int k, size_t n, uint64_t seed)
{
	static void (*const makers[TEST_NOISES])(float *, size_t, struct rng *) = {
	    make_white, make_pink, make_car, make_fan, make_hum, make_babble, make_music, make_clicks, make_bursts};
	struct sound s = sound_new(n);
	struct rng r = rng_of(seed * 31 + (uint64_t)k);
	makers[k](s.x, n, &r);
	sound_scale(s.x, n, 1.0 / sqrt(sound_power(s.x, n) + 1e-20));
	return s;
}
