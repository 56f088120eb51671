#ifndef RMI_CLI_ITEM_SINK_H
#define RMI_CLI_ITEM_SINK_H

/**
 * @file
 * Where the results of a run go: an audio file, lines of text or JSON, or plain bytes. One thread at a time.
 */

#include <rme/packet.h>
#include <stdio.h>

struct rmi_item_sink;

/** How results are written. */
enum rmi_sink_kind {
	RMI_SINK_AUTO = 0, /**< by the file's name: .wav and others, .txt, .jsonl; else bytes */
	RMI_SINK_LINES,    /**< text, JSON and bytes that are text as one line each; others are left out and counted */
	RMI_SINK_JSONL,    /**< one JSON object per result, with its item, time and format */
	RMI_SINK_AUDIO,    /**< audio; its format is that of the first result */
	RMI_SINK_BYTES,    /**< payloads one after the other */
};

/**
 * @param path  created or emptied; NULL = write to @p stream, which is not closed
 * @return RME_OK, RME_EIO, RME_EUNSUPPORTED (a stream cannot take this kind), RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_item_sink_open(
    struct rmi_item_sink **out, const char *path, FILE *stream, enum rmi_sink_kind kind, struct rme_error *err);

/** Write one result, borrowed. @return RME_OK, RME_EIO, RME_EFORMAT (not what the file holds) */
RME_NODISCARD enum rme_err rmi_item_sink_put(struct rmi_item_sink *s, struct rme_packet *pkt, struct rme_error *err);

/** Results that the kind has no way to write. */
uint64_t rmi_item_sink_left_out(const struct rmi_item_sink *s);

/** Finish the file. NULL is a no-op. @return RME_OK, RME_EIO */
RME_NODISCARD enum rme_err rmi_item_sink_close(struct rmi_item_sink *s, struct rme_error *err);

#endif
