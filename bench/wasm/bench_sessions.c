/*
 * bench_sessions FAST_VAD.WASM SENTENCE [SESSIONS [SECONDS]] - many callers at once: each sends 20 ms of speech to a session of
 * its own 50 times a second, the calls spread over the period. One thread paces and submits, two workers run the sessions.
 * Latency counts from when an item was due, not from when this program got around to it; processor time is the whole
 * process's, on two cores. late_p99_us is the median of the seconds' 99th percentiles: a virtual machine that is not given
 * its processors for some tens of milliseconds spoils a second, not the figure. late_all_p99_us is that of all items.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/wasm_node.h"

enum {
	SESSIONS = 1000,
	SECONDS = 20,
	SECONDS_MAX = 600,
	WARM_UP_SECONDS = 1,
	WORKERS = 2,
	CORES = 2,
	ITEM_BYTES = 640,
	AUDIO_BYTES_MAX = 1 << 20,
	TICKS = 40, /* the sessions of a period are called in so many batches */
	BUCKETS = 10000,
	BUCKET_US = 20,
};

#define PERIOD_NS (20 * RMI_NS_PER_MS)

static uint8_t audio[AUDIO_BYTES_MAX];
static size_t n_items;

/* One caller. Results come in order, so that counting them tells which item it is. */
struct caller {
	struct rme_session *session;
	int64_t first_due_ns;
	uint64_t sent, done; /* done: by the session's thread alone */
};

static struct totals {
	_Atomic uint64_t items, failed;
	_Atomic uint32_t late[SECONDS_MAX][BUCKETS + 1]; /* by the second in which it was due */
	int64_t begin_ns;
	_Atomic int64_t worst_ns;
	_Atomic bool counting;
} totals;

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(
		    stderr, "bench_sessions: %s\n", err != NULL && err->text[0] != '\0' ? err->text : rme_err_text(e));
		exit(1);
	}
}

static void
count(int64_t due_ns, int64_t late_ns)
{
	int64_t second = (due_ns - totals.begin_ns) / RMI_NS_PER_S;
	if (second < 0 || second >= SECONDS_MAX) {
		return;
	}
	int64_t bucket = late_ns / (BUCKET_US * RMI_NS_PER_US);
	int64_t worst = atomic_load_explicit(&totals.worst_ns, memory_order_relaxed);
	atomic_fetch_add_explicit(&totals.late[second][bucket < BUCKETS ? bucket : BUCKETS], 1, memory_order_relaxed);
	while (late_ns > worst && !atomic_compare_exchange_weak(&totals.worst_ns, &worst, late_ns)) {
	}
}

/* On the session's thread. */
static void
take_output(void *ctx)
{
	struct caller *c = ctx;
	struct rme_packet *p;
	while (rme_session_recv(c->session, &p, -1) == RME_OK) {
		const struct rme_verdict *v = rme_packet_verdict(p);
		if (v != NULL) {
			int64_t due = c->first_due_ns + (int64_t)c->done * PERIOD_NS;
			c->done++;
			if (v->error.code != RME_OK) {
				atomic_fetch_add(&totals.failed, 1);
			}
			if (atomic_load_explicit(&totals.counting, memory_order_relaxed)) {
				atomic_fetch_add_explicit(&totals.items, 1, memory_order_relaxed);
				count(due, rmi_monotonic_ns() - due);
			}
		}
		rme_packet_unref(p);
	}
}

static void
submit(struct caller *c, const struct rme_packet_meta *m)
{
	struct rme_packet *p;
	check(rme_packet_new(&p, m, audio + c->sent % n_items * ITEM_BYTES, ITEM_BYTES), NULL);
	check(rme_session_submit(c->session, p, NULL), NULL);
	c->sent++;
}

/* Call every session at its time, for @p periods. */
static void
pace(struct caller *callers, size_t n, int64_t start_ns, int64_t first_period, int64_t periods)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	for (int64_t tick = first_period * TICKS; tick < (first_period + periods) * TICKS; tick++) {
		int64_t due = start_ns + tick * (PERIOD_NS / TICKS);
		const struct timespec ts = {.tv_sec = due / RMI_NS_PER_S, .tv_nsec = due % RMI_NS_PER_S};
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		size_t part = (size_t)(tick % TICKS);
		for (size_t i = part * n / TICKS; i < (part + 1) * n / TICKS; i++) {
			submit(&callers[i], &m);
		}
	}
}

