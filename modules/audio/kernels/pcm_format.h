#ifndef RME_KERNELS_PCM_FORMAT_H
#define RME_KERNELS_PCM_FORMAT_H

/* Samples as bytes and as floats with full scale 1. */

#include <stdint.h>

enum pcm_format { PCM_S16LE, PCM_F32LE, PCM_U8, PCM_A_LAW, PCM_MU_LAW, PCM_FORMATS };

/* Bytes of a sample. */
uint32_t pcm_format_bytes(enum pcm_format f);

/* One channel of interleaved samples: every @p step'th from the first on. */
struct pcm_layout {
	enum pcm_format format;
	uint32_t step;
};

/* NaN becomes silence, and floats are limited to +-8. */
void pcm_read(struct pcm_layout l, const uint8_t *from, float *to, uint32_t n);

/*
 * Rounded to nearest, saturated.
 * @param dither  NULL = none; else the state of the generator of triangular noise (TPDF, two steps wide; Lipshitz, Wannamaker
 *                and Vanderkooy, "Quantization and dither", JAES 40(5), 1992), for s16le and u8
 */
void pcm_write(struct pcm_layout l, const float *from, uint8_t *to, uint32_t n, uint32_t *dither);

#endif
