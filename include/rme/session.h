#ifndef RME_SESSION_H
#define RME_SESSION_H

/**
 * @file
 * Sessions: one caller's stream through a pipeline, with state. Items go in with rme_session_submit(), results and one
 * verdict per item come out of rme_session_recv(), in item order.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include <rme/pipeline.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rme_session;

/** What happens to an item that finds the inbox full. Whatever it is, the item gets its verdict. */
enum rme_when_full {
	RME_FULL_BLOCK = 0,       /**< submit waits */
	RME_FULL_REJECT = 1,      /**< submit returns RME_EAGAIN; the item was never accepted and gets no number */
	RME_FULL_DROP_NEWEST = 2, /**< the new item is dropped: its verdict is RME_EAGAIN */
	RME_FULL_DROP_OLDEST = 3, /**< the oldest waiting item is dropped: its verdict is RME_EAGAIN */
};

enum {
	RME_SESSION_INBOX_DEFAULT = 64,
	RME_SESSION_INBOX_MAX = 65536,
	RME_SESSION_INFLIGHT_DEFAULT = 32,
	RME_SESSION_INFLIGHT_MAX = 1024,
	RME_SESSION_OUTBOX_DEFAULT = 256, /**< packets; new items wait while more than this are unread */
	RME_SESSION_ID_MAX = 128,
};

/** All-zero = defaults. */
struct rme_session_config {
	const char *id;        /**< text id for guests and services; NULL = made up */
	size_t inbox_items;    /**< bound of the inbox */
	size_t inflight_items; /**< items that may be between first and last stage at once */
	size_t outbox_packets; /**< see RME_SESSION_OUTBOX_DEFAULT */
	enum rme_when_full when_full;
	int64_t item_timeout_ns; /**< deadline of items that come without one, from submit; 0 = none */
	/**
	 * Optional. rme_session_recv() would not wait any more: called when output came to a caller who had taken it all, and
	 * at the end. On the thread that made it, usually the session's, without a lock; may receive, submit and cancel, must
	 * not wait or free the session. For callers that can go on in any thread; others use rme_session_fd().
	 */
	void (*on_output)(void *ctx);
	void *on_output_ctx;
	/**
	 * Optional. Sees each DATA packet as it leaves a stage, before the next one gets it; @p pkt is borrowed. On the
	 * session's thread: must not block.
	 */
	void (*tap)(void *ctx, const char *node, struct rme_packet *pkt);
	void *tap_ctx;
};

/**
 * Open every node of a plan.
 * @param plan  borrowed, outlives the session
 * @param config  copied; NULL = defaults
 * @return RME_OK, or the error of the node that could not be opened, its name in err->where
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_session_open(struct rme_session **out, struct rme_runtime *rt,
    const struct rme_plan *plan, const struct rme_session_config *config, struct rme_error *err);
/** Cancels what is under way, waits for the session's thread, closes the nodes. NULL is a no-op. */
RME_EXPORT void rme_session_free(struct rme_session *s);

/**
 * Hand one item to the session. Owns @p pkt in every case. Any thread; items are numbered in the order of the calls.
 * With RME_FULL_BLOCK it waits while the inbox is full, at most until the item's deadline.
 * @param pkt  DATA; its deadline, trace and flags are kept, its seq and session are set
 * @param[out] seq  optional: item number, set on RME_OK only
 * @return RME_OK, RME_EAGAIN, RME_ETIMEDOUT, RME_ECLOSED (after end, cancel), RME_ENOMEM, RME_EINVAL (not DATA)
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_session_submit(struct rme_session *s, struct rme_packet *pkt, uint64_t *seq);

/** Have every node emit what it still holds; an item of its own. Same returns as submit. Any thread. */
RME_NODISCARD RME_EXPORT enum rme_err rme_session_flush(struct rme_session *s, uint64_t *seq);
/** Flush, then end the stream: no item is taken any more. Any thread; a second call is RME_ECLOSED. */
RME_NODISCARD RME_EXPORT enum rme_err rme_session_end(struct rme_session *s);
/** End at once: waiting and running items get RME_ECANCELED verdicts, which can still be received. Any thread. */
RME_EXPORT void rme_session_cancel(struct rme_session *s);

/**
 * Take the next packet: DATA of an item, then its ITEM_END with the verdict, then the next item. Only the verdicts of items
 * that were dropped at a full inbox come at once, wherever the items before them are.
 * @param deadline_ns  CLOCK_MONOTONIC; 0 = wait without end, negative = do not wait
 * @return RME_OK, RME_EAGAIN (nothing yet, did not wait), RME_ETIMEDOUT, RME_ECLOSED (ended, and all was received)
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_session_recv(struct rme_session *s, struct rme_packet **out, int64_t deadline_ns);

/**
 * An eventfd that is readable while rme_session_recv() would not wait, for callers with a loop of their own. The session
 * owns and resets it. Made at the first call. @return -1 where none could be made
 */
RME_EXPORT int rme_session_fd(struct rme_session *s);

/** Figures of one stage since the session was opened. */
struct rme_stage_stats {
	const char *node;
	uint64_t items, errors, packets_out;
	int64_t busy_ns;                /**< in the node's own code */
	int64_t p50_ns, p95_ns, p99_ns; /**< from the item's first packet in to its end out, 6 % buckets */
	int64_t wait_p50_ns,
	    wait_p99_ns; /**< from leaving the stage before (submit for the first) to entering this one */
};
/** Fill up to @p cap entries. Any thread. @return number of stages */
RME_EXPORT size_t rme_session_stats(struct rme_session *s, struct rme_stage_stats *out, size_t cap);
RME_EXPORT const char *rme_session_id(const struct rme_session *s);

#ifdef __cplusplus
}
#endif

#endif
