#include "tts_prosody.h"

static const struct tts_phone_spec *
spec_at(const struct tts_phrase *p, uint32_t i)
{
	return &tts_phone_specs[i < p->n_sounds ? p->sounds[i].phone : TTS_SIL];
}

static int
is_consonant(const struct tts_phone_spec *s)
{
	return s->manner != TTS_SILENT && s->manner != TTS_VOWEL;
}

/* The last vowel before a pause and all that follows it lasts longer. */
static int
is_phrase_final(const struct tts_phrase *p, uint32_t i)
{
	for (uint32_t j = i + 1; j < p->n_sounds && p->sounds[j].phone != TTS_SIL; j++) {
		if (tts_is_vowel(p->sounds[j].phone)) {
			return 0;
		}
	}
	return 1;
}

/* Vowels of the word in which sound @p i is, and whether one follows @p i there. */
static uint32_t
syllables_of_word(const struct tts_phrase *p, uint32_t i, int *more)
{
	uint32_t first = i, n = 0;
	while (first > 0 && !p->sounds[first].word_start) {
		first--;
	}
	*more = 0;
	for (uint32_t j = first; j < p->n_sounds; j++) {
		if (tts_is_vowel(p->sounds[j].phone)) {
			n++;
			*more |= j > i;
		}
		if (p->sounds[j].word_end) {
			break;
		}
	}
	return n;
}

/* A vowel is long before voiced consonants and short before voiceless ones. */
static float
before_consonant(const struct tts_phrase *p, uint32_t i, int final)
{
	const struct tts_phone_spec *next = spec_at(p, i + 1);
	float factor = 1.0f;
	if (p->sounds[i].word_end || !is_consonant(next)) {
		factor = 1.1f;
	} else if (next->manner == TTS_FRICATIVE && next->voiced) {
		factor = 1.5f;
	} else if (next->manner == TTS_STOP && next->voiced) {
		factor = 1.2f;
	} else if (next->manner == TTS_NASAL) {
		factor = 0.9f;
	} else if (!next->voiced) {
		factor = 0.75f;
	}
	return final ? factor : 0.7f + 0.3f * factor;
}

static float
vowel_factor(const struct tts_phrase *p, uint32_t i)
{
	const struct tts_sound *s = &p->sounds[i];
	int final = is_phrase_final(p, i), more;
	uint32_t syllables = syllables_of_word(p, i, &more);
	float factor = final ? 1.35f : 0.75f;
	if (more) {
		factor *= 0.88f;
	}
	if (syllables > 1) {
		factor *= 0.85f;
	}
	if (s->stress == 0) {
		factor *= final ? 0.85f : 0.7f;
	} else if (s->accented) {
		factor *= 1.15f;
	}
	return factor * before_consonant(p, i, final);
}

static float
consonant_factor(const struct tts_phrase *p, uint32_t i)
{
	const struct tts_sound *s = &p->sounds[i];
	float factor = is_phrase_final(p, i) ? 1.1f : 1.0f;
	if (!s->word_start) {
		factor *= 0.85f;
	}
	int after = is_consonant(spec_at(p, i - 1)) && i > 0, before = is_consonant(spec_at(p, i + 1));
	if (after && before) {
		factor *= 0.6f;
	} else if (after || before) {
		factor *= 0.75f;
	}
	return factor;
}

static float
breath_of(const struct tts_phrase *p, uint32_t i)
{
	const struct tts_sound *s = &p->sounds[i];
	float place = spec_at(p, i)->place == TTS_LABIAL ? 45.0f : spec_at(p, i)->place == TTS_VELAR ? 58.0f : 52.0f;
	switch ((enum tts_manner)spec_at(p, i + 1)->manner) {
	case TTS_VOWEL:
		return p->sounds[i + 1].stress > 0 || s->word_start ? place : 0.65f * place;
	case TTS_GLIDE:
		return place + 5.0f;
	case TTS_SILENT:
		return 35.0f;
	case TTS_NASAL:
	case TTS_FRICATIVE:
	case TTS_STOP:
	case TTS_AFFRICATE:
	default:
		return 18.0f;
	}
}

/* Burst and breath after p, t, k: long before a stressed vowel, none after s. */
static float
release_of(const struct tts_phrase *p, uint32_t i)
{
	const struct tts_sound *s = &p->sounds[i];
	const struct tts_phone_spec *spec = spec_at(p, i);
	if (s->phone == TTS_DX) {
		return 0.0f;
	}
	if (spec->manner == TTS_AFFRICATE) {
		return spec->voiced ? 55.0f : 75.0f;
	}
	if (spec->voiced) {
		return spec->place == TTS_VELAR ? 22.0f : 15.0f;
	}
	int after_s = i > 0 && p->sounds[i - 1].phone == TTS_S && !s->word_start;
	return after_s ? 20.0f : breath_of(p, i);
}

