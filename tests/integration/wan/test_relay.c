/* The relay between real sockets: an echo service behind it, clients in front of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "wan/relay.h"

enum { CHUNK = 64 * 1024, NOTES = 8 };

/* An echo service: one thread, all its connections. */
struct echo {
	int listener;
	uint16_t port;
	int stop[2];
	pthread_t thread;
};

static int
listen_anywhere(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static bool
echo_once(int fd)
{
	char buf[CHUNK];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	for (ssize_t done = 0; done < n;) {
		ssize_t sent = send(fd, buf + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (sent < 0) {
			return false;
		}
		done += sent;
	}
	return n > 0;
}

static void *
echo_run(void *arg)
{
	struct echo *e = arg;
	struct pollfd fds[16] = {{.fd = e->stop[0], .events = POLLIN}, {.fd = e->listener, .events = POLLIN}};
	nfds_t n = 2;
	while (poll(fds, n, -1) > 0 && fds[0].revents == 0) {
		for (nfds_t i = 2; i < n; i++) {
			if (fds[i].revents != 0 && !echo_once(fds[i].fd)) {
				close(fds[i].fd);
				fds[i--] = fds[--n];
			}
		}
		if (fds[1].revents != 0 && n < 16) {
			fds[n++] = (struct pollfd){.fd = accept(e->listener, NULL, NULL), .events = POLLIN};
		}
	}
	while (n > 2) {
		close(fds[--n].fd);
	}
	return NULL;
}

/* Everything of one test. */
struct world {
	struct echo echo;
	struct rmi_wan_relay *relay;
	struct rmi_wan_script script;
	pthread_t thread;
	pthread_mutex_t mu; /* guards what follows */
	pthread_cond_t changed;
	int notes;
	char texts[NOTES][128];
};

static void
take_note(void *ctx, int64_t at_ns, const char *text)
{
	struct world *w = ctx;
	(void)at_ns;
	pthread_mutex_lock(&w->mu);
	if (w->notes < NOTES) {
		snprintf(w->texts[w->notes++], sizeof(w->texts[0]), "%s", text);
	}
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->mu);
}

static void
wait_for_notes(struct world *w, int n)
{
	pthread_mutex_lock(&w->mu);
	while (w->notes < n) {
		pthread_cond_wait(&w->changed, &w->mu);
	}
	pthread_mutex_unlock(&w->mu);
}

static void *
relay_run(void *arg)
{
	struct world *w = arg;
	struct rme_error err;
	return rmi_wan_relay_run(w->relay, &err) == RME_OK ? w : NULL;
}

/* @param to  0 = the echo service */
static void
start(struct world *w, struct rmi_wan_config config, uint16_t to)
{
	static char address[32];
	struct rme_error err = {0};
	*w = (struct world){.mu = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .script = w->script};
	w->echo.listener = listen_anywhere(&w->echo.port);
	assert_int_equal(pipe(w->echo.stop), 0);
	assert_int_equal(pthread_create(&w->echo.thread, NULL, echo_run, &w->echo), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", to != 0 ? to : w->echo.port);
	config.listen = "127.0.0.1:0";
	config.to = address;
	config.script = &w->script;
	config.event = take_note;
	config.ctx = w;
	assert_int_equal(rmi_wan_relay_new(&w->relay, &config, &err), RME_OK);
	assert_int_equal(pthread_create(&w->thread, NULL, relay_run, w), 0);
}

static struct rmi_wan_stats
finish(struct world *w)
{
	void *ok;
	struct rmi_wan_stats stats;
	rmi_wan_relay_stop(w->relay);
	assert_int_equal(pthread_join(w->thread, &ok), 0);
	assert_non_null(ok);
	rmi_wan_relay_stats(w->relay, &stats);
	rmi_wan_relay_free(w->relay);
	assert_int_equal(write(w->echo.stop[1], "x", 1), 1);
	assert_int_equal(pthread_join(w->echo.thread, NULL), 0);
	close(w->echo.stop[0]);
	close(w->echo.stop[1]);
	close(w->echo.listener);
	rmi_wan_script_done(&w->script);
	return stats;
}

/* @return a connected socket, or -1 if refused */
static int
dial(const struct world *w)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	at.sin_port = htons(rmi_wan_relay_port(w->relay));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Receive n bytes. @return false if the connection ended before */
static bool
receive_all(int fd, unsigned char *buf, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = recv(fd, buf + done, n - done, 0);
		if (got <= 0) {
			return false;
		}
		done += (size_t)got;
	}
	return true;
}

/* Send and receive n bytes in chunks, each checked. */
static bool
echo_works(int fd, size_t n)
{
	static unsigned char out[CHUNK], in[CHUNK];
	for (size_t done = 0; done < n;) {
		size_t part = n - done < CHUNK ? n - done : CHUNK;
		for (size_t i = 0; i < part; i++) {
			out[i] = (unsigned char)((done + i) * 2654435761u >> 13);
		}
		if (send(fd, out, part, MSG_NOSIGNAL) != (ssize_t)part || !receive_all(fd, in, part)) {
			return false;
		}
		assert_memory_equal(out, in, part);
		done += part;
	}
	return true;
}

static void
add(struct world *w, const char *line)
{
	assert_int_equal(rmi_wan_script_add(&w->script, line, NULL), RME_OK);
}

static void
bytes_pass_unchanged(void **state)
{
	(void)state;
	struct world w = {0};
	const struct rmi_wan_shape shape = {RMI_NS_PER_MS, RMI_NS_PER_MS / 2, 400000000};
	start(&w, (struct rmi_wan_config){.shape = {shape, shape}, .seed = 5}, 0);
	int a = dial(&w), b = dial(&w);
	assert_true(echo_works(a, 1000000));
	assert_true(echo_works(b, 10));
	close(a);
	close(b);
	struct rmi_wan_stats stats = finish(&w);
	assert_int_equal(stats.connections, 2);
	assert_int_equal(stats.bytes[RMI_WAN_TO_SERVICE], 1000010);
	assert_int_equal(stats.bytes[RMI_WAN_TO_CLIENT], 1000010);
}

static void
end_of_stream_passes_after_the_bytes(void **state)
{
	(void)state;
	struct world w = {0};
	unsigned char in[6];
	const struct rmi_wan_shape shape = {.delay_ns = RMI_NS_PER_MS};
	start(&w, (struct rmi_wan_config){.shape = {shape, shape}}, 0);
	int fd = dial(&w);
	assert_int_equal(send(fd, "hello", 5, 0), 5);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_true(receive_all(fd, in, 5));
	assert_memory_equal(in, "hello", 5);
	assert_int_equal(recv(fd, in, 1, 0), 0);
	close(fd);
	(void)finish(&w);
}

static void
absent_service_resets_the_client(void **state)
{
	(void)state;
	struct world w = {0};
	uint16_t unused;
	unsigned char in[1];
	close(listen_anywhere(&unused));
	start(&w, (struct rmi_wan_config){0}, unused);
	int fd = dial(&w);
	assert_true(fd >= 0);
	assert_false(receive_all(fd, in, 1));
	close(fd);
	wait_for_notes(&w, 1);
	assert_non_null(strstr(w.texts[0], "cannot connect to 127.0.0.1:"));
	assert_int_equal(finish(&w).unreachable, 1);
}

static void
down_resets_and_refuses(void **state)
{
	(void)state;
	struct world w = {0};
	unsigned char in[1];
	add(&w, "at 50ms down");
	start(&w, (struct rmi_wan_config){0}, 0);
	int fd = dial(&w);
	wait_for_notes(&w, 1);
	assert_false(receive_all(fd, in, 1));
	close(fd);
	assert_int_equal(dial(&w), -1);
	assert_int_equal(errno, ECONNREFUSED);
	(void)finish(&w);
}

static void
up_again_after_down(void **state)
{
	(void)state;
	struct world w = {0};
	add(&w, "at 0 down");
	add(&w, "at 20ms up");
	start(&w, (struct rmi_wan_config){0}, 0);
	wait_for_notes(&w, 2);
	int fd = dial(&w);
	assert_true(echo_works(fd, 100));
	close(fd);
	assert_int_equal(finish(&w).connections, 1);
}

static void
frozen_line_holds_bytes_until_it_thaws(void **state)
{
	(void)state;
	struct world w = {0};
	unsigned char in[5];
	add(&w, "at 0 freeze");
	add(&w, "at 50ms up");
	start(&w, (struct rmi_wan_config){0}, 0);
	wait_for_notes(&w, 1);
	int fd = dial(&w); /* the kernel takes it, the relay does not yet */
	assert_int_equal(send(fd, "later", 5, 0), 5);
	assert_true(receive_all(fd, in, 5));
	assert_memory_equal(in, "later", 5);
	wait_for_notes(&w, 2); /* not before the thaw */
	close(fd);
	assert_int_equal(finish(&w).reset, 0);
}

static void
cut_and_losses_are_counted(void **state)
{
	(void)state;
	struct world w = {0};
	unsigned char in[1];
	start(&w, (struct rmi_wan_config){.lose_every_ns = 5 * RMI_NS_PER_MS, .seed = 2}, 0);
	int fd = dial(&w);
	assert_false(receive_all(fd, in, 1));
	close(fd);
	assert_int_equal(finish(&w).reset, 1);
}

static void
more_connections_than_allowed_wait(void **state)
{
	(void)state;
	struct world w = {0};
	start(&w, (struct rmi_wan_config){.connections_max = 1}, 0);
	int a = dial(&w), b = dial(&w);
	assert_true(echo_works(a, 10));
	assert_int_equal(send(b, "x", 1, 0), 1);
	close(a); /* now it is b's turn */
	unsigned char in[1];
	assert_true(receive_all(b, in, 1));
	close(b);
	assert_int_equal(finish(&w).connections, 2);
}

static void
port_in_use_is_an_error(void **state)
{
	(void)state;
	uint16_t port;
	char address[32];
	struct rmi_wan_relay *r;
	struct rme_error err;
	int fd = listen_anywhere(&port);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	const struct rmi_wan_config config = {.listen = address, .to = "127.0.0.1:1"};
	assert_int_equal(rmi_wan_relay_new(&r, &config, &err), RME_EIO);
	assert_non_null(strstr(err.text, "in use"));
	close(fd);
}

static void
values_out_of_range_are_refused(void **state)
{
	(void)state;
	const struct rmi_wan_config wrong[] = {
	    {.queue_bytes = 1},
	    {.queue_bytes = (size_t)RMI_WAN_QUEUE_MAX + 1},
	    {.buffer_bytes = 1},
	    {.buffer_bytes = (size_t)RMI_WAN_BUFFER_MAX + 1},
	    {.shape = {{.delay_ns = RMI_WAN_DELAY_MAX_NS + 1}}},
	    {.shape = {{0}, {.jitter_ns = RMI_WAN_DELAY_MAX_NS + 1}}},
	    {.connections_max = RMI_WAN_CONNECTIONS_MAX + 1},
	    {.lose_every_ns = RMI_WAN_AT_MAX_NS + 1},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rmi_wan_relay *r;
		struct rmi_wan_config config = wrong[i];
		config.listen = "127.0.0.1:0";
		config.to = "127.0.0.1:1";
		assert_int_equal(rmi_wan_relay_new(&r, &config, NULL), RME_ECONFIG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_pass_unchanged),
	    cmocka_unit_test(end_of_stream_passes_after_the_bytes),
	    cmocka_unit_test(absent_service_resets_the_client),
	    cmocka_unit_test(down_resets_and_refuses),
	    cmocka_unit_test(up_again_after_down),
	    cmocka_unit_test(frozen_line_holds_bytes_until_it_thaws),
	    cmocka_unit_test(cut_and_losses_are_counted),
	    cmocka_unit_test(more_connections_than_allowed_wait),
	    cmocka_unit_test(port_in_use_is_an_error),
	    cmocka_unit_test(values_out_of_range_are_refused),
	};
	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
