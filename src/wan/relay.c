#include "wan/relay.h"

#include "base/clock.h"
#include "wan/address.h"
#include "wan/connection.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * Every pass of the loop first looks at the time (script, losses), then pumps all connections, then sleeps until a socket
 * reports something or the next bytes are due. Events only set flags in the ends; a connection is freed by the pump alone,
 * so that no event can refer to one that is gone. Frozen: the pump rests, and since the sockets are edge-triggered nothing
 * spins.
 */

enum { EVENTS_PER_PASS = 64, BACKLOG = 64, SOCKET_BUFFER = 64 * 1024, EVENT_TEXT_MAX = 128 };

enum mode { MODE_UP, MODE_DOWN, MODE_FROZEN };

struct rmi_wan_relay {
	struct rmi_wan_config config;
	struct rmi_wan_address listen_at, to;
	int epoll, timer, stop, listener;
	bool acceptable; /* connections may wait at the listener */
	enum mode mode;
	struct rmi_wan_line line;
	struct rmi_wan_connection *connections;
	struct rmi_wan_stats stats;
	size_t next_step;
	int64_t start_ns, next_loss_ns;
	uint64_t random;
};

static void tell(struct rmi_wan_relay *r, int64_t now_ns, const char *fmt, ...) RME_PRINTF(3, 4);

