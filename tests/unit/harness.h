#ifndef RME_TESTS_HARNESS_H
#define RME_TESTS_HARNESS_H

/**
 * @file
 * What unit tests of nodes need: a runtime with a clock that stands still, packets, a sink that collects, a scope that
 * remembers failures, and the out-of-memory sweep.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/node.h>
#include <rme/packet.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "core/node.h"

enum { HARNESS_PACKETS_MAX = 4096, HARNESS_STAGES_MAX = 4 };

/** One node between two floating ends; everything it emits is kept. */
struct harness {
	struct rmi_scope scope;
	struct rme_sink sink;
	struct rmi_fake_clock clock;
	struct rme_runtime *rt;
	struct rme_node *node;
	uint64_t seq;                                /* of the item pushed last */
	struct rme_packet *out[HARNESS_PACKETS_MAX]; /* emitted, in order */
	size_t n_out;
	enum rme_err sink_err;        /* what the sink answers to DATA */
	struct rme_error failed[256]; /* per seq % 256 */
	struct rme_stage_report report[256];
};

/** @return what rmi_node_new() returned; the node is in h->node on RME_OK. Release with harness_done() in every case. */
enum rme_err
harness_init(struct harness *h, const struct rme_node_type *type, const void *config, struct rme_error *err);
/** Likewise in a runtime that is there already, and the harness's from then on. */
enum rme_err
harness_init_in(struct harness *h, struct rme_runtime *rt, const struct rme_node_spec *spec, struct rme_error *err);
void harness_done(struct harness *h);
/** Drop what was collected. */
void harness_clear(struct harness *h);

/** Push one item with this payload, then its ITEM_END. @return what the push of DATA returned */
enum rme_err harness_item(struct harness *h, const struct rme_packet_meta *meta, const void *data, size_t len);
/** Push FLUSH and its ITEM_END as an item. */
void harness_flush(struct harness *h);
/** The same with data before the FLUSH, as a node in front gives it that had kept some. */
void harness_last_data(struct harness *h, const void *data, size_t len);
/** Call the node's wake() if it is due. @return next time it asks for */
int64_t harness_wake(struct harness *h);

/** The i-th DATA packet emitted, NULL past the end. */
const struct rme_packet *harness_data(const struct harness *h, size_t i);
size_t harness_n_data(const struct harness *h);
/** ITEM_ENDs emitted for an item. */
size_t harness_n_ends(const struct harness *h, uint64_t seq);
/** First error of an item. */
enum rme_err harness_error(const struct harness *h, uint64_t seq);

/**
 * Out-of-memory sweep: run @p scenario again and again, failing the k-th allocation, k = 1, 2, ..., until it runs through
 * without reaching the k-th. The scenario asserts that it ends well or says RME_ENOMEM; leaks are for ASan to find. The test
 * must be linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup (tests/unit/meson.build: oom_link_args).
 * @return number of allocations of a run without failure
 */
size_t harness_oom_sweep(void (*scenario)(void *ctx), void *ctx);
/** True while an allocation of this run has been made to fail. */
bool harness_oom_hit(void);

#endif
