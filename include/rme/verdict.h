#ifndef RME_VERDICT_H
#define RME_VERDICT_H

/**
 * @file
 * The verdict that closes each item: how it ended, and what happened to it at every stage.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/route.h>

/** What one node did with one item. Times are CLOCK_MONOTONIC ns, 0 = the item did not get there. */
struct rme_stage_report {
	const char *node;       /**< name of the stage, valid as long as the session */
	int64_t enter_ns;       /**< first packet of the item came in */
	int64_t leave_ns;       /**< last result of the item went out */
	int64_t busy_ns;        /**< time in this node's own code on the session's thread, later stages excluded */
	int64_t remote_ns;      /**< time the far side says it worked, queue included */
	uint32_t packets_out;   /**< results emitted */
	uint32_t bytes_up;      /**< payload sent over the network */
	uint32_t bytes_down;    /**< payload received over the network */
	enum rme_side side;     /**< where the work was done */
	struct rme_route route; /**< mode is RME_ROUTE_NONE where the stage is no router */
};

/** Memory belongs to the ITEM_END packet. */
struct rme_verdict {
	struct rme_error error; /**< code RME_OK = the item went through; where = stage that failed */
	int64_t submit_ns;      /**< handed to the session */
	int64_t start_ns;       /**< taken out of the inbox */
	int64_t end_ns;         /**< verdict given */
	size_t n_stages;
	struct rme_stage_report stage[]; /**< in pipeline order */
};

#endif
