/* The thread that keeps guest processes: it starts them, hears their bells, and sees them die. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/quiet_thread.h"
#include "wasm/engine_state.h"
#include "wasm/iso_state.h"

enum { EVENTS = 32, STACK_BYTES = 256 << 10, IDLE_RINGS_MAX = 10000 /* a second */, BACKOFF_SHIFT_MAX = 20 };

/* Which descriptor of a process an event is about: in the low bit of its pointer. */
#define IS_PIDFD UINT64_C(1)

static bool
watch(struct rmi_iso_host *h, int fd, uint64_t data)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = data};
	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void
tell_blocked(struct rmi_iso_host *h)
{
	h->changes++;
	pthread_cond_broadcast(&h->changed);
}

/* All who have a place in a process look for themselves. The lock is held. */
static void
wake_all(struct rmi_iso_process *p)
{
	for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
		if (p->place[i].state == RMI_ISO_TAKEN && p->place[i].node != NULL) {
			rme_node_wake(p->place[i].node);
		}
	}
	tell_blocked(p->module->host);
}

static int64_t
backoff_ns(uint32_t crashes)
{
	if (crashes < 2) {
		return 0;
	}
	uint32_t shift = crashes - 2 < BACKOFF_SHIFT_MAX ? crashes - 2 : BACKOFF_SHIFT_MAX;
	int64_t wait = RMI_ISO_BACKOFF_MIN_NS << shift;
	return wait < RMI_ISO_BACKOFF_MAX_NS ? wait : RMI_ISO_BACKOFF_MAX_NS;
}

/* The lock is held. */
static void
declare_dead(struct rmi_iso_process *p)
{
	struct rmi_iso_module *m = p->module;
	atomic_store(&p->state, RMI_ISO_P_DEAD);
	m->n_processes--;
	if (!p->retired) {
		m->host->died++;
		m->not_before_ns = rmi_monotonic_ns() + backoff_ns(atomic_fetch_add(&m->crashes, 1) + 1);
		if (m->host->engine->rt != NULL) {
			rme_log(m->host->engine->rt, RME_LOG_WARN, "wasm", "module %s: its process ended: %s", m->name,
			    p->death.text);
		}
	}
	wake_all(p);
}

/* The lock is held, and released while the program is started. */
static void
start_process(struct rmi_iso_host *h, struct rmi_iso_process *p)
{
	atomic_store(&p->state, RMI_ISO_P_STARTING);
	p->start_ns = p->idle_ns = rmi_monotonic_ns();
	pthread_mutex_unlock(&h->lock);
	enum rme_err e = rmi_iso_process_spawn(p);
	pthread_mutex_lock(&h->lock);
	uint64_t data = (uint64_t)(uintptr_t)p;
	if (e == RME_OK && watch(h, p->bell_fd, data) && watch(h, p->pidfd, data | IS_PIDFD)) {
		h->started++;
		return;
	}
	if (p->death.code == RME_OK) {
		(void)rme_error_set(&p->death, RME_EIO, p->module->name, "its process cannot be watched");
	}
	if (p->pid > 0) {
		rmi_iso_process_kill(p);
		rmi_iso_process_reap(p);
	}
	declare_dead(p);
}

static void
look_at_stage(struct rmi_iso_process *p)
{
	if (atomic_load(&p->state) != RMI_ISO_P_STARTING || atomic_load(&p->shared->control.stage) != RMI_ISO_READY) {
		return;
	}
	p->module->host->last_start_ns = rmi_monotonic_ns() - p->start_ns;
	atomic_store(&p->state, RMI_ISO_P_READY);
	wake_all(p);
}

/* A guest that rings for nothing burns our time. */
static void
count_idle_ring(struct rmi_iso_process *p)
{
	int64_t now = rmi_monotonic_ns();
	if (now - p->rings_ns > RMI_NS_PER_S) {
		p->rings_ns = now;
		p->idle_rings = 0;
	}
	if (++p->idle_rings > IDLE_RINGS_MAX && p->death.code == RME_OK) {
		(void)rme_error_set(
		    &p->death, RME_EMODULE, p->module->name, "it rang without a reason, again and again");
		rmi_iso_process_kill(p);
	}
}

/* The lock is held. */
static void
hear_bell(struct rmi_iso_process *p)
{
	uint64_t n;
	if (read(p->bell_fd, &n, sizeof(n)) != (ssize_t)sizeof(n)) {
		return;
	}
	look_at_stage(p);
	uint32_t rung = atomic_exchange(&p->shared->control.rung, 0);
	bool any = false;
	for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
		struct rmi_iso_place *place = &p->place[i];
		if ((rung >> i & 1) == 0 || place->state != RMI_ISO_TAKEN) {
			continue;
		}
		/* Only who sleeps has to be woken, and whoever sleeps has said so where only we can write. */
		bool asleep = atomic_exchange(&place->asleep, false);
		any = any || asleep;
		if (asleep && place->blocking) {
			tell_blocked(p->module->host);
		} else if (asleep) {
			rme_node_wake(place->node);
		}
	}
	if (!any) {
		count_idle_ring(p);
	}
}

static void
see_end(struct rmi_iso_host *h, struct rmi_iso_process *p)
{
	(void)epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, p->pidfd, NULL);
	(void)epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, p->bell_fd, NULL);
	rmi_iso_process_reap(p);
	declare_dead(p);
}

