#ifndef RMI_ROUTE_FLOW_H
#define RMI_ROUTE_FLOW_H

/**
 * @file
 * Items on their way through a router: which side works on each, what is held of its results, and what comes next.
 *
 * An item is given to one side (a try). Its results are held until that side has ended the item, and then committed, or
 * discarded and the same packets given to the other side. Items are committed in the order in which they came, each with
 * exactly one ITEM_END. All on the session's thread; children may call back (emit, fail) while they are being called, so
 * callbacks only note what happened, and rmi_flow_run() draws the conclusions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/node.h>
#include <rme/router.h>
#include <rme/verdict.h>

#include "core/node.h"
#include "route/book.h"
#include "route/decide.h"
#include "route/hold.h"

struct rmi_flow;

/** One child and what connects it. */
struct rmi_flow_side {
	struct rmi_scope scope; /* of the child's items */
	struct rme_sink sink;   /* of the child */
	struct rmi_flow *flow;
	enum rme_side which;
	const struct rme_node_spec *spec;
	struct rme_node *node;    /* NULL = not there */
	struct rme_error why_not; /* why it is not there */
	int64_t reopen_ns;        /* time to try again, 0 = never */
	uint32_t opens;           /* that failed in a row */
	bool async;
	bool used;           /* has seen data since the last flush or reset */
	size_t unended;      /* tries of which an async child has not emitted the ITEM_END yet */
	uint64_t last_count; /* of the data item it saw last */
};

/** One side's work on one item. */
struct rmi_flow_try {
	bool live;       /* under way: its results and errors count */
	bool ended;      /* the child is through with the item */
	bool flush_only; /* the side has the item's flush, none of its data */
	int64_t began_ns;
	int64_t deadline_ns;    /* 0 = none */
	struct rme_packet *end; /* for an async child, until it is pushed */
	struct rmi_book_bytes bytes;
};

struct rmi_flow_item {
	uint64_t seq;
	uint64_t count; /* number among the items with data */
	bool data;      /* was decided */
	bool keep;      /* inputs are kept: it may go to the other side */
	bool done;      /* nothing more comes from either side */
	enum rme_side active;
	struct rme_packet *flush, *end; /* to be emitted last */
	bool flushed;                   /* the flush was given to the sides */
	struct rmi_hold in, held, spare;
	enum rme_side spare_side; /* whose results are in spare, NONE = nobody's */
	float confidence;         /* lowest among held results, NaN = nobody said */
	struct rme_error err;     /* of the try under way, then of the item */
	struct rme_route route;
	struct rmi_route_item facts;
	struct rme_stage_report report; /* where the children report */
	uint64_t up, down;              /* over the network, of tries that are over */
	int64_t remote_ns;
	struct rmi_flow_try try[2];
};

struct rmi_flow {
	struct rme_node *self; /* the router */
	const struct rme_router_config *config;
	const char *module; /* name of the edge node */
	struct rmi_route_rules rules;
	struct rmi_hold_limits limits;
	struct rmi_route_book *book;
	struct rmi_flow_side side[2];
	bool sticky;
	enum rme_side current; /* of a sticky session */
	int64_t since_ns;
	uint64_t count;     /* items with data so far */
	enum rme_side last; /* side that saw data last */
	bool news;          /* something happened that rmi_flow_run() has not looked at */
	struct rmi_flow_item *ring;
	size_t window, head, n; /* open items: ring[(head + i) % window], i < n, in order */
};

/* flow.c */

/** Allocates the ring; @p window items may be open at once. */
RME_NODISCARD enum rme_err rmi_flow_init(struct rmi_flow *f, size_t window);
/** Accepts a half-made flow. The children are freed before. */
void rmi_flow_done(struct rmi_flow *f);
/** Give a packet of any kind to the item it belongs to. Owns @p in. */
void rmi_flow_push(struct rmi_flow *f, struct rme_packet *in);
/** Draw the conclusions of all that has happened, until nothing happens any more, and set the timer. */
void rmi_flow_run(struct rmi_flow *f);
/** End every item with RME_ECANCELED, forget the stream. */
void rmi_flow_cancel(struct rmi_flow *f);
/** NULL where it is not open. */
struct rmi_flow_item *rmi_flow_find(struct rmi_flow *f, uint64_t seq);
/** Has the oldest open item been given its last chance, so that results may go on at once? */
bool rmi_flow_passes(const struct rmi_flow *f, const struct rmi_flow_item *it);
/** Emit a result of the oldest item; what is behind the router may refuse it, which fails the item. Owns @p pkt. */
enum rme_err rmi_flow_emit(struct rmi_flow *f, const struct rmi_flow_item *it, struct rme_packet *pkt);
/** Emit what is held of the oldest item. */
enum rme_err rmi_flow_release(struct rmi_flow *f, struct rmi_flow_item *it);

/* step.c */

/** Look at an item: conclude tries that are over, or late at @p now. */
void rmi_flow_step(struct rmi_flow *f, struct rmi_flow_item *it, int64_t now);

/* try.c */

/** Begin a try: deadline, books, state. What goes wrong is in it->err. */
void rmi_try_begin(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s);
/** Begin a try of a side that gets the item's flush alone. */
void rmi_try_begin_flush(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s);
/** Give a packet to the side that works on the item. Owns @p pkt. */
void rmi_try_feed(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s, struct rme_packet *pkt);
/** The item's last packet has come. */
void rmi_try_finish(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s);
/** The try is over, well or not (@p e): close it in the child, learn from it, add its figures to the item's. */
void rmi_try_over(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s, enum rme_err e);

/* side.c */

void rmi_side_init(struct rmi_flow *f, enum rme_side which, const struct rme_node_spec *spec);
/** Copy a text; of one that is too long, whole words and dots. */
void rmi_shorten(char *out, size_t cap, const char *text);
/** The side other than this, if it should be there and is not, why_not saying why; NULL = it is, or there is to be none. */
const struct rmi_flow_side *rmi_side_missing(const struct rmi_flow *f, enum rme_side other_than);
/** Open the child; on failure why_not and reopen_ns are set. @return the child's error */
RME_NODISCARD enum rme_err rmi_side_open(struct rmi_flow_side *s);
/** Open the child if it is missing and its time has come. */
void rmi_side_reopen(struct rmi_flow_side *s, int64_t now_ns);
void rmi_side_close(struct rmi_flow_side *s);
/** Run the child's wake(). @return next time it wants to be called, 0 = none */
int64_t rmi_side_wake(struct rmi_flow_side *s, int64_t now_ns);

#endif
