/*
 * bench_isolation FAST_VAD.WASM SENTENCE - what a process of its own costs a module: 20 ms of speech from submit to verdict,
 * in this process and in another, item by item as fast as they come and 50 times a second; and how long after the guest
 * process was killed an item goes through again.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/iso_host.h"
#include "wasm/wasm_node.h"

enum { ITEM_BYTES = 640, AUDIO_BYTES_MAX = 1 << 20, WARM_UP = 200, FAST = 20000, PACED = 200, KILLS = 9 };

#define PERIOD_NS (20 * RMI_NS_PER_MS)

static uint8_t audio[AUDIO_BYTES_MAX];
static size_t n_items;

/* A runtime whose modules run at one level, with a session. */
struct side {
	struct rme_runtime *rt;
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_nodes *nodes;
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec;
	struct rme_plan *plan;
	struct rme_session *session;
	size_t at;
};

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(
		    stderr, "bench_isolation: %s\n", err != NULL && err->text[0] != '\0' ? err->text : rme_err_text(e));
		exit(1);
	}
}

static void
open_side(struct side *s, char *path, enum rme_isolation level)
{
	struct rme_error err = {0};
	const struct rme_runtime_config rt = {.workers = 1};
	const struct rmi_wasm_registry registry = {.otherwise = level};
	*s = (struct side){.config = {.module = path}};
	check(rme_runtime_new(&s->rt, &rt, &err), &err);
	check(rmi_wasm_engine_new(&s->engine, &(struct rmi_wasm_engine_config){.rt = s->rt}, &err), &err);
	check(rmi_wasm_nodes_new(&s->nodes, s->engine, &registry), NULL);
	s->spec = (struct rme_node_spec){.type = rmi_wasm_nodes_type(s->nodes, 0), .config = &s->config};
	const struct rme_plan_in plan = {.specs = &s->spec, .n = 1};
	check(rme_plan_new(&s->plan, s->rt, &plan, &err), &err);
	check(rme_session_open(&s->session, s->rt, s->plan, NULL, &err), &err);
}

static void
close_side(struct side *s)
{
	rme_session_free(s->session);
	rme_plan_free(s->plan);
	rmi_wasm_nodes_free(s->nodes);
	rmi_wasm_engine_free(s->engine);
	rme_runtime_free(s->rt);
}

/* One item, through and back. @return microseconds; negative where it failed */
static double
one_item(struct side *s)
{
	struct rme_packet *p;
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	check(rme_packet_new(&p, &m, audio + s->at++ % n_items * ITEM_BYTES, ITEM_BYTES), NULL);
	int64_t start = rmi_monotonic_ns();
	check(rme_session_submit(s->session, p, NULL), NULL);
	for (;;) {
		check(rme_session_recv(s->session, &p, 0), NULL);
		const struct rme_verdict *v = rme_packet_verdict(p);
		bool over = v != NULL, ok = over && v->error.code == RME_OK;
		rme_packet_unref(p);
		if (over) {
			double us = (double)(rmi_monotonic_ns() - start) / 1e3;
			return ok ? us : -us;
		}
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct quantiles {
	double p50, p99;
};

static struct quantiles
measure(struct side *s, double *us, size_t n, int64_t period_ns)
{
	int64_t next = rmi_monotonic_ns();
	for (size_t i = 0; i < n; i++) {
		next += period_ns;
		const struct timespec t = {.tv_sec = next / RMI_NS_PER_S, .tv_nsec = next % RMI_NS_PER_S};
		if (period_ns > 0) {
			(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		}
		us[i] = one_item(s);
		if (us[i] < 0) {
			(void)fprintf(stderr, "bench_isolation: an item failed\n");
			exit(1);
		}
	}
	qsort(us, n, sizeof(*us), by_value);
	return (struct quantiles){us[n / 2], us[n * 99 / 100]};
}

/* Both sides in turn, so that the machine's other work meets both. */
static void
compare(const char *subject, struct side *here, struct side *there, size_t n, int64_t period_ns)
{
	static double us[FAST];
	enum { TURNS = 5 };
	struct quantiles in = {1e9, 1e9}, out = {1e9, 1e9};
	for (int i = 0; i < TURNS; i++) {
		struct quantiles a = measure(here, us, n / TURNS, period_ns),
		                 b = measure(there, us, n / TURNS, period_ns);
		in.p50 = a.p50 < in.p50 ? a.p50 : in.p50;
		in.p99 = a.p99 < in.p99 ? a.p99 : in.p99;
		out.p50 = b.p50 < out.p50 ? b.p50 : out.p50;
		out.p99 = b.p99 < out.p99 ? b.p99 : out.p99;
	}
	(void)printf(
	    "%s inproc_p50_us %.1f process_p50_us %.1f added_p50_us %.1f inproc_p99_us %.1f process_p99_us %.1f\n",
	    subject, in.p50, out.p50, out.p50 - in.p50, in.p99, out.p99);
}

/* From the kill until an item has gone through; the one that finds out fails. */
static void
restarts(struct side *s)
{
	double ms[KILLS];
	struct rmi_iso_status status;
	for (int i = 0; i < KILLS; i++) {
		rmi_wasm_nodes_isolation(s->nodes, &status);
		int64_t start = rmi_monotonic_ns();
		(void)kill(status.pid, SIGKILL);
		while (one_item(s) < 0) {
		}
		ms[i] = (double)(rmi_monotonic_ns() - start) / 1e6;
	}
	qsort(ms, KILLS, sizeof(*ms), by_value);
	(void)printf("isolation/restart p50_ms %.1f worst_ms %.1f\n", ms[KILLS / 2], ms[KILLS - 1]);
	(void)fprintf(stderr, "isolated by: %s\n", status.report);
}

int
main(int argc, char **argv)
{
	static struct side here, there;
	FILE *f = argc > 2 ? fopen(argv[2], "rbe") : NULL;
	if (f == NULL) {
		(void)fprintf(stderr, "usage: bench_isolation FAST_VAD.WASM SENTENCE\n");
		return 1;
	}
	n_items = fread(audio, 1, sizeof(audio), f) / ITEM_BYTES;
	(void)fclose(f);
	open_side(&here, argv[1], RME_ISOLATION_INPROC);
	open_side(&there, argv[1], RME_ISOLATION_PROCESS);
	for (int i = 0; i < WARM_UP; i++) {
		(void)one_item(&here);
		(void)one_item(&there);
	}
	compare("isolation/fast", &here, &there, FAST, 0);
	compare("isolation/paced", &here, &there, PACED, PERIOD_NS);
	restarts(&there);
	close_side(&there);
	close_side(&here);
	return 0;
}
