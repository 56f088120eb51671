#ifndef RMI_REPORT_SUMMARY_H
#define RMI_REPORT_SUMMARY_H

/** @file The figures of a run, from its record. All times in ms; NaN = nothing to measure. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rmi_run;

enum { RMI_SUMMARY_STAGES_MAX = 64, RMI_SUMMARY_REASONS_MAX = 24 };

/** Quantiles of a list of times. */
struct rmi_times {
	double p50, p95, p99, max;
	size_t n;
};

/** One stage over all items that reached it. */
struct rmi_stage_summary {
	const char *node;
	uint64_t items, edge, cloud; /* by the side that did the work */
	uint64_t fallbacks, failed;
	uint64_t unanswered; /* of a router: neither side had an answer */
	uint64_t up, down;
	bool routed; /* the stage is a router */
	struct rmi_times times, edge_times, cloud_times;
	double cost; /* USD, NaN = no price */
};

/** How often a router gave a reason. */
struct rmi_reason_summary {
	const char *node, *reason, *example;
	enum rme_side first;
	bool fell_back;
	uint64_t items;
};

struct rmi_summary {
	uint64_t items, ok, failed, lost;
	uint64_t fallbacks;   /* items that fell back at least once */
	uint64_t edge, cloud; /* over all items and routers */
	uint64_t up, down;
	uint64_t says; /* texts that the last speaking stage made */
	double speech_s, media_s, wall_ms;
	struct rmi_times times, wait; /* taken out of the inbox until the verdict; in the inbox */
	struct rmi_times say_times;   /* like times, of items about which a stage said something */
	double cost;                  /* USD, NaN = nothing has a price */
	struct rmi_stage_summary stage[RMI_SUMMARY_STAGES_MAX];
	size_t n_stages;
	struct rmi_reason_summary reason[RMI_SUMMARY_REASONS_MAX]; /* most frequent first */
	size_t n_reasons;
};

/** What using a stage in the cloud costs; given by the user, we know no prices. */
struct rmi_price {
	const char *node;
	enum rmi_price_unit { RMI_PRICE_ITEM, RMI_PRICE_MINUTE, RMI_PRICE_MB } unit;
	double usd;
};
struct rmi_prices {
	const struct rmi_price *price;
	size_t n;
};

/** Read "STAGE=USD/item", "STAGE=USD/min" or "STAGE=USD/MB". @p node_len: how much of @p text is the stage's name */
RME_NODISCARD enum rme_err
rmi_price_parse(struct rmi_price *out, const char *text, size_t *node_len, struct rme_error *err);

/** @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_summary_make(struct rmi_summary *out, const struct rmi_run *run, const struct rmi_prices *prices);

/** Sorts @p ms. */
struct rmi_times rmi_times_of(double *ms, size_t n);

#endif
