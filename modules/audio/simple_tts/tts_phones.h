#ifndef TTS_PHONES_H
#define TTS_PHONES_H

/*
 * The sounds of US English as the synthesizer knows them: names as in the CMU dictionary, how each is made, how long it lasts
 * and where its formants lie (D. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67, 1980, tables II and
 * III; durations: D. Klatt in "Frontiers of Speech Communication Research", 1979).
 */

#include <stdint.h>

enum tts_phone {
	TTS_SIL = 0,
	/* vowels */
	TTS_AA,
	TTS_AE,
	TTS_AH,
	TTS_AO,
	TTS_AW,
	TTS_AX,
	TTS_AY,
	TTS_EH,
	TTS_ER,
	TTS_EY,
	TTS_IH,
	TTS_IY,
	TTS_OW,
	TTS_OY,
	TTS_UH,
	TTS_UW,
	/* sonorants */
	TTS_W,
	TTS_Y,
	TTS_R,
	TTS_L,
	TTS_M,
	TTS_N,
	TTS_NG,
	/* fricatives */
	TTS_HH,
	TTS_F,
	TTS_V,
	TTS_TH,
	TTS_DH,
	TTS_S,
	TTS_Z,
	TTS_SH,
	TTS_ZH,
	/* stops and affricates */
	TTS_P,
	TTS_B,
	TTS_T,
	TTS_D,
	TTS_K,
	TTS_G,
	TTS_CH,
	TTS_JH,
	TTS_DX, /* flap: the t of "water" */
	TTS_PHONES
};

enum tts_manner { TTS_SILENT, TTS_VOWEL, TTS_GLIDE, TTS_NASAL, TTS_FRICATIVE, TTS_STOP, TTS_AFFRICATE };
enum tts_place { TTS_NO_PLACE, TTS_LABIAL, TTS_DENTAL, TTS_ALVEOLAR, TTS_PALATAL, TTS_VELAR, TTS_GLOTTAL };

struct tts_formants {
	float f[3]; /* Hz */
};

struct tts_phone_spec {
	char name[3];
	uint8_t manner, place, voiced;
	uint16_t inherent_ms, shortest_ms;
	struct tts_formants start, end; /* where a diphthong starts and ends; equal for others */
	float bandwidth[3];             /* Hz */
};

extern const struct tts_phone_spec tts_phone_specs[TTS_PHONES];

static inline int
tts_is_vowel(uint8_t phone)
{
	return phone >= TTS_AA && phone <= TTS_UW;
}

/* Made with the vocal tract closed or nearly so: no formants of its own are heard. */
static inline int
tts_is_obstruent(uint8_t phone)
{
	return phone > TTS_HH && phone <= TTS_DX;
}

/* Noise made at a narrowing, as three resonances. */
struct tts_noise {
	float f[3], bandwidth[3]; /* Hz; f = 0: follows the second formant */
	float gain_db[3];
	float level_db; /* against a vowel */
};

/* Of a fricative, or of the burst of a stop; silent for the others. */
const struct tts_noise *tts_noise_of(uint8_t phone);

/* Value that formant 1..3 has where the consonant meets a vowel whose target is @p vowel (locus equations: H. Sussman,
 * H. McCaffrey, S. Matthews, JASA 90, 1991). */
float tts_locus(uint8_t consonant, int formant, float vowel);

#endif
