#include "tts_klatt.h"

#include "fmath.h"

/* Above the three formants that carry the speech: those of a vocal tract of 17 cm. */
static const float high_f[TTS_CASCADE - 3] = {3350, 3950, 4850, 5800, 6800};
static const float high_bandwidth[TTS_CASCADE - 3] = {250, 250, 400, 500, 600};

enum { STEPS_PER_HZ = 8 }; /* frequencies are rounded to an eighth of a hertz, to use exact cosines */

static void
resonator_set(struct tts_resonator *r, uint32_t rate_hz, float f, float bandwidth)
{
	float highest = 0.49f * (float)rate_hz;
	f = f > highest ? highest : f;
	double c, s;
	fm_unit_circle((uint32_t)(f * (float)STEPS_PER_HZ + 0.5f), rate_hz * STEPS_PER_HZ, &c, &s);
	float radius = fm_exp(-3.14159265f * bandwidth / (float)rate_hz);
	r->c = -radius * radius;
	r->b = 2.0f * radius * (float)c;
	r->a = 1.0f - r->b - r->c;
}

/* The same with a gain of 1 at its peak instead of at 0 Hz. */
static void
resonator_set_peak(struct tts_resonator *r, uint32_t rate_hz, float f, float bandwidth)
{
	resonator_set(r, rate_hz, f, bandwidth);
	float radius2 = -r->c;
	float radius = fm_sqrt(radius2);
	float cosine = radius > 0.0f ? r->b / (2.0f * radius) : 0.0f;
	float cos2 = 2.0f * cosine * cosine - 1.0f;
	r->a = (1.0f - radius) * fm_sqrt(1.0f - 2.0f * radius * cos2 + radius2);
}

/* The inverse: a pair of zeros. */
static void
zero_set(struct tts_resonator *r, uint32_t rate_hz, float f, float bandwidth)
{
	resonator_set(r, rate_hz, f, bandwidth);
	float scale = 1.0f / r->a;
	r->a = scale;
	r->b = -r->b * scale;
	r->c = -r->c * scale;
}

static inline float
resonate(struct tts_resonator *r, float x)
{
	float y = r->a * x + r->b * r->y1 + r->c * r->y2;
	r->y2 = r->y1;
	r->y1 = y;
	return y;
}

static inline float
annul(struct tts_resonator *r, float x)
{
	float y = r->a * x + r->b * r->y1 + r->c * r->y2;
	r->y2 = r->y1;
	r->y1 = x;
	return y;
}

/* -1 .. 1, evenly; the sum of two is close enough to what turbulence makes. */
static inline float
noise(struct tts_klatt *k)
{
	k->noise = k->noise * 1664525u + 1013904223u;
	float first = (float)(int32_t)k->noise;
	k->noise = k->noise * 1664525u + 1013904223u;
	return (first + (float)(int32_t)k->noise) * (1.0f / 4294967296.0f);
}

void
tts_klatt_init(struct tts_klatt *k, uint32_t rate_hz)
{
	*k = (struct tts_klatt){.rate_hz = rate_hz, .noise = 12345u};
	for (uint32_t i = 3; i < TTS_CASCADE; i++) {
		resonator_set(&k->cascade[i], rate_hz, high_f[i - 3], high_bandwidth[i - 3]);
	}
	resonator_set(&k->pole, rate_hz, TTS_NASAL_POLE, 100.0f);
}

static void
set_filters(struct tts_klatt *k, const struct tts_frame *frame)
{
	for (uint32_t i = 0; i < 3; i++) {
		resonator_set(&k->cascade[i], k->rate_hz, frame->f[i], frame->bandwidth[i]);
		resonator_set_peak(&k->parallel[i], k->rate_hz, frame->noise_f[i], frame->noise_bandwidth[i]);
		k->parallel[i].a *= frame->noise_gain[i];
	}
	float y1 = k->zero.y1, y2 = k->zero.y2;
	zero_set(&k->zero, k->rate_hz, frame->nasal_zero, 100.0f);
	k->zero.y1 = y1;
	k->zero.y2 = y2;
}

static void
begin_period(struct tts_klatt *k, const struct tts_frame *frame)
{
	k->at -= k->period;
	float f0 = frame->f0 < 40.0f ? 40.0f : frame->f0;
	k->period = (float)k->rate_hz / f0;
	k->open = frame->open * k->period;
	k->pulse = frame->voicing;
}

/* Derivative of the flow of KLGLOTT88: 2 t - 3 t^2 over the open phase (scaled), which closes at once. */
static inline float
glottis(const struct tts_klatt *k)
{
	float t = k->at / k->open;
	return t < 1.0f ? k->pulse * (2.0f * t - 3.0f * t * t) : 0.0f;
}

void
tts_klatt_run(struct tts_klatt *k, const struct tts_frame *frame, float *out, uint32_t n)
{
	set_filters(k, frame);
	for (uint32_t i = 0; i < n; i++) {
		k->at += 1.0f;
		if (k->at >= k->period) {
			begin_period(k, frame);
		}
		float hiss = noise(k);
		/* Breath passes mostly while the glottis is open. */
		float breath = hiss * frame->aspiration * (frame->voicing > 0.0f && k->at > k->open ? 0.4f : 1.0f);
		k->tilted += (1.0f - frame->tilt) * (glottis(k) - k->tilted);
		float v = k->tilted + breath;
		v = resonate(&k->pole, annul(&k->zero, v));
		for (uint32_t j = TTS_CASCADE; j-- > 0;) {
			v = resonate(&k->cascade[j], v);
		}
		float rub = hiss * frame->frication;
		float p =
		    resonate(&k->parallel[0], rub) + resonate(&k->parallel[1], rub) + resonate(&k->parallel[2], rub);
		out[i] = v + p;
	}
}
