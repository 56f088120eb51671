#include "nodes/wav_header.h"

#include <string.h>

enum {
	TAG_PCM = 1,
	TAG_FLOAT = 3,
	TAG_EXTENSIBLE = 0xFFFE,
	FMT_BYTES_MIN = 16,
	FMT_BYTES_MAX = 64,
	STREAM_BYTES = 0x7FFF0000, /* writers to a pipe put some number near 2^31 or 2^32 */
};

struct reader {
	const struct rmi_wav_source *from;
	uint64_t at;
	struct rme_error *err;
};

static uint16_t
u16(const uint8_t *b)
{
	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t
u32(const uint8_t *b)
{
	return u16(b) | (uint32_t)u16(b + 2) << 16;
}

static void
put_u16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
}

static void
put_u32(uint8_t *b, uint32_t v)
{
	put_u16(b, v & 0xFFFF);
	put_u16(b + 2, v >> 16);
}

static enum rme_err
read_exactly(struct reader *r, uint8_t *to, size_t n, const char *what)
{
	for (size_t got = 0; got < n;) {
		int64_t k = r->from->read(r->from->ctx, to + got, n - got);
		if (k < 0) {
			return rme_error_set(r->err, RME_EIO, NULL, "reading failed in the %s", what);
		}
		if (k == 0) {
			return rme_error_set(r->err, RME_EFORMAT, NULL, "ends in the %s, after %llu bytes", what,
			    (unsigned long long)(r->at + got));
		}
		got += (size_t)k;
	}
	r->at += n;
	return RME_OK;
}

static enum rme_err
skip(struct reader *r, uint64_t n)
{
	uint8_t waste[512];
	if (n > RMI_WAV_BEFORE_DATA_MAX || r->at + n > RMI_WAV_BEFORE_DATA_MAX) {
		return rme_error_set(
		    r->err, RME_ELIMIT, NULL, "more than %d bytes before the audio", RMI_WAV_BEFORE_DATA_MAX);
	}
	while (n > 0) {
		size_t k = n < sizeof(waste) ? (size_t)n : sizeof(waste);
		enum rme_err e = read_exactly(r, waste, k, "header");
		if (e != RME_OK) {
			return e;
		}
		n -= k;
	}
	return RME_OK;
}

enum rme_err
rmi_wav_check_rate(int64_t rate_hz, int64_t channels, struct rme_error *err)
{
	if (channels < 1 || channels > RME_AUDIO_CHANNELS_MAX) {
		return rme_error_set(err, RME_EFORMAT, NULL, "the header says %lld channels; 1 to %d are possible",
		    (long long)channels, RME_AUDIO_CHANNELS_MAX);
	}
	if (rate_hz < RMI_AUDIO_RATE_MIN || rate_hz > RME_AUDIO_RATE_MAX) {
		return rme_error_set(err, RME_EFORMAT, NULL,
		    "the header says %lld samples per second; %d to %d are possible", (long long)rate_hz,
		    RMI_AUDIO_RATE_MIN, RME_AUDIO_RATE_MAX);
	}
	return RME_OK;
}

static enum rme_err
read_fmt(struct reader *r, uint32_t size, struct rmi_wav_header *out)
{
	uint8_t b[FMT_BYTES_MAX];
	if (size < FMT_BYTES_MIN || size > FMT_BYTES_MAX) {
		return rme_error_set(r->err, RME_EFORMAT, NULL, "a fmt chunk of %u bytes is none", (unsigned)size);
	}
	enum rme_err e = read_exactly(r, b, size, "fmt chunk");
	if (e != RME_OK) {
		return e;
	}
	out->tag = u16(b);
	if (out->tag == TAG_EXTENSIBLE && size >= 26) {
		out->tag = u16(b + 24); /* first two bytes of the sub-format */
	}
	out->channels = u16(b + 2);
	out->rate_hz = u32(b + 4);
	out->bits = u16(b + 14);
	return rmi_wav_check_rate(out->rate_hz, out->channels, r->err);
}

/* Chunks up to and with the head of the one that holds the audio. */
static enum rme_err
read_chunks(struct reader *r, struct rmi_wav_header *out)
{
	for (;;) {
		uint8_t head[8];
		enum rme_err e = read_exactly(r, head, sizeof(head), "header");
		if (e != RME_OK) {
			return e;
		}
		uint32_t size = u32(head + 4);
		if (memcmp(head, "data", 4) == 0) {
			out->data_bytes = size == 0 || size >= STREAM_BYTES ? UINT64_MAX : size;
			out->bytes_before = r->at;
			return RME_OK;
		}
		e = memcmp(head, "fmt ", 4) == 0 ? read_fmt(r, size, out) : skip(r, size);
		e = e == RME_OK && size % 2 == 1 ? skip(r, 1) : e; /* chunks begin at even places */
		if (e != RME_OK) {
			return e;
		}
	}
}

enum rme_err
rmi_wav_header_read(struct rmi_wav_header *out, const struct rmi_wav_source *from, struct rme_error *err)
{
	struct reader r = {from, 0, err};
	struct rmi_wav_header h = {0};
	uint8_t head[12];
	enum rme_err e = read_exactly(&r, head, sizeof(head), "header");
	if (e != RME_OK) {
		return e;
	}
	if (memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) {
		return rme_error_set(err, RME_EFORMAT, NULL, "no WAV: it does not begin with RIFF....WAVE");
	}
	e = read_chunks(&r, &h);
	if (e == RME_OK && h.channels == 0) {
		e = rme_error_set(err, RME_EFORMAT, NULL, "the audio comes without a fmt chunk before it");
	}
	if (e == RME_OK) {
		*out = h;
	}
	return e;
}

void
rmi_wav_header_write(uint8_t out[RMI_WAV_HEADER_BYTES], const struct rme_format *format, uint64_t data_bytes)
{
	uint32_t unit = (uint32_t)rme_format_unit_bytes(format);
	bool fits = data_bytes <= UINT32_MAX - RMI_WAV_HEADER_BYTES;
	memcpy(out, "RIFF", 4);
	put_u32(out + 4, fits ? (uint32_t)data_bytes + RMI_WAV_HEADER_BYTES - 8 : UINT32_MAX);
	memcpy(out + 8, "WAVEfmt ", 8);
	put_u32(out + 16, FMT_BYTES_MIN);
	put_u16(out + 20, format->audio.sample == RME_SAMPLE_F32LE ? TAG_FLOAT : TAG_PCM);
	put_u16(out + 22, format->audio.channels);
	put_u32(out + 24, format->audio.rate_hz);
	put_u32(out + 28, format->audio.rate_hz * unit);
	put_u16(out + 32, unit);
	put_u16(out + 34, unit / format->audio.channels * 8);
	memcpy(out + 36, "data", 4);
	put_u32(out + 40, fits ? (uint32_t)data_bytes : UINT32_MAX);
}
