#ifndef RMI_REMOTE_REMOTE_H
#define RMI_REMOTE_REMOTE_H

/**
 * @file
 * The way to services elsewhere: which endpoints and services there are, and one channel per endpoint that all sessions
 * share. gRPC is started when the first stream is needed, not before. Filled by one thread, then used by any.
 */

#include <rme/err.h>

#include <stdint.h>

struct rme_node_type;
struct rme_runtime;
struct rmi_channel;
struct rmi_remote;
struct rmi_services;
struct rmi_tls;

enum {
	RMI_REMOTE_ENDPOINTS_MAX = 64,
	RMI_REMOTE_SERVICES_MAX = 256,
	RMI_REMOTE_STREAMS_MAX = 4096, /**< streams that guests' calls keep open, all sessions together */
};

/** What one item may come back as; a service that sends more fails the item. */
enum {
	RMI_REMOTE_RESULTS_MAX = 4096,
	RMI_REMOTE_RESULT_BYTES_MAX = 64 * 1024 * 1024,
};

/** Time limit of a call that names none. */
#define RMI_REMOTE_TIMEOUT_NS INT64_C(30000000000)

/** An address that serves services. Copied. */
struct rmi_remote_endpoint {
	const char *name;
	const char *address;       /**< "host:50052", "unix:/run/rme.sock", "dns:///name:50052" */
	const struct rmi_tls *tls; /**< NULL = plain text */
	const char *tls_name;      /**< name in the server's certificate; NULL = the address's host */
	const char *token;         /**< NULL = none */
	bool allow_plain_token;
	int64_t timeout_ns; /**< of items without a deadline; 0 = RMI_REMOTE_TIMEOUT_NS */
};

/** Wire protocol of a service. */
enum rmi_protocol { RMI_PROTOCOL_RME_V1 = 0 };

/** A service by the name that nodes and modules use. Copied. */
struct rmi_remote_service {
	const char *name;
	const char *endpoint;    /**< name of an endpoint */
	const char *far_name;    /**< at the endpoint; NULL = name */
	const char *params_json; /**< for the far node; NULL = none */
	int64_t timeout_ns;      /**< 0 = the endpoint's */
	enum rmi_protocol protocol;
};

/** @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_remote_new(struct rmi_remote **out);

/** Add. @return RME_OK, RME_ECONFIG (name taken, no such endpoint), RME_ELIMIT, RME_ENOMEM */
RME_NODISCARD enum rme_err
rmi_remote_add_endpoint(struct rmi_remote *r, const struct rmi_remote_endpoint *endpoint, struct rme_error *err);
RME_NODISCARD enum rme_err
rmi_remote_add_service(struct rmi_remote *r, const struct rmi_remote_service *service, struct rme_error *err);

/** The registered service, or NULL. Its endpoint exists, its far_name and timeout_ns are filled in. */
const struct rmi_remote_service *rmi_remote_find_service(const struct rmi_remote *r, const char *name);
const struct rmi_remote_endpoint *rmi_remote_find_endpoint(const struct rmi_remote *r, const char *name);

/**
 * The channel of an endpoint, made at the first call; it lives as long as @p r. Starts gRPC. Any thread.
 * @return RME_OK, RME_ENOTFOUND, RME_ECONFIG (certificates, token), RME_ENOMEM, RME_EIO
 */
RME_NODISCARD enum rme_err
rmi_remote_channel(struct rmi_channel **out, struct rmi_remote *r, const char *endpoint, struct rme_error *err);

/** For rmi_runtime_set_services(): what guests' calls and RemoteNode go through. Lives as long as @p r. */
struct rmi_services *rmi_remote_services(struct rmi_remote *r);
/** The way back; NULL where the runtime has other services or none. */
struct rmi_remote *rmi_remote_of(struct rme_runtime *rt);

/** After the last session. NULL is allowed. */
void rmi_remote_free(struct rmi_remote *r);

/** Config of RemoteNode; also bound from parameters of the same names. */
struct rmi_remote_node_config {
	char *service;      /**< name in the table of services, or else of a service at `endpoint` */
	char *endpoint;     /**< name of an endpoint; NULL = the service's */
	char *params;       /**< JSON object for the far node; NULL = the service's */
	int64_t timeout_ns; /**< of items without a deadline, and at most; 0 = the service's */
};

/** "RemoteNode": a step that runs at a service. */
extern const struct rme_node_type rmi_remote_node_type;

#endif
