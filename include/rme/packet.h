#ifndef RME_PACKET_H
#define RME_PACKET_H

/**
 * @file
 * Packets: what flows through a pipeline, always downstream, always in order. A packet is refcounted and immutable while
 * shared. **A packet handed over is consumed in every case**, success or failure; who wants to try again takes a
 * reference first. References may be taken and dropped by any thread; everything else by one thread at a time.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rme_packet;
struct rme_verdict;

/** Borrowed bytes. */
struct rme_bytes {
	const uint8_t *data;
	size_t len;
};

/** Largest payload of one packet. */
#define RME_PACKET_BYTES_MAX ((size_t)256 * 1024 * 1024)

enum rme_packet_kind {
	RME_PACKET_DATA = 0,     /**< payload of an item */
	RME_PACKET_FLUSH = 1,    /**< input pauses or ended: every node emits what it still holds; an item of its own */
	RME_PACKET_ITEM_END = 2, /**< nothing more comes for meta.seq; carries the verdict */
};

enum rme_packet_flags {
	RME_PACKET_LOCAL = 1u << 0, /**< private: must not leave this device */
	RME_PACKET_LAST = 1u << 1,  /**< FLUSH and its ITEM_END only: the stream ends here */
	RME_PACKET_WHOLE =
	    1u << 2, /**< complete in itself (an utterance, a sentence): what comes next does not continue it */
};

/** Where a result was made. Values go over the wire. */
enum rme_side { RME_SIDE_NONE = 0, RME_SIDE_EDGE = 1, RME_SIDE_CLOUD = 2 };

/** W3C trace context (https://www.w3.org/TR/trace-context/); all-zero = none. */
struct rme_trace {
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t flags;
};

/** What travels with the payload; copied by value to every packet derived from it. */
struct rme_packet_meta {
	enum rme_packet_kind kind;
	uint32_t flags;           /**< enum rme_packet_flags */
	uint64_t seq;             /**< item number, per session from 1, set by rme_session_submit() */
	uint64_t session;         /**< number of the session in its runtime */
	int64_t pts_ns;           /**< media time, -1 = none */
	int64_t duration_ns;      /**< media duration, 0 = none */
	int64_t deadline_ns;      /**< CLOCK_MONOTONIC, 0 = none */
	struct rme_format format; /**< of the payload */
	struct rme_trace trace;
	float confidence;   /**< of the maker in this payload, 0..1, NaN = no opinion */
	enum rme_side side; /**< who made it */
};

/** Meta of a DATA packet with nothing known: no times, no confidence. */
RME_EXPORT struct rme_packet_meta rme_packet_meta_init(void);

/**
 * Make a packet that owns a copy of @p data.
 * @param data  may be NULL where @p len is 0
 * @param[out] out  release with rme_packet_unref()
 * @return RME_OK, RME_ENOMEM, RME_ELIMIT (longer than RME_PACKET_BYTES_MAX)
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_packet_new(struct rme_packet **out, const struct rme_packet_meta *meta, const void *data, size_t len);

/** Like rme_packet_new(), but the @p len bytes are not set yet: write them through @p data before handing it over. */
RME_NODISCARD RME_EXPORT enum rme_err
rme_packet_alloc(struct rme_packet **out, const struct rme_packet_meta *meta, size_t len, uint8_t **data);

/**
 * Memory for large payloads (64 KiB to 32 MiB), used again and again, that modules see without a copy. A module that gets a
 * payload of a pool can read the others in it: use one pool for one session.
 */
struct rme_packet_pool;
/** For whoever submits large items again and again. @return RME_OK, RME_ENOMEM */
RME_NODISCARD RME_EXPORT enum rme_err rme_packet_pool_new(struct rme_packet_pool **out);
/** Packets made from it live on. NULL is a no-op. */
RME_EXPORT void rme_packet_pool_free(struct rme_packet_pool *pool);
/** Like rme_packet_alloc(), in the pool where there is room. One thread at a time. */
RME_NODISCARD RME_EXPORT enum rme_err rme_packet_pool_alloc(struct rme_packet_pool *pool, struct rme_packet **out,
    const struct rme_packet_meta *meta, size_t len, uint8_t **data);

/**
 * Make a packet over foreign memory, without a copy.
 * @param release  called once with @p ctx when the last reference is gone, by any thread; called on failure too
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_packet_wrap(struct rme_packet **out, const struct rme_packet_meta *meta,
    struct rme_bytes bytes, void (*release)(void *ctx), void *ctx);

/**
 * Make a packet with other metadata over the same payload, without a copy.
 * @param from  borrowed; its payload lives as long as the new packet; annotation is kept
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_packet_derive(struct rme_packet **out, struct rme_packet *from, const struct rme_packet_meta *meta);

/** @return @p p, with one more reference */
RME_EXPORT struct rme_packet *rme_packet_ref(struct rme_packet *p);
/** Drop a reference. NULL is a no-op. */
RME_EXPORT void rme_packet_unref(struct rme_packet *p);

/** Borrowed from the packet. */
RME_EXPORT const struct rme_packet_meta *rme_packet_meta(const struct rme_packet *p);
/** The payload, borrowed from the packet. Never NULL. */
RME_EXPORT const uint8_t *rme_packet_data(const struct rme_packet *p, size_t *len);

/**
 * Get a payload that may be written, copying it if anyone else can see it.
 * @param[in,out] p  consumed and replaced on success; untouched on failure
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_packet_writable(struct rme_packet **p, uint8_t **data, size_t *len);

/**
 * Shorten the payload of a packet that nobody else holds (a maker that allocated the worst case).
 * @return RME_OK, RME_EINVAL (shared, or @p len is larger than now)
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_packet_truncate(struct rme_packet *p, size_t len);

/**
 * A second packet that says something about this one (a detector's verdict about a piece of audio); NULL = none.
 * Borrowed from the packet.
 */
RME_EXPORT struct rme_packet *rme_packet_annotation(const struct rme_packet *p);
/** Attach an annotation to a packet that nobody else holds. Owns @p annotation; NULL removes. */
RME_EXPORT void rme_packet_annotate(struct rme_packet *p, struct rme_packet *annotation);

/** The verdict of an ITEM_END, borrowed from the packet; NULL for other kinds. See <rme/verdict.h>. */
RME_EXPORT const struct rme_verdict *rme_packet_verdict(const struct rme_packet *p);

#ifdef __cplusplus
}
#endif

#endif
