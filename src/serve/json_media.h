#ifndef RMI_SERVE_JSON_MEDIA_H
#define RMI_SERVE_JSON_MEDIA_H

/**
 * @file
 * Packets as JSON, for the existing protocol. What a JSON value means depends on what the node takes:
 *
 * - JSON or anything: the value as it stands.
 * - Text: `"..."`, or `{"text": "..."}`.
 * - Audio: `{"audio_data": DATA, "sample_rate": HZ}` or `[DATA, HZ]`, where DATA is one array of samples (mono) or one
 *   array per channel, full scale 1.0.
 * - Anything but JSON also: `{"format": "audio/pcm;format=s16le;rate=16000;channels=1", "data_base64": "..."}`.
 *
 * A result takes the shape that the item had. A result with a JSON annotation (a detector's finding about a piece of
 * audio) becomes that annotation alone.
 */

#include <rme/err.h>
#include <rme/format.h>
#include <rme/packet.h>

#include <stddef.h>

enum {
	RMI_JSON_MAX_BYTES = 16 * 1024 * 1024, /**< of one value as text, either way */
	RMI_JSON_MAX_DEPTH = 128,
};

enum rmi_json_shape {
	RMI_JSON_PLAIN = 0, /**< JSON as it stands; text as a string; audio as RMI_JSON_OBJECT */
	RMI_JSON_OBJECT,    /**< {"audio_data", "sample_rate"} */
	RMI_JSON_PAIR,      /**< [data, rate] */
	RMI_JSON_TYPED,     /**< {"format", "data_base64"} */
};

/** What a JSON value is. */
struct rmi_json_kind {
	enum rmi_json_shape shape;
	struct rme_format format;
};

/**
 * Read a JSON value for a node that takes @p want. Any thread.
 * @param in        a packet whose payload is the text; borrowed; its metadata goes to the result
 * @param[out] out  packet; NULL = only tell the kind
 * @param[out] kind set on RME_OK
 * @return RME_OK, RME_EPROTO (no JSON), RME_EFORMAT (not what the node takes), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_json_read(struct rme_packet **out, struct rmi_json_kind *kind, struct rme_packet *in,
    enum rme_media want, struct rme_error *err);

/**
 * Write a packet as JSON text. Any thread.
 * @param pkt       borrowed
 * @param[out] out  packet of format RME_MEDIA_JSON with @p pkt's metadata
 * @return RME_OK, RME_EFORMAT (JSON cannot say it), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_json_write(struct rme_packet **out, struct rme_packet *pkt, enum rmi_json_shape shape, struct rme_error *err);

#endif