static void
tell(struct rmi_wan_relay *r, int64_t now_ns, const char *fmt, ...)
{
	if (r->config.event == NULL) {
		return;
	}
	char text[EVENT_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->config.event(r->config.ctx, now_ns - r->start_ns, text);
}

static enum rme_err
failed(struct rme_error *err, const char *where, const char *what)
{
	return rme_error_set(err, RME_EIO, where, "cannot %s: %s", what, strerror(errno));
}

static bool
watch(struct rmi_wan_relay *r, int fd, uint32_t events, void *ptr)
{
	struct epoll_event ev = {.events = events, .data.ptr = ptr};
	return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static void
no_delay(int fd)
{
	const int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* Small socket buffers, so that the queue of the line is what fills up. */
static void
keep_buffers_small(int fd)
{
	const int size = SOCKET_BUFFER;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* A socket at the address. It refuses connections as long as it does not listen, and keeps the port from others. */
static enum rme_err
open_listener(struct rmi_wan_relay *r, bool listening, struct rme_error *err)
{
	const int one = 1;
	if (r->listener >= 0) {
		(void)close(r->listener);
	}
	r->acceptable = false;
	r->listener = socket(r->listen_at.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->listener < 0) {
		return failed(err, r->config.listen, "open a socket");
	}
	(void)setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	keep_buffers_small(r->listener);
	if (bind(r->listener, (const struct sockaddr *)&r->listen_at.at, r->listen_at.len) != 0 ||
	    (listening && listen(r->listener, BACKLOG) != 0)) {
		return failed(err, r->config.listen, "listen there (is the port in use?)");
	}
	if (listening && !watch(r, r->listener, EPOLLIN | EPOLLET, &r->listener)) {
		return failed(err, r->config.listen, "watch the socket");
	}
	return RME_OK;
}

static enum rme_err
relay_open(struct rmi_wan_relay *r, struct rme_error *err)
{
	enum rme_err e = rmi_wan_address_resolve(&r->listen_at, r->config.listen, err);
	if (e == RME_OK) {
		e = rmi_wan_address_resolve(&r->to, r->config.to, err);
	}
	if (e != RME_OK) {
		return e;
	}
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	r->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->epoll < 0 || r->timer < 0 || r->stop < 0 || !watch(r, r->timer, EPOLLIN, &r->timer) ||
	    !watch(r, r->stop, EPOLLIN, &r->stop)) {
		return failed(err, NULL, "make an event loop");
	}
	e = open_listener(r, true, err);
	if (e != RME_OK) {
		return e;
	}
	r->listen_at.len = sizeof(r->listen_at.at);
	if (getsockname(r->listener, (struct sockaddr *)&r->listen_at.at, &r->listen_at.len) != 0) {
		return failed(err, r->config.listen, "ask for the port");
	}
	return RME_OK;
}

static enum rme_err
check_config(const struct rmi_wan_config *c, struct rme_error *err)
{
	if (c->queue_bytes < RMI_WAN_SEGMENT || c->queue_bytes > RMI_WAN_QUEUE_MAX ||
	    c->buffer_bytes < RMI_WAN_SEGMENT || c->buffer_bytes > RMI_WAN_BUFFER_MAX) {
		return rme_error_set(err, RME_ECONFIG, NULL, "queue and buffer must be between %d bytes and %d MiB",
		    RMI_WAN_SEGMENT, RMI_WAN_QUEUE_MAX >> 20);
	}
	for (int d = 0; d < RMI_WAN_DIRECTIONS; d++) {
		if (c->shape[d].delay_ns > RMI_WAN_DELAY_MAX_NS || c->shape[d].jitter_ns > RMI_WAN_DELAY_MAX_NS) {
			return rme_error_set(err, RME_ECONFIG, NULL, "delay and jitter must be an hour at most");
		}
	}
	if (c->connections_max > RMI_WAN_CONNECTIONS_MAX || c->lose_every_ns > RMI_WAN_AT_MAX_NS) {
		return rme_error_set(err, RME_ECONFIG, NULL,
		    "at most %d connections, and a loss at least every 10000 hours", RMI_WAN_CONNECTIONS_MAX);
	}
	return RME_OK;
}

enum rme_err
rmi_wan_relay_new(struct rmi_wan_relay **out, const struct rmi_wan_config *config, struct rme_error *err)
{
	struct rmi_wan_relay *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
	}
	r->config = *config;
	r->epoll = r->timer = r->stop = r->listener = -1;
	if (r->config.queue_bytes == 0) {
		r->config.queue_bytes = RMI_WAN_QUEUE_DEFAULT;
	}
	if (r->config.buffer_bytes == 0) {
		r->config.buffer_bytes = RMI_WAN_BUFFER_DEFAULT;
	}
	if (r->config.connections_max == 0) {
		r->config.connections_max = RMI_WAN_CONNECTIONS_DEFAULT;
	}
	for (int d = 0; d < RMI_WAN_DIRECTIONS; d++) {
		rmi_wan_shaper_init(
		    &r->line.ways[d], &config->shape[d], r->config.queue_bytes, config->seed * 2 + (uint64_t)d + 1);
	}
	r->random = config->seed + 1;
	enum rme_err e = check_config(&r->config, err);
	if (e == RME_OK) {
		e = relay_open(r, err);
	}
	if (e != RME_OK) {
		rmi_wan_relay_free(r);
		return e;
	}
	*out = r;
	return RME_OK;
}

/* Free all connections. @return how many there were */
static unsigned
drop_all(struct rmi_wan_relay *r)
{
	unsigned n = 0;
	while (r->connections != NULL) {
		struct rmi_wan_connection *c = r->connections;
		r->connections = c->next;
		rmi_wan_connection_free(c, true);
		n++;
	}
	r->stats.open = 0;
	return n;
}

void
rmi_wan_relay_free(struct rmi_wan_relay *r)
{
	if (r == NULL) {
		return;
	}
	(void)drop_all(r);
	const int fds[] = {r->epoll, r->timer, r->stop, r->listener};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0) {
			(void)close(fds[i]);
		}
	}
	free(r);
}

uint16_t
rmi_wan_relay_port(const struct rmi_wan_relay *r)
{
	return rmi_wan_address_port(&r->listen_at);
}

void
rmi_wan_relay_stop(struct rmi_wan_relay *r)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t n = write(r->stop, &one, sizeof(one)); /* fails only if it was told 2^64 - 2 times before */
	(void)n;
	errno = saved;
}

void
rmi_wan_relay_stats(const struct rmi_wan_relay *r, struct rmi_wan_stats *out)
{
	*out = r->stats;
	memcpy(out->bytes, r->line.bytes, sizeof(out->bytes));
}

/* Reset what is connected, as a failing line does. */
static void
reset_all(struct rmi_wan_relay *r, int64_t now_ns, const char *why)
{
	unsigned n = drop_all(r);
	r->stats.reset += n;
	tell(r, now_ns, "%s: %u connections reset", why, n);
}

static int64_t
pick_loss(struct rmi_wan_relay *r, int64_t now_ns)
{
	if (r->config.lose_every_ns <= 0) {
		return INT64_MAX;
	}
	return now_ns + (int64_t)(-log(1 - rmi_wan_random(&r->random)) * (double)r->config.lose_every_ns);
}

