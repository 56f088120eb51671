#include "nodes/audio_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sndfile.h>
#include "base/packet.h"
#include "nodes/media_time.h"
#include "nodes/pcm.h"
#include "nodes/wav_header.h"

/* Either a stream of bytes behind a header that we read ourselves, or libsndfile. */
struct rmi_audio_reader {
	char name[RME_ERROR_WHERE_MAX]; /* for messages: the end of the path */
	FILE *stream;
	SNDFILE *file;
	struct rme_format format;
	uint64_t frames;      /* promised, UINT64_MAX = not known */
	uint64_t frames_read; /* so far */
	size_t odd_bytes;     /* came last and are no whole frame */
	size_t packet_frames;
	bool strict; /* ending early is an error */
};

static void
set_name(struct rmi_audio_reader *r, const char *path)
{
	size_t n = strlen(path);
	size_t skip = n < sizeof(r->name) ? 0 : n - sizeof(r->name) + 1;
	memcpy(r->name, path + skip, n - skip + 1);
}

static enum rme_err
open_failed(const char *path, struct rme_error *err)
{
	int why = errno;
	enum rme_err code = why == ENOENT || why == ENOTDIR ? RME_ENOTFOUND
	                    : why == EACCES || why == EPERM ? RME_EDENIED
	                                                    : RME_EIO;
	return rme_error_set(err, code, path, "cannot be opened: %s", strerror(why));
}

static bool
ends_with(const char *path, const char *ending)
{
	size_t n = strlen(path);
	size_t k = strlen(ending);
	return n >= k && strcasecmp(path + n - k, ending) == 0;
}

static enum rme_err
check_config(const struct rmi_audio_reader_config *c, const char *name, struct rme_error *err)
{
	if (c->packet_ns < 0 || c->packet_ns > RMI_AUDIO_PACKET_SECONDS_MAX * RMI_NS_PER_S) {
		return rme_error_set(
		    err, RME_ECONFIG, name, "packets of at most %d s of audio", RMI_AUDIO_PACKET_SECONDS_MAX);
	}
	if (c->raw.media == RME_MEDIA_ANY) {
		return ends_with(name, ".raw") || ends_with(name, ".pcm")
		           ? rme_error_set(err, RME_ECONFIG, name,
		                 "has no header: say what it holds, such as "
		                 "audio/pcm;format=s16le;rate=16000;channels=1")
		           : RME_OK;
	}
	if (c->raw.media != RME_MEDIA_AUDIO_PCM || rme_format_unit_bytes(&c->raw) == 0) {
		return rme_error_set(
		    err, RME_ECONFIG, name, "the format of headerless audio names sample format, rate and channels");
	}
	return rmi_wav_check_rate(c->raw.audio.rate_hz, c->raw.audio.channels, err);
}

static enum rme_err
truncated(const struct rmi_audio_reader *r, uint64_t frames, struct rme_error *err)
{
	double rate = r->format.audio.rate_hz;
	return rme_error_set(err, RME_EFORMAT, r->name,
	    "is cut short: the header promises %.2f s of audio, %.2f s are there", (double)r->frames / rate,
	    (double)frames / rate);
}

static int64_t
read_stream(void *ctx, uint8_t *to, size_t n)
{
	FILE *f = ctx;
	size_t got = fread(to, 1, n, f);
	return got == 0 && ferror(f) ? -1 : (int64_t)got;
}

/* The samples of a WAV that we read ourselves; RME_SAMPLE_ANY = left to libsndfile. */
static enum rme_sample
plain_sample(const struct rmi_wav_header *h)
{
	if (h->tag == 1 && h->bits == 16) {
		return RME_SAMPLE_S16LE;
	}
	return h->tag == 3 && h->bits == 32 ? RME_SAMPLE_F32LE : RME_SAMPLE_ANY;
}

static enum rme_err
use_wav(struct rmi_audio_reader *r, const struct rmi_wav_header *h, const struct stat *st, struct rme_error *err)
{
	r->format = rme_format_audio(plain_sample(h), h->rate_hz, h->channels);
	size_t unit = rme_format_unit_bytes(&r->format);
	r->frames = h->data_bytes == UINT64_MAX ? UINT64_MAX : h->data_bytes / unit;
	if (!S_ISREG(st->st_mode) || h->data_bytes == UINT64_MAX || !r->strict) {
		return RME_OK;
	}
	uint64_t size = (uint64_t)st->st_size;
	uint64_t there = size > h->bytes_before ? size - h->bytes_before : 0;
	return h->data_bytes > there ? truncated(r, there / unit, err) : RME_OK;
}

