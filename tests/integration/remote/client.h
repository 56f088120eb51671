#ifndef TEST_REMOTE_CLIENT_H
#define TEST_REMOTE_CLIENT_H

/** @file A runtime with the far side as its one endpoint, and sessions of one RemoteNode. */

#include <rme/packet.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "remote/remote.h"

struct client {
	struct rme_runtime *rt;
	struct rmi_remote *remote;
	struct rme_plan *plan;
	struct rme_session *session;
	struct rmi_remote_node_config config;
};

/** A runtime whose endpoint "far" is at @p endpoint->address (its name is set here). */
void client_start(struct client *c, struct rmi_remote_endpoint *endpoint);
/** A session of one RemoteNode. */
void client_open(struct client *c, const char *service, const struct rme_session_config *config);
void client_close(struct client *c);
void client_stop(struct client *c);

/** Submit bytes. @param timeout_ns  0 = none. @return item number */
uint64_t client_submit(struct client *c, const void *data, size_t n, int64_t timeout_ns);

/** What came of one item. */
struct outcome {
	enum rme_err code;
	char where[RME_ERROR_WHERE_MAX], text[RME_ERROR_TEXT_MAX];
	struct rme_stage_report report;
	unsigned results;
	size_t bytes;            /* of all results */
	struct rme_packet *last; /* last result, or NULL; the next call drops it */
	uint64_t seq;
};

/** Receive until the next verdict; everything before it must be of the same item. */
void client_outcome(struct client *c, struct outcome *out);
/** Submit, wait for the verdict. */
enum rme_err client_try(struct client *c, const void *data, size_t n, int64_t timeout_ns, struct outcome *out);

#endif
