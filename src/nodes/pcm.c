#include "nodes/pcm.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are copied as little-endian");

size_t
rmi_pcm_sample_bytes(enum rme_sample sample)
{
	switch (sample) {
	case RME_SAMPLE_S16LE:
		return sizeof(int16_t);
	case RME_SAMPLE_F32LE:
		return sizeof(float);
	case RME_SAMPLE_ANY:
		break;
	}
	return 0;
}

static void
read_s16(float *out, const uint8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int16_t s;
		memcpy(&s, in + i * sizeof(s), sizeof(s));
		out[i] = (float)s * (1.0F / 32768.0F);
	}
}

static void
read_f32(float *out, const uint8_t *in, size_t n)
{
	memcpy(out, in, n * sizeof(float));
	for (size_t i = 0; i < n; i++) {
		out[i] = isfinite(out[i]) ? out[i] : 0.0F;
	}
}

void
rmi_pcm_read(float *out, const uint8_t *in, enum rme_sample sample, size_t n)
{
	if (sample == RME_SAMPLE_S16LE) {
		read_s16(out, in, n);
	} else {
		read_f32(out, in, n);
	}
}

static int16_t
s16_of(float x)
{
	float scaled = x * 32768.0F;
	if (scaled >= 32767.0F) {
		return INT16_MAX;
	}
	if (scaled <= -32768.0F) {
		return INT16_MIN;
	}
	return isnan(scaled) ? 0 : (int16_t)lrintf(scaled);
}

void
rmi_pcm_write(uint8_t *out, enum rme_sample sample, const float *in, size_t n)
{
	if (sample == RME_SAMPLE_F32LE) {
		memcpy(out, in, n * sizeof(float));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int16_t s = s16_of(in[i]);
		memcpy(out + i * sizeof(s), &s, sizeof(s));
	}
}

static void
mix_down(float *out, const float *in, uint32_t in_channels, size_t frames)
{
	float scale = 1.0F / (float)in_channels;
	for (size_t i = 0; i < frames; i++) {
		float sum = 0.0F;
		for (uint32_t c = 0; c < in_channels; c++) {
			sum += in[i * in_channels + c];
		}
		out[i] = sum * scale;
	}
}

static void
copy_channels(float *out, uint32_t out_channels, const float *in, uint32_t in_channels, size_t frames)
{
	for (size_t i = 0; i < frames; i++) {
		for (uint32_t c = 0; c < out_channels; c++) {
			float silent_or_first = in_channels == 1 ? in[i] : 0.0F;
			out[i * out_channels + c] = c < in_channels ? in[i * in_channels + c] : silent_or_first;
		}
	}
}

void
rmi_pcm_mix(float *out, uint32_t out_channels, const float *in, uint32_t in_channels, size_t frames)
{
	if (out_channels == in_channels) {
		memmove(out, in, frames * in_channels * sizeof(float));
	} else if (out_channels == 1) {
		mix_down(out, in, in_channels, frames);
	} else {
		copy_channels(out, out_channels, in, in_channels, frames);
	}
}
