#include "cli/item_backend.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const struct {
	const char *suffix;
	enum rme_media media;
} suffixes[] = {
    {".wav", RME_MEDIA_AUDIO_PCM},
    {".flac", RME_MEDIA_AUDIO_PCM},
    {".ogg", RME_MEDIA_AUDIO_PCM},
    {".opus", RME_MEDIA_AUDIO_PCM},
    {".aiff", RME_MEDIA_AUDIO_PCM},
    {".au", RME_MEDIA_AUDIO_PCM},
    {".w64", RME_MEDIA_AUDIO_PCM},
    {".mp3", RME_MEDIA_AUDIO_PCM},
    {".txt", RME_MEDIA_TEXT},
    {".md", RME_MEDIA_TEXT},
    {".json", RME_MEDIA_JSON},
    {".jsonl", RME_MEDIA_JSON},
    {".ndjson", RME_MEDIA_JSON},
    {".jpg", RME_MEDIA_IMAGE_JPEG},
    {".jpeg", RME_MEDIA_IMAGE_JPEG},
    {".png", RME_MEDIA_IMAGE_PNG},
};

static bool
ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);
	return n > k && strcasecmp(path + n - k, suffix) == 0;
}

enum rme_media
rmi_item_media_of_name(const char *path)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (ends_in(path, suffixes[i].suffix)) {
			return suffixes[i].media;
		}
	}
	return RME_MEDIA_ANY;
}

enum rme_err
rmi_item_open_file(struct rmi_item_source *s, struct rme_error *err)
{
	s->file = strcmp(s->path, "-") == 0 ? stdin : fopen(s->path, "rbe");
	if (s->file == NULL) {
		enum rme_err code = errno == ENOENT ? RME_ENOTFOUND : RME_EIO;
		return rme_error_set(err, code, s->path, "cannot be opened: %s", strerror(errno));
	}
	s->seekable = s->file != stdin && fseek(s->file, 0, SEEK_CUR) == 0;
	return RME_OK;
}

enum rme_err
rmi_item_rewind_file(struct rmi_item_source *s, struct rme_error *err)
{
	if (!s->seekable) {
		return rme_error_set(err, RME_EUNSUPPORTED, s->path, "can be read only once");
	}
	if (fseek(s->file, 0, SEEK_SET) != 0) {
		return rme_error_set(err, RME_EIO, s->path, "%s", strerror(errno));
	}
	return RME_OK;
}

void
rmi_item_close_file(struct rmi_item_source *s)
{
	if (s->file != NULL && s->file != stdin) {
		(void)fclose(s->file);
	}
	s->file = NULL;
}

/* ---- lines ---- */

static enum rme_err
lines_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	ssize_t n;
	do {
		n = getline(&s->line, &s->line_size, s->file);
		while (n > 0 && (s->line[n - 1] == '\n' || s->line[n - 1] == '\r')) {
			n--;
		}
	} while (n == 0); /* empty lines are no items */
	if (n < 0) {
		return ferror(s->file) != 0
		           ? rme_error_set(err, RME_EIO, s->path, "reading failed: %s", strerror(errno))
		           : RME_ECLOSED;
	}
	if (n > RMI_ITEM_LINE_MAX) {
		return rme_error_set(err, RME_ELIMIT, s->path, "a line is longer than 16 MiB");
	}
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = s->format;
	return rme_packet_new(out, &meta, s->line, (size_t)n);
}

const struct rmi_item_backend rmi_item_lines = {lines_next, rmi_item_rewind_file, rmi_item_close_file};

/* ---- whole files ---- */

static enum rme_err
check_file(const struct stat *st, const char *name, struct rme_error *err)
{
	if (!S_ISREG(st->st_mode)) {
		return rme_error_set(err, RME_EIO, name, "is not a file");
	}
	if (st->st_size > RMI_ITEM_FILE_MAX) {
		return rme_error_set(err, RME_ELIMIT, name, "is larger than 256 MiB");
	}
	return RME_OK;
}

/* The file whose name was taken last. */
static enum rme_err
read_whole(
    struct rmi_item_source *s, FILE *f, const struct rme_format *format, struct rme_packet **out, struct rme_error *err)
{
	const char *name = s->names[s->next_name - 1];
	struct stat st;
	if (fstat(fileno(f), &st) != 0) {
		return rme_error_set(err, RME_EIO, name, "%s", strerror(errno));
	}
	enum rme_err e = check_file(&st, name, err);
	if (e != RME_OK) {
		return e;
	}
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = *format;
	uint8_t *data;
	struct rme_packet *pkt;
	e = rmi_frame_source_packet(&s->frames, &pkt, &meta, (size_t)st.st_size, &data);
	if (e != RME_OK) {
		return rme_error_set(err, e, name, "%s", rme_err_text(e));
	}
	if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		rme_packet_unref(pkt);
		return rme_error_set(err, RME_EIO, name, "reading failed");
	}
	*out = pkt;
	return RME_OK;
}

