#ifndef RMI_CORE_PIPELINE_H
#define RMI_CORE_PIPELINE_H

/**
 * @file
 * A chain of live nodes and the items between its first and last stage. Each stage is the sink of the one before, so a
 * packet's way is the call stack. One thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/pipeline.h>

struct rme_stage_stats;
struct rmi_node_env;
struct rmi_pipeline;

/** What a pipeline is made from; borrowed, outlives it. */
struct rmi_pipeline_in {
	const struct rme_plan_stage *stages;
	size_t n;
	size_t window;         /**< items that may be open at once */
	struct rme_sink *sink; /**< gets DATA and ITEM_END packets, in item order */
	void (*tap)(void *ctx, const char *node, struct rme_packet *pkt); /**< see rme_session_config; NULL = none */
	void *tap_ctx;
};

/** @param env  scope, stage and parent are set by the pipeline */
RME_NODISCARD enum rme_err rmi_pipeline_new(
    struct rmi_pipeline **out, const struct rmi_pipeline_in *in, const struct rmi_node_env *env, struct rme_error *err);
void rmi_pipeline_free(struct rmi_pipeline *p);

/** Items that have begun and not ended. */
size_t rmi_pipeline_open_items(const struct rmi_pipeline *p);

/**
 * Begin an item: its DATA or FLUSH, then its ITEM_END. DATA whose deadline has passed fails here. There must be room in
 * the window, and the seq must be larger than that of the item before. Owns both packets. What comes of it, failure
 * included, comes to the sink.
 */
void rmi_pipeline_start(struct rmi_pipeline *p, struct rme_packet *in, struct rme_packet *end);

/** Run what was woken. @return next time to be called, 0 = none */
int64_t rmi_pipeline_wake(struct rmi_pipeline *p);

/** Forget the stream: every open item ends, with RME_ECANCELED where it had not failed already. */
void rmi_pipeline_reset(struct rmi_pipeline *p);

/** Any thread. */
size_t rmi_pipeline_stats(const struct rmi_pipeline *p, struct rme_stage_stats *out, size_t cap);

#endif
