/**
 * @file
 * What routing costs: the decision and the update of what is believed, alone and through the books that sessions share,
 * the estimate of complexity, the reason in words; and a 640-byte packet through eight routers whose edges do next to
 * nothing, against the same nodes without routers.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/packet.h>
#include <rme/params.h>
#include <rme/pipeline.h>
#include <rme/router.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "route/book.h"
#include "route/estimate.h"

enum { BATCHES = 2000, BATCH = 500, ITEMS = 20000, WARM_UP = 2000, BYTES = 640, STAGES = 8 };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void
check(enum rme_err e, const char *what)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_route: %s: %s\n", what, rme_err_text(e));
		exit(1);
	}
}

/* What the measured functions work on. */
struct world {
	struct rmi_route_rules rules;
	struct rmi_route_beliefs beliefs;
	struct rmi_route_book *book;
	struct rmi_route_item item[64];
	struct rme_route route;
	struct rme_packet *frame, *utterance;
	double sum; /* keeps the compiler from leaving work out */
};

static void
do_decide(struct world *w, unsigned i)
{
	w->item[i % 64].now_ns++;
	check(rmi_route_decide(&w->route, &w->rules, &w->beliefs, &w->item[i % 64]), "decide");
	w->sum += (double)w->route.first;
}

static void
do_update(struct world *w, unsigned i)
{
	const struct rmi_route_item *it = &w->item[i % 64];
	enum rme_side s = i % 3 == 0 ? RME_SIDE_CLOUD : RME_SIDE_EDGE;
	int64_t began = it->now_ns + i * 1000;
	struct rmi_route_outcome o = {s, i % 17 == 0 ? RME_ETIMEDOUT : RME_OK, it->bytes, began, began + 50000};
	rmi_route_begin(&w->beliefs, s, began);
	rmi_route_end(&w->beliefs, &w->rules, &o);
}

static void
do_book_decide(struct world *w, unsigned i)
{
	check(rmi_book_decide(w->book, &w->route, &w->rules, &w->item[i % 64]), "decide");
	w->sum += (double)w->route.first;
}

static void
do_book_update(struct world *w, unsigned i)
{
	const struct rmi_route_item *it = &w->item[i % 64];
	struct rmi_route_outcome o = {RME_SIDE_EDGE, RME_OK, it->bytes, it->now_ns, it->now_ns + 50000};
	rmi_book_begin(w->book, RME_SIDE_EDGE, it->now_ns);
	rmi_book_end(w->book, &w->rules, &o, (struct rmi_book_bytes){it->bytes, 10});
}

static void
do_frame(struct world *w, unsigned i)
{
	(void)i;
	w->sum += (double)rmi_route_estimate(w->frame);
}

static void
do_utterance(struct world *w, unsigned i)
{
	(void)i;
	w->sum += (double)rmi_route_estimate(w->utterance);
}

static void
do_text(struct world *w, unsigned i)
{
	char text[RME_ROUTE_TEXT_MAX];
	w->route.bytes = i;
	w->sum += (double)rme_route_text(&w->route, text);
}

/* Median and 99th percentile over batches, since one call is shorter than reading the clock. */
static void
measure(struct world *w, const char *name, void (*fn)(struct world *w, unsigned i))
{
	static double ns[BATCHES];
	for (int b = 0; b < BATCHES; b++) {
		int64_t start = rmi_monotonic_ns();
		for (unsigned i = 0; i < BATCH; i++) {
			fn(w, i + (unsigned)b);
		}
		ns[b] = (double)(rmi_monotonic_ns() - start) / BATCH;
	}
	qsort(ns, BATCHES, sizeof(ns[0]), by_value);
	printf("route/%s p50_ns %.1f p99_ns %.1f\n", name, ns[BATCHES / 2], ns[BATCHES * 99 / 100]);
}

static struct rme_packet *
sound(size_t bytes)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	check(rme_packet_alloc(&p, &m, bytes, &data), "packet");
	for (size_t i = 0; i < bytes; i++) {
		data[i] = (uint8_t)(i * 37);
	}
	return p;
}

