#include "tts_track.h"

#include "fmath.h"

static const struct tts_sound silence = {.phone = TTS_SIL, .ms = 50};

static const struct tts_sound *
sound_at(const struct tts_phrase *p, uint32_t i)
{
	return i < p->n_sounds ? &p->sounds[i] : &silence; /* i - 1 of the first wraps around */
}

static inline const struct tts_phone_spec *
spec_of(const struct tts_sound *s)
{
	return &tts_phone_specs[s->phone];
}

static inline float
mix(float from, float to, float part)
{
	return from + (to - from) * part;
}

/* 0 .. 1, starting and ending gently. */
static inline float
ease(float x)
{
	x = x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x;
	return x * x * (3.0f - 2.0f * x);
}

static int
is_breathy_stop(const struct tts_sound *s)
{
	return spec_of(s)->manner == TTS_STOP && !spec_of(s)->voiced && s->release_ms > 30.0f;
}

/* Value of a formant where the sounds @p s and a vowel with that target meet. @p before: the vowel comes first. */
static float
boundary(const struct tts_sound *s, int k, float vowel, int before)
{
	const struct tts_phone_spec *spec = spec_of(s);
	const struct tts_formants *facing = before ? &spec->start : &spec->end;
	switch ((enum tts_manner)spec->manner) {
	case TTS_SILENT:
		return vowel;
	case TTS_VOWEL:
		return mix(facing->f[k], vowel, 0.5f);
	case TTS_GLIDE:
		return mix(facing->f[k], vowel, s->phone == TTS_L && k == 0 ? 0.5f : 0.3f);
	case TTS_NASAL:
		return k == 0 ? mix(vowel, 350.0f, 0.35f) : tts_locus(s->phone, k, vowel);
	case TTS_FRICATIVE:
	case TTS_STOP:
	case TTS_AFFRICATE:
	default:
		break;
	}
	float locus = tts_locus(s->phone, k, vowel);
	return !before && is_breathy_stop(s) ? mix(locus, vowel, 0.6f) : locus;
}

/* How long a vowel takes from that neighbor to its target. */
static float
transition_ms(const struct tts_sound *neighbor, int k)
{
	const struct tts_phone_spec *spec = spec_of(neighbor);
	switch ((enum tts_manner)spec->manner) {
	case TTS_SILENT:
		return 1.0f;
	case TTS_VOWEL:
		return 70.0f;
	case TTS_GLIDE:
		return neighbor->phone == TTS_L ? 60.0f : 90.0f;
	case TTS_NASAL:
	case TTS_FRICATIVE:
	case TTS_STOP:
	case TTS_AFFRICATE:
	default:
		break;
	}
	if (neighbor->phone == TTS_HH) {
		return 1.0f;
	}
	if (k == 0) {
		return 35.0f;
	}
	return spec->place == TTS_LABIAL ? 45.0f : spec->place == TTS_VELAR ? 65.0f : 55.0f;
}

static float
vowel_formant(const struct tts_sound *prev, const struct tts_sound *s, const struct tts_sound *next, float t, int k)
{
	const struct tts_phone_spec *spec = spec_of(s);
	float start = spec->start.f[k], end = spec->end.f[k];
	float target = mix(start, end, ease((t / s->ms - 0.2f) / 0.65f));
	float in_ms = transition_ms(prev, k), out_ms = transition_ms(next, k);
	in_ms = in_ms > 0.6f * s->ms ? 0.6f * s->ms : in_ms;
	out_ms = out_ms > 0.6f * s->ms ? 0.6f * s->ms : out_ms;
	float in = 1.0f - ease(t / in_ms), out = 1.0f - ease((s->ms - t) / out_ms);
	float value = target + in * (boundary(prev, k, start, 0) - start) + out * (boundary(next, k, end, 1) - end);
	return value;
}

/* What the formant of consonant @p s is on the side of @p neighbor. */
static float
side_value(const struct tts_sound *s, const struct tts_sound *neighbor, int k, int neighbor_first)
{
	const struct tts_phone_spec *n = spec_of(neighbor);
	float own = spec_of(s)->start.f[k];
	if (n->manner != TTS_VOWEL && n->manner != TTS_GLIDE) {
		return own;
	}
	float facing = neighbor_first ? n->end.f[k] : n->start.f[k];
	if (s->phone == TTS_HH) {
		return facing;
	}
	return boundary(s, k, facing, neighbor_first);
}

