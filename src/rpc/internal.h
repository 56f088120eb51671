#ifndef RMI_RPC_INTERNAL_H
#define RMI_RPC_INTERNAL_H

/** @file What the files of this folder share, and nobody else includes: gRPC's own types appear from here on. */

#include <grpc/grpc.h>

#include "rpc/buf.h"
#include "rpc/call.h"
#include "rpc/loop.h"
#include "rpc/server.h"

#include <pthread.h>
#include <stdatomic.h>

/** What gRPC hands back when a batch completes: embedded in the object that started it. */
struct rmi_tag {
	void (*fn)(struct rmi_tag *tag, bool ok);
};

/*
 * A tag goes through gRPC's queue from the thread that starts a batch to the thread that sees it done. gRPC is not
 * instrumented, so ThreadSanitizer must be told that what happened before is visible after.
 */
#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define RMI_TAG_GIVE(tag) __tsan_release(tag)
#define RMI_TAG_TAKE(tag) __tsan_acquire(tag)
#else
#define RMI_TAG_GIVE(tag) ((void)0)
#define RMI_TAG_TAKE(tag) ((void)0)
#endif

#define RMI_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

struct rmi_loop_queue {
	struct rmi_loop *loop;
	grpc_completion_queue *cq;
	pthread_t thread;
	bool started;
};

struct rmi_loop {
	pthread_mutex_t mu; /* guards calls, live */
	pthread_cond_t idle;
	struct rmi_call *calls; /* all live calls */
	uint32_t live;
	atomic_uint turn;
	unsigned n_queues;
	struct rmi_loop_queue queue[];
};

/* A call is on its loop's list from rmi_loop_enlist() until it has ended. */
void rmi_loop_enlist(struct rmi_call *c);
void rmi_loop_delist(struct rmi_call *c);
struct rmi_loop_queue *rmi_loop_pick(struct rmi_loop *loop);

struct rmi_call {
	/* set before the first batch, then constant */
	struct rmi_loop *loop;
	const struct rmi_call_ops *ops;
	void *user;
	const char *path; /* server: of the method table */
	bool is_client;
	bool unary;
	size_t max_message, max_queued_bytes;
	uint32_t max_queued;
	int64_t deadline_ns;
	void (*ended)(void *owner); /* server's own bookkeeping, after on_end */
	void *owner;

	atomic_uint refs;
	struct rmi_tag t_start, t_read, t_write;
	struct rmi_call *next, **link; /* loop's list */

	pthread_mutex_t mu; /* guards what follows; never held across a call out */
	grpc_call *grpc;    /* NULL once ended */
	unsigned pending;   /* batches under way */
	bool over;          /* the end was received: no new batches */
	bool dead;          /* all over, on_end is being or was called */
	bool reading, read_done;
	bool writing, headers_sent, close_wanted, close_sent; /* close: half-close of a client, status of a server */
	bool want_writable;
	struct rmi_buf *head, **tail, *sending;
	uint32_t queued;
	size_t queued_bytes, sending_bytes;
	enum rmi_status status; /* server: to be sent; client: received */
	grpc_slice status_text;
	unsigned n_trailers;
	grpc_metadata trailers[RMI_CALL_META_MAX];

	/* written by gRPC before the tag comes back */
	grpc_byte_buffer *received;
	int canceled;
	grpc_status_code end_status;
	grpc_metadata_array initial, trailing;
	grpc_call_details details;
};

RME_NODISCARD struct rmi_call *rmi_call_new(struct rmi_loop *loop);
/** Count a batch that is about to be started; false: the call is over, do not start. */
bool rmi_call_begin(struct rmi_call *c);
void rmi_call_batch(struct rmi_call *c, const grpc_op *ops, size_t n, struct rmi_tag *tag);
/** A batch came back and was dealt with; ends the call after the last one. */
void rmi_call_settle(struct rmi_call *c);
/** The end was received: nothing is queued or started any more, but the status that a server still owes. */
void rmi_call_over(struct rmi_call *c);
void rmi_call_write_done(struct rmi_tag *tag, bool ok);
/** Start what can be sent: the next message, and the close after the last. */
void rmi_call_pump(struct rmi_call *c);
/** Forget queued messages; call with mu held. @return list to be dropped without it */
struct rmi_buf *rmi_call_drop_queue(struct rmi_call *c);
void rmi_buf_drop_list(struct rmi_buf *list);

/* buf.c */
struct rmi_buf {
	atomic_uint refs;
	struct rmi_buf *next; /* in a write queue */
	grpc_byte_buffer bytes;
};
/** Take over a received message. Frees @p received in every case. NULL = out of memory. */
struct rmi_buf *rmi_buf_from_grpc(grpc_byte_buffer *received);
/** A buffer nobody else holds, with the same pieces: @p b itself if possible. Owns @p b. NULL = out of memory. */
struct rmi_buf *rmi_buf_own(struct rmi_buf *b);

/* address.c */
/** Path of a unix socket address, or NULL. */
const char *rmi_address_unix(const char *address);
/** Is it a unix socket, or has a port, 0 for any? */
bool rmi_address_may_listen(const char *address);
/** gRPC does not say why it cannot listen: the reason, if a plain socket cannot either; else NULL. */
const char *rmi_address_trouble(const char *address);

/** Send gRPC's log where rmi_rpc_set_log() says. */
void rmi_rpc_log_default(void);

gpr_timespec rmi_grpc_time(int64_t deadline_ns);

/** May this go out as metadata? gRPC refuses a whole batch for it. */
bool rmi_meta_ok(const char *key, const char *value);

/* tls.c: credentials over the files of a config; plain text for NULL. */
struct rmi_tls;
RME_NODISCARD enum rme_err
rmi_tls_server(grpc_server_credentials **out, const struct rmi_tls *tls, struct rme_error *err);
RME_NODISCARD enum rme_err
rmi_tls_client(grpc_channel_credentials **out, const struct rmi_tls *tls, struct rme_error *err);

#endif
