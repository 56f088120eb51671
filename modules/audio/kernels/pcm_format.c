#include "pcm_format.h"

#include <stddef.h>

#include "g711.h"

uint32_t
pcm_format_bytes(enum pcm_format f)
{
	return f == PCM_S16LE ? 2 : f == PCM_F32LE ? 4 : 1;
}

static float
sane(float x)
{
	x = x == x ? x : 0.0f;
	return x > 8.0f ? 8.0f : x < -8.0f ? -8.0f : x;
}

void
pcm_read(struct pcm_layout l, const uint8_t *from, float *to, uint32_t n)
{
	size_t stride = (size_t)l.step * pcm_format_bytes(l.format);
	for (uint32_t i = 0; i < n; i++, from += stride) {
		int16_t s;
		switch (l.format) {
		case PCM_S16LE:
			__builtin_memcpy(&s, from, 2);
			to[i] = (float)s * (1.0f / 32768.0f);
			break;
		case PCM_F32LE:
			__builtin_memcpy(to + i, from, 4);
			to[i] = sane(to[i]);
			break;
		case PCM_U8:
			to[i] = (float)((int32_t)*from - 128) * (1.0f / 128.0f);
			break;
		case PCM_A_LAW:
			to[i] = (float)g711_from_a_law(*from) * (1.0f / 32768.0f);
			break;
		case PCM_MU_LAW:
		case PCM_FORMATS:
		default:
			to[i] = (float)g711_from_mu_law(*from) * (1.0f / 32768.0f);
			break;
		}
	}
}

/* Noise of -1 .. 1 steps, a triangle. */
static float
triangle(uint32_t *seed)
{
	uint32_t a = *seed * 1664525u + 1013904223u;
	uint32_t b = a * 1664525u + 1013904223u;
	*seed = b;
	return ((float)(a >> 8) - (float)(b >> 8)) * (1.0f / 16777216.0f);
}

/* To the nearest of -range .. range - 1. */
static int32_t
quantize(float x, float range, uint32_t *dither)
{
	float v = x * range + (dither != NULL ? triangle(dither) : 0.0f);
	v = v > range - 1.0f ? range - 1.0f : v < -range ? -range : v;
	return v == v ? (int32_t)(v < 0.0f ? v - 0.5f : v + 0.5f) : 0;
}

void
pcm_write(struct pcm_layout l, const float *from, uint8_t *to, uint32_t n, uint32_t *dither)
{
	size_t stride = (size_t)l.step * pcm_format_bytes(l.format);
	for (uint32_t i = 0; i < n; i++, to += stride) {
		int16_t s;
		switch (l.format) {
		case PCM_S16LE:
			s = (int16_t)quantize(from[i], 32768.0f, dither);
			__builtin_memcpy(to, &s, 2);
			break;
		case PCM_F32LE:
			__builtin_memcpy(to, from + i, 4);
			break;
		case PCM_U8:
			*to = (uint8_t)(quantize(from[i], 128.0f, dither) + 128);
			break;
		case PCM_A_LAW:
			*to = g711_to_a_law((int16_t)quantize(from[i], 32768.0f, NULL));
			break;
		case PCM_MU_LAW:
		case PCM_FORMATS:
		default:
			*to = g711_to_mu_law((int16_t)quantize(from[i], 32768.0f, NULL));
			break;
		}
	}
}
