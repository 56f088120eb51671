#include "base/cancel.h"

#include <stddef.h>

void
rmi_cancel_init(struct rmi_cancel *c)
{
	atomic_init(&c->fired, false);
	pthread_mutex_init(&c->mu, NULL);
	c->hooks.next = c->hooks.prev = &c->hooks;
}

void
rmi_cancel_done(struct rmi_cancel *c)
{
	pthread_mutex_destroy(&c->mu);
}

void
rmi_cancel_fire(struct rmi_cancel *c)
{
	pthread_mutex_lock(&c->mu);
	if (!atomic_exchange_explicit(&c->fired, true, memory_order_acq_rel)) {
		for (struct rmi_cancel_hook *h = c->hooks.next; h != &c->hooks; h = h->next) {
			h->fn(h->ctx);
		}
	}
	pthread_mutex_unlock(&c->mu);
}

bool
rmi_cancel_hook(struct rmi_cancel *c, struct rmi_cancel_hook *hook)
{
	pthread_mutex_lock(&c->mu);
	bool taken = !atomic_load_explicit(&c->fired, memory_order_relaxed);
	hook->next = hook->prev = NULL;
	if (taken) {
		hook->prev = c->hooks.prev;
		hook->next = &c->hooks;
		hook->prev->next = hook;
		c->hooks.prev = hook;
	}
	pthread_mutex_unlock(&c->mu);
	return taken;
}

void
rmi_cancel_unhook(struct rmi_cancel *c, struct rmi_cancel_hook *hook)
{
	pthread_mutex_lock(&c->mu);
	if (hook->next != NULL) {
		hook->prev->next = hook->next;
		hook->next->prev = hook->prev;
		hook->next = hook->prev = NULL;
	}
	pthread_mutex_unlock(&c->mu);
}
