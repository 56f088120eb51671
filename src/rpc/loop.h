#ifndef RMI_RPC_LOOP_H
#define RMI_RPC_LOOP_H

/**
 * @file
 * The threads on which gRPC events arrive. One loop serves any number of channels and servers.
 *
 * All callbacks of a call run on the call's one loop thread, never two at a time, and without a lock held. They must
 * not block: they decode, hand over, return. Every function of this layer that is not marked "blocking" may be called
 * on any thread, also inside callbacks.
 */

#include <rme/err.h>

#include <stdbool.h>
#include <stdint.h>

struct rmi_loop;

/** A line that gRPC itself wants to log. Any thread; must not call back into this layer. */
typedef void rmi_rpc_log(void *ctx, bool is_error, const char *text);

struct rmi_loop_config {
	unsigned threads; /**< 0 = 1; more pay only on servers with 4 cores and more */
};

/**
 * Start the threads. The process must not fork without exec afterwards.
 * @return RME_OK, RME_ENOMEM, RME_EIO (no thread)
 */
RME_NODISCARD enum rme_err
rmi_loop_new(struct rmi_loop **out, const struct rmi_loop_config *config, struct rme_error *err);

/**
 * Stop and join the threads. Blocking; not on a loop thread. Servers and channels of the loop must have been freed;
 * calls that are still live are canceled and ended first. NULL is allowed.
 */
void rmi_loop_free(struct rmi_loop *loop);

/** True on one of the loop's threads (where blocking is a bug). */
bool rmi_loop_is_current(const struct rmi_loop *loop);

/** Live calls of the loop, of both sides; for tests and status pages. */
uint32_t rmi_loop_calls(struct rmi_loop *loop);

/**
 * Where gRPC's own messages go; process-wide (gRPC has one log), so only an application sets it. NULL = drop them,
 * which is the state after the first rmi_loop_new(). @p ctx must stay valid for the life of the process.
 */
void rmi_rpc_set_log(rmi_rpc_log *log, void *ctx);

/**
 * Settings of the process that a server or a heavy client wants: allocator thresholds that keep freed payload pages
 * (page faults cost more than the copy), and the file descriptor limit raised to its hard limit. Call once at start.
 */
void rmi_rpc_tune_process(void);

/** Version of gRPC that runs. Never NULL. */
const char *rmi_rpc_version(void);

#endif
