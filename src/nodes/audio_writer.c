#include "nodes/audio_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <sndfile.h>
#include <rme/packet.h>
#include "nodes/wav_header.h"

enum { BLOCK_SAMPLES = 1024 };

enum kind { KIND_WAV, KIND_RAW, KIND_LIBSNDFILE };

static const struct {
	const char *ending;
	enum kind kind;
	int s16, f32; /* libsndfile's names */
} kinds[] = {
    {".wav", KIND_WAV, 0, 0},
    {".raw", KIND_RAW, 0, 0},
    {".pcm", KIND_RAW, 0, 0},
    {".flac", KIND_LIBSNDFILE, SF_FORMAT_FLAC | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_24},
    {".ogg", KIND_LIBSNDFILE, SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_OGG | SF_FORMAT_VORBIS},
    {".opus", KIND_LIBSNDFILE, SF_FORMAT_OGG | SF_FORMAT_OPUS, SF_FORMAT_OGG | SF_FORMAT_OPUS},
    {".aiff", KIND_LIBSNDFILE, SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_FLOAT},
    {".au", KIND_LIBSNDFILE, SF_FORMAT_AU | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_FLOAT},
    {".w64", KIND_LIBSNDFILE, SF_FORMAT_W64 | SF_FORMAT_PCM_16, SF_FORMAT_W64 | SF_FORMAT_FLOAT},
};

struct rmi_audio_writer {
	char name[RME_ERROR_WHERE_MAX]; /* for messages: the end of the path */
	enum kind kind;
	FILE *stream;
	SNDFILE *file;
	struct rme_format format;
	size_t unit;
	off_t header_at; /* place of the WAV header, -1 = cannot go back to it */
	uint64_t frames;
	uint64_t frames_in_header;
};

static void
set_name(struct rmi_audio_writer *w, const char *path)
{
	size_t n = strlen(path);
	size_t skip = n < sizeof(w->name) ? 0 : n - sizeof(w->name) + 1;
	memcpy(w->name, path + skip, n - skip + 1);
}

