/**
 * @file
 * Plays a routing trace in simulated time through the decision and the learning of the router, and prints what each policy
 * would have cost: replay TRACE.csv [--policy NAME] ... A policy learns only what it would have seen, when it would have.
 *
 * Rows of a trace: module,NAME,...  link,T_S,UP,RTT_MS  and
 * item,T_S,MODULE,BYTES_UP,BYTES_DOWN,UNITS,COMPLEXITY,DEADLINE_MS,PRICE_USD,EDGE_MS,CLOUD_MS,CLOUD_OUTCOME,CLOUD_SERVICE_MS
 * with CLOUD_OUTCOME 0 = answer, 1 = error, 2 = no answer, each after CLOUD_MS; after 1 and 2 the item runs at the edge.
 *
 * Loss of an item = min(latency / deadline, 3) + 1 if late; score = mean per module, then over modules.
 * With --check it fails unless `auto` loses less than the thresholds that it corrects.
 */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route/decide.h"
#include "route/learn.h"

enum { MODULES_MAX = 32, ITEMS_MAX = 200000, NAME_MAX_BYTES = 24 };

#define MS_NS 1e6

struct item {
	double t_s, deadline_ms, edge_ms, cloud_ms;
	uint64_t bytes;
	float complexity;
	int module, outcome;
};

struct trace {
	char module[MODULES_MAX][NAME_MAX_BYTES];
	int n_modules;
	struct item *item;
	size_t n_items;
};

/* What a try will have taught once its time has come. */
struct lesson {
	struct rmi_route_outcome o;
	int module;
};

struct pending {
	struct lesson *lesson; /* a heap, soonest first */
	size_t n;
};

struct score {
	double loss, late, cloud, dead;
};

static int
module_of(struct trace *t, const char *name)
{
	for (int i = 0; i < t->n_modules; i++) {
		if (strcmp(t->module[i], name) == 0) {
			return i;
		}
	}
	if (t->n_modules == MODULES_MAX) {
		return 0;
	}
	(void)snprintf(t->module[t->n_modules], NAME_MAX_BYTES, "%s", name);
	return t->n_modules++;
}

static void
read_row(struct trace *t, const char *row)
{
	char name[NAME_MAX_BYTES];
	struct item it;
	double up, down, units, complexity, price;
	if (sscanf(row, "item,%lf,%23[^,],%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%d", &it.t_s, name, &up, &down, &units,
	        &complexity, &it.deadline_ms, &price, &it.edge_ms, &it.cloud_ms, &it.outcome) == 11 &&
	    t->n_items < ITEMS_MAX) {
		it.bytes = (uint64_t)up;
		it.complexity = (float)complexity;
		it.module = module_of(t, name);
		t->item[t->n_items++] = it;
	}
}

static bool
read_trace(struct trace *t, const char *path)
{
	FILE *f = fopen(path, "r");
	char row[512];
	t->item = malloc(ITEMS_MAX * sizeof(*t->item));
	if (f == NULL || t->item == NULL) {
		return false;
	}
	while (fgets(row, sizeof(row), f) != NULL) {
		read_row(t, row);
	}
	(void)fclose(f);
	return t->n_items > 0;
}

static void
swap(struct lesson *a, struct lesson *b)
{
	const struct lesson c = *a;
	*a = *b;
	*b = c;
}

static void
pending_put(struct pending *p, const struct lesson *l)
{
	size_t i = p->n++;
	p->lesson[i] = *l;
	for (; i > 0 && p->lesson[i].o.ended_ns < p->lesson[(i - 1) / 2].o.ended_ns; i = (i - 1) / 2) {
		swap(&p->lesson[i], &p->lesson[(i - 1) / 2]);
	}
}

static struct lesson
pending_take(struct pending *p)
{
	const struct lesson first = p->lesson[0];
	p->lesson[0] = p->lesson[--p->n];
	for (size_t i = 0, c = 1; c < p->n; i = c, c = 2 * c + 1) {
		c += c + 1 < p->n && p->lesson[c + 1].o.ended_ns < p->lesson[c].o.ended_ns ? 1 : 0;
		if (p->lesson[i].o.ended_ns <= p->lesson[c].o.ended_ns) {
			break;
		}
		swap(&p->lesson[i], &p->lesson[c]);
	}
	return first;
}

static void
learn_until(struct pending *p, struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, int64_t now_ns)
{
	while (p->n > 0 && p->lesson[0].o.ended_ns <= now_ns) {
		const struct lesson l = pending_take(p);
		rmi_route_end(&b[l.module], rules, &l.o);
	}
}

