#ifndef RME_NODE_H
#define RME_NODE_H

/**
 * @file
 * Nodes: one processing step. A node type is a static const table, shared by all sessions; a node is one instance of it,
 * owned by one session.
 *
 * **Threads.** Every node of a session is called on the session's one thread of execution, one call at a time:
 * open, {process, flush, wake, reset}*, close. Only rme_node_wake() may be called by other threads.
 *
 * **Items.** Each item ends with one ITEM_END packet. A plain node sees DATA only, and an item is over for it when
 * process() returns; the framework passes FLUSH and ITEM_END on. A node with RME_NODE_ASYNC sees all three kinds, may keep
 * several items open, and must emit every FLUSH and ITEM_END exactly once, in item order, after the item's last result.
 *
 * **Errors.** An error returned by process() or flush() fails the item, not the node and not the session: later results of
 * the item are dropped, its ITEM_END carries the first error. Say more than the code with rme_node_fail().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/format.h>
#include <rme/packet.h>
#include <rme/params.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rme_node;
struct rme_runtime;
struct rme_stage_report;

/** Where results go. Embedded as first member of the concrete sink. */
struct rme_sink {
	/** Owns @p pkt in every case. Same thread as the node. */
	enum rme_err (*push)(struct rme_sink *self, struct rme_packet *pkt);
};

enum rme_node_flags {
	RME_NODE_ASYNC = 1u << 0,    /**< keeps items open, see above */
	RME_NODE_BLOCKING = 1u << 1, /**< process() may take long or wait: the session gets a worker of its own */
	RME_NODE_STATEFUL = 1u << 2, /**< results depend on earlier items (routers stay with one side) */
	RME_NODE_INTERNAL = 1u << 3, /**< made by the program, not by name */
	RME_NODE_OUTSIDE =
	    1u << 4, /**< its parameters reach beyond the process (files, devices, services): not served unless named */
};

/** A kind of node. Optional members may be NULL. */
struct rme_node_type {
	const char *name;               /**< e.g. "AudioTransform" */
	const char *category;           /**< "audio", "vision", "text", "base", ... */
	const char *help;               /**< one sentence */
	unsigned flags;                 /**< enum rme_node_flags */
	size_t state_size;              /**< of rme_node_state(), zeroed */
	size_t config_size;             /**< of the struct that params write into */
	const struct rme_param *params; /**< optional; ends with an entry without name */

	/**
	 * Optional. What the node wants and gives when data of format @p in comes.
	 * @param type  the type itself, for types that are part of a larger object
	 * @param config  NULL = all defaults
	 * @param[in,out] want  preset to @p in; change it to ask for a conversion before the node
	 * @param[in,out] gives  preset to "not said"; set it where it is known beforehand
	 * @return RME_OK, RME_EFORMAT (cannot use @p in, and no conversion would help)
	 */
	enum rme_err (*formats)(const struct rme_node_type *type, const void *config, const struct rme_format *in,
	    struct rme_format *want, struct rme_format *gives);

	/**
	 * Optional. How much work would @p in be, 0..1 (0.39: a quarter of a second, 0.63: half a second, on a small
	 * computer)? For routers that have the node at the edge; must be cheap (50 us). NaN = no opinion.
	 */
	float (*estimate)(struct rme_node *self, const struct rme_packet *in);

	/** Optional. On failure close() still runs. @p config outlives the node. */
	enum rme_err (*open)(struct rme_node *self, const void *config);
	/** Handle one packet: rme_node_emit() 0..n times, then return. Owns @p in. Errors of emit are returned at once. */
	enum rme_err (*process)(struct rme_node *self, struct rme_packet *in);
	/** Optional, not for async nodes. Emit what is still held, with the meta (seq!) of @p flush, which is borrowed. */
	enum rme_err (*flush)(struct rme_node *self, struct rme_packet *flush);
	/** Async only. Someone called rme_node_wake(), or the time of rme_node_wake_at() came. */
	void (*wake)(struct rme_node *self);
	/** Optional. Forget the stream, keep the configuration. Async nodes end every open item with RME_ECANCELED. */
	void (*reset)(struct rme_node *self);
	/** Optional. Accepts a half-opened state. */
	void (*close)(struct rme_node *self);
};

/** How to make a node: what configuration produces, and what pipelines and routers consume. */
struct rme_node_spec {
	const struct rme_node_type *type;
	const void *config; /**< of the type's config struct; outlives every node made from it; NULL = all defaults */
	const char *name;   /**< of the stage; outlives every node made from it; NULL = the type's name */
};

/* For node implementations; on the session's thread. */

/** The node's own state, type->state_size bytes. */
RME_EXPORT void *rme_node_state(struct rme_node *self);
/**
 * Make a packet for a result, its bytes not set yet, like rme_packet_alloc(). Large ones (over 64 KiB) lie in memory that a
 * module downstream sees without a copy, used again and again.
 * @return RME_OK, RME_ENOMEM, RME_ELIMIT
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_node_packet(
    struct rme_node *self, struct rme_packet **out, const struct rme_packet_meta *meta, size_t len, uint8_t **data);
/** Give a result to the next stage. Owns @p pkt. An error means that the item is not wanted any more: return it. */
RME_NODISCARD RME_EXPORT enum rme_err rme_node_emit(struct rme_node *self, struct rme_packet *pkt);
/** Remember why, for the verdict; to be used as `return rme_node_fail(self, RME_EFORMAT, "...")`. @return @p code */
RME_EXPORT enum rme_err rme_node_fail(struct rme_node *self, enum rme_err code, const char *fmt, ...) RME_PRINTF(3, 4);
/** Async: fail an open item, before emitting its ITEM_END. The first error stays. @p err is borrowed. */
RME_EXPORT void rme_node_item_fail(struct rme_node *self, uint64_t seq, const struct rme_error *err);
/** RME_OK while results of the item are wanted, else the error it failed with. */
RME_EXPORT enum rme_err rme_node_item_failed(struct rme_node *self, uint64_t seq);
/** The report of this stage for an open item, to be filled in; NULL where nobody keeps one. */
RME_EXPORT struct rme_stage_report *rme_node_report(struct rme_node *self, uint64_t seq);
/** Ask for wake() at a time (CLOCK_MONOTONIC ns); 0 = not any more. One time per node, a later call replaces it. */
RME_EXPORT void rme_node_wake_at(struct rme_node *self, int64_t when_ns);
/** Now, on the runtime's clock. */
RME_EXPORT int64_t rme_node_now(struct rme_node *self);
/** True once the session was canceled: long work should stop. Any thread. */
RME_EXPORT bool rme_node_canceled(struct rme_node *self);
RME_EXPORT const char *rme_node_name(struct rme_node *self);
RME_EXPORT const char *rme_node_session_id(struct rme_node *self);
RME_EXPORT struct rme_runtime *rme_node_runtime(struct rme_node *self);

/** Have wake() called soon, on the session's thread. Any thread, from open() on until close() returns. */
RME_EXPORT void rme_node_wake(struct rme_node *self);

#ifdef __cplusplus
}
#endif

#endif
