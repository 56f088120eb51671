#ifndef RMI_CORE_SERVICE_H
#define RMI_CORE_SERVICE_H

/**
 * @file
 * Calling named services: the interface by which a guest's host call reaches the network without wasm/ knowing gRPC.
 * Implemented in remote/, given to sessions through the runtime.
 *
 * A call does not wait. begin() sends what can be sent; from then on `news` tells that poll() is of use, until poll() says
 * that the call is over or cancel() ends it. Everything is done on the threads of those who call: no thread of its own
 * drives a call, so whoever polls must also do so when the time comes that the last poll named.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rmi_cancel;
struct rmi_services;

enum { RMI_SERVICE_SESSION_MAX = 128 };

enum rmi_service_kind {
	RMI_SERVICE_CALL = 0,    /**< send one item, take its first result; an item without result is RME_EEMPTY */
	RMI_SERVICE_SEND,        /**< send one item, results of which nobody wants; over at once */
	RMI_SERVICE_FAR_SESSION, /**< ask for the far side's session id */
};

/** One call, with what it cost. In the caller's memory from begin() until it is over. */
struct rmi_service_call {
	enum rmi_service_kind kind;
	const char *service;    /**< name of the service */
	const char *session_id; /**< calls of one session share one stream per service */
	struct rme_packet
	    *in;             /**< DATA, consumed by begin(); its deadline bounds the call, 0 = the service's timeout */
	int64_t deadline_ns; /**< bounds a call without packet; 0 = none */
	/**
	 * Optional: poll() is of use. Any thread, with locks held, poll() and cancel() of the same session's calls too: may
	 * wake somebody, must not wait or call back. Not called any more once the call is over.
	 */
	void (*news)(void *ctx);
	void *ctx;

	struct rme_error error;                    /**< out: RME_OK, or why there is no result */
	struct rme_packet *answer;                 /**< out: of a CALL, the caller's */
	char far_session[RMI_SERVICE_SESSION_MAX]; /**< out: of a FAR_SESSION */
	uint32_t bytes_up;                         /**< out: payload sent */
	uint32_t bytes_down;                       /**< out: payload received */
	int64_t remote_ns;                         /**< out: time the far side says it worked, queue included */

	void *job; /**< the implementation's; NULL to begin with */
};

struct rmi_services_ops {
	/**
	 * Begin a call. Any thread but a gRPC one.
	 * @return true: it is over, error says how: RME_OK, RME_ENOTFOUND (no such service), RME_ETRANSPORT, RME_EUNAVAILABLE
	 *         (also: offline), RME_ETIMEDOUT, RME_EEMPTY, RME_ENOMEM, or the service's own verdict; SEND: RME_EAGAIN where the
	 *         far side takes nothing now
	 */
	bool (*begin)(struct rmi_services *self, struct rmi_service_call *call);
	/**
	 * Deal with what has come. By one thread at a time, any but a gRPC one.
	 * @param[out] again_ns  to be called again then at the latest (CLOCK_MONOTONIC)
	 * @return true: it is over, as with begin()
	 */
	bool (*poll)(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns);
	/** End a call that is under way, with RME_ECANCELED: the far side is told, and what it still says is not taken. */
	void (*cancel)(struct rmi_services *self, struct rmi_service_call *call);
	/** The session has ended, and so have its calls: close its streams. */
	void (*end_session)(struct rmi_services *self, const char *session_id);
};

struct rmi_services {
	const struct rmi_services_ops *ops;
};

/**
 * Begin a call and wait until it is over, or @p cancel fires (NULL = never). For threads that have nothing else to do; news
 * and ctx are set here. @return the code of the call's error
 */
enum rme_err rmi_service_wait(struct rmi_services *s, struct rmi_service_call *call, struct rmi_cancel *cancel);

#endif