static enum rme_err
files_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	if (s->next_name == s->n_names) {
		return RME_ECLOSED;
	}
	const char *name = s->names[s->next_name++];
	FILE *f = fopen(name, "rbe");
	if (f == NULL) {
		return rme_error_set(err, errno == ENOENT ? RME_ENOTFOUND : RME_EIO, name, "%s", strerror(errno));
	}
	struct rme_format format = s->format;
	if (format.media == RME_MEDIA_ANY) {
		format = rme_format_of(rmi_item_media_of_name(name));
		format.media = format.media == RME_MEDIA_ANY ? RME_MEDIA_OCTETS : format.media;
	}
	enum rme_err e = read_whole(s, f, &format, out, err);
	(void)fclose(f);
	return e;
}

static enum rme_err
files_rewind(struct rmi_item_source *s, struct rme_error *err)
{
	(void)err;
	s->next_name = 0;
	return RME_OK;
}

static void
files_close(struct rmi_item_source *s)
{
	for (size_t i = 0; i < s->n_names; i++) {
		free(s->names[i]);
	}
	free(s->names);
}

const struct rmi_item_backend rmi_item_files = {files_next, files_rewind, files_close};

static int
is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.' && e->d_type != DT_DIR;
}

/* "folder/name" for each entry; the entries are freed. */
static enum rme_err
take_names(struct rmi_item_source *s, struct dirent **entries, size_t n)
{
	enum rme_err e = RME_OK;
	for (size_t i = 0; i < n; i++) {
		char *name = NULL;
		if (e == RME_OK && asprintf(&name, "%s/%s", s->path, entries[i]->d_name) < 0) {
			e = RME_ENOMEM;
		} else if (e == RME_OK) {
			s->names[s->n_names++] = name;
		}
		free(entries[i]);
	}
	return e;
}

enum rme_err
rmi_item_list_files(struct rmi_item_source *s, bool folder, struct rme_error *err)
{
	struct dirent **entries = NULL;
	int n = folder ? scandir(s->path, &entries, is_visible, alphasort) : 1;
	if (n < 0) {
		return rme_error_set(err, RME_EIO, s->path, "cannot be read: %s", strerror(errno));
	}
	s->names = calloc((size_t)n + 1, sizeof(*s->names));
	enum rme_err e = s->names == NULL ? RME_ENOMEM : n > RMI_ITEM_FILES_MAX ? RME_ELIMIT : RME_OK;
	if (e == RME_OK && folder) {
		e = take_names(s, entries, (size_t)n);
	} else if (e == RME_OK) {
		s->names[0] = strdup(s->path);
		s->n_names = s->names[0] != NULL ? 1 : 0;
		e = s->names[0] != NULL ? RME_OK : RME_ENOMEM;
	}
	free(entries);
	s->count = s->n_names;
	return e == RME_OK ? e : rme_error_set(err, e, s->path, "%s", rme_err_text(e));
}

/* ---- standard input as one item ---- */

/* Grow the room for what comes, up to the limit of a file. */
static enum rme_err
make_room(uint8_t **data, size_t len, size_t *room, struct rme_error *err)
{
	if (len < *room) {
		return RME_OK;
	}
	size_t more = *room > 0 ? *room * 2 : 64 * 1024;
	if (more > RMI_ITEM_FILE_MAX * (size_t)2) {
		return rme_error_set(err, RME_ELIMIT, "standard input", "is larger than 256 MiB");
	}
	uint8_t *grown = realloc(*data, more);
	if (grown == NULL) {
		return rme_error_set(err, RME_ENOMEM, "standard input", "%s", rme_err_text(RME_ENOMEM));
	}
	*data = grown;
	*room = more;
	return RME_OK;
}

static enum rme_err
read_stdin(uint8_t **data, size_t *len, struct rme_error *err)
{
	size_t room = 0;
	*data = NULL;
	*len = 0;
	do {
		enum rme_err e = make_room(data, *len, &room, err);
		if (e != RME_OK) {
			return e;
		}
		*len += fread(*data + *len, 1, room - *len, stdin);
	} while (feof(stdin) == 0 && ferror(stdin) == 0);
	if (ferror(stdin) != 0) {
		return rme_error_set(err, RME_EIO, "standard input", "reading failed: %s", strerror(errno));
	}
	return *len <= RMI_ITEM_FILE_MAX ? RME_OK
	                                 : rme_error_set(err, RME_ELIMIT, "standard input", "is larger than 256 MiB");
}

