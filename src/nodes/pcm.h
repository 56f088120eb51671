#ifndef RMI_NODES_PCM_H
#define RMI_NODES_PCM_H

/** @file Samples as bytes and as numbers, and how channels are made from channels. Pure functions, any thread. */

#include <stddef.h>
#include <stdint.h>
#include <rme/format.h>

/** Bytes of one sample; 0 for RME_SAMPLE_ANY. */
size_t rmi_pcm_sample_bytes(enum rme_sample sample);

/** Read @p n samples. s16le is divided by 32768; f32le is taken as it is, NaN and infinities as 0. */
void rmi_pcm_read(float *out, const uint8_t *in, enum rme_sample sample, size_t n);

/** Write @p n samples. To s16le: times 32768, rounded to nearest, saturated, NaN as 0. No dither: exact both ways. */
void rmi_pcm_write(uint8_t *out, enum rme_sample sample, const float *in, size_t n);

/**
 * Make interleaved channels from interleaved channels: n to 1 is the mean, 1 to n repeats, n to fewer takes the first,
 * n to more adds silent ones. @p out may be @p in where channels do not grow.
 */
void rmi_pcm_mix(float *out, uint32_t out_channels, const float *in, uint32_t in_channels, size_t frames);

#endif
