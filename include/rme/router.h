#ifndef RME_ROUTER_H
#define RME_ROUTER_H

/**
 * @file
 * The node "IntelligentRouter": runs each item at the edge or in the cloud, and falls back to the other side. This header
 * is for programs that bring a rule of their own or read the router's figures; pipelines need only its name and
 * parameters.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/node.h>
#include <rme/route.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rme_runtime;

/** What a user's rule is told about an item. */
struct rme_route_ask {
	const char *module; /**< name of the edge node */
	struct rme_format format;
	uint64_t bytes;          /**< size of the item's first packet */
	float complexity;        /**< 0..1 */
	int64_t left_ns;         /**< until the item's deadline; INT64_MAX = no deadline */
	bool edge_ok, cloud_ok;  /**< the side is there and well (private data: cloud_ok is false) */
	float edge_ms, cloud_ms; /**< expected time on each side, failures included; NaN = not known */
};

/**
 * A user's rule, for the mode `function`. Called on the session's thread, several sessions at once; must not block.
 * Its answer counts while that side is well; gates, fallback and limits stay in force.
 * @return RME_SIDE_NONE = no opinion, the thresholds decide
 */
typedef enum rme_side (*rme_route_fn)(void *ctx, const struct rme_route_ask *ask);

/** Is the session bound to the side that holds its state? */
enum rme_route_sticky {
	RME_STICKY_AUTO = 0, /**< session where a side is stateful (RME_NODE_STATEFUL), else item */
	RME_STICKY_ITEM = 1, /**< each item is decided anew */
	RME_STICKY_SESSION =
	    2, /**< stay with one side; change after sticky_hold_ns at the earliest, or when it fails */
};

/** What an answer without any content means. */
enum rme_route_on_empty { RME_EMPTY_ACCEPT = 0, RME_EMPTY_FALLBACK = 1 };

/** Config of the node type; bound from parameters of the same names. */
struct rme_router_config {
	struct rme_node_spec edge, cloud; /**< either may be left out (type NULL): that side is never there */
	int mode;                         /**< enum rme_route_mode - 1 */
	int sticky;                       /**< enum rme_route_sticky */
	int on_empty;                     /**< enum rme_route_on_empty */
	bool fallback;                    /**< ask the other side when the first one fails; not in the *_only modes */
	double complexity;                /**< of every item, 0..1; negative = estimate from the data */
	int64_t edge_max_bytes;           /**< smaller than this, */
	double edge_max_complexity;       /**< and simpler than this: edge */
	int64_t cloud_min_bytes;          /**< larger than this, */
	double cloud_min_complexity;      /**< or more complex than this: cloud */
	int64_t edge_timeout_ns, cloud_timeout_ns;    /**< of one try; 0 = the item's deadline alone */
	double min_confidence;                        /**< an edge result below it is asked of the cloud too; 0 = off */
	int64_t breaker_failures;                     /**< in a row, until a side is avoided; 0 = never */
	int64_t breaker_wait_ns, breaker_wait_max_ns; /**< first pause of an avoided side, doubled up to the second */
	int64_t sticky_hold_ns;
	int64_t hold_bytes, hold_packets; /**< results of one item kept until it is complete */
	char *function;                   /**< name of a rule given with rme_router_add_function() */
};

extern RME_EXPORT const struct rme_node_type rme_router_type;

/** One side of a router, over all items so far. */
struct rme_router_side_stats {
	uint64_t requests;              /**< tries begun */
	uint64_t ok, failed, timeouts;  /**< how they ended; timeouts are among the failed */
	uint64_t bytes_up, bytes_down;  /**< payload to and from the side */
	double success_rate;            /**< ok / (ok + failed), NaN = none ended */
	int64_t p50_ns, p95_ns, p99_ns; /**< of tries that went well, 6 % buckets */
	bool avoided;                   /**< its breaker is open */
};

/** Figures of one router, over all its sessions in this runtime. */
struct rme_router_stats {
	const char *node;   /**< name of the stage; lives as long as the runtime */
	uint64_t items;     /**< items with data */
	uint64_t fallbacks; /**< items of which both sides were asked */
	uint64_t failed;    /**< items that no side answered */
	struct rme_router_side_stats edge, cloud;
};

/** Figures of up to @p cap routers, in the order in which they were first opened. Any thread. @return how many there are */
RME_EXPORT size_t rme_router_stats(struct rme_runtime *rt, struct rme_router_stats *out, size_t cap);

/** Write the figures as one JSON object, NUL-terminated. @return length without NUL; >= @p cap = cut */
RME_EXPORT size_t rme_router_stats_json(const struct rme_router_stats *s, char *buf, size_t cap);

/**
 * Make a rule known under a name, for the parameter `function`. Before the first session that names it.
 * @param ctx  outlives the runtime
 * @return RME_OK, RME_EINVAL (name taken), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_router_add_function(struct rme_runtime *rt, const char *name, rme_route_fn fn, void *ctx);

#ifdef __cplusplus
}
#endif

#endif
