#ifndef RMI_ROUTE_BOOK_H
#define RMI_ROUTE_BOOK_H

/**
 * @file
 * What one router has learned and counted, shared by all sessions of a runtime that run it: a new session knows at once
 * what the others have found out. Any thread.
 */

#include <pthread.h>
#include <stdint.h>
#include <rme/router.h>

#include "base/histogram.h"
#include "core/runtime.h"
#include "route/decide.h"
#include "route/learn.h"

enum { RMI_BOOK_KEY_MAX = 256 };

struct rmi_route_book {
	struct rmi_attachment base;
	char key[RMI_BOOK_KEY_MAX];
	char node[RMI_BOOK_KEY_MAX];
	bool shared;        /* hangs on the runtime */
	pthread_mutex_t mu; /* guards all below */
	struct rmi_route_beliefs beliefs;
	struct rme_router_stats stats; /* its quantiles and rates are made on reading */
	struct rmi_histogram took[2];
};

/** The names that tell one router from another. */
struct rmi_book_names {
	const char *node, *edge, *cloud;
};

/** Find or make the book. Give it back with rmi_book_done(). @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_book_find(struct rmi_route_book **out, struct rme_runtime *rt, const struct rmi_book_names *names);
/** NULL is a no-op. */
void rmi_book_done(struct rmi_route_book *book);

/** See rmi_route_decide(). Counts the item. The user's function is called without a lock. */
RME_NODISCARD enum rme_err rmi_book_decide(struct rmi_route_book *book, struct rme_route *out,
    const struct rmi_route_rules *rules, const struct rmi_route_item *it);
/** See rmi_route_may_fall_back(). */
bool rmi_book_may_fall_back(struct rmi_route_book *book, const struct rmi_route_rules *rules,
    const struct rmi_route_item *it, enum rme_side failed);
/** Time measured for such items on a side, 0 = not known. */
int64_t rmi_book_measured_ns(struct rmi_route_book *book, const struct rmi_route_item *it, enum rme_side s);
/** See rmi_route_pause_ns(). */
int64_t rmi_book_pause_ns(struct rmi_route_book *book, const struct rmi_route_rules *rules, uint32_t trips);

void rmi_book_begin(struct rmi_route_book *book, enum rme_side s, int64_t now_ns);
/** Bytes of one try. */
struct rmi_book_bytes {
	uint64_t up, down;
};
void rmi_book_end(struct rmi_route_book *book, const struct rmi_route_rules *rules, const struct rmi_route_outcome *o,
    struct rmi_book_bytes bytes);
void rmi_book_fell_back(struct rmi_route_book *book);
void rmi_book_failed(struct rmi_route_book *book);

#endif
