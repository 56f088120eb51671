#ifndef RMI_ROUTE_DECIDE_H
#define RMI_ROUTE_DECIDE_H

/**
 * @file
 * The routing decision as a pure function: rules, what is believed of both sides, and an item go in; a side and a reason
 * come out. No clock, no input or output, no lock, no allocation; time is an argument, so a decision can be replayed.
 * What is believed is updated by learn.h.
 */

#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/route.h>
#include <rme/router.h>

/** Index of a side in arrays of two. */
enum { RMI_EDGE = 0, RMI_CLOUD = 1 };

static inline unsigned
rmi_side_index(enum rme_side s)
{
	return s == RME_SIDE_CLOUD ? RMI_CLOUD : RMI_EDGE;
}

static inline enum rme_side
rmi_side_other(enum rme_side s)
{
	return s == RME_SIDE_CLOUD ? RME_SIDE_EDGE : RME_SIDE_CLOUD;
}

/** Latency is learned per class of size: each class spans a factor of 4, from 256 bytes to 1 GB. */
enum { RMI_ROUTE_CLASSES = 12 };
unsigned rmi_route_class(uint64_t bytes);

/** A measured latency counts as known for so long; then the thresholds' choice is tried again by a real item. */
#define RMI_ROUTE_KNOWN_NS ((int64_t)20 * 1000000000)
/** A new measurement is averaged with one that is not older than this. */
#define RMI_ROUTE_AVERAGE_NS ((int64_t)60 * 1000000000)
/** Time constant with which failures are forgotten. */
#define RMI_ROUTE_FORGIVE_NS ((int64_t)20 * 1000000000)

/** What the rules of one router are; fixed for its life. */
struct rmi_route_rules {
	enum rme_route_mode mode;
	bool fallback;
	uint64_t edge_max_bytes, cloud_min_bytes;
	float edge_max_complexity, cloud_min_complexity;
	uint32_t breaker_failures; /* 0 = no breaker */
	int64_t breaker_wait_ns, breaker_wait_max_ns;
	int64_t timeout_ns[2]; /* of one try on each side, 0 = none */
	int64_t hold_ns;       /* a sticky session stays at least so long */
	rme_route_fn fn;
	void *fn_ctx;
};

/** A latency learned for one class of size. */
struct rmi_route_measure {
	float ms;
	int64_t at_ns; /* of the last measurement, 0 = none */
};

/** What is believed of one side. All-zero = nothing yet. */
struct rmi_route_side {
	bool trial;               /* half open, and one item is under way */
	uint32_t failures;        /* in a row */
	uint32_t trips;           /* openings of the breaker without a success between */
	int64_t blocked_until_ns; /* breaker: end of the pause, 0 = closed */
	int64_t tripped_ns;       /* when the breaker opened last: what began earlier proves nothing */
	float loss;               /* share of tries that fail, as of loss_at_ns; decays to 0 */
	float loss_ms;            /* what a failed try takes */
	int64_t loss_at_ns;
	struct rmi_route_measure measured[RMI_ROUTE_CLASSES];
};

struct rmi_route_beliefs {
	struct rmi_route_side side[2];
	bool offline;  /* the link gate: nothing in the cloud can be reached */
	uint32_t seed; /* spreads the pauses of many devices */
};

/** What is known of the item. */
struct rmi_route_item {
	const char *module;
	struct rme_format format;
	uint64_t bytes;
	float complexity;
	bool local;            /* RME_PACKET_LOCAL */
	bool open[2];          /* there is a node on that side, ... */
	int64_t reopen_ns[2];  /* ... or there may be one from then on, 0 = never */
	bool sticky;           /* the session is bound to one side ... */
	enum rme_side current; /* ... namely this one, NONE = not yet ... */
	int64_t since_ns;      /* ... since then */
	int64_t now_ns;
	int64_t deadline_ns; /* 0 = none */
};

/** Expected time of an item on a side, its failures and the way back included; NaN = not known. */
float rmi_route_expect_ms(const struct rmi_route_beliefs *b, enum rme_side s, const struct rmi_route_item *it);

/**
 * Decide. Fills @p out in either case; out->first is the side.
 * @return RME_OK; RME_EDENIED (private data, and no edge), RME_EUNAVAILABLE (no side is there): out->first is NONE
 */
RME_NODISCARD enum rme_err rmi_route_decide(struct rme_route *out, const struct rmi_route_rules *rules,
    const struct rmi_route_beliefs *b, const struct rmi_route_item *it);

/** May the item go to the other side, @p failed having failed by now? */
bool rmi_route_may_fall_back(const struct rmi_route_rules *rules, const struct rmi_route_beliefs *b,
    const struct rmi_route_item *it, enum rme_side failed);

#endif
