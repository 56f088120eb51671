#include "tts_phones.h"

#define SAME(a, b, c) \
	{{a, b, c}}, \
	{ \
		{ \
			a, b, c \
		} \
	}
#define GLIDES_TO(a, b, c, d, e, f) \
	{{a, b, c}}, \
	{ \
		{ \
			d, e, f \
		} \
	}

const struct tts_phone_spec tts_phone_specs[TTS_PHONES] = {
    [TTS_SIL] = {"", TTS_SILENT, TTS_NO_PLACE, 0, 100, 50, SAME(500, 1500, 2500), {80, 100, 150}},
    [TTS_AA] = {"AA", TTS_VOWEL, TTS_NO_PLACE, 1, 240, 100, SAME(700, 1220, 2600), {130, 70, 160}},
    [TTS_AE] = {"AE", TTS_VOWEL, TTS_NO_PLACE, 1, 230, 80, GLIDES_TO(620, 1690, 2430, 660, 1540, 2450), {70, 130, 250}},
    [TTS_AH] = {"AH", TTS_VOWEL, TTS_NO_PLACE, 1, 140, 60, SAME(620, 1220, 2550), {80, 60, 140}},
    [TTS_AO] = {"AO", TTS_VOWEL, TTS_NO_PLACE, 1, 240, 100, GLIDES_TO(600, 960, 2570, 620, 1020, 2590), {90, 100, 100}},
    [TTS_AW] = {"AW", TTS_VOWEL, TTS_NO_PLACE, 1, 260, 100, GLIDES_TO(660, 1260, 2550, 430, 930, 2350), {80, 70, 110}},
    [TTS_AX] = {"AX", TTS_VOWEL, TTS_NO_PLACE, 1, 110, 50, SAME(520, 1330, 2470), {80, 70, 140}},
    [TTS_AY] = {"AY", TTS_VOWEL, TTS_NO_PLACE, 1, 250, 130, GLIDES_TO(680, 1200, 2550, 400, 1900, 2520),
        {100, 70, 160}},
    [TTS_EH] = {"EH", TTS_VOWEL, TTS_NO_PLACE, 1, 150, 70, GLIDES_TO(530, 1730, 2500, 570, 1640, 2510), {60, 90, 200}},
    [TTS_ER] = {"ER", TTS_VOWEL, TTS_NO_PLACE, 1, 180, 80, GLIDES_TO(470, 1270, 1560, 430, 1310, 1560), {90, 60, 110}},
    [TTS_EY] = {"EY", TTS_VOWEL, TTS_NO_PLACE, 1, 190, 100, GLIDES_TO(480, 1770, 2520, 330, 2100, 2650),
        {70, 100, 200}},
    [TTS_IH] = {"IH", TTS_VOWEL, TTS_NO_PLACE, 1, 135, 50, GLIDES_TO(400, 1850, 2570, 430, 1770, 2560), {50, 100, 140}},
    [TTS_IY] = {"IY", TTS_VOWEL, TTS_NO_PLACE, 1, 155, 60, GLIDES_TO(310, 2070, 2860, 280, 2250, 2960), {50, 150, 300}},
    [TTS_OW] = {"OW", TTS_VOWEL, TTS_NO_PLACE, 1, 220, 80, GLIDES_TO(540, 1100, 2350, 430, 880, 2300), {80, 70, 90}},
    [TTS_OY] = {"OY", TTS_VOWEL, TTS_NO_PLACE, 1, 280, 150, GLIDES_TO(550, 940, 2400, 370, 1880, 2480), {80, 60, 130}},
    [TTS_UH] = {"UH", TTS_VOWEL, TTS_NO_PLACE, 1, 160, 60, SAME(450, 1100, 2350), {80, 90, 90}},
    [TTS_UW] = {"UW", TTS_VOWEL, TTS_NO_PLACE, 1, 190, 70, GLIDES_TO(350, 1250, 2230, 310, 960, 2220), {65, 100, 140}},
    [TTS_W] = {"W", TTS_GLIDE, TTS_LABIAL, 1, 80, 55, SAME(290, 640, 2180), {50, 80, 80}},
    [TTS_Y] = {"Y", TTS_GLIDE, TTS_PALATAL, 1, 75, 45, SAME(270, 2180, 3000), {40, 200, 350}},
    [TTS_R] = {"R", TTS_GLIDE, TTS_ALVEOLAR, 1, 80, 45, SAME(320, 1090, 1430), {70, 100, 120}},
    [TTS_L] = {"L", TTS_GLIDE, TTS_ALVEOLAR, 1, 80, 50, SAME(330, 1050, 2800), {50, 100, 250}},
    [TTS_M] = {"M", TTS_NASAL, TTS_LABIAL, 1, 75, 55, SAME(290, 1150, 2150), {50, 200, 250}},
    [TTS_N] = {"N", TTS_NASAL, TTS_ALVEOLAR, 1, 70, 50, SAME(290, 1450, 2550), {50, 250, 250}},
    [TTS_NG] = {"NG", TTS_NASAL, TTS_VELAR, 1, 90, 60, SAME(290, 1900, 2500), {50, 250, 250}},
    [TTS_HH] = {"HH", TTS_FRICATIVE, TTS_GLOTTAL, 0, 75, 35, SAME(500, 1500, 2500), {250, 180, 200}},
    [TTS_F] = {"F", TTS_FRICATIVE, TTS_LABIAL, 0, 105, 75, SAME(340, 1100, 2080), {200, 120, 150}},
    [TTS_V] = {"V", TTS_FRICATIVE, TTS_LABIAL, 1, 65, 45, SAME(240, 1100, 2080), {60, 90, 120}},
    [TTS_TH] = {"TH", TTS_FRICATIVE, TTS_DENTAL, 0, 95, 65, SAME(320, 1290, 2540), {200, 90, 200}},
    [TTS_DH] = {"DH", TTS_FRICATIVE, TTS_DENTAL, 1, 50, 35, SAME(270, 1290, 2540), {60, 80, 170}},
    [TTS_S] = {"S", TTS_FRICATIVE, TTS_ALVEOLAR, 0, 110, 65, SAME(320, 1450, 2600), {200, 80, 200}},
    [TTS_Z] = {"Z", TTS_FRICATIVE, TTS_ALVEOLAR, 1, 80, 50, SAME(250, 1450, 2600), {70, 80, 180}},
    [TTS_SH] = {"SH", TTS_FRICATIVE, TTS_PALATAL, 0, 110, 75, SAME(300, 1840, 2750), {200, 100, 300}},
    [TTS_ZH] = {"ZH", TTS_FRICATIVE, TTS_PALATAL, 1, 75, 50, SAME(270, 1840, 2750), {60, 80, 280}},
    [TTS_P] = {"P", TTS_STOP, TTS_LABIAL, 0, 90, 60, SAME(400, 1100, 2150), {300, 150, 220}},
    [TTS_B] = {"B", TTS_STOP, TTS_LABIAL, 1, 85, 55, SAME(200, 1100, 2150), {60, 110, 130}},
    [TTS_T] = {"T", TTS_STOP, TTS_ALVEOLAR, 0, 80, 55, SAME(400, 1700, 2650), {300, 180, 250}},
    [TTS_D] = {"D", TTS_STOP, TTS_ALVEOLAR, 1, 75, 45, SAME(200, 1700, 2650), {60, 100, 170}},
    [TTS_K] = {"K", TTS_STOP, TTS_VELAR, 0, 85, 60, SAME(300, 1900, 2600), {250, 160, 330}},
    [TTS_G] = {"G", TTS_STOP, TTS_VELAR, 1, 80, 55, SAME(200, 1900, 2600), {60, 150, 280}},
    [TTS_CH] = {"CH", TTS_AFFRICATE, TTS_PALATAL, 0, 130, 95, SAME(350, 1800, 2800), {200, 90, 300}},
    [TTS_JH] = {"JH", TTS_AFFRICATE, TTS_PALATAL, 1, 110, 80, SAME(260, 1800, 2800), {60, 80, 270}},
    [TTS_DX] = {"DX", TTS_STOP, TTS_ALVEOLAR, 1, 25, 20, SAME(250, 1650, 2600), {70, 100, 170}},
};