static enum rme_err
stdin_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	if (s->next_name++ > 0) {
		return RME_ECLOSED;
	}
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = s->format;
	uint8_t *data;
	size_t len;
	enum rme_err e = read_stdin(&data, &len, err);
	if (e == RME_OK && rme_packet_new(out, &meta, data, len) != RME_OK) {
		e = rme_error_set(err, RME_ENOMEM, "standard input", "%s", rme_err_text(RME_ENOMEM));
	}
	free(data);
	return e;
}

static enum rme_err
stdin_rewind(struct rmi_item_source *s, struct rme_error *err)
{
	(void)s;
	return rme_error_set(err, RME_EUNSUPPORTED, "standard input", "can be read only once");
}

static void
stdin_close(struct rmi_item_source *s)
{
	(void)s;
}

static const struct rmi_item_backend whole_stdin = {stdin_next, stdin_rewind, stdin_close};

/* ---- choosing ---- */

static bool
is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum rme_err
open_by_media(struct rmi_item_source *s, enum rme_media media, struct rme_error *err)
{
	switch (media) {
	case RME_MEDIA_AUDIO_PCM:
		s->backend = &rmi_item_audio;
		return rmi_item_open_audio(s, err);
	case RME_MEDIA_TEXT:
	case RME_MEDIA_JSON:
		if (ends_in(s->path, ".json")) {
			break;
		}
		s->backend = &rmi_item_lines;
		return rmi_item_open_file(s, err);
	case RME_MEDIA_ANY:
	case RME_MEDIA_IMAGE_RAW:
	case RME_MEDIA_IMAGE_JPEG:
	case RME_MEDIA_IMAGE_PNG:
	case RME_MEDIA_TENSOR_F32:
	case RME_MEDIA_OCTETS:
	case RME_MEDIA_COUNT_:
		break;
	}
	if (strcmp(s->path, "-") == 0 && media != RME_MEDIA_ANY) {
		s->backend = &whole_stdin;
		s->count = 1;
		return RME_OK;
	}
	if (strcmp(s->path, "-") == 0) {
		return rme_error_set(
		    err, RME_EFORMAT, "standard input", "say what it is: --format text/plain, for example");
	}
	s->backend = &rmi_item_files;
	return rmi_item_list_files(s, false, err);
}

static enum rme_err
open_source(struct rmi_item_source *s, struct rme_error *err)
{
	if (is_folder(s->path)) {
		s->backend = &rmi_item_files;
		return rmi_item_list_files(s, true, err);
	}
	enum rme_media said = s->format.media, named = rmi_item_media_of_name(s->path);
	if (said == RME_MEDIA_ANY && named == RME_MEDIA_ANY && strcmp(s->path, "-") != 0) {
		return rme_error_set(err, RME_EFORMAT, s->path,
		    "its name does not say what it is; say it: --format "
		    "'audio/pcm;format=s16le;rate=16000;channels=1', for "
		    "example");
	}
	if (said == RME_MEDIA_ANY) {
		s->format = rme_format_of(named);
	}
	return open_by_media(s, s->format.media, err);
}

enum rme_err
rmi_item_source_open(struct rmi_item_source **out, const struct rmi_item_source_config *config, struct rme_error *err)
{
	struct rmi_item_source *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		return rme_error_set(err, RME_ENOMEM, config->path, "%s", rme_err_text(RME_ENOMEM));
	}
	s->path = config->path;
	s->format = config->format;
	s->chunk_ns = config->chunk_ns;
	enum rme_err e = open_source(s, err);
	if (e != RME_OK) {
		rmi_item_source_close(s);
		return e;
	}
	*out = s;
	return RME_OK;
}

const struct rme_format *
rmi_item_source_format(const struct rmi_item_source *s)
{
	return &s->format;
}

uint64_t
rmi_item_source_count(const struct rmi_item_source *s)
{
	return s->count;
}

enum rme_err
rmi_item_source_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err)
{
	return s->backend->next(s, out, err);
}

enum rme_err
rmi_item_source_rewind(struct rmi_item_source *s, struct rme_error *err)
{
	return s->backend->rewind(s, err);
}

void
rmi_item_source_close(struct rmi_item_source *s)
{
	if (s == NULL) {
		return;
	}
	if (s->backend != NULL) {
		s->backend->close(s);
	}
	rmi_frame_source_done(&s->frames);
	free(s->line);
	free(s);
}
