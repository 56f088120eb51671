#ifndef RMI_CLI_RUN_LOOP_H
#define RMI_CLI_RUN_LOOP_H

/**
 * @file
 * Runs a stream of items through a session: one thread feeds it, the caller's takes the results. The first Ctrl-C or
 * SIGTERM ends the input and waits for what is under way, the second one drops it.
 */

#include <rme/pipeline.h>
#include <rme/session.h>

#include "cli/item_sink.h"
#include "cli/item_source.h"
#include "cli/output.h"

struct rmi_run;

/** What to run. All borrowed. */
struct rmi_run_loop_in {
	struct rmi_cli *cli;
	struct rme_runtime *rt;
	const struct rme_plan *plan;
	struct rme_session_config session; /**< tap is set by the loop */
	struct rmi_item_source *source;
	struct rmi_item_sink *sink; /**< NULL = results are only counted */
	struct rmi_run *record;
	FILE *json;         /**< a line for each item goes there; NULL = none */
	bool keep_items;    /**< the record is wanted whole, for a report */
	bool realtime;      /**< items with a time are not submitted before it */
	bool local;         /**< items are private: they must not leave this device */
	bool progress;      /**< show the line */
	int64_t repeat;     /**< times to go through the input, at least 1 */
	int64_t timeout_ns; /**< for all of it; 0 = none */
};

/** What came of it. */
struct rmi_run_loop_out {
	uint64_t submitted, refused;     /**< items; refused: the inbox was full */
	uint64_t done, failed;           /**< verdicts, the last flush left out unless it failed */
	uint64_t edge, cloud, fallbacks; /**< decisions of routers */
	struct rme_error first;          /**< of the first item that failed; RME_OK = none did */
	struct rme_error broken;         /**< input or output failed; RME_OK = they did not */
	int stopped;                     /**< rmi_exit of a signal or the timeout; RMI_EXIT_OK = it came to its end */
};

/** @return RME_OK: @p out is set, whatever came of the items; or the error of opening the session */
RME_NODISCARD enum rme_err
rmi_run_loop(struct rmi_run_loop_out *out, const struct rmi_run_loop_in *in, struct rme_error *err);

#endif
