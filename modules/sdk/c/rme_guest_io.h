#ifndef RME_GUEST_IO_H
#define RME_GUEST_IO_H

/*
 * Typed reading of an input and writing of a result. Part of rme_module.h, but stands alone: native nodes include it to print
 * what a module prints. Needs no libc, prints the same on every target.
 */

#include <stddef.h>
#include <stdint.h>

/* One input: borrowed bytes. */
struct rme_in {
	const uint8_t *data;
	uint32_t len;
};

/*
 * A file that the host hands to a module, named by the parameter ("model"), or by parameter and file where the parameter
 * names a folder ("model/means"). The bytes begin at a multiple of 16 and stay where they are until the module ends.
 */
struct rme_asset {
	const char *name; /* no NUL at its end */
	uint32_t name_len;
	struct rme_in bytes;
};

/* The result under construction; what does not fit sets `overflow` and is dropped. */
struct rme_out {
	uint8_t *data;
	uint32_t cap, len;
	int overflow;
};

static inline uint32_t
rme_text_length(const char *s)
{
	uint32_t n = 0;
	while (s[n] != '\0') {
		n++;
	}
	return n;
}

static inline int
rme_asset_is(struct rme_asset a, const char *name)
{
	return rme_text_length(name) == a.name_len && __builtin_memcmp(name, a.name, a.name_len) == 0;
}

/* Whole elements of @p size bytes in the input. */
static inline uint32_t
rme_count(struct rme_in in, uint32_t size)
{
	return in.len / size;
}

/* Samples as a request for rme_remote_call(); borrowed. */
static inline struct rme_in
rme_in_s16(const int16_t *samples, uint32_t n)
{
	struct rme_in in = {(const uint8_t *)samples, n * 2};
	return in;
}

/* Sample @p i of s16le audio; 0 past the end. */
static inline int16_t
rme_s16(struct rme_in in, uint32_t i)
{
	int16_t v = 0;
	if (i < in.len / 2) {
		__builtin_memcpy(&v, in.data + (size_t)2 * i, 2);
	}
	return v;
}

/* Element @p i of f32le data; 0 past the end. */
static inline float
rme_f32(struct rme_in in, uint32_t i)
{
	float v = 0.0f;
	if (i < in.len / 4) {
		__builtin_memcpy(&v, in.data + (size_t)4 * i, 4);
	}
	return v;
}

/* Round to nearest, halves away from zero, limited to what a sample holds; NaN gives 0. */
static inline int16_t
rme_clip_s16(float v)
{
	v = v > 32767.0f ? 32767.0f : v < -32768.0f ? -32768.0f : v;
	return v == v ? (int16_t)(v < 0.0f ? v - 0.5f : v + 0.5f) : (int16_t)0;
}

static inline void
rme_put(struct rme_out *out, const void *bytes, uint32_t n)
{
	if (n > out->cap - out->len) {
		out->overflow = 1;
		return;
	}
	__builtin_memcpy(out->data + out->len, bytes, n);
	out->len += n;
}

static inline void
rme_put_s16(struct rme_out *out, int16_t v)
{
	rme_put(out, &v, 2);
}

static inline void
rme_put_f32(struct rme_out *out, float v)
{
	rme_put(out, &v, 4);
}

static inline void
rme_put_text(struct rme_out *out, const char *text)
{
	rme_put(out, text, rme_text_length(text));
}

static inline void
rme_put_bool(struct rme_out *out, int v)
{
	rme_put_text(out, v ? "true" : "false");
}

static inline void
rme_put_uint(struct rme_out *out, uint64_t v)
{
	char digits[20];
	uint32_t n = 0;
	do {
		digits[sizeof digits - ++n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	rme_put(out, digits + sizeof digits - n, n);
}

/* With @p decimals digits (0..9) after the point, rounded; "null" where JSON has no number for it (NaN, beyond 1e9). */
static inline void
rme_put_number(struct rme_out *out, double v, uint32_t decimals)
{
	uint64_t scale = 1;
	for (uint32_t i = 0; i < decimals; i++) {
		scale *= 10;
	}
	double size = v < 0.0 ? -v : v;
	if (!(size <= 1e9)) {
		rme_put_text(out, "null");
		return;
	}
	uint64_t fixed = (uint64_t)(size * (double)scale + 0.5);
	if (v < 0.0 && fixed > 0) {
		rme_put_text(out, "-");
	}
	rme_put_uint(out, fixed / scale);
	if (decimals > 0) {
		char digits[10] = {'.'};
		uint64_t rest = fixed % scale;
		for (uint32_t i = decimals; i > 0; i--, rest /= 10) {
			digits[i] = (char)('0' + rest % 10);
		}
		rme_put(out, digits, decimals + 1);
	}
}

/* A JSON string with its quotation marks; control characters and quotes are escaped. */
static inline void
rme_put_json_string(struct rme_out *out, const char *text, uint32_t len)
{
	static const char hex[] = "0123456789abcdef";
	rme_put(out, "\"", 1);
	for (uint32_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			char two[2] = {'\\', (char)c};
			rme_put(out, two, 2);
		} else if (c < 0x20) {
			char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
			rme_put(out, six, 6);
		} else {
			rme_put(out, text + i, 1);
		}
	}
	rme_put(out, "\"", 1);
}

#endif