/* Row of kinds; -1 = the ending is not known. */
static int
kind_of(const char *path)
{
	if (strcmp(path, "-") == 0) {
		return 0;
	}
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; dot != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcasecmp(dot, kinds[i].ending) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static enum rme_err
write_failed(const struct rmi_audio_writer *w, struct rme_error *err)
{
	return rme_error_set(
	    err, RME_EIO, w->name, "cannot be written: %s", w->file != NULL ? sf_strerror(w->file) : strerror(errno));
}

static enum rme_err
open_fd(int *fd, const char *path, struct rme_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	*fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
	               : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (*fd >= 0) {
		return RME_OK;
	}
	int why = errno;
	enum rme_err code = why == ENOENT || why == ENOTDIR ? RME_ENOTFOUND
	                    : why == EACCES || why == EPERM ? RME_EDENIED
	                                                    : RME_EIO;
	return rme_error_set(err, code, standard ? "standard output" : path, "cannot be written: %s", strerror(why));
}

/* Owns fd. */
static enum rme_err
begin_stream(struct rmi_audio_writer *w, int fd, struct rme_error *err)
{
	/* Into a file that is appended to, nothing can be written in front. */
	w->header_at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? -1 : lseek(fd, 0, SEEK_CUR);
	w->stream = fdopen(fd, "wb");
	if (w->stream == NULL) {
		(void)close(fd);
		return rme_error_set(err, RME_ENOMEM, w->name, "no memory for a buffer");
	}
	if (w->kind == KIND_RAW) {
		return RME_OK;
	}
	uint8_t header[RMI_WAV_HEADER_BYTES];
	rmi_wav_header_write(header, &w->format, w->header_at >= 0 ? 0 : UINT64_MAX);
	return fwrite(header, 1, sizeof(header), w->stream) == sizeof(header) ? RME_OK : write_failed(w, err);
}

/* Owns fd. */
static enum rme_err
begin_file(struct rmi_audio_writer *w, int fd, int row, struct rme_error *err)
{
	SF_INFO info = {
	    .samplerate = (int)w->format.audio.rate_hz,
	    .channels = (int)w->format.audio.channels,
	    .format = w->format.audio.sample == RME_SAMPLE_F32LE ? kinds[row].f32 : kinds[row].s16,
	};
	if (!sf_format_check(&info)) {
		(void)close(fd);
		return rme_error_set(err, RME_EUNSUPPORTED, w->name, "a %s file cannot hold %d Hz with %d channels",
		    kinds[row].ending, info.samplerate, info.channels);
	}
	w->file = sf_open_fd(fd, SFM_WRITE, &info, SF_TRUE);
	if (w->file == NULL) {
		return rme_error_set(err, RME_EUNSUPPORTED, w->name, "cannot be written: %s", sf_strerror(NULL));
	}
	return RME_OK;
}

enum rme_err
rmi_audio_writer_open(
    struct rmi_audio_writer **out, const char *path, const struct rme_format *format, struct rme_error *err)
{
	int row = kind_of(path);
	if (row < 0) {
		return rme_error_set(err, RME_EUNSUPPORTED, path,
		    "its ending says no kind of audio file: use .wav, .flac, .ogg, .opus, .aiff, .au, .w64 or "
		    ".raw");
	}
	if (format->media != RME_MEDIA_AUDIO_PCM || rme_format_unit_bytes(format) == 0) {
		return rme_error_set(
		    err, RME_EFORMAT, path, "what comes is no audio, or does not say of what format it is");
	}
	int fd = -1;
	enum rme_err e = rmi_wav_check_rate(format->audio.rate_hz, format->audio.channels, err);
	e = e == RME_OK ? open_fd(&fd, path, err) : e;
	if (e != RME_OK) {
		return e;
	}
	struct rmi_audio_writer *w = calloc(1, sizeof(*w));
	if (w == NULL) {
		(void)close(fd);
		return rme_error_set(err, RME_ENOMEM, path, "no memory");
	}
	set_name(w, strcmp(path, "-") == 0 ? "standard output" : path);
	w->kind = kinds[row].kind;
	w->format = *format;
	w->unit = rme_format_unit_bytes(format);
	e = w->kind == KIND_LIBSNDFILE ? begin_file(w, fd, row, err) : begin_stream(w, fd, err);
	if (e != RME_OK) {
		(void)!rmi_audio_writer_close(w, NULL);
		return e;
	}
	*out = w;
	return RME_OK;
}

/* Bring the header of a WAV up to date; where that is not possible it stays one of unknown length. */
static bool
update_header(struct rmi_audio_writer *w)
{
	if (w->kind != KIND_WAV || w->header_at < 0 || w->frames == w->frames_in_header) {
		return true;
	}
	uint8_t header[RMI_WAV_HEADER_BYTES];
	rmi_wav_header_write(header, &w->format, w->frames * w->unit);
	w->frames_in_header = w->frames;
	return fflush(w->stream) == 0 &&
	       pwrite(fileno(w->stream), header, sizeof(header), w->header_at) == (ssize_t)sizeof(header);
}

/* Through a block of memory that is aligned, which a payload need not be. */
static bool
put_block(struct rmi_audio_writer *w, const uint8_t *data, size_t frames)
{
	union {
		short s16[BLOCK_SAMPLES];
		float f32[BLOCK_SAMPLES];
	} block;
	sf_count_t n = (sf_count_t)frames;
	memcpy(&block, data, frames * w->unit);
	return n == (w->format.audio.sample == RME_SAMPLE_S16LE ? sf_writef_short(w->file, block.s16, n)
	                                                        : sf_writef_float(w->file, block.f32, n));
}

static bool
put_frames(struct rmi_audio_writer *w, const uint8_t *data, size_t frames)
{
	if (w->file == NULL) {
		return fwrite(data, w->unit, frames, w->stream) == frames;
	}
	size_t per_block = BLOCK_SAMPLES / w->format.audio.channels;
	while (frames > 0) {
		size_t n = frames < per_block ? frames : per_block;
		if (!put_block(w, data, n)) {
			return false;
		}
		data += n * w->unit;
		frames -= n;
	}
	return true;
}

enum rme_err
rmi_audio_writer_write(struct rmi_audio_writer *w, const struct rme_packet *p, struct rme_error *err)
{
	const struct rme_format *format = &rme_packet_meta(p)->format;
	size_t len = 0;
	const uint8_t *data = rme_packet_data(p, &len);
	if (!rme_format_equal(format, &w->format) || len % w->unit != 0) {
		char has[RME_FORMAT_TEXT_MAX], wants[RME_FORMAT_TEXT_MAX];
		(void)rme_format_print(format, has);
		(void)rme_format_print(&w->format, wants);
		return rme_error_set(
		    err, RME_EFORMAT, w->name, "began with %s, now comes %s: put AudioTransform before it", wants, has);
	}
	size_t frames = len / w->unit;
	if (w->kind == KIND_WAV && (w->frames + frames) * w->unit > UINT32_MAX - RMI_WAV_HEADER_BYTES) {
		return rme_error_set(err, RME_ELIMIT, w->name, "a WAV holds at most 4 GiB: use .w64, .flac or .raw");
	}
	if (!put_frames(w, data, frames)) {
		return write_failed(w, err);
	}
	w->frames += frames;
	if (w->frames - w->frames_in_header >= w->format.audio.rate_hz && !update_header(w)) {
		return write_failed(w, err);
	}
	return RME_OK;
}

uint64_t
rmi_audio_writer_frames(const struct rmi_audio_writer *w)
{
	return w->frames;
}

enum rme_err
rmi_audio_writer_close(struct rmi_audio_writer *w, struct rme_error *err)
{
	if (w == NULL) {
		return RME_OK;
	}
	enum rme_err e = RME_OK;
	if (w->stream != NULL) {
		bool ok = update_header(w);
		ok = fclose(w->stream) == 0 && ok;
		e = ok ? RME_OK : write_failed(w, err);
	}
	if (w->file != NULL && sf_close(w->file) != 0) {
		w->file = NULL;
		e = rme_error_set(err, RME_EIO, w->name, "could not be finished");
	}
	free(w);
	return e;
}
