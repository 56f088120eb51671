#ifndef RMI_CORE_NODE_H
#define RMI_CORE_NODE_H

/**
 * @file
 * The framework's side of nodes, for whoever owns nodes: the pipeline, and nodes with children of their own (routers).
 * Session's thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/node.h>

struct rme_stage_stats;
struct rmi_cancel;
struct rmi_scope;
struct rmi_task;

/** Where failures and reports of a node's items go: the pipeline's items, or a router's attempts. */
struct rmi_scope_ops {
	/** Remember the first error of an open item. Unknown items are ignored. */
	void (*fail)(struct rmi_scope *self, uint64_t seq, const struct rme_error *err);
	/** RME_OK while its results are wanted. */
	enum rme_err (*failed)(struct rmi_scope *self, uint64_t seq);
	/** Optional; may return NULL. */
	struct rme_stage_report *(*report)(struct rmi_scope *self, uint64_t seq, unsigned stage);
};
struct rmi_scope {
	const struct rmi_scope_ops *ops;
};

/** What a node lives in; copied into it, the pointers outlive it. */
struct rmi_node_env {
	struct rme_runtime *rt;
	const char *session_id;
	uint64_t session;
	struct rmi_scope *scope;
	unsigned stage;            /**< index of the pipeline's stage it belongs to */
	size_t window;             /**< items that may be open at once; 0 = RME_SESSION_INFLIGHT_DEFAULT */
	struct rmi_task *task;     /**< woken by rme_node_wake(); NULL = nobody (tests call rmi_node_run_wake()) */
	struct rme_node *parent;   /**< node that owns this one; NULL = a stage of the pipeline */
	struct rmi_cancel *cancel; /**< of the session; NULL = never */
};

/**
 * Make and open a node. @p sink is borrowed and fixed for the node's life.
 * @return the error of open(), with text and the node's name in @p err
 */
RME_NODISCARD enum rme_err rmi_node_new(struct rme_node **out, const struct rme_node_spec *spec,
    const struct rmi_node_env *env, struct rme_sink *sink, struct rme_error *err);
/** NULL is a no-op. */
void rmi_node_free(struct rme_node *n);

/** Flags of the type, and RME_NODE_BLOCKING and RME_NODE_STATEFUL of the nodes in its RME_PARAM_NODE parameters. */
unsigned rmi_spec_flags(const struct rme_node_spec *spec);

/** The environment for a child of @p parent whose items are kept in @p scope. */
struct rmi_node_env rmi_node_child_env(struct rme_node *parent, struct rmi_scope *scope);
/** Environment of the node itself, borrowed. */
const struct rmi_node_env *rmi_node_env(const struct rme_node *n);
const struct rme_node_type *rmi_node_type(const struct rme_node *n);

/** Give the node a packet of any kind; applies the rules of <rme/node.h>. Owns @p in. */
RME_NODISCARD enum rme_err rmi_node_push(struct rme_node *n, struct rme_packet *in);

/** What the node says about the work in @p in, 0..1; NaN = no opinion. */
float rmi_node_estimate(struct rme_node *n, const struct rme_packet *in);

/** Call wake() if it was asked for, or its time has come. @return next time it wants to be called, 0 = none */
int64_t rmi_node_run_wake(struct rme_node *n, int64_t now_ns);

void rmi_node_reset(struct rme_node *n);

/**
 * For a node that has begun what only the thread that runs now can end: the session stays on this worker until
 * rmi_node_unpin() was called as often. @return false where this thread is no worker: wake yourself, and begin then
 */
RME_NODISCARD bool rmi_node_pin(struct rme_node *n);
void rmi_node_unpin(struct rme_node *n);

/** Any thread. */
void rmi_node_stats(const struct rme_node *n, struct rme_stage_stats *out);

/** An ITEM_END whose verdict has room for @p n_stages reports. Meta: that of @p of, kind and flags adjusted. */
RME_NODISCARD enum rme_err
rmi_packet_new_end(struct rme_packet **out, const struct rme_packet_meta *of, size_t n_stages);
/** The verdict to be filled in; the packet must not be shared. */
struct rme_verdict *rmi_packet_verdict(struct rme_packet *end);

#endif