static void
set_duration(struct tts_phrase *p, uint32_t i, float speed)
{
	struct tts_sound *s = &p->sounds[i];
	const struct tts_phone_spec *spec = spec_at(p, i);
	if (s->phone == TTS_SIL) {
		s->ms /= speed;
		return;
	}
	float shortest = (float)spec->shortest_ms, inherent = (float)spec->inherent_ms;
	if (tts_is_vowel(s->phone) && s->stress == 0) {
		shortest *= 0.7f;
	}
	float factor = tts_is_vowel(s->phone) ? vowel_factor(p, i) : consonant_factor(p, i);
	float ms = shortest + (inherent - shortest) * factor;
	float lowest = 0.6f * shortest;
	ms = ms < lowest ? lowest : ms;
	s->release_ms = spec->manner == TTS_STOP || spec->manner == TTS_AFFRICATE ? release_of(p, i) : 0.0f;
	if (spec->manner == TTS_STOP) {
		ms = 0.8f * ms + s->release_ms;
	} else if (spec->manner == TTS_AFFRICATE && s->release_ms > 0.6f * ms) {
		s->release_ms = 0.6f * ms;
	}
	s->ms = ms / speed;
	s->release_ms /= speed;
}

static void
add_point(struct tts_phrase *p, float ms, float hz)
{
	if (p->n_tune > 0 && ms <= p->tune[p->n_tune - 1].ms) {
		ms = p->tune[p->n_tune - 1].ms + 1.0f;
	}
	if (p->n_tune < TTS_TUNE_MAX) {
		p->tune[p->n_tune++] = (struct tts_tune_point){ms, hz};
	}
}

/* The base line falls over the phrase; accents are hills on it, the first and the last one higher. */
static float
base_line(float at, float whole, float pitch)
{
	return pitch * (1.0f - 0.20f * at / (whole + 1.0f));
}

static void
add_accents(struct tts_phrase *p, float whole, float pitch, uint32_t last_vowel)
{
	float at = 0.0f;
	uint32_t nth = 0;
	for (uint32_t i = 0; i < p->n_sounds; i++) {
		const struct tts_sound *s = &p->sounds[i];
		if (s->accented && tts_is_vowel(s->phone) && p->n_tune + 8 < TTS_TUNE_MAX) {
			float height = (nth == 0 ? 0.30f : 0.22f) * (i == last_vowel ? 0.8f : 1.0f);
			float top = at + 0.4f * s->ms;
			add_point(p, at - 60.0f, base_line(at, whole, pitch));
			add_point(p, top, base_line(top, whole, pitch) * (1.0f + height));
			add_point(p, at + s->ms + 80.0f, base_line(at + s->ms, whole, pitch) * 1.02f);
			nth++;
		}
		at += s->ms;
	}
}

void
tts_prosody(struct tts_phrase *p, enum tts_ending ending, const struct tts_manner_of_speaking *how)
{
	float whole = 0.0f, voiced_end = 0.0f, last_start = 0.0f;
	uint32_t last_vowel = 0;
	for (uint32_t i = 0; i < p->n_sounds; i++) {
		set_duration(p, i, how->speed);
		if (tts_is_vowel(p->sounds[i].phone)) {
			last_vowel = i;
			last_start = whole;
		}
		whole += p->sounds[i].ms;
		voiced_end = p->sounds[i].phone != TTS_SIL ? whole : voiced_end;
	}
	float pitch = how->pitch_hz;
	p->n_tune = 0;
	add_point(p, 0.0f, pitch * 1.02f);
	add_accents(p, whole, pitch, last_vowel);
	while (p->n_tune > 1 && p->tune[p->n_tune - 1].ms > voiced_end - 20.0f) {
		p->n_tune--;
	}
	float from = last_start + 0.35f * (voiced_end - last_start);
	switch (ending) {
	case TTS_ENDS_QUESTION:
		add_point(p, from, base_line(from, whole, pitch) * 1.02f);
		add_point(p, voiced_end, pitch * 1.42f);
		break;
	case TTS_GOES_ON:
		add_point(p, from, base_line(from, whole, pitch) * 0.96f);
		add_point(p, voiced_end, pitch * 1.06f);
		break;
	case TTS_ENDS_EXCLAMATION:
	case TTS_ENDS_STATEMENT:
	default:
		add_point(p, voiced_end, pitch * 0.70f);
		break;
	}
}
