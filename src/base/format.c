#include <rme/format.h>

#include <stdio.h>
#include <string.h>

static const char *const media_names[RME_MEDIA_COUNT_] = {"*/*", "audio/pcm", "image/raw", "image/jpeg", "image/png",
    "tensor/f32", "text/plain", "application/json", "application/octet-stream"};
static const char *const sample_names[] = {NULL, "s16le", "f32le"};
static const char *const pixel_names[] = {NULL, "rgb8", "rgba8", "gray8"};

/* A piece of the text, not NUL-terminated. */
struct piece {
	const char *s;
	size_t n;
};

static bool
piece_is(struct piece p, const char *word)
{
	return strlen(word) == p.n && memcmp(p.s, word, p.n) == 0;
}

/* Cut the text before the next `sep` off @p rest, spaces around it trimmed. */
static struct piece
piece_cut(struct piece *rest, char sep)
{
	const char *at = memchr(rest->s, sep, rest->n);
	size_t n = at != NULL ? (size_t)(at - rest->s) : rest->n;
	struct piece p = {rest->s, n};
	size_t skip = at != NULL ? n + 1 : n;
	rest->s += skip;
	rest->n -= skip;
	while (p.n > 0 && p.s[0] == ' ') {
		p.s++;
		p.n--;
	}
	while (p.n > 0 && p.s[p.n - 1] == ' ') {
		p.n--;
	}
	return p;
}

