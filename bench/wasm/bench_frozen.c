/*
 * bench_frozen RME CALLER.WASM [SESSIONS [FROZEN [ROUNDS]]] - who waits when a service does not answer. Starts `rme serve`, has
 * FROZEN sessions call it from within their modules, stops it with SIGSTOP, and lets SESSIONS other sessions run on the same
 * two workers; then lets it go on, and the answers come. Prints the others' times with and without somebody waiting beside
 * them. Status 1 if anyone else failed, or a session did not wait, or its answer was wrong.
 */

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "core/runtime.h"
#include "remote/remote.h"
#include "wasm/engine.h"
#include "wasm/wasm_node.h"

enum { SESSIONS = 1000, FROZEN = 1, ROUNDS = 50, WARM_UP = 10, WORKERS = 2, SESSIONS_MAX = 4000 };

#define PATIENCE_NS (60 * RMI_NS_PER_S)

extern char **environ;

static pid_t server;

static void
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_frozen: %s: %s\n", what, why);
	if (server > 0) {
		(void)kill(server, SIGKILL);
	}
	exit(1);
}

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		fail(err != NULL ? err->where : "", err != NULL && err->text[0] != '\0' ? err->text : rme_err_text(e));
	}
}

/* "serving 9 services on 127.0.0.1:40001 (plain text)" */
static void
start_server(char *rme, char address[64])
{
	int ends[2];
	char line[256], serve[] = "serve", listen[] = "-l", any[] = "127.0.0.1:0", most[] = "--max-sessions",
	                n[] = "4096";
	char *argv[] = {rme, serve, listen, any, most, n, NULL};
	posix_spawn_file_actions_t actions;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		fail("pipe", "failed");
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	int e = posix_spawn(&server, rme, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	FILE *f = fdopen(ends[0], "r");
	const char *on = NULL;
	while (e == 0 && f != NULL && on == NULL && fgets(line, sizeof(line), f) != NULL) {
		on = strncmp(line, "serving ", 8) == 0 ? strstr(line, " on ") : NULL;
	}
	if (on == NULL || sscanf(on, " on %63s", address) != 1) {
		fail(rme, "did not start to serve");
	}
	/* The pipe stays open: the service goes on writing. */
}

struct setup {
	struct rme_runtime *rt;
	struct rmi_remote *remote;
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_nodes *nodes;
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec;
	struct rme_plan *plan;
};

static void
set_up(struct setup *s, const char *address, char *module)
{
	static char services[] = "[\"echo\"]";
	struct rme_error err = {0};
	const struct rmi_remote_endpoint far = {.name = "far", .address = address};
	const struct rmi_remote_service echo = {.name = "echo", .endpoint = "far", .far_name = "PassThroughNode"};
	check(rme_runtime_new(&s->rt, &(struct rme_runtime_config){.workers = WORKERS}, &err), &err);
	check(rmi_remote_new(&s->remote), NULL);
	check(rmi_remote_add_endpoint(s->remote, &far, &err), &err);
	check(rmi_remote_add_service(s->remote, &echo, &err), &err);
	rmi_runtime_set_services(s->rt, rmi_remote_services(s->remote));
	const struct rmi_wasm_engine_config config = {
	    .rt = s->rt, .cache_dir = "", .warm_instances = -1, .optimize_first = true};
	check(rmi_wasm_engine_new(&s->engine, &config, &err), &err);
	const struct rmi_wasm_registry registry = {.otherwise = RME_ISOLATION_INPROC};
	check(rmi_wasm_nodes_new(&s->nodes, s->engine, &registry), NULL);
	const struct rme_node_type *type = rmi_wasm_nodes_type(s->nodes, 1);
	check(rme_runtime_register(s->rt, type), NULL);
	s->config = (struct rmi_wasm_node_config){.module = module, .services = services};
	s->spec = (struct rme_node_spec){.name = "caller", .type = type, .config = &s->config};
	check(rme_plan_new(&s->plan, s->rt, &(struct rme_plan_in){.specs = &s->spec, .n = 1}, &err), &err);
}

static void
tear_down(struct setup *s)
{
	rme_plan_free(s->plan);
	rmi_remote_free(s->remote);
	rme_runtime_free(s->rt);
	rmi_wasm_nodes_free(s->nodes);
	rmi_wasm_engine_free(s->engine);
}

static void
submit(struct rme_session *s, const char *text)
{
	struct rme_packet *pkt;
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_of(RME_MEDIA_OCTETS);
	check(rme_packet_new(&pkt, &m, text, strlen(text)), NULL);
	check(rme_session_submit(s, pkt, NULL), NULL);
}

/* Take an item's result, which has to be this, and its end. @return nanoseconds from submit to verdict */
static int64_t
take(struct rme_session *s, const char *text)
{
	struct rme_packet *pkt = NULL;
	size_t len = 0;
	check(rme_session_recv(s, &pkt, rmi_monotonic_ns() + PATIENCE_NS), NULL);
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	check(v != NULL ? v->error.code : RME_OK, v != NULL ? &v->error : NULL);
	const uint8_t *data = rme_packet_data(pkt, &len);
	if (v != NULL || len != strlen(text) || memcmp(data, text, len) != 0) {
		fail("an item", "has the wrong result");
	}
	rme_packet_unref(pkt);
	check(rme_session_recv(s, &pkt, rmi_monotonic_ns() + PATIENCE_NS), NULL);
	v = rme_packet_verdict(pkt);
	int64_t took = v->end_ns - v->submit_ns;
	check(v->error.code, &v->error);
	rme_packet_unref(pkt);
	return took;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct times {
	double p50_us, p99_us, max_us;
};

/* Every session one item, again and again. */
static struct times
run_others(struct rme_session **s, size_t n, size_t rounds)
{
	double *us = calloc(n * rounds, sizeof(*us));
	if (us == NULL) {
		fail("memory", "none");
	}
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < n; i++) {
			submit(s[i], "at once");
		}
		for (size_t i = 0; i < n; i++) {
			us[r * n + i] = (double)take(s[i], "at once") / 1e3;
		}
	}
	size_t all = n * rounds;
	qsort(us, all, sizeof(*us), by_value);
	const struct times t = {us[all / 2], us[all * 99 / 100], us[all - 1]};
	free(us);
	return t;
}

