#include "suppressor.h"

#include "lsa_gain.h"

static const float LEAST = 1e-7f; /* power of a bin; rounding to 16 bit makes 2e-8 */

static const float NOISE_SHARE = 0.8f;    /* of the tracked power: the tracker reads a little high under speech */
static const float PRIOR_KEEP = 0.914f;   /* decision-directed smoothing of the a priori SNR */
static const float PRIOR_LEAST = 0.0126f; /* -19 dB */
static const float SMOOTH_KEEP = 0.7f;
static const float SPEECH_SNR = 0.49f; /* a priori SNR around a bin that makes speech as likely as not */
static const float SPREAD = 0.116f;    /* growth of the averages per bin */

static const float NOISY_SNR = 4.6f;    /* 20 dB, of the loudest frames: below, the whole suppression */
static const float CLEAR_SNR = 7.37f;   /* 32 dB: above, the least */
static const float CLEAR_SHARE = 0.15f; /* of the floor in dB */
static const float SNR_FADE = 0.0046f;  /* a frame: 2.5 dB a second */

static void
make_spread(struct suppressor_spread *s, uint32_t least)
{
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k++) {
		uint32_t bin = k < RFFT_BINS ? k : RFFT_BINS - 1;
		uint32_t width = least + (uint32_t)(SPREAD * (float)bin);
		uint32_t first = bin > width ? bin - width : 0;
		uint32_t last = bin + width < RFFT_BINS ? bin + width + 1 : RFFT_BINS;
		s->first[k] = (uint16_t)first;
		s->last[k] = (uint16_t)last;
		s->scale[k] = 1.0f / (float)(last - first);
	}
}

static void
spread(const struct suppressor_spread *s, const float in[NOISE_PSD_BINS], float out[NOISE_PSD_BINS])
{
	double sums[RFFT_BINS + 1]; /* of all before; in double, as they hold loud and soft bins together */
	sums[0] = 0.0;
	for (uint32_t k = 0; k < RFFT_BINS; k++) {
		sums[k + 1] = sums[k] + (double)in[k];
	}
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k++) {
		out[k] = (float)(sums[s->last[k]] - sums[s->first[k]]) * s->scale[k];
	}
}

void
suppressor_init(struct suppressor *s, float floor_db)
{
	rfft512_init(&s->fft);
	make_spread(&s->narrow, 2);
	make_spread(&s->wide, 3);
	for (uint32_t i = 0; i < SUPPRESSOR_FRAME; i++) {
		double c;
		double sine;
		fm_unit_circle(i, 2 * SUPPRESSOR_FRAME, &c, &sine);
		s->window[i] = (float)sine; /* the square root of a Hann window */
	}
	s->ln_floor = floor_db * 0.115129255f;
	suppressor_reset(s);
}

void
suppressor_reset(struct suppressor *s)
{
	__builtin_memset(s->history, 0, sizeof s->history);
	__builtin_memset(s->sum, 0, sizeof s->sum);
	__builtin_memset(s->clean, 0, sizeof s->clean);
	__builtin_memset(s->smooth, 0, sizeof s->smooth);
	noise_psd_init(&s->noise);
	s->frames = 0;
	s->best_snr = 0.0f;
}

static void
analyze(struct suppressor *s, const float *in, float re[260], float im[260], float power[260])
{
	float framed[SUPPRESSOR_FRAME];
	__builtin_memmove(s->history, s->history + SUPPRESSOR_HOP, SUPPRESSOR_DELAY * sizeof(float));
	__builtin_memcpy(s->history + SUPPRESSOR_DELAY, in, SUPPRESSOR_HOP * sizeof(float));
	for (uint32_t i = 0; i < SUPPRESSOR_FRAME; i += 4) {
		f4_store(framed + i, f4_load(s->history + i) * f4_load(s->window + i));
	}
	rfft512(&s->fft, framed, re, im, &s->work);
	for (uint32_t k = 0; k < 260; k += 4) {
		f32x4 r = f4_load(re + k);
		f32x4 i = f4_load(im + k);
		f4_store(power + k, f4_max(r * r + i * i, f4_set1(LEAST)));
	}
}

struct suppressor_snr {
	float prior[NOISE_PSD_BINS], posterior[NOISE_PSD_BINS], gain[NOISE_PSD_BINS];
};

