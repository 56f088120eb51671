#ifndef RMI_BASE_CANCEL_H
#define RMI_BASE_CANCEL_H

/**
 * @file
 * A cancellation flag that blocked work can hook into: polled by loops, and told to whoever waits elsewhere.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/** In the waiter's memory, from hook to unhook. */
struct rmi_cancel_hook {
	void (*fn)(void *ctx); /**< called once, by the canceling thread; may signal, must not wait, hook or unhook */
	void *ctx;
	struct rmi_cancel_hook *next, *prev;
};

struct rmi_cancel {
	atomic_bool fired;
	pthread_mutex_t mu; /* guards hooks; held while they are called, so that unhook is a barrier */
	struct rmi_cancel_hook hooks;
};

void rmi_cancel_init(struct rmi_cancel *c);
/** No hook may be left. */
void rmi_cancel_done(struct rmi_cancel *c);
/** Any thread; a second call does nothing. */
void rmi_cancel_fire(struct rmi_cancel *c);
/** @return false if it has fired already: the hook was not taken and will not be called */
bool rmi_cancel_hook(struct rmi_cancel *c, struct rmi_cancel_hook *hook);
/** After it returns the hook does not run and will not be called. A hook that was not taken is ignored. */
void rmi_cancel_unhook(struct rmi_cancel *c, struct rmi_cancel_hook *hook);

/** @param c  NULL = never */
static inline bool
rmi_canceled(const struct rmi_cancel *c)
{
	return c != NULL && atomic_load_explicit(&c->fired, memory_order_acquire);
}

#endif
