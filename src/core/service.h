#ifndef RMI_CORE_SERVICE_H
#define RMI_CORE_SERVICE_H

/**
 * @file
 * Calling named services: the interface by which a guest's host call reaches the network without wasm/ knowing gRPC.
 * Implemented in remote/, given to sessions through the runtime.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rmi_cancel;
struct rmi_services;

/** One call, with what it cost. */
struct rmi_service_call {
	const char *service;       /**< name of the service */
	const char *session_id;    /**< calls of one session share one stream per service */
	struct rmi_cancel *cancel; /**< ends the wait; NULL = none */
	struct rme_packet *in;     /**< DATA, consumed; its deadline bounds the call (0 = the service's own timeout) */
	uint32_t bytes_up;         /**< out: payload sent */
	uint32_t bytes_down;       /**< out: payload received */
	int64_t remote_ns;         /**< out: time the far side says it worked, queue included */
};

struct rmi_services_ops {
	/**
	 * Send one item and wait for its result. Any thread but a gRPC one; blocks until the deadline at most.
	 * @param[out] out  the item's first result; an item without result is RME_EEMPTY
	 * @return RME_OK, RME_ENOTFOUND (no such service), RME_ETRANSPORT, RME_EUNAVAILABLE (also: offline),
	 *         RME_ETIMEDOUT, RME_ECANCELED, RME_EEMPTY, or the service's own verdict
	 */
	enum rme_err (*call)(
	    struct rmi_services *self, struct rmi_service_call *call, struct rme_packet **out, struct rme_error *err);
	/** Send one item, results of which nobody wants. Does not wait for the far side. */
	enum rme_err (*send)(struct rmi_services *self, struct rmi_service_call *call, struct rme_error *err);
	/** Write the far side's session id, NUL-terminated. @return RME_ELIMIT where it does not fit */
	enum rme_err (*far_session)(struct rmi_services *self, struct rmi_service_call *call, char *id, size_t cap);
	/** The session has ended: close its streams. */
	void (*end_session)(struct rmi_services *self, const char *session_id);
};

struct rmi_services {
	const struct rmi_services_ops *ops;
};

#endif
