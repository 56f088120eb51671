#ifndef RME_ASR_FRONTEND_H
#define RME_ASR_FRONTEND_H

/*
 * Mel-frequency cepstra as CMU Sphinx makes them (Davis and Mermelstein 1980; S. Young, The HTK Book, 5.6): pre-emphasis
 * 0.97, Hamming window of 410 samples every 160, power spectrum of 512 points, triangular filters of unit area, logarithm,
 * cosine transform, lifter; then the mean over the utterance is taken away and differences are added.
 */

#include "asr_format.h"
#include "rfft512.h"

enum {
	ASR_RATE = 16000,
	ASR_HOP = 160,
	ASR_WINDOW = 410,
	ASR_CEPSTRA = 13,
	ASR_FEATURES = 3 * ASR_CEPSTRA,
};

/* What is known of the noise in each mel band, see asr_frontend.c. */
struct asr_noise {
	float power[ASR_FILTERS_MAX]; /* smoothed over some frames */
	float noise[ASR_FILTERS_MAX]; /* its lower envelope */
	float floor[ASR_FILTERS_MAX]; /* lower envelope of what is above the noise */
	float peak[ASR_FILTERS_MAX];
};

struct asr_frontend {
	struct rfft512 fft;
	struct rfft512_work work;
	float window[ASR_WINDOW];
	float dct[ASR_CEPSTRA][ASR_FILTERS_MAX]; /* with the lifter in it */
	float filter[2 * RFFT_BINS];             /* the triangles one after the other */
	uint16_t first[ASR_FILTERS_MAX], count[ASR_FILTERS_MAX];
	uint32_t n_filters;
	struct asr_noise noise;
	float frame[RFFT_N], re[260], im[260];
};

void asr_frontend_init(struct asr_frontend *f, const struct asr_header *h);

/* How many frames @p n samples have; the last one may be filled up with zeros. */
uint32_t asr_frontend_frames(uint32_t n);

/* The cepstra of frame @p t of an utterance of @p n samples; frames in their order, since the noise is tracked. */
void asr_frontend_cepstrum(struct asr_frontend *f, const int16_t *pcm, uint32_t n, uint32_t t, float out[ASR_CEPSTRA]);

/* Take the mean away, in place. Frames without energy do not count for it. */
void asr_frontend_normalize(float *cepstra, uint32_t n_frames);

/* Cepstra, differences and second differences at frame @p t; the first and last frames are repeated past the ends. */
void asr_frontend_features(const float *cepstra, uint32_t n_frames, uint32_t t, float out[ASR_FEATURES]);

#endif