static const struct tts_noise noise_f = {{1400, 4200, 7000}, {1600, 3000, 2500}, {-3, -3, 0}, -21};
static const struct tts_noise noise_v = {{1400, 4200, 7000}, {1600, 3000, 2500}, {-3, -3, 0}, -27};
static const struct tts_noise noise_th = {{1800, 3500, 6300}, {1500, 2500, 2000}, {-8, -6, 0}, -22};
static const struct tts_noise noise_dh = {{1800, 3500, 6300}, {1500, 2500, 2000}, {-8, -6, 0}, -30};
static const struct tts_noise noise_s = {{3700, 4900, 6600}, {700, 900, 1600}, {-14, -1, 0}, -9};
static const struct tts_noise noise_z = {{3700, 4900, 6600}, {700, 900, 1600}, {-14, -1, 0}, -15};
static const struct tts_noise noise_sh = {{2600, 3600, 5300}, {350, 700, 1500}, {0, -2, -9}, -8};
static const struct tts_noise noise_zh = {{2600, 3600, 5300}, {350, 700, 1500}, {0, -2, -9}, -14};
static const struct tts_noise noise_p = {{700, 1800, 4000}, {800, 1200, 3000}, {0, -6, -10}, -14};
static const struct tts_noise noise_b = {{600, 1600, 4000}, {800, 1200, 3000}, {0, -7, -12}, -18};
static const struct tts_noise noise_t = {{2900, 4300, 6000}, {600, 1100, 1800}, {-10, 0, -2}, -9};
static const struct tts_noise noise_d = {{2800, 4100, 5800}, {600, 1100, 1800}, {-8, 0, -3}, -14};
static const struct tts_noise noise_k = {{0, 3600, 5200}, {260, 900, 2000}, {0, -10, -14}, -9};
static const struct tts_noise noise_g = {{0, 3600, 5200}, {260, 900, 2000}, {0, -12, -16}, -14};
static const struct tts_noise noise_none = {{1000, 2000, 3000}, {500, 500, 500}, {0, 0, 0}, -120};

