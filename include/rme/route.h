#ifndef RME_ROUTE_H
#define RME_ROUTE_H

/**
 * @file
 * How a router decided about an item: a small value that every result can be explained by.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RME_ROUTE_TEXT_MAX = 200 };

enum rme_route_mode {
	RME_ROUTE_NONE = 0, /**< the node is no router */
	RME_ROUTE_EDGE_ONLY = 1,
	RME_ROUTE_EDGE_FIRST = 2,
	RME_ROUTE_CLOUD_FIRST = 3,
	RME_ROUTE_CLOUD_ONLY = 4,
	RME_ROUTE_AUTO = 5,
	RME_ROUTE_THRESHOLDS = 6,
	RME_ROUTE_FUNCTION = 7,
};

/** The rule that decided. Values go over the wire: append only. */
enum rme_route_reason {
	RME_REASON_NONE = 0,
	RME_REASON_MODE = 1,            /**< the mode leaves no choice, or names the first side */
	RME_REASON_PRIVATE = 2,         /**< data marked local never leaves */
	RME_REASON_SMALL = 3,           /**< small and simple: edge */
	RME_REASON_LARGE = 4,           /**< large or complex: cloud */
	RME_REASON_MIDDLE = 5,          /**< between the thresholds: edge, with the cloud behind it */
	RME_REASON_FASTER = 6,          /**< measured latency is lower on this side */
	RME_REASON_OTHER_FAILING = 7,   /**< the other side's breaker is open */
	RME_REASON_OFFLINE = 8,         /**< the cloud cannot be reached */
	RME_REASON_FUNCTION = 9,        /**< the user's function said so */
	RME_REASON_STICKY = 10,         /**< the session stays with the side that holds its state */
	RME_REASON_PROBE = 11,          /**< trying whether a failing side works again */
	RME_REASON_NOT_OPEN = 12,       /**< the other side could not be opened */
	RME_REASON_LOW_CONFIDENCE = 13, /**< the edge was not sure enough */
	RME_REASON_DEADLINE = 14,       /**< measured: only this side can answer in time */
	RME_REASON_LAST_RESORT = 15,    /**< neither side is well; better tried than failed */
};

/** A router's decision about one item, and what came of it. */
struct rme_route {
	enum rme_route_mode mode;
	enum rme_route_reason reason; /**< why the first side was chosen */
	enum rme_side first;          /**< side tried first */
	enum rme_side side;           /**< side whose results were used; NONE = no side delivered */
	bool fell_back;               /**< the first side failed and the other was asked */
	enum rme_err cause;           /**< why it fell back */
	float complexity;             /**< 0..1, NaN = not estimated */
	float edge_ms, cloud_ms;      /**< what was expected of each side, NaN = not known */
	float complexity_limit;       /**< threshold that decided, NaN = none */
	uint64_t bytes;               /**< size of the item */
	uint64_t bytes_limit;         /**< threshold that decided, 0 = none */
	int64_t left_ns;              /**< time the item had until its deadline when it was decided, 0 = no deadline */
	int64_t retry_ns;    /**< until the side that is avoided is tried again, from the decision; 0 = not known */
	int64_t first_ns;    /**< what the first side took until it failed, 0 = it did not */
	uint32_t failures;   /**< of the side that is avoided, in a row */
	char cause_text[64]; /**< text that goes with cause, or why a side is not there; may be truncated */
};

/**
 * Explain the decision in words, e.g. "640 B < 100 KB and complexity 0.10 < 0.30".
 * @return length without NUL
 */
RME_EXPORT size_t rme_route_text(const struct rme_route *r, char text[RME_ROUTE_TEXT_MAX]);
/** Short stable words for files: "edge_first", "small", ... Never NULL. */
RME_EXPORT const char *rme_route_mode_name(enum rme_route_mode m);
RME_EXPORT const char *rme_route_reason_name(enum rme_route_reason r);
RME_EXPORT const char *rme_side_name(enum rme_side s);

#ifdef __cplusplus
}
#endif

#endif
