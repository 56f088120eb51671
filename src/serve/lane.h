#ifndef RMI_SERVE_LANE_H
#define RMI_SERVE_LANE_H

/**
 * @file
 * One call and its session: the part that unary and stream calls of both protocols share. docs/design/serve.md shows
 * the life of a lane.
 *
 * **Threads.** Callbacks of the call run on its gRPC thread. Work that may wait (opening, freeing) is a job. Output is
 * taken from the session by whoever finds some (the session's thread, or the gRPC thread when the call has room
 * again), one at a time. The session is freed by the last job, after the call has ended: until then it may be used
 * from all of these.
 */

#include "serve/hosted.h"
#include "serve/host.h"

#include "rpc/call.h"

struct rmi_lane;

struct rmi_lane_ops {
	/** A packet of the session's output, owned. One call at a time, on any thread. */
	void (*output)(struct rmi_lane *l, struct rme_packet *pkt);
	/** The session ended, and all its output was given. Once per session. As output(). */
	void (*ended)(struct rmi_lane *l);
	/** The call has ended and the session is gone: free the lane's owner. */
	void (*release)(struct rmi_lane *l);
};

/** First member of its owner. */
struct rmi_lane {
	const struct rmi_lane_ops *ops;
	struct rmi_host *host;
	struct rmi_call *call; /**< a reference */
	struct rmi_hosted hosted;
	struct rmi_session_entry entry;

	/* What follows belongs to lane.c. */
	struct rmi_job job;
	pthread_mutex_t mu;
	void (*work)(struct rmi_lane *l);      /* guarded by mu, as the next two: what the job is to do */
	bool working;                          /* a job is queued or runs */
	bool closing;                          /* the call has ended */
	bool pumping, again;                   /* guarded by mu: someone takes output; and should look once more */
	bool told_end;                         /* ended() was called; whoever pumps */
	bool counted;                          /* among the host's sessions; jobs only */
	pthread_cond_t idle;                   /* nobody is pumping */
	_Atomic(struct rme_session *) session; /* NULL until it is open */
};

/** In on_open. The lane takes a reference to the call. */
void rmi_lane_init(struct rmi_lane *l, const struct rmi_lane_ops *ops, struct rmi_host *host, struct rmi_call *call);

/** Run @p work as a job, unless the call has ended. One at a time. */
void rmi_lane_work(struct rmi_lane *l, void (*work)(struct rmi_lane *l));

/**
 * In a job: open the session of the bound service. Counts against the host's limit.
 * @param in  the session's id, windows and hook are set here
 */
RME_NODISCARD enum rme_err rmi_lane_open(struct rmi_lane *l, struct rmi_hosted_in *in, struct rme_error *err);
/** In a job: free the session (a reset); another one may be opened. No item may be submitted meanwhile. */
void rmi_lane_shut(struct rmi_lane *l);

/** The session, or NULL before it is open. */
static inline struct rme_session *
rmi_lane_session(struct rmi_lane *l)
{
	return atomic_load_explicit(&l->session, memory_order_acquire);
}

/** Give what the session has to output(), while the call has room. Any thread. */
void rmi_lane_pump(struct rmi_lane *l);

/** In on_end, last: the session is canceled, then release() comes. */
void rmi_lane_close(struct rmi_lane *l);

#endif
