#ifndef RMI_CLI_ITEM_SOURCE_H
#define RMI_CLI_ITEM_SOURCE_H

/**
 * @file
 * Where the items of a run come from: an audio file or raw samples cut into pieces, lines of text or JSON, whole files
 * (standard input is one too), all files of a folder. One thread at a time.
 */

#include <rme/format.h>
#include <rme/packet.h>
#include <stdbool.h>

struct rmi_item_source;

enum {
	RMI_ITEM_LINE_MAX = 16 * 1024 * 1024,  /**< bytes of a line */
	RMI_ITEM_FILE_MAX = 256 * 1024 * 1024, /**< bytes of a file that is one item */
	RMI_ITEM_FILES_MAX = 100000,           /**< files of a folder */
};

struct rmi_item_source_config {
	const char *path;         /**< "-" = standard input */
	struct rme_format format; /**< of the items; all-zero = found out by name and content */
	int64_t chunk_ns;         /**< length of a piece of audio */
};

/** @return RME_OK; RME_ENOTFOUND, RME_EIO; RME_EFORMAT (cannot tell what it is, or not what @p format says) */
RME_NODISCARD enum rme_err
rmi_item_source_open(struct rmi_item_source **out, const struct rmi_item_source_config *config, struct rme_error *err);

/** What the items are; media RME_MEDIA_ANY where they differ. */
const struct rme_format *rmi_item_source_format(const struct rmi_item_source *s);

/** Number of items, 0 = not known beforehand. */
uint64_t rmi_item_source_count(const struct rmi_item_source *s);

/** The next item. @return RME_OK, RME_ECLOSED (no more), RME_EIO, RME_EFORMAT, RME_ELIMIT, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_item_source_next(struct rmi_item_source *s, struct rme_packet **out, struct rme_error *err);

/** Begin again; times go on from where they are. @return RME_OK, RME_EUNSUPPORTED (a pipe), RME_EIO */
RME_NODISCARD enum rme_err rmi_item_source_rewind(struct rmi_item_source *s, struct rme_error *err);

/** NULL is a no-op. */
void rmi_item_source_close(struct rmi_item_source *s);

/** What the name of a file says about its content; RME_MEDIA_ANY = nothing. */
enum rme_media rmi_item_media_of_name(const char *path);

#endif
