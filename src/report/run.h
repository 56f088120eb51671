#ifndef RMI_REPORT_RUN_H
#define RMI_REPORT_RUN_H

/**
 * @file
 * The record of one run: its items, what happened to each at every stage, what the stages said, and the shape of the
 * sound that went in. Collected while a session runs, or read back from the lines of `rme run --json` (record.h).
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

#include "base/arena.h"
#include "report/wave.h"

struct rme_session_config;

enum {
	RMI_RUN_ITEMS_MAX = 200000, /* later ones are counted, not kept */
	RMI_RUN_SAYS_MAX = 200000,
	RMI_RUN_STAGES_MAX = 64,      /* per item */
	RMI_RUN_TEXT_MAX = 2000,      /* bytes kept of one text */
	RMI_RUN_MEMORY_MAX = 1 << 29, /* texts and stages of one run */
};

/** What one stage did with one item. Texts belong to the run. Times are ms since the run began. */
struct rmi_run_stage {
	const char *node;
	enum rme_side side;
	double enter_ms, leave_ms, busy_ms, remote_ms;
	uint64_t up, down; /* payload bytes over the network */
	uint32_t packets;
	bool fell_back;
	enum rme_side first; /* of a router: side tried first */
	const char *mode;    /* of a router: "auto"; NULL = the stage is no router */
	const char *reason;  /* "small" */
	const char *cause;   /* "RME_ETIMEDOUT"; NULL = it did not fall back */
	const char *text;    /* the decision in words */
};

/** A text that a stage made for an item. */
struct rmi_run_say {
	const char *node;
	const char *text;
	double pts_s, duration_s; /* NaN = not known */
	double confidence;        /* NaN = no opinion */
	enum rme_side side;
};

enum rmi_run_speech { RMI_SPEECH_UNKNOWN = 0, RMI_SPEECH_NO = 1, RMI_SPEECH_YES = 2 };

struct rmi_run_item {
	uint64_t seq;
	double pts_s, duration_s;           /* of the input; NaN = not known */
	double submit_ms, start_ms, end_ms; /* since the run began */
	const char *error, *where, *text;   /* NULL = it went through */
	enum rmi_run_speech speech;         /* what a detector said about it */
	bool last;                          /* the flush at the end of the stream */
	uint32_t results;
	uint64_t result_bytes;
	size_t n_stages, n_says;
	struct rmi_run_stage *stage; /* only those that it reached, in pipeline order */
	struct rmi_run_say *say;
};

/** A text that waits for its item's verdict. */
struct rmi_run_pending {
	uint64_t seq;
	struct rmi_run_say say; /* text NULL = only a detector's word */
	enum rmi_run_speech speech;
};

/** One run. Members are for report/ alone; nobody else writes them. */
struct rmi_run {
	pthread_mutex_t mu; /* guards all below; the tap comes from the session's thread */
	struct rmi_arena arena;
	const char **interned; /* hash set of texts in the arena */
	size_t n_interned, cap_interned;
	const char *name, *pipeline, *input;
	int64_t began_ns;
	uint64_t submitted;
	uint64_t verdicts;
	double wall_ms;
	struct rmi_run_item *item;
	size_t n_items, cap_items;
	struct rmi_run_pending *pending;
	size_t n_pending, cap_pending;
	uint32_t results; /* of the item that is being received */
	uint64_t result_bytes;
	struct rmi_wave wave;
	bool cut; /* something was left out for want of room */
};

/** What a run is called. Copied. NULL = not said. */
struct rmi_run_head {
	const char *name;     /* "hybrid" */
	const char *pipeline; /* file */
	const char *input;    /* file */
	int64_t began_ns;     /* CLOCK_MONOTONIC */
};

RME_NODISCARD enum rme_err rmi_run_new(struct rmi_run **out, const struct rmi_run_head *head);
void rmi_run_free(struct rmi_run *run);

/** An item was handed to the session: count it, draw its sound. @p pkt is borrowed; NULL = a flush, or the end. */
void rmi_run_submitted(struct rmi_run *run, const struct rme_packet *pkt);
/** A stage made a packet: keep its text and what a detector says. @p pkt is borrowed. Any thread. */
void rmi_run_tap(struct rmi_run *run, const char *node, struct rme_packet *pkt);
/** A result was received. */
void rmi_run_result(struct rmi_run *run, const struct rme_packet *pkt);
/**
 * An ITEM_END was received: the item is complete.
 * @return the item, valid until the next call; NULL = out of memory or past the limits: the item is counted, not kept
 */
const struct rmi_run_item *rmi_run_verdict(struct rmi_run *run, const struct rme_packet *end);
/** The session has ended. */
void rmi_run_ended(struct rmi_run *run, int64_t now_ns);
/** Call it otherwise from now on. Copied. @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_run_rename(struct rmi_run *run, const char *name);
/** Forget the items kept so far, for runs whose items are only printed. */
void rmi_run_forget(struct rmi_run *run);

/** Time from the item's first packet into a stage until the next stage got its first result (of the last: until its end
 *  went out), ms: what later stages need in the same call is not this one's. NaN = not known. */
double rmi_run_stage_ms(const struct rmi_run_item *it, size_t stage);

/* For record.c and tests. */

/** The text as the run keeps it, once for all that are equal; NULL where @p text is NULL or memory is out. */
const char *rmi_run_intern(struct rmi_run *run, const char *text, size_t len);
/** Room for one more item, zeroed; NULL = no more. */
struct rmi_run_item *rmi_run_add_item(struct rmi_run *run);

#endif
