#ifndef RME_TESTS_SIDES_H
#define RME_TESTS_SIDES_H

/**
 * @file
 * Children for tests of the router. What they do with an item is said by its payload: the first letter is for the edge,
 * the second for the cloud, the third for a child with another letter; none is o.
 *   o answer once · 2 twice · b ten times · n not at all · l once, with confidence 0.2 · m twice, the first with 0.2 · x trap · h answer, then trap
 *   t trap with many words · p stopped by a limit of its own · i say that the caller is wrong · e answer with an empty packet
 *   async children only: w answer at bench_answer() · s never
 * A digit as third letter is what the plain kind estimates, in tenths.
 * An answer is "E:" or "C:" and the payload; a flush gives "E!" or "C!", a count of items, if there were any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/node.h>
#include <rme/router.h>

#include "harness.h"

/** What a test sees and steers of one child; the config of its type. */
struct side_probe {
	char letter;            /* 'E' or 'C' */
	enum rme_err open_err;  /* what open() says */
	bool bad_flush;         /* flush fails */
	unsigned opens, resets; /* how often */
	uint64_t seen;          /* DATA packets */
	int64_t deadline_ns;    /* of the last one */
	unsigned flushes;       /* FLUSH packets */
	unsigned ends;          /* ITEM_ENDs pushed into an async child */
	struct rme_node *self;  /* the async child, NULL while there is none */
};

extern const struct rme_node_type side_plain, side_async, side_stateful;

/** A router between two such children. */
struct bench {
	struct harness h;
	struct side_probe edge, cloud;
	struct rme_router_config config;
	struct rme_error err;
};

/** Parameters as "name=value" texts, ends with NULL. Asserts that they are right. */
void bench_config(struct bench *b, const char *const *params);
/** bench_config(), plain edge and async cloud (or what @p edge, @p cloud say; NULL = none), harness_init(). */
enum rme_err bench_open(
    struct bench *b, const struct rme_node_type *edge, const struct rme_node_type *cloud, const char *const *params);
/** bench_open() of a bench that is cleared first; fails the test where it fails. */
void bench_open_well(
    struct bench *b, const struct rme_node_type *edge, const struct rme_node_type *cloud, const char *const *params);
void bench_close(struct bench *b);

/** One item: its payload, its ITEM_END. */
void bench_item(struct bench *b, const char *text);
/** bench_item(), then bench_out(). */
const char *bench_one(struct bench *b, const char *text);
/** Everything that came out: DATA in quotes, '.' for an end, 'X' for the end of a failed item, '|' for FLUSH. */
const char *bench_out(struct bench *b);
/** The route of an item, in words. */
const char *bench_why(struct bench *b, uint64_t seq);
/** Have the async children answer what waits for it. */
void bench_answer(struct bench *b);
/** Move the clock and wake. */
void bench_wait(struct bench *b, int64_t ms);

#endif
