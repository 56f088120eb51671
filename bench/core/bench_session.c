/**
 * @file
 * What the framework costs per item: a 640-byte packet (20 ms of 16 kHz speech) through a session of three nodes that do
 * next to nothing. Three figures: submit to verdict as the caller sees it (two thread hops), first stage in to verdict on
 * the worker (the framework alone), and items per second when the session is kept busy.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"

enum { N = 20000, WARM_UP = 2000, BYTES = 640 };

static enum rme_err
touch(struct rme_node *self, struct rme_packet *in)
{
	uint8_t *data;
	size_t len;
	enum rme_err e = rme_packet_writable(&in, &data, &len);
	if (e != RME_OK) {
		rme_packet_unref(in);
		return e;
	}
	data[0] ^= 1;
	return rme_node_emit(self, in);
}

static const struct rme_node_type touch_type = {.name = "touch", .process = touch};
static const struct rme_node_type touch_blocking_type = {.name = "touch", .flags = RME_NODE_BLOCKING, .process = touch};

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void
check(enum rme_err e, const char *what)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_session: %s: %s\n", what, rme_err_text(e));
		exit(1);
	}
}

static void
submit(struct rme_session *s)
{
	static const uint8_t bytes[BYTES];
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	struct rme_packet *p;
	check(rme_packet_new(&p, &m, bytes, sizeof(bytes)), "packet");
	check(rme_session_submit(s, p, NULL), "submit");
}

/* Takes packets up to a verdict. @return time on the worker, ns */
static int64_t
receive(struct rme_session *s)
{
	for (;;) {
		struct rme_packet *p;
		check(rme_session_recv(s, &p, 0), "recv");
		const struct rme_verdict *v = rme_packet_verdict(p);
		int64_t ns = v != NULL ? v->end_ns - v->start_ns : -1;
		if (v != NULL) {
			check(v->error.code, "item");
		}
		rme_packet_unref(p);
		if (ns >= 0) {
			return ns;
		}
	}
}

static void
one_at_a_time(struct rme_session *s, const char *label)
{
	static int64_t total[N], inside[N];
	for (int i = -WARM_UP; i < N; i++) {
		int64_t start = rmi_monotonic_ns();
		submit(s);
		int64_t ns = receive(s);
		if (i >= 0) {
			total[i] = rmi_monotonic_ns() - start;
			inside[i] = ns;
		}
	}
	qsort(total, N, sizeof(total[0]), by_value);
	qsort(inside, N, sizeof(inside[0]), by_value);
	printf("session/%s submit_to_verdict_p50_us %.2f p99_us %.2f on_worker_p50_us %.2f p99_us %.2f\n", label,
	    (double)total[N / 2] / 1e3, (double)total[N * 99 / 100] / 1e3, (double)inside[N / 2] / 1e3,
	    (double)inside[N * 99 / 100] / 1e3);
}

static void
kept_busy(struct rme_session *s, const char *label)
{
	int64_t start = rmi_monotonic_ns();
	int sent = 0;
	for (int got = 0; got < 10 * N; got++) {
		while (sent < 10 * N && sent - got < 48) {
			submit(s);
			sent++;
		}
		(void)receive(s);
	}
	printf("session/%s items_per_s %.0f\n", label, 10.0 * (double)N / ((double)(rmi_monotonic_ns() - start) / 1e9));
}

static void
run(struct rme_runtime *rt, const struct rme_node_type *type, const char *label)
{
	const struct rme_node_spec specs[3] = {{.type = type}, {.type = type}, {.type = type}};
	const struct rme_plan_in in = {.specs = specs, .n = 3};
	struct rme_plan *plan;
	struct rme_session *s;
	check(rme_plan_new(&plan, rt, &in, NULL), "plan");
	check(rme_session_open(&s, rt, plan, NULL, NULL), "session");
	one_at_a_time(s, label);
	kept_busy(s, label);
	rme_session_free(s);
	rme_plan_free(plan);
}

int
main(void)
{
	struct rme_runtime *rt;
	check(rme_runtime_new(&rt, NULL, NULL), "runtime");
	run(rt, &touch_type, "pooled");
	run(rt, &touch_blocking_type, "own_worker");
	rme_runtime_free(rt);
	return 0;
}
