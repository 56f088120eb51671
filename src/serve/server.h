#ifndef RMI_SERVE_SERVER_H
#define RMI_SERVE_SERVER_H

/**
 * @file
 * The service as a whole: a port on which the existing protocol, rme.v1, health and reflection are spoken.
 */

#include "serve/catalog.h"

#include "rpc/tls.h"

#include <stdbool.h>
#include <stdint.h>

struct rmi_serve;

enum { RMI_SERVE_PORT = 50052 };

/** All-zero = defaults. Texts are borrowed until rmi_serve_new() returns, but for those of the catalog. */
struct rmi_serve_config {
	const char *address;       /**< "127.0.0.1:50052", "[::]:50052", "unix:/run/rme.sock" */
	const struct rmi_tls *tls; /**< NULL = plain text */
	bool insecure_listen;      /**< plain text, and no token needed, on addresses that others can reach */
	const char *token_file;    /**< bearer tokens; NULL = none is asked for */
	const char *const
	    *nodes; /**< names of the node types to serve, ends with NULL; NULL = see rmi_catalog_open() */
	const struct rmi_served_pipeline *pipelines;
	size_t n_pipelines;
	unsigned max_sessions; /**< 0 = RMI_HOST_SESSIONS_DEFAULT */
	unsigned workers;      /**< of the runtime, as told by GetStatus; 0 = one per core */
	const char *version;
};

/**
 * Listen and serve.
 * @param rt  outlives the server
 * @return RME_OK, RME_ECONFIG (plain text where others can listen in, too), RME_EIO (address in use), RME_ENOTFOUND,
 *         RME_EINVAL, RME_ELIMIT, RME_ENOMEM; always with a text
 */
RME_NODISCARD enum rme_err rmi_serve_new(
    struct rmi_serve **out, struct rme_runtime *rt, const struct rmi_serve_config *config, struct rme_error *err);

/** The port listened on; 0 for unix sockets. */
uint16_t rmi_serve_port(const struct rmi_serve *s);

/** Number of served names. */
size_t rmi_serve_services(const struct rmi_serve *s);

/** Sessions that are open. Any thread. */
unsigned rmi_serve_sessions(struct rmi_serve *s);
/** Items and unary executions that were taken since the start. Any thread. */
uint64_t rmi_serve_requests(struct rmi_serve *s);

/**
 * Stop: health says NOT_SERVING, no new call is taken, calls under way may end until @p deadline_ns (CLOCK_MONOTONIC),
 * then they are canceled. Blocking. @return RME_OK, RME_ETIMEDOUT (some were canceled)
 */
enum rme_err rmi_serve_drain(struct rmi_serve *s, int64_t deadline_ns);

/** Drain with no grace where that was not done, and free. Blocking. NULL is a no-op. */
void rmi_serve_free(struct rmi_serve *s);

#endif