static bool
piece_u32(struct piece p, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < p.n; i++) {
		if (p.s[i] < '0' || p.s[i] > '9' || v > max) {
			return false;
		}
		v = v * 10 + (uint64_t)(p.s[i] - '0');
	}
	if (p.n == 0 || v == 0 || v > max) {
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

static bool
piece_choice(struct piece p, const char *const *names, size_t n, unsigned *out)
{
	for (size_t i = 1; i < n; i++) {
		if (piece_is(p, names[i])) {
			*out = (unsigned)i;
			return true;
		}
	}
	return false;
}

static bool
set_audio(struct rme_format *f, struct piece key, struct piece value)
{
	unsigned choice = 0;
	if (piece_is(key, "format")) {
		bool ok = piece_choice(value, sample_names, sizeof(sample_names) / sizeof(*sample_names), &choice);
		f->audio.sample = (enum rme_sample)choice;
		return ok;
	}
	if (piece_is(key, "rate")) {
		return piece_u32(value, RME_AUDIO_RATE_MAX, &f->audio.rate_hz);
	}
	return piece_is(key, "channels") && piece_u32(value, RME_AUDIO_CHANNELS_MAX, &f->audio.channels);
}

static bool
set_image(struct rme_format *f, struct piece key, struct piece value)
{
	unsigned choice = 0;
	if (piece_is(key, "format")) {
		bool ok = piece_choice(value, pixel_names, sizeof(pixel_names) / sizeof(*pixel_names), &choice);
		f->image.pixel = (enum rme_pixel)choice;
		return ok;
	}
	if (piece_is(key, "width")) {
		return piece_u32(value, RME_IMAGE_SIDE_MAX, &f->image.width);
	}
	return piece_is(key, "height") && piece_u32(value, RME_IMAGE_SIDE_MAX, &f->image.height);
}

static bool
set_tensor(struct rme_format *f, struct piece key, struct piece value)
{
	if (!piece_is(key, "shape") || value.n == 0) {
		return false;
	}
	f->tensor.n_dims = 0;
	while (value.n > 0) {
		struct piece dim = piece_cut(&value, 'x');
		if (f->tensor.n_dims == RME_FORMAT_TENSOR_DIMS_MAX ||
		    !piece_u32(dim, UINT32_MAX, &f->tensor.dim[f->tensor.n_dims])) {
			return false;
		}
		f->tensor.n_dims++;
	}
	return true;
}

static bool
set_param(struct rme_format *f, struct piece key, struct piece value)
{
	switch (f->media) {
	case RME_MEDIA_AUDIO_PCM:
		return set_audio(f, key, value);
	case RME_MEDIA_IMAGE_RAW:
		return set_image(f, key, value);
	case RME_MEDIA_TENSOR_F32:
		return set_tensor(f, key, value);
	case RME_MEDIA_ANY:
	case RME_MEDIA_IMAGE_JPEG:
	case RME_MEDIA_IMAGE_PNG:
	case RME_MEDIA_TEXT:
	case RME_MEDIA_JSON:
	case RME_MEDIA_OCTETS:
	case RME_MEDIA_COUNT_:
		break;
	}
	/* "charset=utf-8" is what HTTP and MIME write for text; it says nothing new. */
	return f->media == RME_MEDIA_TEXT && piece_is(key, "charset") && piece_is(value, "utf-8");
}

enum rme_err
rme_format_parse(struct rme_format *out, const char *text, size_t len, struct rme_error *err)
{
	struct piece rest = {text, len};
	struct piece name = piece_cut(&rest, ';');
	struct rme_format f = {RME_MEDIA_ANY, {{RME_SAMPLE_ANY, 0, 0}}};
	memset(&f, 0, sizeof(f));
	bool known = false;
	for (unsigned i = 0; i < RME_MEDIA_COUNT_ && !known; i++) {
		known = piece_is(name, media_names[i]);
		f.media = known ? (enum rme_media)i : RME_MEDIA_ANY;
	}
	int shown = (int)(name.n < 60 ? name.n : 60);
	if (!known) {
		return rme_error_set(err, RME_EFORMAT, NULL,
		    "unknown media format '%.*s'; known are audio/pcm, image/raw, image/jpeg, image/png, tensor/f32, "
		    "text/plain, application/json, application/octet-stream",
		    shown, name.s);
	}
	while (rest.n > 0) {
		struct piece value = piece_cut(&rest, ';');
		struct piece key = piece_cut(&value, '=');
		value = piece_cut(&value, '\0'); /* trims it */
		if (!set_param(&f, key, value)) {
			return rme_error_set(err, RME_EFORMAT, NULL,
			    "media format %.*s: parameter '%.*s=%.*s' is not valid", shown, name.s,
			    (int)(key.n < 40 ? key.n : 40), key.s, (int)(value.n < 40 ? value.n : 40), value.s);
		}
	}
	*out = f;
	return RME_OK;
}

/* Append to a fixed text; what does not fit is cut, which RME_FORMAT_TEXT_MAX rules out. */
static size_t
append(char *text, size_t at, const char *key, const char *value)
{
	int n = value != NULL ? snprintf(text + at, RME_FORMAT_TEXT_MAX - at, ";%s=%s", key, value) : 0;
	return n > 0 ? at + (size_t)n : at;
}

static size_t
append_u32(char *text, size_t at, const char *key, uint32_t value)
{
	char digits[16];
	(void)snprintf(digits, sizeof(digits), "%u", value);
	return append(text, at, key, value != 0 ? digits : NULL);
}

static size_t
append_shape(char *text, size_t at, const struct rme_format *f)
{
	char shape[RME_FORMAT_TENSOR_DIMS_MAX * 12] = "";
	size_t n = 0;
	for (uint32_t i = 0; i < f->tensor.n_dims && i < RME_FORMAT_TENSOR_DIMS_MAX; i++) {
		n += (size_t)snprintf(shape + n, sizeof(shape) - n, "%s%u", i > 0 ? "x" : "", f->tensor.dim[i]);
	}
	return append(text, at, "shape", n > 0 ? shape : NULL);
}

size_t
rme_format_print(const struct rme_format *f, char text[RME_FORMAT_TEXT_MAX])
{
	unsigned media = (unsigned)f->media < RME_MEDIA_COUNT_ ? (unsigned)f->media : 0;
	size_t at = (size_t)snprintf(text, RME_FORMAT_TEXT_MAX, "%s", media_names[media]);
	if (f->media == RME_MEDIA_AUDIO_PCM) {
		at = append(text, at, "format", sample_names[f->audio.sample]);
		at = append_u32(text, at, "rate", f->audio.rate_hz);
		at = append_u32(text, at, "channels", f->audio.channels);
	} else if (f->media == RME_MEDIA_IMAGE_RAW) {
		at = append(text, at, "format", pixel_names[f->image.pixel]);
		at = append_u32(text, at, "width", f->image.width);
		at = append_u32(text, at, "height", f->image.height);
	} else if (f->media == RME_MEDIA_TENSOR_F32) {
		at = append_shape(text, at, f);
	}
	return at;
}

static bool
fits_u32(uint32_t have, uint32_t want)
{
	return want == 0 || have == want;
}

static bool
tensor_equal(const struct rme_format *a, const struct rme_format *b)
{
	return a->tensor.n_dims == b->tensor.n_dims &&
	       memcmp(a->tensor.dim, b->tensor.dim, a->tensor.n_dims * sizeof(a->tensor.dim[0])) == 0;
}

bool
rme_format_fits(const struct rme_format *have, const struct rme_format *want)
{
	if (want->media == RME_MEDIA_ANY) {
		return true;
	}
	if (have->media != want->media) {
		return false;
	}
	if (have->media == RME_MEDIA_AUDIO_PCM) {
		return fits_u32((uint32_t)have->audio.sample, (uint32_t)want->audio.sample) &&
		       fits_u32(have->audio.rate_hz, want->audio.rate_hz) &&
		       fits_u32(have->audio.channels, want->audio.channels);
	}
	if (have->media == RME_MEDIA_IMAGE_RAW) {
		return fits_u32((uint32_t)have->image.pixel, (uint32_t)want->image.pixel) &&
		       fits_u32(have->image.width, want->image.width) &&
		       fits_u32(have->image.height, want->image.height);
	}
	return have->media != RME_MEDIA_TENSOR_F32 || want->tensor.n_dims == 0 || tensor_equal(have, want);
}

static uint32_t
first_said(uint32_t a, uint32_t b)
{
	return a != 0 ? a : b;
}

void
rme_format_fill(struct rme_format *want, const struct rme_format *from)
{
	if (want->media != from->media) {
		return;
	}
	if (want->media == RME_MEDIA_AUDIO_PCM) {
		want->audio.sample = want->audio.sample != RME_SAMPLE_ANY ? want->audio.sample : from->audio.sample;
		want->audio.rate_hz = first_said(want->audio.rate_hz, from->audio.rate_hz);
		want->audio.channels = first_said(want->audio.channels, from->audio.channels);
	} else if (want->media == RME_MEDIA_IMAGE_RAW) {
		want->image.pixel = want->image.pixel != RME_PIXEL_ANY ? want->image.pixel : from->image.pixel;
		want->image.width = first_said(want->image.width, from->image.width);
		want->image.height = first_said(want->image.height, from->image.height);
	}
}

bool
rme_format_equal(const struct rme_format *a, const struct rme_format *b)
{
	if (a->media != b->media) {
		return false;
	}
	if (a->media == RME_MEDIA_TENSOR_F32) {
		return tensor_equal(a, b);
	}
	return rme_format_fits(a, b) && rme_format_fits(b, a);
}

size_t
rme_format_unit_bytes(const struct rme_format *f)
{
	static const size_t sample_bytes[] = {0, 2, 4};
	static const size_t pixel_bytes[] = {0, 3, 4, 1};
	switch (f->media) {
	case RME_MEDIA_AUDIO_PCM:
		return sample_bytes[f->audio.sample] * f->audio.channels;
	case RME_MEDIA_IMAGE_RAW:
		return pixel_bytes[f->image.pixel];
	case RME_MEDIA_TENSOR_F32:
		return 4;
	case RME_MEDIA_ANY:
	case RME_MEDIA_IMAGE_JPEG:
	case RME_MEDIA_IMAGE_PNG:
	case RME_MEDIA_TEXT:
	case RME_MEDIA_JSON:
	case RME_MEDIA_OCTETS:
	case RME_MEDIA_COUNT_:
		break;
	}
	return 0;
}
