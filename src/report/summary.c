#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/run.h"

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Nearest rank. */
static double
quantile(const double *sorted, size_t n, double q)
{
	size_t rank = (size_t)ceil(q * (double)n);
	return sorted[rank > 0 ? rank - 1 : 0];
}

struct rmi_times
rmi_times_of(double *ms, size_t n)
{
	if (n == 0) {
		return (struct rmi_times){NAN, NAN, NAN, NAN, 0};
	}
	qsort(ms, n, sizeof(*ms), by_value);
	return (struct rmi_times){quantile(ms, n, 0.5), quantile(ms, n, 0.95), quantile(ms, n, 0.99), ms[n - 1], n};
}

enum rme_err
rmi_price_parse(struct rmi_price *out, const char *text, size_t *node_len, struct rme_error *err)
{
	static const struct {
		const char *word;
		enum rmi_price_unit unit;
	} units[] = {{"item", RMI_PRICE_ITEM}, {"min", RMI_PRICE_MINUTE}, {"MB", RMI_PRICE_MB}};
	const char *eq = strchr(text, '=');
	char *end = NULL;
	double usd = eq != NULL ? strtod(eq + 1, &end) : -1;
	if (eq != NULL && eq > text && end != eq + 1 && *end == '/' && isfinite(usd) && usd >= 0) {
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (strcmp(end + 1, units[i].word) == 0) {
				*out = (struct rmi_price){text, units[i].unit, usd};
				*node_len = (size_t)(eq - text);
				return RME_OK;
			}
		}
	}
	return rme_error_set(err, RME_ECONFIG, text,
	    "a price is written STAGE=USD/UNIT, the unit being item, min or MB, "
	    "for example recognize=0.024/min");
}

static struct rmi_stage_summary *
stage_named(struct rmi_summary *s, const char *node)
{
	for (size_t i = 0; i < s->n_stages; i++) {
		if (strcmp(s->stage[i].node, node) == 0) {
			return &s->stage[i];
		}
	}
	if (s->n_stages == RMI_SUMMARY_STAGES_MAX) {
		return NULL;
	}
	struct rmi_stage_summary *st = &s->stage[s->n_stages++];
	*st = (struct rmi_stage_summary){.node = node, .cost = NAN};
	return st;
}

static void
count_reason(struct rmi_summary *s, const struct rmi_run_stage *st)
{
	struct rmi_reason_summary *r = NULL;
	for (size_t i = 0; i < s->n_reasons && r == NULL; i++) {
		struct rmi_reason_summary *c = &s->reason[i];
		if (strcmp(c->node, st->node) == 0 && strcmp(c->reason, st->reason) == 0 && c->first == st->first &&
		    c->fell_back == st->fell_back) {
			r = c;
		}
	}
	if (r == NULL) {
		if (s->n_reasons == RMI_SUMMARY_REASONS_MAX) {
			return;
		}
		r = &s->reason[s->n_reasons++];
		*r = (struct rmi_reason_summary){st->node, st->reason, st->text, st->first, st->fell_back, 0};
	}
	r->items++;
}

/* What the stage worked on, in the unit that has the price. */
static double
units_of(const struct rmi_price *p, const struct rmi_run_item *it, const struct rmi_run_stage *st)
{
	double s = 0;
	switch (p->unit) {
	case RMI_PRICE_ITEM:
		return 1;
	case RMI_PRICE_MB:
		return (double)(st->up + st->down) / 1e6;
	case RMI_PRICE_MINUTE:
		break;
	}
	for (size_t i = 0; i < it->n_says; i++) {
		if (strcmp(it->say[i].node, st->node) == 0 && isfinite(it->say[i].duration_s)) {
			s += it->say[i].duration_s;
		}
	}
	return (s > 0 ? s : isfinite(it->duration_s) ? it->duration_s : 0) / 60;
}

static void
count_cost(struct rmi_stage_summary *st, const struct rmi_prices *prices, const struct rmi_run_item *it,
    const struct rmi_run_stage *r)
{
	for (size_t i = 0; prices != NULL && i < prices->n; i++) {
		if (strcmp(prices->price[i].node, st->node) == 0) {
			double was = isnan(st->cost) ? 0 : st->cost;
			bool paid = r->side == RME_SIDE_CLOUD || r->up > 0;
			st->cost = was + (paid ? prices->price[i].usd * units_of(&prices->price[i], it, r) : 0);
		}
	}
}

static void
count_route(struct rmi_summary *s, struct rmi_stage_summary *st, const struct rmi_run_stage *r)
{
	if (r->mode == NULL) {
		return;
	}
	st->routed = true;
	st->unanswered += r->side == RME_SIDE_NONE ? 1 : 0;
	s->edge += r->side == RME_SIDE_EDGE ? 1 : 0;
	s->cloud += r->side == RME_SIDE_CLOUD ? 1 : 0;
	if (r->reason != NULL) {
		count_reason(s, r);
	}
}