static void
fill(struct world *w, struct rme_runtime *rt)
{
	const struct rmi_book_names names = {"bench", "edge", "cloud"};
	*w = (struct world){.rules = {.mode = RME_ROUTE_AUTO,
	                        .fallback = true,
	                        .edge_max_bytes = 100000,
	                        .cloud_min_bytes = 10000000,
	                        .edge_max_complexity = 0.3F,
	                        .cloud_min_complexity = 0.8F,
	                        .breaker_failures = 3,
	                        .breaker_wait_ns = RMI_NS_PER_S,
	                        .breaker_wait_max_ns = 16 * RMI_NS_PER_S}};
	check(rmi_book_find(&w->book, rt, &names), "book");
	for (unsigned i = 0; i < 64; i++) {
		w->item[i] = (struct rmi_route_item){.module = "edge",
		    .bytes = 20U << (i % 20),
		    .complexity = (float)i / 64,
		    .open = {true, true},
		    .now_ns = 1000 * RMI_NS_PER_S,
		    .deadline_ns = 1000 * RMI_NS_PER_S + (i % 2) * 80 * RMI_NS_PER_MS};
		w->item[i].deadline_ns = i % 2 == 0 ? 0 : w->item[i].deadline_ns;
	}
	/* Nothing is cheaper than not to know: measure with latencies and failures known. */
	for (unsigned i = 0; i < 2000; i++) {
		do_update(w, i);
		do_book_update(w, i);
	}
	w->frame = sound(BYTES);
	w->utterance = sound(96000);
}

/* --- a router in a session --- */

static enum rme_err
touch(struct rme_node *self, struct rme_packet *in)
{
	return rme_node_emit(self, in);
}

static const struct rme_node_type touch_type = {.name = "touch", .process = touch};

/* @return nanoseconds on the worker, into the first stage until the verdict */
static double
one_item(struct rme_session *s, struct rme_packet *frame)
{
	check(rme_session_submit(s, rme_packet_ref(frame), NULL), "submit");
	for (;;) {
		struct rme_packet *p;
		check(rme_session_recv(s, &p, 0), "recv");
		const struct rme_verdict *v = rme_packet_verdict(p);
		double ns = v != NULL ? (double)(v->end_ns - v->start_ns) : -1;
		if (v != NULL) {
			check(v->error.code, "item");
		}
		rme_packet_unref(p);
		if (ns >= 0) {
			return ns;
		}
	}
}

static double
through(struct rme_runtime *rt, const struct rme_node_spec *spec, struct rme_packet *frame, double *p99)
{
	static double ns[ITEMS];
	struct rme_node_spec specs[STAGES];
	const struct rme_plan_in in = {.specs = specs, .n = STAGES};
	for (int i = 0; i < STAGES; i++) {
		specs[i] = *spec;
	}
	struct rme_plan *plan;
	struct rme_session *s;
	check(rme_plan_new(&plan, rt, &in, NULL), "plan");
	check(rme_session_open(&s, rt, plan, NULL, NULL), "session");
	for (int i = -WARM_UP; i < ITEMS; i++) {
		double t = one_item(s, frame);
		if (i >= 0) {
			ns[i] = t;
		}
	}
	rme_session_free(s);
	rme_plan_free(plan);
	qsort(ns, ITEMS, sizeof(ns[0]), by_value);
	*p99 = ns[ITEMS * 99 / 100];
	return ns[ITEMS / 2];
}

static void
measure_router(struct rme_runtime *rt, struct rme_packet *frame)
{
	const struct rme_params_in none = {NULL, 0};
	struct rme_router_config c;
	double p99, plain, routed;
	check(rme_params_bind(rme_router_type.params, &none, &c, NULL, NULL), "config");
	c.edge = (struct rme_node_spec){.type = &touch_type, .name = "edge"};
	c.cloud = (struct rme_node_spec){.type = &touch_type, .name = "cloud"};
	const struct rme_node_spec bare = {.type = &touch_type}, router = {.type = &rme_router_type, .config = &c};
	plain = through(rt, &bare, frame, &p99);
	printf("route/eight_nodes p50_us %.2f p99_us %.2f\n", plain / 1e3, p99 / 1e3);
	routed = through(rt, &router, frame, &p99);
	printf("route/eight_routers p50_us %.2f p99_us %.2f added_by_one_us %.2f\n", routed / 1e3, p99 / 1e3,
	    (routed - plain) / STAGES / 1e3);
	rme_params_done(rme_router_type.params, &c);
}

int
main(void)
{
	static struct world w;
	struct rme_runtime *rt;
	check(rme_runtime_new(&rt, NULL, NULL), "runtime");
	fill(&w, rt);
	measure(&w, "decide", do_decide);
	measure(&w, "update", do_update);
	measure(&w, "decide_shared", do_book_decide);
	measure(&w, "update_shared", do_book_update);
	measure(&w, "estimate_640B", do_frame);
	measure(&w, "estimate_3s_speech", do_utterance);
	measure(&w, "text", do_text);
	measure_router(rt, w.frame);
	if (w.sum < 0) {
		printf("?\n");
	}
	rme_packet_unref(w.frame);
	rme_packet_unref(w.utterance);
	rmi_book_done(w.book);
	rme_runtime_free(rt);
	return 0;
}