static double
processor_seconds(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Quantile of the items that were due in some seconds. */
static double
late_us(double q, int64_t from, int64_t to)
{
	uint64_t all = 0, seen = 0;
	for (int64_t s = from; s < to; s++) {
		for (size_t i = 0; i <= BUCKETS; i++) {
			all += atomic_load_explicit(&totals.late[s][i], memory_order_relaxed);
		}
	}
	for (size_t i = 0; i <= BUCKETS; i++) {
		for (int64_t s = from; s < to; s++) {
			seen += atomic_load_explicit(&totals.late[s][i], memory_order_relaxed);
		}
		if ((double)seen > q * (double)all) {
			return (double)(i + 1) * BUCKET_US;
		}
	}
	return 0;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median_p99_us(int64_t seconds)
{
	static double p99[SECONDS_MAX];
	for (int64_t s = 0; s < seconds; s++) {
		p99[s] = late_us(0.99, s, s + 1);
	}
	qsort(p99, (size_t)seconds, sizeof(p99[0]), ascending);
	return p99[seconds / 2];
}

static struct caller *
open_callers(struct rme_runtime *rt, const struct rme_plan *plan, size_t n)
{
	struct caller *callers = calloc(n, sizeof(*callers));
	for (size_t i = 0; i < n && callers != NULL; i++) {
		struct rme_error err = {0};
		const struct rme_session_config config = {
		    .inbox_items = 8, .on_output = take_output, .on_output_ctx = &callers[i]};
		check(rme_session_open(&callers[i].session, rt, plan, &config, &err), &err);
	}
	return callers;
}

static void
run(struct rme_runtime *rt, const struct rme_plan *plan, size_t n, int64_t seconds)
{
	const int64_t per_second = RMI_NS_PER_S / PERIOD_NS;
	struct caller *callers = open_callers(rt, plan, n);
	int64_t start = rmi_monotonic_ns() + RMI_NS_PER_S / 2;
	for (size_t i = 0; i < n; i++) {
		callers[i].first_due_ns = start + (int64_t)(i * TICKS / n) * (PERIOD_NS / TICKS);
	}
	pace(callers, n, start, 0, WARM_UP_SECONDS * per_second);
	totals.begin_ns = start + WARM_UP_SECONDS * RMI_NS_PER_S;
	atomic_store(&totals.counting, true);
	double cpu = processor_seconds();
	int64_t begin = rmi_monotonic_ns();
	pace(callers, n, start, WARM_UP_SECONDS * per_second, seconds * per_second);
	double passed = (double)(rmi_monotonic_ns() - begin) / 1e9;
	cpu = processor_seconds() - cpu;
	for (size_t i = 0; i < n; i++) {
		rme_session_free(callers[i].session);
	}
	printf("wasm/sessions sessions %zu items_per_s %.0f failed %llu late_p50_us %.0f late_p99_us %.0f", n,
	    (double)atomic_load(&totals.items) / passed, (unsigned long long)atomic_load(&totals.failed),
	    late_us(0.5, 0, seconds), median_p99_us(seconds));
	printf(" late_all_p99_us %.0f late_max_us %.0f cpu_percent %.1f\n", late_us(0.99, 0, seconds),
	    (double)atomic_load(&totals.worst_ns) / 1e3, 100 * cpu / passed / CORES);
	free(callers);
}

int
main(int argc, char **argv)
{
	struct rme_error err = {0};
	struct rme_runtime *rt;
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_nodes *nodes;
	struct rme_plan *plan;
	FILE *f = argc >= 3 ? fopen(argv[2], "rb") : NULL;
	if (f == NULL) {
		(void)fprintf(stderr, "usage: bench_sessions FAST_VAD.WASM SENTENCE [SESSIONS [SECONDS]]\n");
		return 2;
	}
	n_items = fread(audio, 1, sizeof(audio), f) / ITEM_BYTES;
	(void)fclose(f);
	size_t sessions = argc > 3 ? strtoul(argv[3], NULL, 10) : SESSIONS;
	int64_t seconds = argc > 4 ? strtol(argv[4], NULL, 10) : SECONDS;
	seconds = seconds < 1 ? 1 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
	check(rme_runtime_new(&rt, &(struct rme_runtime_config){.workers = WORKERS}, &err), &err);
	const struct rmi_wasm_engine_config config = {.rt = rt, .warm_instances = -1, .optimize_first = true};
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	const struct rmi_wasm_registry registry = {.otherwise = RME_ISOLATION_INPROC};
	check(rmi_wasm_nodes_new(&nodes, engine, &registry), NULL);
	const struct rme_node_type *type = rmi_wasm_nodes_type(nodes, 0);
	check(rme_runtime_register(rt, type), NULL);
	struct rmi_wasm_node_config node = {.module = argv[1]};
	char output[] = "application/json";
	node.output = output;
	const struct rme_node_spec spec = {.name = "vad", .type = type, .config = &node};
	check(rme_plan_new(&plan, rt, &(struct rme_plan_in){.specs = &spec, .n = 1}, &err), &err);
	run(rt, plan, sessions, seconds);
	rme_plan_free(plan);
	rmi_wasm_nodes_free(nodes);
	rmi_wasm_engine_free(engine);
	rme_runtime_free(rt);
	return 0;
}
