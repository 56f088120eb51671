/* The sessions that must not notice anything. */
#include "hostile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <rme/packet.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "core/node.h"
#include "wasm/wasm_node.h"

enum { SAMPLES = 320, WAIT_S = 120, LATENCIES_MAX = 4000000 };
#define ITEM_EVERY_NS (5 * RMI_NS_PER_MS)

static uint64_t reference[GOOD_ITEMS];
static atomic_bool stop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the figures of the good that run */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t threads[GOOD_SESSIONS];

static void
make_item(int16_t *samples, uint32_t item)
{
	uint32_t x = item * 2654435761U + 1;
	for (size_t i = 0; i < SAMPLES; i++) {
		x = x * 1664525U + 1013904223U;
		samples[i] = (int16_t)(x >> 16);
	}
}

static uint64_t
hash_of(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < len; i++) {
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	}
	return h;
}

/* One item through the session. @param[out] hash  of all results and their confidence */
static enum rme_err
exchange(struct rme_session *s, uint32_t item, uint64_t *hash, struct rme_error *err)
{
	int16_t samples[SAMPLES];
	struct rme_packet *pkt;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	make_item(samples, item);
	enum rme_err e = rme_packet_new(&pkt, &meta, samples, sizeof(samples));
	e = e != RME_OK ? e : rme_session_submit(s, pkt, NULL);
	*hash = UINT64_C(0xcbf29ce484222325);
	for (bool over = false; e == RME_OK && !over;) {
		e = rme_session_recv(s, &pkt, rmi_monotonic_ns() + WAIT_S * RMI_NS_PER_S);
		if (e != RME_OK) {
			return rme_error_set(err, e, NULL, "no verdict came");
		}
		const struct rme_packet_meta *m = rme_packet_meta(pkt);
		over = m->kind == RME_PACKET_ITEM_END;
		if (over) {
			*err = rme_packet_verdict(pkt)->error;
			e = err->code;
		} else {
			size_t len;
			const void *data = rme_packet_data(pkt, &len);
			*hash = hash_of(hash_of(*hash, data, len), &m->confidence, sizeof(m->confidence));
		}
		rme_packet_unref(pkt);
	}
	return e;
}

struct chain {
	struct rmi_wasm_node_config config;
	const struct rme_node_type *type;
	struct rme_plan *plan;
	struct rme_session *session;
};

static enum rme_err
open_chain(struct chain *c, struct world *w, struct rme_error *err)
{
	memset(c, 0, sizeof(*c));
	c->type = rme_runtime_find(w->rt, "WasmEdgeNode");
	const struct rme_value value = {.key = "module", .kind = RME_VALUE_TEXT, .text = w->good.name};
	const struct rme_params_in in = {&value, 1};
	const struct rme_node_spec spec = {.type = c->type, .config = &c->config, .name = "good"};
	const struct rme_plan_in plan = {.specs = &spec, .n = 1};
	enum rme_err e = rme_params_bind(c->type->params, &in, &c->config, NULL, err);
	e = e != RME_OK ? e : rme_plan_new(&c->plan, w->rt, &plan, err);
	return e != RME_OK ? e : rme_session_open(&c->session, w->rt, c->plan, NULL, err);
}

static void
close_chain(struct chain *c)
{
	rme_session_free(c->session);
	rme_plan_free(c->plan);
	rme_params_done(c->type->params, &c->config);
}

bool
good_reference(struct world *w)
{
	struct chain c;
	struct rme_error err = {0};
	enum rme_err e = open_chain(&c, w, &err);
	for (uint32_t i = 0; e == RME_OK && i < GOOD_ITEMS; i++) {
		e = exchange(c.session, i, &reference[i], &err);
	}
	close_chain(&c);
	if (e != RME_OK) {
		(void)fprintf(stderr, "the good module fails by itself: %s\n", err.text);
	}
	return e == RME_OK;
}

static void
note_latency(struct latencies *l, int64_t ns)
{
	if (l->n == l->cap && l->cap < LATENCIES_MAX) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 1 << 16;
		uint32_t *more = reallocarray(l->ns, cap, sizeof(*more));
		l->ns = more != NULL ? more : l->ns;
		l->cap = more != NULL ? cap : l->cap;
	}
	if (l->n < l->cap) {
		l->ns[l->n++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
	}
}

