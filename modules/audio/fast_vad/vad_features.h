#ifndef RME_FAST_VAD_FEATURES_H
#define RME_FAST_VAD_FEATURES_H

/*
 * What the detector looks at: band powers over a tracked noise floor, their shape, the likelihood ratio of speech against
 * noise, and how periodic the frame is. All are relative, so the level of the recording does not matter.
 */

#include <stdint.h>

#include "noise_floor.h"
#include "rfft512.h"

enum {
	VAD_RATE_HZ = 16000,
	VAD_HOP = 160,    /* samples of one frame, 10 ms */
	VAD_WINDOW = 512, /* samples that a frame looks at: the hop and what was before it */
	VAD_BANDS = NOISE_FLOOR_BANDS,
	VAD_SCALARS = 8,
	VAD_FEATURES = 2 * VAD_BANDS + VAD_SCALARS,
};

/* Places in the feature vector. */
enum {
	VAD_F_SNR = 0,               /* per band: ln(power / noise floor) */
	VAD_F_SHAPE = VAD_BANDS,     /* per band: ln(power) less its mean over the bands */
	VAD_F_RATIO = 2 * VAD_BANDS, /* log likelihood ratio, mean of the bands (Sohn, Kim and Sung, 1999) */
	VAD_F_PITCH,                 /* height of the autocorrelation peak */
	VAD_F_LAG,                   /* where it is */
	VAD_F_LAG_STEP,              /* how far it moved since the frame before */
	VAD_F_BELOW_PEAK,            /* level under the loudest of the last seconds */
	VAD_F_ABOVE_FLOOR,           /* level over the noise floor of all bands together */
	VAD_F_FLATNESS,              /* geometric by arithmetic mean of the bands */
	VAD_F_FLUX,                  /* change of the band SNRs since the frame before */
};

/* Constant after vad_features_init(). */
struct vad_tables {
	struct rfft512 fft;
	float window[VAD_WINDOW];
	float rise[260];             /* weight of a bin in the upper of its two bands */
	float band_scale[VAD_BANDS]; /* 1 / sum of the weights */
	float lag_scale[260];        /* undoes the window's own autocorrelation, in part */
};

struct vad_features {
	struct vad_tables t;
	float history[VAD_WINDOW];
	struct noise_floor floor;
	float prior_snr[VAD_BANDS]; /* decision-directed a priori SNR of the frame before */
	float last_snr[VAD_BANDS];
	float last_lag; /* ln(samples) */
	float peak_level;
	float x[VAD_FEATURES]; /* of the last frame */
	float rms;             /* of the last hop, full scale = 1 */
	float snr_db;          /* power of all bands over the noise floor */
};

void vad_features_init(struct vad_features *f);
/* Forget the stream. */
void vad_features_reset(struct vad_features *f);
/* Take one hop; results in x, rms, snr_db. */
void vad_features_hop(struct vad_features *f, const int16_t pcm[VAD_HOP]);

#endif