/* SNRs and the gain that is right if there is speech. */
static void
compare_with_noise(struct suppressor *s, const float power[NOISE_PSD_BINS], struct suppressor_snr *r)
{
	const f32x4 one = f4_set1(1.0f);
	const f32x4 keep = f4_set1(PRIOR_KEEP);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 noise = f4_load(s->noise.power + k) * f4_set1(NOISE_SHARE);
		f32x4 p = f4_load(power + k);
		f32x4 posterior = f4_min(p / noise, f4_set1(1000.0f));
		f32x4 before = f4_load(s->clean + k) / noise;
		f32x4 prior = keep * before + (one - keep) * f4_max(posterior - one, f4_set1(0.0f));
		prior = f4_min(f4_max(prior, f4_set1(PRIOR_LEAST)), f4_set1(1e6f));
		f32x4 gain = f4_min(f4_lsa_gain(prior, posterior), one);
		f4_store(s->clean + k, gain * gain * p);
		f4_store(s->smooth + k,
		    f4_set1(SMOOTH_KEEP) * f4_load(s->smooth + k) + (one - f4_set1(SMOOTH_KEEP)) * prior);
		f4_store(r->prior + k, prior);
		f4_store(r->posterior + k, posterior);
		f4_store(r->gain + k, gain);
	}
}

/*
 * The least gain, less low in clear recordings: where speech stands 20 dB over the noise and more, the little noise that is
 * there harms less than weak sounds of speech that are taken for it.
 */
static f32x4
least_ln_gain(struct suppressor *s)
{
	f32x4 speech = f4_set1(LEAST);
	f32x4 noise = f4_set1(LEAST);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		speech += f4_load(s->clean + k);
		noise += f4_load(s->noise.power + k);
	}
	float snr = fm_log(f4_sum(speech) / f4_sum(noise));
	float faded = s->best_snr - SNR_FADE;
	s->best_snr = snr > faded ? snr : faded;
	float share = (CLEAR_SNR - s->best_snr) / (CLEAR_SNR - NOISY_SNR);
	share = share > 1.0f ? 1.0f : share < CLEAR_SHARE ? CLEAR_SHARE : share;
	return f4_set1(s->ln_floor * share);
}

/*
 * The gain to use. The probability of speech in a bin comes from its own SNRs and, as the chance before having looked, from
 * those around it in time and frequency; averaged over neighbors it weighs the gain against the floor, in decibels.
 */
static void
find_gains(struct suppressor *s, const float power[NOISE_PSD_BINS], float gain[NOISE_PSD_BINS])
{
	struct suppressor_snr r;
	float around[NOISE_PSD_BINS];
	float speech[NOISE_PSD_BINS];
	const f32x4 one = f4_set1(1.0f);
	compare_with_noise(s, power, &r);
	const f32x4 ln_least = least_ln_gain(s);
	spread(&s->narrow, s->smooth, around);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 prior = f4_load(r.prior + k);
		f32x4 v = f4_load(r.posterior + k) * prior / (one + prior);
		f32x4 odds = f4_set1(SPEECH_SNR) / f4_load(around + k); /* of no speech, before having looked */
		f4_store(speech + k, one / (one + odds * (one + prior) * f4_exp(-v)));
	}
	spread(&s->wide, speech, around);
	for (uint32_t k = 0; k < NOISE_PSD_BINS; k += 4) {
		f32x4 p = f4_load(around + k);
		f32x4 ln_gain = f4_log(f4_max(f4_load(r.gain + k), f4_set1(1e-6f)));
		f4_store(gain + k, f4_exp(f4_max(p * ln_gain + (one - p) * ln_least, ln_least)));
	}
}

static void
synthesize(struct suppressor *s, const float re[260], const float im[260], float out[SUPPRESSOR_HOP])
{
	float frame[SUPPRESSOR_FRAME];
	irfft512(&s->fft, re, im, frame, &s->work);
	const f32x4 half = f4_set1(0.5f); /* four Hann windows a quarter apart add up to two */
	for (uint32_t i = 0; i < SUPPRESSOR_FRAME; i += 4) {
		f32x4 v = f4_load(frame + i) * f4_load(s->window + i) * half;
		f4_store(s->sum + i, f4_load(s->sum + i) + v);
	}
	__builtin_memcpy(out, s->sum, SUPPRESSOR_HOP * sizeof(float));
	__builtin_memmove(s->sum, s->sum + SUPPRESSOR_HOP, SUPPRESSOR_DELAY * sizeof(float));
	__builtin_memset(s->sum + SUPPRESSOR_DELAY, 0, SUPPRESSOR_HOP * sizeof(float));
}

void
suppressor_hop(struct suppressor *s, const float in[SUPPRESSOR_HOP], float out[SUPPRESSOR_HOP])
{
	float re[260];
	float im[260];
	float power[260];
	float gain[260];
	analyze(s, in, re, im, power);
	if (s->frames >=
	    SUPPRESSOR_FRAME / SUPPRESSOR_HOP - 1) { /* frames before that hold silence of before the start */
		noise_psd_update(&s->noise, power, LEAST);
	}
	s->frames += s->frames < 8 ? 1 : 0;
	if (s->noise.frames > 0) {
		find_gains(s, power, gain);
		for (uint32_t k = 0; k < 260; k += 4) {
			f32x4 g = f4_load(gain + k);
			f4_store(re + k, f4_load(re + k) * g);
			f4_store(im + k, f4_load(im + k) * g);
		}
	}
	synthesize(s, re, im, out);
}