static void
handle(struct rmi_iso_host *h, const struct epoll_event *ev)
{
	uint64_t data = ev->data.u64, n;
	struct rmi_iso_process *p;
	if (data == 0) {
		(void)!read(h->command_fd, &n, sizeof(n));
		return;
	}
	bool ended = (data & IS_PIDFD) != 0;
	data &= ~IS_PIDFD;
	memcpy(&p, &data, sizeof(p));
	if (atomic_load(&p->state) == RMI_ISO_P_DEAD) {
		return; /* of the same batch of events */
	}
	if (ended) {
		see_end(h, p);
	} else {
		hear_bell(p);
	}
}

/* What is due of one process. @return when it wants to be looked at again, 0 = not at all */
static int64_t
tend(struct rmi_iso_host *h, struct rmi_iso_process *p, int64_t now)
{
	switch ((enum rmi_iso_process_state)atomic_load(&p->state)) {
	case RMI_ISO_P_WANTED:
		if (p->module->not_before_ns > now) {
			return p->module->not_before_ns;
		}
		start_process(h, p);
		return now + RMI_ISO_START_NS;
	case RMI_ISO_P_STARTING:
		if (now - p->start_ns > RMI_ISO_START_NS && p->death.code == RME_OK) {
			(void)rme_error_set(&p->death, RME_ETIMEDOUT, p->module->name, "it did not start within %lld s",
			    (long long)(RMI_ISO_START_NS / RMI_NS_PER_S));
			rmi_iso_process_kill(p);
		}
		return p->start_ns + RMI_ISO_START_NS + RMI_NS_PER_S;
	case RMI_ISO_P_READY:
		if (p->n_taken > 0) {
			return 0;
		}
		if (now - p->idle_ns >= RMI_ISO_IDLE_NS && !p->retired) {
			p->retired = true;
			rmi_iso_process_kill(p);
		}
		return p->retired ? 0 : p->idle_ns + RMI_ISO_IDLE_NS;
	case RMI_ISO_P_DEAD:
	default:
		return 0;
	}
}

/* Frees the dead that nobody has a place in, and does what is due. The lock is held. @return when to look again */
static int64_t
tend_module(struct rmi_iso_host *h, struct rmi_iso_module *m)
{
	int64_t next = 0, now = rmi_monotonic_ns();
	for (struct rmi_iso_process **at = &m->processes; *at != NULL;) {
		struct rmi_iso_process *p = *at;
		if (atomic_load(&p->state) == RMI_ISO_P_DEAD && p->n_taken == 0) {
			*at = p->next;
			rmi_iso_process_free(p);
			continue;
		}
		int64_t when = tend(h, p, now);
		next = when != 0 && (next == 0 || when < next) ? when : next;
		at = &p->next;
	}
	return next;
}

static int
tend_all(struct rmi_iso_host *h)
{
	int64_t next = 0;
	for (struct rmi_iso_module *m = h->modules; m != NULL; m = m->next) {
		int64_t when = tend_module(h, m);
		next = when != 0 && (next == 0 || when < next) ? when : next;
	}
	if (next == 0) {
		return -1;
	}
	int64_t wait = (next - rmi_monotonic_ns()) / RMI_NS_PER_MS + 1;
	return wait > 0 ? (int)wait : 0;
}

static void *
keep(void *arg)
{
	struct rmi_iso_host *h = arg;
	struct epoll_event events[EVENTS];
	(void)prctl(PR_SET_NAME, "rme-keeper");
	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		int wait_ms = tend_all(h);
		pthread_mutex_unlock(&h->lock);
		int n = epoll_wait(h->epoll_fd, events, EVENTS, wait_ms);
		pthread_mutex_lock(&h->lock);
		for (int i = 0; i < n; i++) {
			handle(h, &events[i]);
		}
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

enum rme_err
rmi_iso_keeper_start(struct rmi_iso_host *h, struct rme_error *err)
{
	h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	h->command_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->epoll_fd < 0 || h->command_fd < 0 || !watch(h, h->command_fd, 0)) {
		return rme_error_set(err, RME_EIO, NULL, "guest processes cannot be watched: %s", strerror(errno));
	}
	int e = rmi_quiet_thread(&h->keeper, keep, h, STACK_BYTES);
	h->running = e == 0;
	return e == 0 ? RME_OK : rme_error_set(err, RME_ENOMEM, NULL, "no thread: %s", strerror(e));
}

void
rmi_iso_keeper_kick(struct rmi_iso_host *h)
{
	const uint64_t one = 1;
	(void)!write(h->command_fd, &one, sizeof(one));
}

static void
end_processes(struct rmi_iso_host *h)
{
	for (struct rmi_iso_module *m = h->modules; m != NULL; m = m->next) {
		while (m->processes != NULL) {
			struct rmi_iso_process *p = m->processes;
			m->processes = p->next;
			if (p->pid > 0) {
				rmi_iso_process_kill(p);
				rmi_iso_process_reap(p);
			}
			rmi_iso_process_free(p);
		}
	}
}

void
rmi_iso_keeper_stop(struct rmi_iso_host *h)
{
	if (h->running) {
		pthread_mutex_lock(&h->lock);
		h->stop = true;
		pthread_mutex_unlock(&h->lock);
		rmi_iso_keeper_kick(h);
		pthread_join(h->keeper, NULL);
	}
	end_processes(h);
	if (h->epoll_fd >= 0) {
		close(h->epoll_fd);
	}
	if (h->command_fd >= 0) {
		close(h->command_fd);
	}
}
