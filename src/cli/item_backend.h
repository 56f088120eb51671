#ifndef RMI_CLI_ITEM_BACKEND_H
#define RMI_CLI_ITEM_BACKEND_H

/** @file What the kinds of item sources share. Only item_*.c include it. */

#include "cli/item_source.h"

#include <stdio.h>

struct rmi_item_backend {
	enum rme_err (*next)(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err);
	enum rme_err (*rewind)(struct rmi_item_source *s, struct rme_error *err);
	void (*close)(struct rmi_item_source *s); /* accepts a half-opened source */
};

struct rmi_item_source {
	const struct rmi_item_backend *backend;
	const char *path; /* owned by the caller of rmi_item_source_open(), who keeps it */
	struct rme_format format;
	uint64_t count;
	int64_t chunk_ns;
	int64_t at_ns; /* time of the next piece of audio */
	FILE *file;    /* stdin is not closed */
	bool seekable;
	char *line; /* of getline() */
	size_t line_size;
	char **names; /* files of a folder, or the one file */
	size_t n_names, next_name;
	uint64_t frames_done; /* of audio, since the start or the last rewind */
	void *audio;          /* of libsndfile's file, see item_audio.c */
	size_t chunk_frames;
};

extern const struct rmi_item_backend rmi_item_lines; /* text, JSON */
extern const struct rmi_item_backend rmi_item_files; /* each file one item */
extern const struct rmi_item_backend rmi_item_raw;   /* raw samples */
extern const struct rmi_item_backend rmi_item_sound; /* audio file */

/** Open s->path, or standard input. */
RME_NODISCARD enum rme_err rmi_item_open_file(struct rmi_item_source *s, struct rme_error *err);

/** To the start of the file. */
RME_NODISCARD enum rme_err rmi_item_rewind_file(struct rmi_item_source *s, struct rme_error *err);
void rmi_item_close_file(struct rmi_item_source *s);

/** Prepare the list of files: those of a folder in order of name, or the one. */
RME_NODISCARD enum rme_err rmi_item_list_files(struct rmi_item_source *s, bool folder, struct rme_error *err);

/** Frames of a piece of audio, at least 1. Needs a complete audio format. */
RME_NODISCARD enum rme_err rmi_item_start_audio(struct rmi_item_source *s, struct rme_error *err);

/** Metadata of a piece of audio of @p frames; time goes on. */
struct rme_packet_meta rmi_item_audio_meta(struct rmi_item_source *s, size_t frames);

#endif
