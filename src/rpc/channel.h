#ifndef RMI_RPC_CHANNEL_H
#define RMI_RPC_CHANNEL_H

/** @file Client side: a channel to one address, and calls on it. */

#include "rpc/call.h"
#include "rpc/loop.h"
#include "rpc/tls.h"

struct rmi_channel;

struct rmi_channel_config {
	const char *address;          /**< "host:50052", "ipv4:127.0.0.1:50052", "dns:///name:50052", "unix:/path" */
	const struct rmi_tls *tls;    /**< NULL = plain text */
	const char *tls_name;         /**< name to expect in the server's certificate; NULL = the host of the address */
	const char *token;            /**< sent as "authorization: Bearer TOKEN" with each call; NULL = none */
	bool allow_plain_token;       /**< send the token in plain text to an address that is not loopback */
	size_t max_message_bytes;     /**< 0 = RMI_RPC_MAX_MESSAGE */
	int64_t keepalive_ns;         /**< ping a silent connection so often; 0 = 30 s, < 0 = never */
	int64_t keepalive_timeout_ns; /**< 0 = 10 s */
	int64_t backoff_min_ns;       /**< between tries to connect; 0 = 0.2 s */
	int64_t backoff_max_ns;       /**< 0 = 5 s */
};

/** Does the address say where to connect to: "host:50052", "[::1]:50052", "dns:///name:50052", a unix socket? */
bool rmi_address_has_port(const char *address);

/** Make a channel; it connects with the first call. @return RME_OK, RME_EINVAL, RME_ENOMEM, RME_ECONFIG */
RME_NODISCARD enum rme_err rmi_channel_new(
    struct rmi_channel **out, struct rmi_loop *loop, const struct rmi_channel_config *config, struct rme_error *err);

/** Free. Live calls go on to their end (cancel them first if that is not wanted). NULL is allowed. */
void rmi_channel_free(struct rmi_channel *ch);

/** Start connecting, so that the first call need not wait for it. */
void rmi_channel_connect(struct rmi_channel *ch);

/** Forget the connection back-off: try to connect at once. */
void rmi_channel_reset_backoff(struct rmi_channel *ch);

struct rmi_call_options {
	const char *path;                /**< "/package.Service/Method" */
	const struct rmi_call_ops *ops;  /**< on_message, on_end; not for rmi_unary() */
	void *user;                      /**< rmi_call_user() */
	int64_t deadline_ns;             /**< absolute CLOCK_MONOTONIC, 0 = none */
	const struct rmi_meta *metadata; /**< copied */
	size_t metadata_count;           /**< at most RMI_CALL_META_MAX */
	bool wait_for_ready;             /**< wait for a connection instead of failing at once */
	size_t max_queued_bytes;         /**< write queue; 0 = 1 MiB (one message may exceed it) */
	uint32_t max_queued;             /**< messages; 0 = 256 */
};

/**
 * Start a call. on_end follows exactly once if and only if this returns RME_OK; it may run before this returns.
 * @param[out] out  one reference for the caller; set before the first callback
 * @return RME_OK, RME_EINVAL, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_call_start(struct rmi_call **out, struct rmi_channel *ch, const struct rmi_call_options *options);

/**
 * One request, one reply. Blocking until the reply or the deadline; not on a loop thread.
 * @param request   owned in every case
 * @param[out] out  the reply, on RME_OK only
 * @return RME_OK, or the call's status as rmi_status_to_err() says; @p err holds its text
 */
RME_NODISCARD enum rme_err rmi_unary(struct rmi_buf **out, struct rmi_channel *ch, struct rmi_buf *request,
    const struct rmi_call_options *options, struct rme_error *err);

#endif
