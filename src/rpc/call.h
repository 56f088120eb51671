#ifndef RMI_RPC_CALL_H
#define RMI_RPC_CALL_H

/**
 * @file
 * One call, unary or stream, seen from either side. See loop.h for the rule of threads.
 *
 * Life: start (client) or on_open (server) -> messages both ways -> on_end, exactly once and last. A call stays valid
 * inside callbacks; who keeps it across callbacks or uses it on another thread holds a reference. After on_end every
 * function is harmless and answers RME_ECLOSED.
 *
 * Writing: messages are queued up to the call's limits and sent in order. A queue that is full answers RME_EAGAIN;
 * on_writable tells when it has room again. Single writers check rmi_call_writable() first: then the next write is
 * not refused for want of room.
 *
 * Reading: nothing is read until asked for: one rmi_call_read() yields one on_message. That is the back-pressure.
 */

#include "rpc/buf.h"

#include <stdbool.h>

struct rmi_call;

/** gRPC status codes. */
enum rmi_status {
	RMI_STATUS_OK = 0,
	RMI_STATUS_CANCELLED = 1,
	RMI_STATUS_UNKNOWN = 2,
	RMI_STATUS_INVALID_ARGUMENT = 3,
	RMI_STATUS_DEADLINE_EXCEEDED = 4,
	RMI_STATUS_NOT_FOUND = 5,
	RMI_STATUS_ALREADY_EXISTS = 6,
	RMI_STATUS_PERMISSION_DENIED = 7,
	RMI_STATUS_RESOURCE_EXHAUSTED = 8,
	RMI_STATUS_FAILED_PRECONDITION = 9,
	RMI_STATUS_ABORTED = 10,
	RMI_STATUS_OUT_OF_RANGE = 11,
	RMI_STATUS_UNIMPLEMENTED = 12,
	RMI_STATUS_INTERNAL = 13,
	RMI_STATUS_UNAVAILABLE = 14,
	RMI_STATUS_DATA_LOSS = 15,
	RMI_STATUS_UNAUTHENTICATED = 16,
};

/** Status <-> error, both total: unknown values become RME_ETRANSPORT and RMI_STATUS_UNKNOWN. */
enum rme_err rmi_status_to_err(enum rmi_status status);
enum rmi_status rmi_status_from_err(enum rme_err e);
const char *rmi_status_name(enum rmi_status status); /**< "UNAVAILABLE"; never NULL */

/** One metadata entry to send. Keys lower case; values ASCII, unless the key ends in "-bin". */
struct rmi_meta {
	const char *key;
	const char *value;
};

/** How a call ended. Text and trailers are valid during on_end only. */
struct rmi_end {
	enum rmi_status status; /**< server side: OK, or CANCELLED when the client went away or its deadline passed */
	const char *text;       /**< never NULL */
};

enum {
	RMI_RPC_MAX_MESSAGE =
	    (16 * 1024 + 256) * 1024, /**< largest payload of rme.v1, and room for all that goes with it */
	RMI_CALL_META_MAX = 8,
	RMI_CALL_TEXT_MAX = 512,
};

struct rmi_call_ops {
	/** Server: a call came in, its metadata can be read. Set user data, start reading. */
	void (*on_open)(struct rmi_call *c, void *service);
	/** Owns @p msg. NULL: the peer sends no more (half-close), or the call is ending. One per rmi_call_read(). */
	void (*on_message)(struct rmi_call *c, struct rmi_buf *msg);
	/** Optional: the write queue has room again after a write answered RME_EAGAIN or writable was false. */
	void (*on_writable)(struct rmi_call *c);
	/** Exactly once, last; also when the server itself finished. Drop what hangs on the call. */
	void (*on_end)(struct rmi_call *c, const struct rmi_end *end);
};

struct rmi_call *rmi_call_ref(struct rmi_call *c);
void rmi_call_unref(struct rmi_call *c); /**< NULL is allowed */

void rmi_call_set_user(struct rmi_call *c, void *user); /**< in on_open, or by the start options */
void *rmi_call_user(const struct rmi_call *c);

/** Ask for the next message. @return RME_OK, RME_EAGAIN (one is outstanding), RME_ECLOSED */
enum rme_err rmi_call_read(struct rmi_call *c);

/** Queue a message. Owns @p msg in every case. @return RME_OK, RME_EAGAIN, RME_ECLOSED, RME_ELIMIT (too large) */
enum rme_err rmi_call_write(struct rmi_call *c, struct rmi_buf *msg);

/** Room in the write queue? False asks for on_writable. Ended calls answer true (the write then says RME_ECLOSED). */
bool rmi_call_writable(struct rmi_call *c);

/** Client: no more messages follow those queued. @return RME_OK, RME_ECLOSED */
enum rme_err rmi_call_close_send(struct rmi_call *c);

/**
 * Server: end the call after the messages queued. The first finish counts.
 * @param text      shown to the peer; NULL = empty; truncated to RMI_CALL_TEXT_MAX
 * @return RME_OK, RME_ECLOSED
 */
enum rme_err rmi_call_finish(struct rmi_call *c, enum rmi_status status, const char *text);

/** Server, unary: write @p reply (owned in every case) and finish with OK. @return RME_OK, RME_ECLOSED, RME_ELIMIT */
enum rme_err rmi_call_reply(struct rmi_call *c, struct rmi_buf *reply);

/** Server: add a trailing metadata entry, before finish (copied). @return RME_OK, RME_ELIMIT, RME_EINVAL, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_call_add_trailer(struct rmi_call *c, const char *key, const char *value);

/** End the call at once, dropping what is queued. on_end follows on the loop thread. */
void rmi_call_cancel(struct rmi_call *c, enum rmi_status status, const char *text);

/**
 * A metadata value that the peer sent: server: of the request, any time; client: trailers, inside on_end only.
 * @param[out] n  length
 * @return not terminated; valid until on_end has returned; NULL = absent
 */
const char *rmi_call_meta(const struct rmi_call *c, const char *key, size_t *n);

/** Server: path of the method, e.g. "/rme.v1.Rme/Stream"; lives as long as the server's method table. */
const char *rmi_call_path(const struct rmi_call *c);

/** Server: absolute CLOCK_MONOTONIC deadline, 0 = none. */
int64_t rmi_call_deadline_ns(const struct rmi_call *c);

/** Address of the peer, e.g. "ipv4:127.0.0.1:40000"; copied, truncated, terminated. Inside callbacks. */
void rmi_call_peer(const struct rmi_call *c, char *out, size_t size);

/** Server: verified name of the client's certificate (first alternative name, else common name). Inside callbacks. */
bool rmi_call_peer_identity(const struct rmi_call *c, char *out, size_t size);

#endif