static enum rme_err
take_step(struct rmi_wan_relay *r, const struct rmi_wan_step *step, int64_t now_ns, struct rme_error *err)
{
	char text[EVENT_TEXT_MAX];
	enum rme_err e = RME_OK;
	(void)rmi_wan_step_text(step, text, sizeof(text));
	switch (step->action) {
	case RMI_WAN_UP:
		e = r->mode == MODE_DOWN ? open_listener(r, true, err) : RME_OK;
		r->mode = MODE_UP;
		break;
	case RMI_WAN_DOWN:
		e = r->mode == MODE_DOWN ? RME_OK : open_listener(r, false, err);
		r->mode = MODE_DOWN;
		reset_all(r, now_ns, text);
		return e;
	case RMI_WAN_CUT:
		reset_all(r, now_ns, text);
		return RME_OK;
	case RMI_WAN_FREEZE:
		e = r->mode == MODE_DOWN ? open_listener(r, true, err) : RME_OK;
		r->mode = MODE_FROZEN;
		break;
	case RMI_WAN_DELAY:
	case RMI_WAN_JITTER:
	case RMI_WAN_RATE:
		for (int d = 0; d < RMI_WAN_DIRECTIONS; d++) {
			struct rmi_wan_shape shape = r->line.ways[d].shape;
			rmi_wan_step_apply(step, d, &shape);
			rmi_wan_shaper_change(&r->line.ways[d], &shape, now_ns);
		}
		break;
	}
	tell(r, now_ns, "%s", text);
	return e;
}

/* Do what is due by the clock. @return also *next_ns, when there is more to do */
static enum rme_err
follow_time(struct rmi_wan_relay *r, int64_t now_ns, int64_t *next_ns, struct rme_error *err)
{
	const struct rmi_wan_script *script = r->config.script;
	*next_ns = INT64_MAX;
	while (script != NULL && r->next_step < script->n) {
		const struct rmi_wan_step *step = &script->steps[r->next_step];
		if (step->at_ns > now_ns - r->start_ns) {
			*next_ns = r->start_ns + step->at_ns;
			break;
		}
		r->next_step++;
		enum rme_err e = take_step(r, step, now_ns, err);
		if (e != RME_OK) {
			return e;
		}
	}
	if (now_ns >= r->next_loss_ns) {
		reset_all(r, now_ns, "loss");
		r->next_loss_ns = pick_loss(r, now_ns);
	}
	if (r->next_loss_ns < *next_ns) {
		*next_ns = r->next_loss_ns;
	}
	return RME_OK;
}

/* @return a socket that is connecting to the service, or -1 */
static int
dial(const struct rmi_wan_relay *r)
{
	int fd = socket(r->to.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -1;
	}
	keep_buffers_small(fd);
	no_delay(fd);
	if (connect(fd, (const struct sockaddr *)&r->to.at, r->to.len) != 0 && errno != EINPROGRESS) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Join a new client, whose socket is @p client, to the service. @return false if that was not possible */
static bool
join(struct rmi_wan_relay *r, int client, int64_t now_ns)
{
	const int64_t up_ns = r->line.ways[RMI_WAN_TO_SERVICE].shape.delay_ns;
	const int64_t down_ns = r->line.ways[RMI_WAN_TO_CLIENT].shape.delay_ns;
	/* The service's greeting arrives one round trip after the client asked; the client's first bytes half a one later. */
	const int64_t not_before_ns[RMI_WAN_DIRECTIONS] = {now_ns + 2 * up_ns + down_ns, now_ns + up_ns + down_ns};
	const int fds[2] = {client, dial(r)};
	struct rmi_wan_connection *c;
	if (fds[1] < 0) {
		(void)close(client);
		return false;
	}
	no_delay(client);
	if (rmi_wan_connection_new(&c, fds, r->config.buffer_bytes, not_before_ns) != RME_OK) {
		return false;
	}
	for (int i = 0; i < 2; i++) {
		if (!watch(r, fds[i], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &c->ends[i])) {
			rmi_wan_connection_free(c, true);
			return false;
		}
	}
	c->next = r->connections;
	r->connections = c;
	r->stats.open++;
	return true;
}

static void
accept_waiting(struct rmi_wan_relay *r, int64_t now_ns)
{
	while (r->acceptable && r->stats.open < r->config.connections_max) {
		int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			r->acceptable = errno == EINTR || errno == ECONNABORTED;
			continue;
		}
		r->stats.connections++;
		if (!join(r, fd, now_ns)) {
			r->stats.unreachable++;
			tell(r, now_ns, "cannot connect to %s", r->config.to);
		}
	}
}

