#include "wan/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many segments are read from one end before another connection has its turn. */
enum { SEGMENTS_PER_TURN = 32 };

enum rme_err
rmi_wan_connection_new(
    struct rmi_wan_connection **out, const int fds[2], size_t buffer_bytes, const int64_t not_before_ns[2])
{
	struct rmi_wan_connection *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return RME_ENOMEM;
	}
	enum rme_err e = RME_OK;
	for (int i = 0; i < 2; i++) {
		c->ends[i] = (struct rmi_wan_end){.connection = c, .fd = fds[i]};
	}
	for (int d = 0; d < RMI_WAN_DIRECTIONS && e == RME_OK; d++) {
		e = rmi_wan_transit_init(&c->ways[d], buffer_bytes, not_before_ns[d]);
	}
	if (e != RME_OK) {
		rmi_wan_connection_free(c, true);
		return e;
	}
	c->connecting = true;
	*out = c;
	return RME_OK;
}

void
rmi_wan_connection_free(struct rmi_wan_connection *c, bool reset)
{
	if (c == NULL) {
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (reset) {
			const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
			(void)setsockopt(c->ends[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		}
		(void)close(c->ends[i].fd);
		rmi_wan_transit_done(&c->ways[i]);
	}
	free(c);
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* @return false if the connection broke */
static bool
deliver(struct rmi_wan_transit *way, struct rmi_wan_end *to, uint64_t *bytes, int64_t now_ns)
{
	while (to->writable) {
		size_t n;
		const unsigned char *p = rmi_wan_transit_arrived(way, now_ns, &n);
		if (n == 0) {
			return true;
		}
		ssize_t sent = send(to->fd, p, n, MSG_NOSIGNAL);
		if (sent < 0) {
			to->writable = errno == EINTR;
			return would_block();
		}
		rmi_wan_transit_take(way, (size_t)sent);
		*bytes += (uint64_t)sent;
	}
	return true;
}

/* @return false if the connection broke */
static bool
collect(struct rmi_wan_transit *way, struct rmi_wan_end *from, struct rmi_wan_shaper *shaper, int64_t now_ns)
{
	for (int i = 0; i < SEGMENTS_PER_TURN && from->readable && !from->read_ended; i++) {
		size_t n;
		unsigned char *space = rmi_wan_transit_space(way, &n);
		if (n == 0 || !rmi_wan_shaper_has_room(shaper, now_ns)) {
			return true;
		}
		ssize_t got = recv(from->fd, space, n < RMI_WAN_SEGMENT ? n : RMI_WAN_SEGMENT, 0);
		if (got < 0) {
			from->readable = errno == EINTR;
			return would_block();
		}
		int64_t due_ns = rmi_wan_shaper_send(shaper, (size_t)got, now_ns);
		if (got > 0) {
			rmi_wan_transit_push(way, (size_t)got, due_ns);
		} else {
			from->read_ended = true;
			from->ended_ns = due_ns > way->last_due_ns ? due_ns : way->last_due_ns;
		}
	}
	return true;
}

static void
pass_end(const struct rmi_wan_transit *way, const struct rmi_wan_end *from, struct rmi_wan_end *to, int64_t now_ns)
{
	if (from->read_ended && !to->write_ended && rmi_wan_transit_is_empty(way) && from->ended_ns <= now_ns) {
		(void)shutdown(to->fd, SHUT_WR);
		to->write_ended = true;
	}
}

/* @return false if the service cannot be reached */
static bool
finish_connecting(struct rmi_wan_connection *c)
{
	const struct rmi_wan_end *service = &c->ends[RMI_WAN_SERVICE];
	int e = 0;
	socklen_t len = sizeof(e);
	if (c->connecting && (service->writable || service->readable)) {
		if (getsockopt(service->fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0 || e != 0) {
			return false;
		}
		c->connecting = false;
	}
	return true;
}

enum rmi_wan_state
rmi_wan_connection_pump(struct rmi_wan_connection *c, struct rmi_wan_line *line, int64_t now_ns)
{
	if (!finish_connecting(c)) {
		return RMI_WAN_UNREACHABLE;
	}
	for (int d = 0; d < RMI_WAN_DIRECTIONS; d++) {
		struct rmi_wan_end *from = &c->ends[d], *to = &c->ends[1 - d];
		if (!deliver(&c->ways[d], to, &line->bytes[d], now_ns) ||
		    !collect(&c->ways[d], from, &line->ways[d], now_ns)) {
			return RMI_WAN_BROKEN;
		}
		pass_end(&c->ways[d], from, to, now_ns);
	}
	return c->ends[0].write_ended && c->ends[1].write_ended ? RMI_WAN_CLOSED : RMI_WAN_OPEN;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
rmi_wan_connection_next_ns(const struct rmi_wan_connection *c, const struct rmi_wan_line *line, int64_t now_ns)
{
	int64_t next = INT64_MAX;
	for (int d = 0; d < RMI_WAN_DIRECTIONS; d++) {
		const struct rmi_wan_transit *way = &c->ways[d];
		const struct rmi_wan_end *from = &c->ends[d], *to = &c->ends[1 - d];
		if (to->writable) {
			next = earlier(next, rmi_wan_transit_next_ns(way));
		}
		if (from->readable && !from->read_ended && rmi_wan_transit_has_space(way)) {
			next = earlier(next, rmi_wan_shaper_room_at(&line->ways[d], now_ns));
		}
		if (from->read_ended && !to->write_ended && rmi_wan_transit_is_empty(way)) {
			next = earlier(next, from->ended_ns);
		}
	}
	return next;
}
