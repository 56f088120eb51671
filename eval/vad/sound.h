#ifndef EVAL_SOUND_H
#define EVAL_SOUND_H

/* Mono sound at 16 kHz in floats (full scale 1), with a label for every 10 ms where it is speech. */

#include <stddef.h>
#include <stdint.h>

enum { SOUND_RATE = 16000, SOUND_FRAME = 160 };

struct sound {
	float *x;
	size_t n;
	uint8_t *label; /* n / SOUND_FRAME values, or NULL */
};

/* Any file that libsndfile reads; resampled where needed. Ends the program on failure, as all of these. */
struct sound sound_load(const char *path);
/* Headerless s16le, 16 kHz. */
struct sound sound_load_raw(const char *path);
struct sound sound_new(size_t n);
void sound_free(struct sound *s);

/*
 * Label clean speech by its level: a frame is speech above max(5th percentile + 10 dB, 95th percentile - 35 dB); runs under
 * 60 ms are dropped, gaps up to 200 ms filled.
 */
void sound_label(struct sound *s);

/* Mean power: of all, or of the frames labeled speech. */
double sound_power(const float *x, size_t n);
double sound_speech_power(const struct sound *s);
void sound_scale(float *x, size_t n, double gain);

/* Second-order filters (R. Bristow-Johnson's cookbook), in place. */
struct biquad {
	double b0, b1, b2, a1, a2, z1, z2;
};
enum biquad_kind { BIQUAD_LOW, BIQUAD_HIGH, BIQUAD_BAND, BIQUAD_PEAK };
struct biquad biquad_of(enum biquad_kind kind, double hz, double q, double gain_db);
void biquad_run(struct biquad *f, float *x, size_t n);

void *need(void *p);

#endif
