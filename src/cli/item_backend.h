#ifndef RMI_CLI_ITEM_BACKEND_H
#define RMI_CLI_ITEM_BACKEND_H

/** @file What the kinds of item sources share. Only item_*.c include it. */

#include "cli/item_source.h"

#include <stdio.h>

#include "base/frame_ring.h"

struct rmi_audio_reader;

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
	FILE *file; /* stdin is not closed */
	bool seekable;
	char *line; /* of getline() */
	size_t line_size;
	char **names; /* files of a folder, or the one file */
	size_t n_names, next_name;
	struct rmi_frame_source frames; /* for large files */
	struct rmi_audio_reader *audio;
	bool raw;         /* audio without a header */
	int64_t round_ns; /* time at which this round of the input began */
	int64_t end_ns;   /* time at which the last piece of audio ended */
};

extern const struct rmi_item_backend rmi_item_lines; /* text, JSON */
extern const struct rmi_item_backend rmi_item_files; /* each file one item */
extern const struct rmi_item_backend rmi_item_audio; /* audio in pieces */

/** Open s->path, or standard input. */
RME_NODISCARD enum rme_err rmi_item_open_file(struct rmi_item_source *s, struct rme_error *err);

/** To the start of the file. */
RME_NODISCARD enum rme_err rmi_item_rewind_file(struct rmi_item_source *s, struct rme_error *err);
void rmi_item_close_file(struct rmi_item_source *s);

/** Prepare the list of files: those of a folder in order of name, or the one. */
RME_NODISCARD enum rme_err rmi_item_list_files(struct rmi_item_source *s, bool folder, struct rme_error *err);

/** Open an audio file, or raw samples of s->format; s->format becomes that of the items. */
RME_NODISCARD enum rme_err rmi_item_open_audio(struct rmi_item_source *s, struct rme_error *err);

#endif
