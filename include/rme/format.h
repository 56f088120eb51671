#ifndef RME_FORMAT_H
#define RME_FORMAT_H

/**
 * @file
 * Media formats: what the bytes of a packet are. A format is a small plain value; its text form is the one of module
 * registries and wire messages, for example `audio/pcm;format=s16le;rate=16000;channels=1`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kind of media. Values go over the wire: append only. */
enum rme_media {
	RME_MEDIA_ANY = 0,        /**< not said, or (as a requirement) anything */
	RME_MEDIA_AUDIO_PCM = 1,  /**< audio/pcm, interleaved */
	RME_MEDIA_IMAGE_RAW = 2,  /**< image/raw, rows without padding */
	RME_MEDIA_IMAGE_JPEG = 3, /**< image/jpeg */
	RME_MEDIA_IMAGE_PNG = 4,  /**< image/png */
	RME_MEDIA_TENSOR_F32 = 5, /**< tensor/f32, little-endian, row-major */
	RME_MEDIA_TEXT = 6,       /**< text/plain, UTF-8 */
	RME_MEDIA_JSON = 7,       /**< application/json, UTF-8 */
	RME_MEDIA_OCTETS = 8,     /**< application/octet-stream */
	RME_MEDIA_COUNT_
};

enum rme_sample { RME_SAMPLE_ANY = 0, RME_SAMPLE_S16LE = 1, RME_SAMPLE_F32LE = 2 };
enum rme_pixel { RME_PIXEL_ANY = 0, RME_PIXEL_RGB8 = 1, RME_PIXEL_RGBA8 = 2, RME_PIXEL_GRAY8 = 3 };

enum {
	RME_FORMAT_TENSOR_DIMS_MAX = 6,
	RME_FORMAT_TEXT_MAX = 128, /**< longest text form, NUL included */
	RME_AUDIO_RATE_MAX = 384000,
	RME_AUDIO_CHANNELS_MAX = 32,
	RME_IMAGE_SIDE_MAX = 65535,
};

/** A media format. All-zero = RME_MEDIA_ANY. A field that is 0 is "not said". */
struct rme_format {
	enum rme_media media;
	union {
		struct {
			enum rme_sample sample;
			uint32_t rate_hz;
			uint32_t channels;
		} audio;
		struct {
			enum rme_pixel pixel;
			uint32_t width, height; /**< pixels */
		} image;
		struct {
			uint32_t n_dims;
			uint32_t dim[RME_FORMAT_TENSOR_DIMS_MAX];
		} tensor;
	};
};

/**
 * Read the text form. Parameters may come in any order; unknown ones are an error.
 * @param len  bytes of @p text, which needs no NUL
 * @return RME_OK, RME_EFORMAT with a text in @p err
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_format_parse(struct rme_format *out, const char *text, size_t len, struct rme_error *err);

/** Write the text form, always NUL-terminated. @return length without NUL, less than RME_FORMAT_TEXT_MAX */
RME_EXPORT size_t rme_format_print(const struct rme_format *f, char text[RME_FORMAT_TEXT_MAX]);

/** True if data of format @p have may be given to one who asks for @p want; what @p want does not say fits anything. */
RME_EXPORT bool rme_format_fits(const struct rme_format *have, const struct rme_format *want);

/** What @p want does not say is taken from @p from, where both are of the same media with parts (audio, raw images). */
RME_EXPORT void rme_format_fill(struct rme_format *want, const struct rme_format *from);

/** True if both say exactly the same. */
RME_EXPORT bool rme_format_equal(const struct rme_format *a, const struct rme_format *b);

/** Bytes of one frame (all channels of one instant, one pixel, one element); 0 where the format has no fixed unit. */
RME_EXPORT size_t rme_format_unit_bytes(const struct rme_format *f);

/** Make an audio/pcm format. */
static inline struct rme_format
rme_format_audio(enum rme_sample sample, uint32_t rate_hz, uint32_t channels)
{
	struct rme_format f = {RME_MEDIA_AUDIO_PCM, {{RME_SAMPLE_ANY, 0, 0}}};
	f.audio.sample = sample;
	f.audio.rate_hz = rate_hz;
	f.audio.channels = channels;
	return f;
}

/** Make a format that has no parameters, such as RME_MEDIA_JSON. */
static inline struct rme_format
rme_format_of(enum rme_media media)
{
	struct rme_format f = {media, {{RME_SAMPLE_ANY, 0, 0}}};
	return f;
}

#ifdef __cplusplus
}
#endif

#endif
