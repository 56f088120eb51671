#ifndef RMI_SERVE_HOSTED_H
#define RMI_SERVE_HOSTED_H

/** @file A service made ready for one caller: its config bound, its plan checked, its session open. */

#include "serve/catalog.h"
#include "serve/json_nodes.h"
#include "serve/param_list.h"

#include <rme/session.h>

/** All-zero = empty. Any one thread at a time. */
struct rmi_hosted {
	const struct rmi_service *service;
	void *config; /**< of the service's type */
	struct rmi_json_link link;
	struct rme_plan *plan;
	struct rme_session *session;
};

/**
 * Bind the parameters.
 * @return RME_OK, RME_ECONFIG, RME_ENOMEM; release with rmi_hosted_done(), after failure too
 */
RME_NODISCARD enum rme_err rmi_hosted_bind(struct rmi_hosted *h, const struct rmi_service *service,
    const struct rmi_param_list *params, struct rme_error *err);

/** What a session is opened with. */
struct rmi_hosted_in {
	struct rme_runtime *rt;
	struct rme_format format; /**< of the items; all-zero = not known */
	bool json;                /**< items and results are JSON texts; format is not used */
	struct rme_session_config session;
};

/** For JSON: learn from the first item what the session will get. Same returns as rmi_json_read(). */
RME_NODISCARD enum rme_err rmi_hosted_learn(struct rmi_hosted *h, struct rme_packet *first, struct rme_error *err);

/** Check the plan and open the session. May take long: not on a gRPC thread. */
RME_NODISCARD enum rme_err rmi_hosted_open(struct rmi_hosted *h, const struct rmi_hosted_in *in, struct rme_error *err);

/** Cancel and free the session alone; it can be opened again. Waits for the node's call under way. */
void rmi_hosted_close(struct rmi_hosted *h);
void rmi_hosted_done(struct rmi_hosted *h);

#endif