static void
count_stage(struct rmi_summary *s, const struct rmi_prices *prices, const struct rmi_run_item *it,
    const struct rmi_run_stage *r)
{
	struct rmi_stage_summary *st = r->node != NULL ? stage_named(s, r->node) : NULL;
	if (st == NULL) {
		return;
	}
	bool failed_here = it->error != NULL && it->where != NULL && strcmp(it->where, r->node) == 0;
	st->items++;
	st->edge += r->side == RME_SIDE_EDGE ? 1 : 0;
	st->cloud += r->side == RME_SIDE_CLOUD ? 1 : 0;
	st->fallbacks += r->fell_back ? 1 : 0;
	st->failed += failed_here ? 1 : 0;
	st->up += r->up;
	st->down += r->down;
	s->up += r->up;
	s->down += r->down;
	count_route(s, st, r);
	count_cost(st, prices, it, r);
}

static void
count_item(struct rmi_summary *s, const struct rmi_prices *prices, const struct rmi_run_item *it)
{
	bool fell_back = false;
	for (size_t i = 0; i < it->n_stages; i++) {
		count_stage(s, prices, it, &it->stage[i]);
		fell_back |= it->stage[i].fell_back;
	}
	s->fallbacks += fell_back ? 1 : 0;
	s->failed += it->error != NULL ? 1 : 0;
	if (isfinite(it->duration_s)) {
		s->media_s += it->duration_s;
		s->speech_s += it->speech == RMI_SPEECH_YES ? it->duration_s : 0;
	}
}

/* The times of one stage on one side (NONE = both), in @p ms. */
static size_t
stage_times(double *ms, const struct rmi_run *run, const char *node, enum rme_side side)
{
	size_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		const struct rmi_run_item *it = &run->item[i];
		for (size_t k = 0; k < it->n_stages; k++) {
			const struct rmi_run_stage *st = &it->stage[k];
			double t = rmi_run_stage_ms(it, k);
			bool mine = st->node != NULL && strcmp(st->node, node) == 0;
			if (mine && isfinite(t) && (side == RME_SIDE_NONE || st->side == side)) {
				ms[n++] = t;
				break;
			}
		}
	}
	return n;
}

/* Which items, and which of their times. */
enum span { SPAN_WORK, SPAN_WAIT, SPAN_SAY };

static size_t
item_times(double *ms, const struct rmi_run *run, enum span span)
{
	size_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		const struct rmi_run_item *it = &run->item[i];
		double t = span == SPAN_WAIT ? it->start_ms - it->submit_ms : it->end_ms - it->start_ms;
		bool wanted = span == SPAN_SAY ? it->n_says > 0 : !it->last;
		if (isfinite(t) && wanted) {
			ms[n++] = t;
		}
	}
	return n;
}

static void
measure(struct rmi_summary *s, const struct rmi_run *run, double *ms)
{
	s->times = rmi_times_of(ms, item_times(ms, run, SPAN_WORK));
	s->wait = rmi_times_of(ms, item_times(ms, run, SPAN_WAIT));
	s->say_times = rmi_times_of(ms, item_times(ms, run, SPAN_SAY));
	for (size_t i = 0; i < s->n_stages; i++) {
		struct rmi_stage_summary *st = &s->stage[i];
		st->times = rmi_times_of(ms, stage_times(ms, run, st->node, RME_SIDE_NONE));
		st->edge_times = rmi_times_of(ms, stage_times(ms, run, st->node, RME_SIDE_EDGE));
		st->cloud_times = rmi_times_of(ms, stage_times(ms, run, st->node, RME_SIDE_CLOUD));
	}
}

static int
by_items(const void *a, const void *b)
{
	const struct rmi_reason_summary *x = a, *y = b;
	return (x->items < y->items) - (x->items > y->items);
}

/* Texts of the stage that speaks first: the transcripts. */
static uint64_t
count_says(const struct rmi_run *run)
{
	const char *first = NULL;
	uint64_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		for (size_t k = 0; k < run->item[i].n_says; k++) {
			const char *node = run->item[i].say[k].node;
			first = first == NULL ? node : first;
			n += node != NULL && strcmp(node, first) == 0 ? 1 : 0;
		}
	}
	return n;
}

static uint64_t
count_flushes(const struct rmi_run *run)
{
	uint64_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		n += run->item[i].last ? 1 : 0;
	}
	return n;
}

enum rme_err
rmi_summary_make(struct rmi_summary *out, const struct rmi_run *run, const struct rmi_prices *prices)
{
	double *ms = calloc(run->n_items + 1, sizeof(*ms));
	if (ms == NULL) {
		return RME_ENOMEM;
	}
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < run->n_items; i++) {
		count_item(out, prices, &run->item[i]);
	}
	measure(out, run, ms);
	free(ms);
	out->items = run->submitted - count_flushes(run);
	out->lost = run->submitted > run->verdicts ? run->submitted - run->verdicts : 0;
	out->ok = out->items - out->lost - out->failed;
	out->says = count_says(run);
	out->wall_ms = run->wall_ms;
	out->cost = NAN;
	for (size_t i = 0; i < out->n_stages; i++) {
		if (!isnan(out->stage[i].cost)) {
			out->cost = (isnan(out->cost) ? 0 : out->cost) + out->stage[i].cost;
		}
	}
	qsort(out->reason, out->n_reasons, sizeof(out->reason[0]), by_items);
	return RME_OK;
}
