#ifndef TEST_RPC_ECHO_H
#define TEST_RPC_ECHO_H

/** @file A small server over src/rpc that behaves and misbehaves on request, and a client that waits for what comes. */

#include "rpc/channel.h"
#include "rpc/server.h"

#include <pthread.h>

/* Methods of the server. */
#define ECHO_UNARY  "/test.Echo/Unary"  /* the request comes back */
#define ECHO_STREAM "/test.Echo/Stream" /* each message comes back; half-close ends with OK */
#define ECHO_HANG   "/test.Echo/Hang"   /* reads, never answers */
#define ECHO_SINK   "/test.Echo/Sink"   /* never reads */
#define ECHO_FLOOD  "/test.Echo/Flood"  /* writes 64 KiB messages without end, as fast as it is let */
#define ECHO_OPEN   "/test.Echo/Open"   /* like UNARY, not put before the auth hook */
#define ECHO_FAIL   "/test.Echo/Fail"   /* FAILED_PRECONDITION with a text and a trailer */

struct echo_server {
	struct rmi_server *server;
	char address[64];
	_Atomic uint64_t flooded; /* bytes that FLOOD handed to calls */
	_Atomic uint32_t opened, ended, canceled;
};

/** Fill methods, then make the server; address "127.0.0.1:0" where config names none. */
enum rme_err echo_server_start(
    struct echo_server *s, struct rmi_loop *loop, struct rmi_server_config *config, struct rme_error *err);
void echo_server_stop(struct echo_server *s);

/** A call whose events are waited for on the test's thread. */
struct echo_client {
	struct rmi_call *call;
	pthread_mutex_t mu;
	pthread_cond_t event;
	struct rmi_buf *msg; /* the last one that came */
	uint32_t messages, writable;
	bool half_closed, ended;
	struct rmi_end end;
	char text[RMI_CALL_TEXT_MAX];
	char trailer[64];
};

/** ops and user of the options are set here. */
enum rme_err echo_client_start(
    struct echo_client *c, struct rmi_channel *ch, const char *path, const struct rmi_call_options *options);
/** rmi_unary() of an echo method. Owns @p request. */
enum rme_err echo_unary(
    struct rmi_buf **out, struct rmi_channel *ch, const char *path, struct rmi_buf *request, struct rme_error *err);
/** Ask for a message and wait for it; NULL = the peer sends no more, or the call ended. */
struct rmi_buf *echo_client_read(struct echo_client *c);
/** Wait until the n-th on_writable came or the call ended. */
void echo_client_wait_writable(struct echo_client *c, uint32_t n);
/** Wait for on_end. */
enum rmi_status echo_client_wait_end(struct echo_client *c);
void echo_client_done(struct echo_client *c);

struct rmi_channel *echo_channel(struct rmi_loop *loop, const char *address);
int64_t echo_now_ns(void);

#endif
