#ifndef RMI_SERVE_HOST_H
#define RMI_SERVE_HOST_H

/** @file What all calls of one server share. */

#include "serve/catalog.h"
#include "serve/jobs.h"
#include "serve/stats.h"

#include <rme/session.h>

#include <pthread.h>

enum {
	RMI_HOST_SESSIONS_DEFAULT = 256,
	RMI_HOST_SESSIONS_MAX = 65536,
	RMI_HOST_SERVER_NAME_MAX = 64,
	RMI_HOST_WINDOW = 32, /**< items of one stream that may be open at once */
};

/** A live session as GetStatus tells of it. In the lane; the atomic members change while it is listed. */
struct rmi_session_entry {
	char id[RME_SESSION_ID_MAX];
	const char *service;
	int64_t created_ns;             /**< CLOCK_MONOTONIC */
	atomic_int_least64_t active_ns; /**< end of the latest item; CLOCK_MONOTONIC */
	atomic_uint items;
	struct rmi_session_entry *next, **link; /**< guarded by the host's lock; link is NULL while it is in no list */
};

struct rmi_host {
	struct rme_runtime *rt;
	struct rmi_jobs *jobs;
	struct rmi_catalog catalog;
	struct rmi_stats stats;
	unsigned max_sessions;
	char server[RMI_HOST_SERVER_NAME_MAX]; /**< name and version */
	char version[RMI_HOST_SERVER_NAME_MAX];
	atomic_bool draining;
	pthread_mutex_t mu; /**< guards the list */
	struct rmi_session_entry *sessions;
};

/** Ask for one more session. @return RME_OK, RME_EUNAVAILABLE with a text */
RME_NODISCARD enum rme_err rmi_host_take_session(struct rmi_host *h, struct rme_error *err);
void rmi_host_give_session(struct rmi_host *h);

void rmi_host_list(struct rmi_host *h, struct rmi_session_entry *e);
void rmi_host_unlist(struct rmi_host *h, struct rmi_session_entry *e);

/** Milliseconds since 1970, of a CLOCK_MONOTONIC time. */
int64_t rmi_host_wall_ms(int64_t monotonic_ns);

#endif
