#ifndef RMI_RPC_SERVER_H
#define RMI_RPC_SERVER_H

/** @file Server side: listening, method table, admission, drain. */

#include "rpc/call.h"
#include "rpc/loop.h"
#include "rpc/tls.h"

struct rmi_server;

enum {
	RMI_RPC_MAX_CALLS = 1024, /**< live calls per server */
	RMI_RPC_MAX_METHODS = 64,
};

/** One method. Paths are matched exactly; every other path is answered UNIMPLEMENTED. */
struct rmi_method {
	const char *path; /**< "/package.Service/Method" */
	const struct rmi_call_ops *ops;
	void *service; /**< handed to on_open */
	/** The one request message is read without being asked for; a call without one is answered INVALID_ARGUMENT. */
	bool unary;
	bool open_to_all; /**< not put before the auth hook (health checks) */
};

struct rmi_server_config {
	const char *address;       /**< "127.0.0.1:50052", "[::]:50052", "unix:/run/rme/rme.sock"; port 0 = any */
	const struct rmi_tls *tls; /**< NULL: plain text, allowed on loopback and unix sockets only ... */
	bool allow_plain;          /**< ... unless asked for */
	size_t max_message_bytes;  /**< 0 = RMI_RPC_MAX_MESSAGE */
	uint32_t max_calls;        /**< 0 = RMI_RPC_MAX_CALLS; calls beyond are answered RESOURCE_EXHAUSTED at once */
	size_t max_queued_bytes;   /**< write queue of each call; 0 = 1 MiB (one message may exceed it) */
	const struct rmi_method *methods; /**< copied; names and ops must live as long as the server */
	size_t method_count;
	/**
	 * Optional: may this call be served? On the loop thread, before on_open. Fill @p text for a refusal.
	 * @return RMI_STATUS_OK, or the status to refuse with (UNAUTHENTICATED, PERMISSION_DENIED)
	 */
	enum rmi_status (*auth)(void *auth_ctx, const struct rmi_call *c, char *text, size_t text_size);
	void *auth_ctx;
};

/**
 * Listen and serve.
 * @return RME_OK, RME_EINVAL, RME_ENOMEM, RME_ECONFIG (files of tls, plain text on an open address), RME_EIO (address in use)
 */
RME_NODISCARD enum rme_err rmi_server_new(
    struct rmi_server **out, struct rmi_loop *loop, const struct rmi_server_config *config, struct rme_error *err);

/** Does nothing but this machine reach the address: loopback, a unix socket? */
bool rmi_address_is_local(const char *address);

/** The port listened on; 0 for unix sockets. */
uint16_t rmi_server_port(const struct rmi_server *s);

/** Live calls, and calls refused for want of room since the start. */
uint32_t rmi_server_calls(struct rmi_server *s);
uint64_t rmi_server_refused(struct rmi_server *s);

/**
 * Take no new calls (they are answered UNAVAILABLE), let live calls end until @p deadline_ns (CLOCK_MONOTONIC), then
 * cancel what is left. Blocking; not on a loop thread. @return RME_OK, RME_ETIMEDOUT (some were canceled)
 */
enum rme_err rmi_server_drain(struct rmi_server *s, int64_t deadline_ns);

/** Drain with no grace, where that was not done yet, and free. Blocking; not on a loop thread. NULL is allowed. */
void rmi_server_free(struct rmi_server *s);

/**
 * For auth hooks: does the call carry "authorization: Bearer TOKEN" with one of @p tokens? Compares in constant time.
 */
bool rmi_call_has_token(const struct rmi_call *c, const char *const *tokens, size_t count);

#endif