static bool
known_kind(int format)
{
	switch (format & SF_FORMAT_TYPEMASK) {
	case SF_FORMAT_WAV:
	case SF_FORMAT_WAVEX:
	case SF_FORMAT_RF64:
	case SF_FORMAT_W64:
	case SF_FORMAT_AIFF:
	case SF_FORMAT_AU:
	case SF_FORMAT_CAF:
	case SF_FORMAT_FLAC:
	case SF_FORMAT_OGG:
	case SF_FORMAT_MPEG:
		return true;
	default:
		return false;
	}
}

/* Compressed files guess their length. */
static bool
exact_length(int format)
{
	int kind = format & SF_FORMAT_TYPEMASK;
	return kind != SF_FORMAT_OGG && kind != SF_FORMAT_MPEG;
}

static enum rme_sample
sample_of(int format)
{
	switch (format & SF_FORMAT_SUBMASK) {
	case SF_FORMAT_PCM_24:
	case SF_FORMAT_PCM_32:
	case SF_FORMAT_FLOAT:
	case SF_FORMAT_DOUBLE:
	case SF_FORMAT_VORBIS:
	case SF_FORMAT_OPUS:
	case SF_FORMAT_MPEG_LAYER_I:
	case SF_FORMAT_MPEG_LAYER_II:
	case SF_FORMAT_MPEG_LAYER_III:
		return RME_SAMPLE_F32LE;
	default:
		return RME_SAMPLE_S16LE;
	}
}

/* Owns fd. */
static enum rme_err
use_libsndfile(struct rmi_audio_reader *r, int fd, struct rme_error *err)
{
	SF_INFO info = {0};
	r->file = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);
	if (r->file == NULL) {
		return rme_error_set(
		    err, RME_EFORMAT, r->name, "is no audio file that can be read: %s", sf_strerror(NULL));
	}
	if (!known_kind(info.format)) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, r->name, "is of a kind that is not read: convert it to WAV or FLAC");
	}
	r->format = rme_format_audio(sample_of(info.format), (uint32_t)info.samplerate, (uint32_t)info.channels);
	r->frames = info.frames >= 0 && exact_length(info.format) ? (uint64_t)info.frames : UINT64_MAX;
	return rmi_wav_check_rate(info.samplerate, info.channels, err);
}

static bool
is_wav(int fd)
{
	char head[12];
	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) && memcmp(head, "RIFF", 4) == 0 &&
	       memcmp(head + 8, "WAVE", 4) == 0;
}

/* From here on the stream owns fd; closed on failure. */
static enum rme_err
make_stream(struct rmi_audio_reader *r, int fd, struct rme_error *err)
{
	r->stream = fdopen(fd, "rb");
	if (r->stream == NULL) {
		(void)close(fd);
		return rme_error_set(err, RME_ENOMEM, r->name, "no memory for a buffer");
	}
	return RME_OK;
}

/* A WAV header of our own reading; where the samples are not plain and the file can be rewound, libsndfile takes over. */
static enum rme_err
open_wav(struct rmi_audio_reader *r, int fd, const struct stat *st, struct rme_error *err)
{
	enum rme_err e = make_stream(r, fd, err);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_wav_header h;
	const struct rmi_wav_source source = {read_stream, r->stream};
	e = rmi_wav_header_read(&h, &source, err);
	if (e != RME_OK) {
		return e;
	}
	if (plain_sample(&h) != RME_SAMPLE_ANY) {
		return use_wav(r, &h, st, err);
	}
	int again = S_ISREG(st->st_mode) ? dup(fd) : -1;
	if (again < 0) {
		return rme_error_set(err, RME_EUNSUPPORTED, r->name,
		    "holds %u-bit samples of kind %u; from a pipe only 16-bit PCM and 32-bit float are read",
		    (unsigned)h.bits, (unsigned)h.tag);
	}
	(void)fclose(r->stream);
	r->stream = NULL;
	if (lseek(again, 0, SEEK_SET) != 0) {
		(void)close(again);
		return rme_error_set(err, RME_EIO, r->name, "cannot be rewound: %s", strerror(errno));
	}
	return use_libsndfile(r, again, err);
}

/* Owns fd. */
static enum rme_err
open_kind(struct rmi_audio_reader *r, int fd, const struct rmi_audio_reader_config *c, struct rme_error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return rme_error_set(err, RME_EIO, r->name, "is a folder, or cannot be looked at");
	}
	if (c->raw.media != RME_MEDIA_ANY) {
		r->format = c->raw;
		r->frames = UINT64_MAX;
		return make_stream(r, fd, err);
	}
	return is_wav(fd) || !S_ISREG(st.st_mode) ? open_wav(r, fd, &st, err) : use_libsndfile(r, fd, err);
}

