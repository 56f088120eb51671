#ifndef RMI_NODES_JSON_IO_H
#define RMI_NODES_JSON_IO_H

/** @file JSON and text in and out of packets, for nodes. Session's thread only. */

#include <stddef.h>
#include <yyjson.h>
#include <rme/err.h>

struct rme_node;
struct rme_packet;
struct rme_packet_meta;

enum { RMI_JSON_BYTES_MAX = 4 * 1024 * 1024 /**< largest text or JSON payload that nodes here take */ };

/** Text that came in, borrowed from the packet or from doc. */
struct rmi_text_in {
	const char *text; /**< UTF-8, not NUL-terminated */
	size_t len;
	yyjson_doc *doc; /**< NULL where the payload is text/plain */
};

/**
 * Read a text: text/plain as it is; of JSON a string, or the member "text" of an object.
 * @param[out] out  release with rmi_text_in_done()
 * @return RME_OK, RME_EFORMAT, RME_ELIMIT, RME_ENOMEM, with a text for the verdict
 */
RME_NODISCARD enum rme_err rmi_text_in(struct rmi_text_in *out, struct rme_node *self, const struct rme_packet *in);
void rmi_text_in_done(struct rmi_text_in *t);

/** Read any JSON. @param[out] out  release with yyjson_doc_free(). Returns as above. */
RME_NODISCARD enum rme_err rmi_json_in(yyjson_doc **out, struct rme_node *self, const struct rme_packet *in);

/**
 * Write a document and emit it as JSON.
 * @param doc   borrowed; may be NULL or incomplete after a failed allocation, which is RME_ENOMEM
 * @param meta  of the result but for kind and format
 */
RME_NODISCARD enum rme_err
rmi_json_emit(struct rme_node *self, const struct rme_packet_meta *meta, yyjson_mut_doc *doc);

/** Emit a text/plain packet. @param meta  as above */
RME_NODISCARD enum rme_err
rmi_text_emit(struct rme_node *self, const struct rme_packet_meta *meta, const char *text, size_t len);

#endif