const struct tts_noise *
tts_noise_of(uint8_t phone)
{
	static const struct tts_noise *const of[TTS_PHONES] = {[TTS_F] = &noise_f,
	    [TTS_V] = &noise_v,
	    [TTS_TH] = &noise_th,
	    [TTS_DH] = &noise_dh,
	    [TTS_S] = &noise_s,
	    [TTS_Z] = &noise_z,
	    [TTS_SH] = &noise_sh,
	    [TTS_ZH] = &noise_zh,
	    [TTS_P] = &noise_p,
	    [TTS_B] = &noise_b,
	    [TTS_T] = &noise_t,
	    [TTS_D] = &noise_d,
	    [TTS_K] = &noise_k,
	    [TTS_G] = &noise_g,
	    [TTS_CH] = &noise_sh,
	    [TTS_JH] = &noise_zh};
	return phone < TTS_PHONES && of[phone] != 0 ? of[phone] : &noise_none;
}

struct line {
	float slope, at_0;
};

static float
velar_f2(float vowel)
{
	return vowel < 1500.0f ? 1.02f * vowel + 180.0f : 0.5f * vowel + 1150.0f;
}

float
tts_locus(uint8_t consonant, int formant, float vowel)
{
	static const struct line f2[] = {[TTS_NO_PLACE] = {1, 0},
	    [TTS_LABIAL] = {0.84f, 110},
	    [TTS_DENTAL] = {0.50f, 780},
	    [TTS_ALVEOLAR] = {0.43f, 1050},
	    [TTS_PALATAL] = {0.35f, 1330},
	    [TTS_VELAR] = {0, 0},
	    [TTS_GLOTTAL] = {1, 0}};
	static const struct line f3[] = {[TTS_NO_PLACE] = {1, 0},
	    [TTS_LABIAL] = {0.65f, 720},
	    [TTS_DENTAL] = {0.50f, 1270},
	    [TTS_ALVEOLAR] = {0.45f, 1470},
	    [TTS_PALATAL] = {0.40f, 1560},
	    [TTS_VELAR] = {0.60f, 880},
	    [TTS_GLOTTAL] = {1, 0}};
	const struct tts_phone_spec *c = &tts_phone_specs[consonant];
	if (c->place == TTS_NO_PLACE || c->place == TTS_GLOTTAL) {
		return vowel;
	}
	if (formant == 0) {
		return c->voiced ? 0.35f * vowel + 140.0f : 0.6f * vowel + 140.0f;
	}
	if (formant == 1 && c->place == TTS_VELAR) {
		return velar_f2(vowel);
	}
	const struct line *l = formant == 1 ? &f2[c->place] : &f3[c->place];
	return l->slope * vowel + l->at_0;
}