static void
print(const char *name, size_t n, size_t frozen, const struct times *t)
{
	printf("frozen/%s sessions %zu waiting %zu p50_us %.1f p99_us %.1f max_us %.1f\n", name, n, frozen, t->p50_us,
	    t->p99_us, t->max_us);
}

static void
open_sessions(struct rme_session **s, size_t n, const struct setup *with)
{
	for (size_t i = 0; i < n; i++) {
		struct rme_error err = {0};
		check(rme_session_open(&s[i], with->rt, with->plan, NULL, &err), &err);
	}
}

static void
freeze_and_run(const struct setup *with, size_t n, size_t frozen, size_t rounds)
{
	static struct rme_session *other[SESSIONS_MAX], *waiting[SESSIONS_MAX], *leaving[1];
	struct rme_packet *early;
	open_sessions(other, n, with);
	open_sessions(waiting, frozen, with);
	open_sessions(leaving, 1, with);
	for (size_t i = 0; i < frozen; i++) {
		submit(waiting[i], "c first");
	}
	for (size_t i = 0; i < frozen; i++) {
		(void)take(waiting[i], "c first");
	}
	(void)run_others(other, n, WARM_UP);
	struct times alone = run_others(other, n, rounds);
	print("alone", n, 0, &alone);
	(void)kill(server, SIGSTOP);
	for (size_t i = 0; i < frozen; i++) {
		submit(waiting[i], "c patience");
	}
	submit(leaving[0], "c in vain");
	struct times beside = run_others(other, n, rounds);
	print("beside", n, frozen, &beside);
	for (size_t i = 0; i < frozen; i++) {
		if (rme_session_recv(waiting[i], &early, -1) != RME_EAGAIN) {
			fail("a session", "did not wait for the frozen service");
		}
	}
	rme_session_free(leaving[0]); /* need not wait for the end of the wait */
	(void)kill(server, SIGCONT);
	double longest_ms = 0;
	for (size_t i = 0; i < frozen; i++) {
		double ms = (double)take(waiting[i], "c patience") / 1e6;
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	printf("frozen/answers waited_ms %.1f p50_ratio %.3f p99_ratio %.3f\n", longest_ms,
	    beside.p50_us / alone.p50_us, beside.p99_us / alone.p99_us);
	for (size_t i = 0; i < n; i++) {
		rme_session_free(other[i]);
	}
	for (size_t i = 0; i < frozen; i++) {
		rme_session_free(waiting[i]);
	}
}

static size_t
number(int argc, char **argv, int i, size_t otherwise)
{
	size_t n = argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
	return n < SESSIONS_MAX ? n : SESSIONS_MAX;
}

int
main(int argc, char **argv)
{
	char address[64] = "";
	struct setup s = {0};
	if (argc < 3) {
		(void)fprintf(stderr, "usage: bench_frozen RME CALLER.WASM [SESSIONS [FROZEN [ROUNDS]]]\n");
		return 2;
	}
	start_server(argv[1], address);
	set_up(&s, address, argv[2]);
	freeze_and_run(
	    &s, number(argc, argv, 3, SESSIONS), number(argc, argv, 4, FROZEN), number(argc, argv, 5, ROUNDS));
	tear_down(&s);
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	return 0;
}