static float
consonant_formant(const struct tts_sound *prev, const struct tts_sound *s, const struct tts_sound *next, float t, int k)
{
	const struct tts_phone_spec *spec = spec_of(s);
	float left = side_value(s, prev, k, 1), right = side_value(s, next, k, 0);
	if (spec->manner == TTS_GLIDE || (spec->manner == TTS_NASAL && k == 0)) {
		float own = spec->start.f[k];
		float reach = 0.5f * s->ms < 45.0f ? 0.5f * s->ms : 45.0f;
		float value = mix(left, own, ease(t / reach));
		return mix(right, value, ease((s->ms - t) / reach));
	}
	if (is_breathy_stop(s) && tts_is_vowel(next->phone)) {
		/* The release moves from the locus to what is left for the vowel. */
		float vowel = spec_of(next)->start.f[k], locus = tts_locus(s->phone, k, vowel);
		float closure = s->ms - s->release_ms;
		return t < closure ? mix(left, locus, t / closure) : mix(locus, right, (t - closure) / s->release_ms);
	}
	return mix(left, right, t / s->ms);
}

struct sources {
	float voicing, aspiration, frication;
};

static float
from_db(float db)
{
	return fm_exp(db * 0.115129255f);
}

static struct sources
stop_sources(const struct tts_sound *s, float t)
{
	const struct tts_phone_spec *spec = spec_of(s);
	float closure = s->ms - s->release_ms;
	float level = from_db(tts_noise_of(s->phone)->level_db);
	if (s->phone == TTS_DX) {
		return (struct sources){0.35f, 0, 0};
	}
	if (t < closure) {
		return (struct sources){spec->voiced ? 0.16f : 0.0f, 0, 0};
	}
	float after = t - closure;
	if (spec->manner == TTS_AFFRICATE) {
		return (struct sources){spec->voiced ? 0.25f : 0.0f, 0, level};
	}
	float burst = after < 9.0f ? level : after < 18.0f ? 0.4f * level : 0.0f;
	float breath = spec->voiced ? 0.0f : after > 6.0f ? 0.22f : 0.05f;
	return (struct sources){spec->voiced && after > 8.0f ? 0.4f : 0.0f, breath, burst};
}

static struct sources
sources_of(const struct tts_sound *s, float t)
{
	const struct tts_phone_spec *spec = spec_of(s);
	switch ((enum tts_manner)spec->manner) {
	case TTS_SILENT:
		return (struct sources){0, 0, 0};
	case TTS_VOWEL:
		return (struct sources){s->stress > 0 ? 1.0f : 0.8f, 0.012f, 0};
	case TTS_GLIDE:
		return (struct sources){0.75f, 0.01f, 0};
	case TTS_NASAL:
		return (struct sources){0.6f, 0, 0};
	case TTS_FRICATIVE:
		break;
	case TTS_STOP:
	case TTS_AFFRICATE:
	default:
		return stop_sources(s, t);
	}
	if (s->phone == TTS_HH) {
		return (struct sources){0, 0.22f, 0};
	}
	return (struct sources){spec->voiced ? 0.4f : 0.0f, 0, from_db(tts_noise_of(s->phone)->level_db)};
}

static void
set_noise(const struct tts_sound *s, struct tts_frame *out)
{
	const struct tts_noise *n = tts_noise_of(s->phone);
	for (int i = 0; i < TTS_PARALLEL; i++) {
		float f = n->f[i] > 0.0f ? n->f[i] : out->f[1] < 1100.0f ? 1100.0f : out->f[1];
		out->noise_f[i] = f;
		out->noise_bandwidth[i] = n->bandwidth[i];
		/* Noise of a wide resonance carries more power: this makes the level that of the whole. */
		out->noise_gain[i] = from_db(n->gain_db[i]) * 60.0f / fm_sqrt(n->bandwidth[i]);
	}
}

