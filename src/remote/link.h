#ifndef RMI_REMOTE_LINK_H
#define RMI_REMOTE_LINK_H

/**
 * @file
 * One rme.v1 Stream call, between gRPC's thread and the one thread that owns the link: messages wait in a short queue, the
 * owner is told once and fetches them. While the queue is full nothing is read, so that the peer feels a slow owner.
 */

#include <rme/err.h>

#include <stdbool.h>

struct rmi_buf;
struct rmi_channel;
struct rmi_link;

enum {
	RMI_LINK_QUEUE_MAX = 32,                /**< messages waiting for the owner */
	RMI_LINK_QUEUE_BYTES_MAX = 1024 * 1024, /**< no more is read above this (one message may exceed it) */
	RMI_LINK_WRITE_BYTES_MAX = 4 * 1024 * 1024,
};

/** What a link is made of; borrowed, the channel outlives it. */
struct rmi_link_config {
	struct rmi_channel *channel;
	void (*notify)(void *ctx);
	void *ctx;
	bool wait; /**< for a connection, instead of failing at once where there is none */
};

/**
 * Start a call. notify is called on any thread, with a lock held: it may wake a thread, and not wait or call back.
 * @return RME_OK, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_link_open(struct rmi_link **out, const struct rmi_link_config *config);

/** Let go: notify is not called any more once this returns; the call is canceled behind the scene. NULL is allowed. */
void rmi_link_close(struct rmi_link *l);

/** True: the next send is taken. False: notify comes when it will be. */
bool rmi_link_writable(struct rmi_link *l);
/** Owns @p msg. @return RME_OK, RME_EAGAIN, RME_ECLOSED, RME_ELIMIT, RME_ENOMEM */
enum rme_err rmi_link_send(struct rmi_link *l, struct rmi_buf *msg);

/**
 * Fetch the next message.
 * @param[out] msg  one reference
 * @return RME_OK; RME_EAGAIN (none now); else the link is over, and why: RME_ECLOSED where the peer ended it with OK
 */
enum rme_err rmi_link_next(struct rmi_link *l, struct rmi_buf **msg, struct rme_error *why);

#endif
