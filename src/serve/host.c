#include "serve/host.h"

#include "base/clock.h"

#include <time.h>

int64_t
rmi_host_wall_ms(int64_t monotonic_ns)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	int64_t wall_ns = (int64_t)ts.tv_sec * RMI_NS_PER_S + ts.tv_nsec;
	return (wall_ns - (rmi_monotonic_ns() - monotonic_ns)) / RMI_NS_PER_MS;
}

enum rme_err
rmi_host_take_session(struct rmi_host *h, struct rme_error *err)
{
	unsigned n = atomic_fetch_add(&h->stats.sessions, 1);
	if (n < h->max_sessions) {
		return RME_OK;
	}
	atomic_fetch_sub(&h->stats.sessions, 1);
	return rme_error_set(err, RME_EUNAVAILABLE, NULL,
	    "%u sessions are open, and more are not allowed here: try again later, or raise --max-sessions",
	    h->max_sessions);
}

void
rmi_host_give_session(struct rmi_host *h)
{
	atomic_fetch_sub(&h->stats.sessions, 1);
}

void
rmi_host_list(struct rmi_host *h, struct rmi_session_entry *e)
{
	e->created_ns = rmi_monotonic_ns();
	atomic_init(&e->active_ns, e->created_ns);
	pthread_mutex_lock(&h->mu);
	e->next = h->sessions;
	e->link = &h->sessions;
	if (e->next != NULL) {
		e->next->link = &e->next;
	}
	h->sessions = e;
	pthread_mutex_unlock(&h->mu);
}

void
rmi_host_unlist(struct rmi_host *h, struct rmi_session_entry *e)
{
	pthread_mutex_lock(&h->mu);
	if (e->link != NULL) {
		*e->link = e->next;
		if (e->next != NULL) {
			e->next->link = e->link;
		}
		e->link = NULL;
	}
	pthread_mutex_unlock(&h->mu);
}
