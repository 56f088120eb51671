#ifndef TTS_KLATT_H
#define TTS_KLATT_H

/*
 * A formant synthesizer after D. Klatt (JASA 67, 1980; JASA 87, 1990): a glottal pulse with breath noise through a cascade of
 * formants with one nasal pole and zero, plus noise through parallel resonances for what is made at a narrowing.
 */

#include <stdint.h>

enum { TTS_CASCADE = 8, TTS_PARALLEL = 3 };

/* What is heard for the length of one frame. Amplitudes are linear; 1 = a full vowel. */
struct tts_frame {
	float f0;         /* Hz */
	float voicing;    /* of the glottal pulse */
	float aspiration; /* of the breath */
	float frication;  /* of the noise at a narrowing */
	float open;       /* part of a period in which the glottis is open, 0.3 .. 0.9 */
	float tilt;       /* 0 .. 0.95: how much the pulse is low-passed */
	float f[3], bandwidth[3];
	float nasal_zero; /* Hz; equal to TTS_NASAL_POLE: not nasal */
	float noise_f[TTS_PARALLEL], noise_bandwidth[TTS_PARALLEL], noise_gain[TTS_PARALLEL];
};

#define TTS_NASAL_POLE 270.0f

struct tts_resonator {
	float a, b, c, y1, y2;
};

struct tts_klatt {
	uint32_t rate_hz;
	uint32_t noise;    /* state of the generator */
	float at, period;  /* place in the glottal period, samples */
	float open, pulse; /* of this period: length of the open phase in samples, amplitude */
	float tilted;      /* state of the tilt filter */
	float last;        /* previous flow, for the radiation */
	struct tts_resonator cascade[TTS_CASCADE], pole, zero, parallel[TTS_PARALLEL];
};

void tts_klatt_init(struct tts_klatt *k, uint32_t rate_hz);
/* Adds nothing, writes n samples; 1.0 = full scale. */
void tts_klatt_run(struct tts_klatt *k, const struct tts_frame *frame, float *out, uint32_t n);

#endif