static void
try_side(struct pending *p, struct rmi_route_beliefs *b, const struct item *it, enum rme_side s, double *at_ms)
{
	double ms = s == RME_SIDE_EDGE ? it->edge_ms : it->cloud_ms;
	enum rme_err e = RME_OK;
	if (s == RME_SIDE_CLOUD && it->outcome != 0) {
		e = it->outcome == 1 ? RME_EUNAVAILABLE : RME_ETIMEDOUT;
	}
	int64_t began = (int64_t)(*at_ms * MS_NS);
	rmi_route_begin(&b[it->module], s, began);
	*at_ms += ms;
	const struct lesson l = {{s, e, it->bytes, began, (int64_t)(*at_ms * MS_NS)}, it->module};
	pending_put(p, &l);
}

static void
play_item(struct pending *p, struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, const struct item *it,
    struct score *sum)
{
	double at_ms = it->t_s * 1e3;
	int64_t now = (int64_t)(at_ms * MS_NS);
	learn_until(p, b, rules, now);
	const struct rmi_route_item facts = {.bytes = it->bytes,
	    .complexity = it->complexity,
	    .open = {true, true},
	    .now_ns = now,
	    .deadline_ns = now + (int64_t)(it->deadline_ms * MS_NS)};
	struct rme_route r;
	if (rmi_route_decide(&r, rules, &b[it->module], &facts) != RME_OK) {
		return;
	}
	try_side(p, b, it, r.first, &at_ms);
	if (r.first == RME_SIDE_CLOUD && it->outcome != 0) {
		sum->dead += it->outcome == 2 ? 1 : 0;
		try_side(p, b, it, RME_SIDE_EDGE, &at_ms);
	}
	double ratio = (at_ms - it->t_s * 1e3) / it->deadline_ms;
	sum->loss += fmin(ratio, 3) + (ratio > 1 ? 1 : 0);
	sum->late += ratio > 1 ? 1 : 0;
	sum->cloud += r.first == RME_SIDE_CLOUD ? 1 : 0;
}

static struct score
play(const struct trace *t, enum rme_route_mode mode)
{
	static struct rmi_route_beliefs b[MODULES_MAX];
	struct score sum[MODULES_MAX] = {{0}}, all = {0};
	double n[MODULES_MAX] = {0};
	struct pending p = {malloc(2 * t->n_items * sizeof(*p.lesson)), 0};
	const struct rmi_route_rules rules = {.mode = mode,
	    .fallback = true,
	    .edge_max_bytes = 100000,
	    .cloud_min_bytes = 10000000,
	    .edge_max_complexity = 0.3F,
	    .cloud_min_complexity = 0.8F,
	    .breaker_failures = 3,
	    .breaker_wait_ns = 1000000000,
	    .breaker_wait_max_ns = 16000000000};
	if (p.lesson == NULL) {
		exit(1);
	}
	memset(b, 0, sizeof(b));
	for (size_t i = 0; i < t->n_items; i++) {
		play_item(&p, b, &rules, &t->item[i], &sum[t->item[i].module]);
		n[t->item[i].module]++;
	}
	free(p.lesson);
	for (int m = 0; m < t->n_modules; m++) {
		all.loss += sum[m].loss / n[m] / t->n_modules;
		all.late += sum[m].late / n[m] / t->n_modules;
		all.cloud += sum[m].cloud / n[m] / t->n_modules;
		all.dead += sum[m].dead;
	}
	return all;
}

int
main(int argc, char **argv)
{
	static const enum rme_route_mode modes[] = {
	    RME_ROUTE_EDGE_ONLY, RME_ROUTE_CLOUD_ONLY, RME_ROUTE_CLOUD_FIRST, RME_ROUTE_THRESHOLDS, RME_ROUTE_AUTO};
	struct trace t = {.n_modules = 0};
	double loss[RME_ROUTE_FUNCTION + 1];
	if (argc < 2 || !read_trace(&t, argv[1])) {
		(void)fprintf(stderr, "usage: replay TRACE.csv [--check]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct score s = play(&t, modes[i]);
		loss[modes[i]] = s.loss;
		printf("%-12s loss %.3f  late %4.1f %%  cloud %4.1f %%  calls without answer %.0f\n",
		    rme_route_mode_name(modes[i]), s.loss, 100 * s.late, 100 * s.cloud, s.dead);
	}
	free(t.item);
	if (argc > 2 && strcmp(argv[2], "--check") == 0 && loss[RME_ROUTE_AUTO] >= loss[RME_ROUTE_THRESHOLDS]) {
		(void)fprintf(stderr, "replay: auto loses more than the thresholds\n");
		return 1;
	}
	return 0;
}