enum rme_err
rmi_audio_reader_open_fd(struct rmi_audio_reader **out, int fd, const char *name,
    const struct rmi_audio_reader_config *config, struct rme_error *err)
{
	static const struct rmi_audio_reader_config defaults;
	const struct rmi_audio_reader_config *c = config != NULL ? config : &defaults;
	struct rmi_audio_reader *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		(void)close(fd);
		return rme_error_set(err, RME_ENOMEM, name, "no memory");
	}
	set_name(r, name);
	enum rme_err e = check_config(c, name, err);
	r->strict = !c->allow_truncated;
	if (e == RME_OK) {
		e = open_kind(r, fd, c, err);
	} else {
		(void)close(fd);
	}
	if (e != RME_OK) {
		if (err != NULL && err->where[0] == '\0') {
			memcpy(err->where, r->name, sizeof(r->name));
		}
		rmi_audio_reader_close(r);
		return e;
	}
	int64_t packet_ns = c->packet_ns != 0 ? c->packet_ns : 20 * RMI_NS_PER_MS;
	r->packet_frames = (size_t)rmi_ns_frames(packet_ns, r->format.audio.rate_hz);
	r->packet_frames = r->packet_frames > 0 ? r->packet_frames : 1;
	*out = r;
	return RME_OK;
}

enum rme_err
rmi_audio_reader_open(struct rmi_audio_reader **out, const char *path, const struct rmi_audio_reader_config *config,
    struct rme_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return open_failed(standard ? "standard input" : path, err);
	}
	return rmi_audio_reader_open_fd(out, fd, standard ? "standard input" : path, config, err);
}

void
rmi_audio_reader_close(struct rmi_audio_reader *r)
{
	if (r == NULL) {
		return;
	}
	if (r->stream != NULL) {
		(void)fclose(r->stream);
	}
	if (r->file != NULL) {
		(void)sf_close(r->file);
	}
	free(r);
}

const struct rme_format *
rmi_audio_reader_format(const struct rmi_audio_reader *r)
{
	return &r->format;
}

uint64_t
rmi_audio_reader_frames(const struct rmi_audio_reader *r)
{
	return r->frames;
}

/* Read up to @p frames. @return frames read; fewer only at the end or on error */
static size_t
read_frames(struct rmi_audio_reader *r, uint8_t *to, size_t frames)
{
	if (r->file != NULL) {
		sf_count_t got = r->format.audio.sample == RME_SAMPLE_S16LE
		                     ? sf_readf_short(r->file, (short *)(void *)to, (sf_count_t)frames)
		                     : sf_readf_float(r->file, (float *)(void *)to, (sf_count_t)frames);
		return got > 0 ? (size_t)got : 0;
	}
	size_t unit = rme_format_unit_bytes(&r->format);
	size_t bytes = fread(to, 1, frames * unit, r->stream);
	r->odd_bytes += bytes % unit;
	return bytes / unit;
}

/* No frame came: is this where the audio ends? */
static enum rme_err
at_end(const struct rmi_audio_reader *r, struct rme_error *err)
{
	if ((r->file != NULL && sf_error(r->file) != SF_ERR_NO_ERROR) || (r->stream != NULL && ferror(r->stream))) {
		return rme_error_set(err, RME_EIO, r->name, "cannot be read further: %s",
		    r->file != NULL ? sf_strerror(r->file) : "input failed");
	}
	if (r->strict && r->frames != UINT64_MAX && r->frames_read < r->frames) {
		return truncated(r, r->frames_read, err);
	}
	if (r->strict && r->odd_bytes != 0 && r->frames == UINT64_MAX) {
		return rme_error_set(
		    err, RME_EFORMAT, r->name, "ends in the middle of a frame; is it what its format says?");
	}
	return RME_ECLOSED;
}

enum rme_err
rmi_audio_reader_next(struct rmi_audio_reader *r, struct rme_packet **out, struct rme_error *err)
{
	size_t frames = r->packet_frames;
	if (r->frames != UINT64_MAX && frames > r->frames - r->frames_read) {
		frames = (size_t)(r->frames - r->frames_read);
	}
	size_t unit = rme_format_unit_bytes(&r->format);
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = r->format;
	meta.pts_ns = rmi_frames_ns(r->frames_read, r->format.audio.rate_hz);
	struct rme_packet *p = NULL;
	uint8_t *data = NULL;
	enum rme_err e = rme_packet_alloc(&p, &meta, frames * unit, &data);
	if (e != RME_OK) {
		return rme_error_set(err, e, r->name, "no memory for a packet of %zu bytes", frames * unit);
	}
	size_t got = frames > 0 ? read_frames(r, data, frames) : 0;
	if (got == 0) {
		rme_packet_unref(p);
		return at_end(r, err);
	}
	r->frames_read += got;
	rmi_packet_meta_mut(p)->duration_ns = rmi_frames_ns(got, r->format.audio.rate_hz);
	e = rme_packet_truncate(p, got * unit);
	if (e != RME_OK) {
		rme_packet_unref(p);
		return rme_error_set(err, e, r->name, "a packet could not be shortened");
	}
	*out = p;
	return RME_OK;
}