static void
note_item(struct good *g, enum rme_err e, bool right, int64_t took_ns, const struct rme_error *err)
{
	pthread_mutex_lock(&lock);
	g->items++;
	g->failed += e != RME_OK;
	g->wrong += e == RME_OK && !right;
	if (e != RME_OK && g->sample[0] == '\0') {
		(void)snprintf(g->sample, sizeof(g->sample), "%s", err->text);
	}
	note_latency(&g->took, took_ns);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* A timer that has an event every few milliseconds; the events of a machine that is too slow are one. */
static int
item_timer(void)
{
	const struct itimerspec every = {.it_interval.tv_nsec = ITEM_EVERY_NS, .it_value.tv_nsec = 1};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) != 0) {
		abort();
	}
	return fd;
}

static void
wait_for_timer(int fd)
{
	uint64_t times;
	while (read(fd, &times, sizeof(times)) < 0) {
	}
}

static void
run_one(struct good *g)
{
	struct chain c;
	struct rme_error err = {0};
	enum rme_err e = open_chain(&c, g->w, &err);
	if (e != RME_OK) {
		note_item(g, e, false, 0, &err);
	}
	int timer = item_timer();
	for (uint32_t i = 0; e == RME_OK && i < GOOD_ITEMS && !atomic_load(&stop); i++) {
		uint64_t hash;
		wait_for_timer(timer);
		int64_t start = rmi_monotonic_ns();
		e = exchange(c.session, i, &hash, &err);
		note_item(g, e, hash == reference[i], rmi_monotonic_ns() - start, &err);
	}
	close(timer);
	close_chain(&c);
	pthread_mutex_lock(&lock);
	g->sessions++;
	pthread_mutex_unlock(&lock);
}

static void *
run_sessions(void *arg)
{
	while (!atomic_load(&stop)) {
		run_one(arg);
	}
	return NULL;
}

/* Adds, or takes away, the time of now. */
static void
count_time(struct good *g, int sign)
{
	struct timespec cpu;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) != 0) {
		abort();
	}
	g->wall_ns += sign * rmi_monotonic_ns();
	g->cpu_ns += sign * (cpu.tv_sec * RMI_NS_PER_S + cpu.tv_nsec);
}

bool
good_start(struct good *g, struct world *w)
{
	g->w = w;
	count_time(g, -1);
	atomic_store(&stop, false);
	for (size_t i = 0; i < GOOD_SESSIONS; i++) {
		if (pthread_create(&threads[i], NULL, run_sessions, g) != 0) {
			return false;
		}
	}
	return true;
}

void
good_stop(struct good *g)
{
	atomic_store(&stop, true);
	for (size_t i = 0; i < GOOD_SESSIONS; i++) {
		pthread_join(threads[i], NULL);
	}
	count_time(g, 1);
}

double
good_processors(const struct good *g)
{
	struct good now = {.wall_ns = g->wall_ns, .cpu_ns = g->cpu_ns};
	count_time(&now, 1);
	return now.wall_ns > 0 ? (double)now.cpu_ns / (double)now.wall_ns : 0;
}

uint64_t
good_items(const struct good *g)
{
	pthread_mutex_lock(&lock);
	uint64_t n = g->items;
	pthread_mutex_unlock(&lock);
	return n;
}

void
good_wait(struct good *g, uint64_t items)
{
	pthread_mutex_lock(&lock);
	while (g->items < items) {
		pthread_cond_wait(&changed, &lock);
	}
	pthread_mutex_unlock(&lock);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

uint32_t
latency_at(struct latencies *l, double part)
{
	if (l->n == 0) {
		return 0;
	}
	qsort(l->ns, l->n, sizeof(*l->ns), compare);
	size_t i = (size_t)(part * (double)l->n);
	return l->ns[i < l->n ? i : l->n - 1];
}

size_t
latency_over(const struct latencies *l, uint32_t ns)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		n += l->ns[i] > ns;
	}
	return n;
}