/* A nasal is heard in the vowel beside it already. */
static float
nasal_zero(const struct tts_sound *prev, const struct tts_sound *s, const struct tts_sound *next, float t)
{
	if (spec_of(s)->manner == TTS_NASAL) {
		return 450.0f;
	}
	if (spec_of(s)->manner != TTS_VOWEL) {
		return TTS_NASAL_POLE;
	}
	float part = 0.0f;
	if (spec_of(prev)->manner == TTS_NASAL) {
		part = 1.0f - ease(t / 40.0f);
	}
	if (spec_of(next)->manner == TTS_NASAL) {
		float later = 1.0f - ease((s->ms - t) / 60.0f);
		part = later > part ? later : part;
	}
	return mix(TTS_NASAL_POLE, 370.0f, part);
}

static float
pitch_at(const struct tts_phrase *p, struct tts_place_in_phrase *at)
{
	while (at->tune + 1 < p->n_tune && p->tune[at->tune + 1].ms <= at->ms) {
		at->tune++;
	}
	if (p->n_tune == 0) {
		return 110.0f;
	}
	const struct tts_tune_point *a = &p->tune[at->tune];
	if (at->tune + 1 >= p->n_tune || at->ms <= a->ms) {
		return a->hz;
	}
	const struct tts_tune_point *b = a + 1;
	return mix(a->hz, b->hz, ease((at->ms - a->ms) / (b->ms - a->ms)));
}

static float
toward(float from, float to, float step_ms, float time_ms)
{
	float part = step_ms / time_ms;
	return from + (to - from) * (part > 1.0f ? 1.0f : part);
}

static void
set_sources(const struct tts_sound *s, struct tts_place_in_phrase *at, float step_ms, struct tts_frame *out)
{
	struct sources want = sources_of(s, at->sound_ms);
	int burst = spec_of(s)->manner == TTS_STOP && want.frication > at->frication;
	at->voicing = toward(at->voicing, want.voicing, step_ms, 10.0f);
	at->aspiration = toward(at->aspiration, want.aspiration, step_ms, 7.0f);
	at->frication = burst ? want.frication : toward(at->frication, want.frication, step_ms, 12.0f);
	out->voicing = at->voicing < 0.01f ? 0.0f : at->voicing;
	out->aspiration = at->aspiration;
	out->frication = at->frication < 1e-5f ? 0.0f : at->frication;
}

int
tts_track_next(const struct tts_phrase *p, struct tts_place_in_phrase *at, float step_ms, struct tts_frame *out)
{
	while (at->sound < p->n_sounds && at->sound_ms >= p->sounds[at->sound].ms) {
		at->sound_ms -= p->sounds[at->sound].ms;
		at->sound++;
	}
	if (at->sound >= p->n_sounds) {
		return 0;
	}
	const struct tts_sound *s = &p->sounds[at->sound];
	const struct tts_sound *prev = sound_at(p, at->sound - 1), *next = sound_at(p, at->sound + 1);
	float t = at->sound_ms;
	for (int k = 0; k < 3; k++) {
		out->f[k] = tts_is_vowel(s->phone) ? vowel_formant(prev, s, next, t, k)
		                                   : consonant_formant(prev, s, next, t, k);
		out->bandwidth[k] = spec_of(s)->bandwidth[k];
	}
	out->f[0] = out->f[0] < 180.0f ? 180.0f : out->f[0];
	out->f[1] = out->f[1] < out->f[0] + 200.0f ? out->f[0] + 200.0f : out->f[1];
	out->f[2] = out->f[2] < out->f[1] + 200.0f ? out->f[1] + 200.0f : out->f[2];
	out->f0 = pitch_at(p, at);
	out->open = 0.6f;
	out->tilt = tts_is_vowel(s->phone) ? 0.25f : tts_is_obstruent(s->phone) ? 0.7f : 0.4f;
	out->nasal_zero = nasal_zero(prev, s, next, t);
	set_noise(s, out);
	set_sources(s, at, step_ms, out);
	at->sound_ms += step_ms;
	at->ms += step_ms;
	return 1;
}
