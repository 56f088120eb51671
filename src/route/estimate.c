#include "route/estimate.h"

#include <math.h>
#include <string.h>

#include <rme/format.h>
#include <rme/packet.h>

/* What a usual model takes, in milliseconds on one core of a small computer: orders of magnitude, not measurements. */
#define AUDIO_MS_PER_ACTIVE_S 300.0 /* speech recognition at a third of real time */
#define AUDIO_MS_PER_S        5.0   /* filtering, detection: whatever the sound is */
#define TEXT_MS_PER_BYTE      0.05  /* a small classifier or tagger */
#define IMAGE_MS_PER_PIXEL    0.15e-3
#define TENSOR_MS_PER_ELEMENT 0.3e-3
#define OCTETS_MS_PER_BYTE    0.1e-3
#define REFERENCE_MS          500.0

enum { PROBES = 64, PROBE_FRAMES = 64 };

/* Quieter than this (of full scale, power) is silence, however quiet the rest is: -50 dB. */
#define SILENCE_POWER 1e-5F
/* Louder than the background by 10 dB is active. */
#define ACTIVE_RATIO 10.0F

static float
sample_at(const struct rme_format *f, const uint8_t *p)
{
	if (f->audio.sample == RME_SAMPLE_F32LE) {
		float v;
		memcpy(&v, p, sizeof(v));
		return isfinite(v) ? v : 0;
	}
	int16_t v;
	memcpy(&v, p, sizeof(v));
	return (float)v / 32768;
}

/* Mean power of the first channel over a probe. */
static float
probe_power(const struct rme_format *f, const uint8_t *data, size_t unit, size_t frames)
{
	float sum = 0;
	for (size_t i = 0; i < frames; i++) {
		float v = sample_at(f, data + i * unit);
		sum += v * v;
	}
	return sum / (float)frames;
}

float
rmi_estimate_active(const struct rme_format *f, const uint8_t *data, size_t len)
{
	size_t unit = rme_format_unit_bytes(f);
	size_t frames = unit == 0 ? 0 : len / unit;
	if (frames == 0) {
		return 0;
	}
	size_t per = frames < PROBE_FRAMES ? frames : PROBE_FRAMES;
	size_t n = frames / per < PROBES ? frames / per : PROBES;
	float power[PROBES], background = INFINITY;
	for (size_t i = 0; i < n; i++) {
		size_t at = n == 1 ? 0 : i * ((frames - per) / (n - 1));
		power[i] = probe_power(f, data + at * unit, unit, per);
		background = fminf(background, power[i]);
	}
	/* A piece too short to hold a pause is not its own background. */
	float floor_power = frames > (size_t)PROBES * PROBE_FRAMES ? background * ACTIVE_RATIO : 0;
	size_t active = 0;
	for (size_t i = 0; i < n; i++) {
		active += power[i] > fmaxf(floor_power, SILENCE_POWER) ? 1 : 0;
	}
	return (float)active / (float)n;
}

static uint32_t
be(const uint8_t *p, size_t bytes)
{
	uint32_t v = 0;
	for (size_t i = 0; i < bytes; i++) {
		v = v << 8 | p[i];
	}
	return v;
}

static uint64_t
png_pixels(const uint8_t *d, size_t len)
{
	/* PNG (ISO/IEC 15948): signature, then IHDR with width and height. */
	return len >= 24 && memcmp(d + 12, "IHDR", 4) == 0 ? (uint64_t)be(d + 16, 4) * be(d + 20, 4) : 0;
}

/* JPEG (ITU-T T.81): SOF0..SOF15 carry the size; C4, C8, CC are no frames. */
static bool
is_frame_header(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static uint64_t
jpeg_pixels(const uint8_t *d, size_t len)
{
	size_t at = 2;
	while (at + 9 <= len && d[at] == 0xff) {
		uint8_t marker = d[at + 1];
		size_t segment = be(d + at + 2, 2);
		if (is_frame_header(marker)) {
			return (uint64_t)be(d + at + 5, 2) * be(d + at + 7, 2);
		}
		if (segment < 2) {
			return 0;
		}
		at += 2 + segment;
	}
	return 0;
}

uint64_t
rmi_estimate_pixels(const uint8_t *data, size_t len)
{
	size_t n = len < RMI_ESTIMATE_READ_MAX ? len : RMI_ESTIMATE_READ_MAX;
	if (n >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0) {
		return png_pixels(data, n);
	}
	return n >= 2 && data[0] == 0xff && data[1] == 0xd8 ? jpeg_pixels(data, n) : 0;
}

static double
audio_ms(const struct rme_format *f, const uint8_t *data, size_t len)
{
	size_t unit = rme_format_unit_bytes(f);
	if (unit == 0 || f->audio.rate_hz == 0) {
		return (double)len * OCTETS_MS_PER_BYTE;
	}
	double seconds = (double)(len / unit) / (double)f->audio.rate_hz;
	return seconds * (AUDIO_MS_PER_S + AUDIO_MS_PER_ACTIVE_S * (double)rmi_estimate_active(f, data, len));
}

static double
work_ms(const struct rme_format *f, const uint8_t *data, size_t len)
{
	uint64_t pixels;
	switch (f->media) {
	case RME_MEDIA_AUDIO_PCM:
		return audio_ms(f, data, len);
	case RME_MEDIA_TEXT:
		return (double)len * TEXT_MS_PER_BYTE;
	case RME_MEDIA_IMAGE_RAW:
		return (double)f->image.width * (double)f->image.height * IMAGE_MS_PER_PIXEL;
	case RME_MEDIA_IMAGE_JPEG:
	case RME_MEDIA_IMAGE_PNG:
		pixels = rmi_estimate_pixels(data, len);
		/* Without a head: about one bit per pixel, as photographs have. */
		return (pixels != 0 ? (double)pixels : (double)len * 8) * IMAGE_MS_PER_PIXEL;
	case RME_MEDIA_TENSOR_F32:
		return (double)(len / sizeof(float)) * TENSOR_MS_PER_ELEMENT;
	case RME_MEDIA_ANY:
	case RME_MEDIA_JSON:
	case RME_MEDIA_OCTETS:
	case RME_MEDIA_COUNT_:
		break;
	}
	return (double)len * OCTETS_MS_PER_BYTE;
}

float
rmi_route_estimate(const struct rme_packet *p)
{
	size_t len;
	const uint8_t *data = rme_packet_data(p, &len);
	return (float)(1 - exp(-work_ms(&rme_packet_meta(p)->format, data, len) / REFERENCE_MS));
}
