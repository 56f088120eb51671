#ifndef RMI_CLI_RUN_FEED_H
#define RMI_CLI_RUN_FEED_H

/** @file The thread that feeds a session. Made for run_loop.c. */

#include <pthread.h>

#include "cli/run_loop.h"

struct rmi_run_feed {
	const struct rmi_run_loop_in *in;
	struct rme_session *session;
	pthread_t thread;
	pthread_mutex_t mu; /* guards stop */
	pthread_cond_t stopped;
	bool stop;
	/* Written by the thread, read after join. */
	uint64_t submitted, refused;
	struct rme_error error;
};

/** Start feeding; the session is ended when the input is. @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_run_feed_start(struct rmi_run_feed *f, const struct rmi_run_loop_in *in, struct rme_session *session);

/** No more items; what is under way goes on. */
void rmi_run_feed_stop(struct rmi_run_feed *f);

/** Wait for its end. */
void rmi_run_feed_join(struct rmi_run_feed *f);

#endif