/* Pump all connections, drop those that ended. @return when the next bytes are due */
static int64_t
pump_all(struct rmi_wan_relay *r, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;
	for (struct rmi_wan_connection **at = &r->connections; *at != NULL;) {
		struct rmi_wan_connection *c = *at;
		enum rmi_wan_state state = rmi_wan_connection_pump(c, &r->line, now_ns);
		if (state == RMI_WAN_OPEN) {
			int64_t t = rmi_wan_connection_next_ns(c, &r->line, now_ns);
			next_ns = t < next_ns ? t : next_ns;
			at = &c->next;
			continue;
		}
		if (state == RMI_WAN_UNREACHABLE) {
			r->stats.unreachable++;
			tell(r, now_ns, "cannot connect to %s", r->config.to);
		}
		*at = c->next;
		r->stats.open--;
		rmi_wan_connection_free(c, state != RMI_WAN_CLOSED);
	}
	return next_ns;
}

static void
arm(struct rmi_wan_relay *r, int64_t at_ns)
{
	struct itimerspec t = {0};
	if (at_ns != INT64_MAX) {
		/* All-zero would disarm the timer; 1 ns after the epoch has passed as well. */
		at_ns = at_ns > 0 ? at_ns : 1;
		t.it_value.tv_sec = (time_t)(at_ns / RMI_NS_PER_S);
		t.it_value.tv_nsec = (long)(at_ns % RMI_NS_PER_S);
	}
	int done = timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &t, NULL);
	assert(done == 0);
	(void)done;
}

/* Note what an event says. @return false if it says stop */
static bool
note(struct rmi_wan_relay *r, const struct epoll_event *ev)
{
	if (ev->data.ptr == &r->stop) {
		return false;
	}
	if (ev->data.ptr == &r->listener) {
		r->acceptable = true;
	} else if (ev->data.ptr == &r->timer) {
		uint64_t fired;
		ssize_t n = read(r->timer, &fired, sizeof(fired));
		(void)n; /* armed anew in every pass */
	} else {
		struct rmi_wan_end *end = ev->data.ptr;
		end->readable = end->readable || (ev->events & ~(uint32_t)EPOLLOUT) != 0;
		end->writable = end->writable || (ev->events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
	}
	return true;
}

/* @return false when told to stop; *err is set if waiting failed */
static bool
wait_for_events(struct rmi_wan_relay *r, enum rme_err *e, struct rme_error *err)
{
	struct epoll_event events[EVENTS_PER_PASS];
	int n = epoll_wait(r->epoll, events, EVENTS_PER_PASS, -1);
	if (n < 0 && errno != EINTR) {
		*e = failed(err, NULL, "wait for events");
		return false;
	}
	bool go_on = true;
	for (int i = 0; i < n; i++) {
		go_on = note(r, &events[i]) && go_on;
	}
	return go_on;
}

enum rme_err
rmi_wan_relay_run(struct rmi_wan_relay *r, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	r->start_ns = rmi_monotonic_ns();
	r->next_loss_ns = pick_loss(r, r->start_ns);
	for (;;) {
		int64_t now_ns = rmi_monotonic_ns();
		int64_t next_ns;
		r->stats.elapsed_ns = now_ns - r->start_ns;
		e = follow_time(r, now_ns, &next_ns, err);
		if (e != RME_OK) {
			return e;
		}
		if (r->mode == MODE_UP) {
			int64_t bytes_ns = pump_all(r, now_ns);
			next_ns = bytes_ns < next_ns ? bytes_ns : next_ns;
			accept_waiting(r, now_ns); /* after the pump: one that ended makes place for one that waits */
		}
		arm(r, next_ns);
		if (!wait_for_events(r, &e, err)) {
			return e;
		}
	}
}
