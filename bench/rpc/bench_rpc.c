/**
 * @file
 * rme.v1 stream echo (the codec alone, and the whole service with a session) against a plain gRPC C++ echo, servers in processes of their own, over loopback TCP, in turns: the
 * ratios are of one run on one machine. Figures are medians of the rounds.
 *   bench_rpc PLAIN     PLAIN is the yardstick's program
 */

#include "echo_rme.h"

#include "rpc/loop.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ROUNDS = 5 };

/* Start a program with its output in a pipe. */
static pid_t
start(char *const argv[], int in, int *out)
{
	int fds[2];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	if (pipe2(fds, O_CLOEXEC) != 0 || posix_spawn_file_actions_init(&actions) != 0) {
		exit(1);
	}
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
		(void)fprintf(stderr, "bench_rpc: cannot run %s\n", argv[0]);
		exit(1);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(fds[1]);
	*out = fds[0];
	return pid;
}

struct server {
	pid_t pid;
	int lifeline; /* its standard input: it ends with us, however we end */
	uint16_t port;
};

static struct server
start_server(const char *program, const char *mode)
{
	struct server s;
	char path[4096];
	char serve[16];
	(void)snprintf(path, sizeof path, "%s", program);
	(void)snprintf(serve, sizeof serve, "%s", mode);
	char *const argv[] = {path, serve, NULL};
	int in[2];
	int out;
	if (pipe2(in, O_CLOEXEC) != 0) {
		exit(1);
	}
	s.pid = start(argv, in[0], &out);
	s.lifeline = in[1];
	(void)close(in[0]);
	if (read(out, &s.port, sizeof s.port) != sizeof s.port) {
		(void)fprintf(stderr, "bench_rpc: %s does not serve\n", program);
		exit(1);
	}
	(void)close(out);
	return s;
}

static void
stop_server(struct server *s)
{
	(void)close(s->lifeline);
	(void)waitpid(s->pid, NULL, 0);
}

static void
run_plain(const char *program, const struct echo_run *run, struct echo_figures *figures)
{
	char path[4096];
	char text[4][32];
	(void)snprintf(path, sizeof path, "%s", program);
	(void)snprintf(text[0], sizeof text[0], "%u", run->port);
	(void)snprintf(text[1], sizeof text[1], "%zu", run->bytes);
	(void)snprintf(text[2], sizeof text[2], "%d", run->depth);
	(void)snprintf(text[3], sizeof text[3], "%d", run->items);
	char *const argv[] = {path, text[0], text[1], text[2], text[3], NULL};
	int out;
	int status = 1;
	pid_t pid = start(argv, STDIN_FILENO, &out);
	FILE *f = fdopen(out, "r");
	char row[128] = "";
	char *rest = row;
	if (f && fgets(row, sizeof row, f)) {
		figures->p50_ns = strtoll(rest, &rest, 10);
		figures->p99_ns = strtoll(rest, &rest, 10);
		figures->per_item_ns = strtoll(rest, &rest, 10);
	}
	if (f) {
		(void)fclose(f);
	}
	(void)waitpid(pid, &status, 0);
	if (status != 0 || figures->per_item_ns <= 0) {
		(void)fprintf(stderr, "bench_rpc: the yardstick failed\n");
		exit(1);
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double
median(int64_t *v)
{
	qsort(v, ROUNDS, sizeof *v, by_value);
	return (double)v[ROUNDS / 2];
}

struct series {
	int64_t p50[ROUNDS], p99[ROUNDS], per_item[ROUNDS];
};

static void
keep(struct series *s, int round, const struct echo_figures *f)
{
	s->p50[round] = f->p50_ns;
	s->p99[round] = f->p99_ns;
	s->per_item[round] = f->per_item_ns;
}

static void
compare(const char *subject, const char *plain, uint16_t ports[2], struct echo_run run)
{
	struct series rme;
	struct series cc;
	for (int i = 0; i < ROUNDS; i++) {
		struct echo_figures f = {0};
		run.port = ports[0];
		echo_rme_run(&run, &f);
		keep(&rme, i, &f);
		run.port = ports[1];
		run_plain(plain, &run, &f);
		keep(&cc, i, &f);
	}
	double p50 = median(rme.p50);
	double cc_p50 = median(cc.p50);
	double per_item = median(rme.per_item);
	double cc_per_item = median(cc.per_item);
	(void)printf("%s p50_us %.1f plain_p50_us %.1f p50_ratio %.2f p99_us %.1f plain_p99_us %.1f\n", subject,
	    p50 / 1e3, cc_p50 / 1e3, p50 / cc_p50, median(rme.p99) / 1e3, median(cc.p99) / 1e3);
	(void)printf("%s items_per_s %.0f plain_items_per_s %.0f time_ratio %.2f\n", subject, 1e9 / per_item,
	    1e9 / cc_per_item, per_item / cc_per_item);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "serve") == 0) {
		return echo_rme_serve();
	}
	if (argc == 2 && strcmp(argv[1], "node") == 0) {
		return echo_node_serve();
	}
	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_rpc PLAIN\n");
		return 2;
	}
	struct server servers[3] = {start_server("/proc/self/exe", "serve"), start_server(argv[1], "serve"),
	    start_server("/proc/self/exe", "node")};
	uint16_t ports[2] = {servers[0].port, servers[1].port};
	rmi_rpc_tune_process();
	compare("rpc/640B", argv[1], ports, (struct echo_run){.bytes = 640, .depth = 1, .items = 8000});
	compare("rpc/640B_x16", argv[1], ports, (struct echo_run){.bytes = 640, .depth = 16, .items = 40000});
	compare("rpc/1MB", argv[1], ports, (struct echo_run){.bytes = 1000000, .depth = 1, .items = 600});
	compare("rpc/1MB_x16", argv[1], ports, (struct echo_run){.bytes = 1000000, .depth = 16, .items = 800});
	ports[0] = servers[2].port;
	compare("serve/640B", argv[1], ports, (struct echo_run){.bytes = 640, .depth = 1, .items = 8000, .node = true});
	compare("serve/640B_x16", argv[1], ports,
	    (struct echo_run){.bytes = 640, .depth = 16, .items = 40000, .node = true});
	compare(
	    "serve/1MB", argv[1], ports, (struct echo_run){.bytes = 1000000, .depth = 1, .items = 600, .node = true});
	compare("serve/1MB_x16", argv[1], ports,
	    (struct echo_run){.bytes = 1000000, .depth = 16, .items = 800, .node = true});
	for (int i = 0; i < 3; i++) {
		stop_server(&servers[i]);
	}
	return 0;
}
