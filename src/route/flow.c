#include "route/flow.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rme/packet.h>

#include "route/estimate.h"

enum rme_err
rmi_flow_init(struct rmi_flow *f, size_t window)
{
	f->ring = calloc(window, sizeof(*f->ring));
	f->window = window;
	return f->ring != NULL ? RME_OK : RME_ENOMEM;
}

static void
drop_item(struct rmi_flow_item *it)
{
	rmi_hold_done(&it->in);
	rmi_hold_done(&it->held);
	rmi_hold_done(&it->spare);
	rme_packet_unref(it->flush);
	rme_packet_unref(it->end);
	rme_packet_unref(it->try[RMI_EDGE].end);
	rme_packet_unref(it->try[RMI_CLOUD].end);
}

void
rmi_flow_done(struct rmi_flow *f)
{
	for (size_t i = 0; f->ring != NULL && i < f->window; i++) {
		struct rmi_flow_item *it = &f->ring[i];
		for (unsigned s = 0; s < 2; s++) {
			if (it->try[s].live && !it->try[s].flush_only) {
				/* Others who share the books must not wait for a try that will never end. */
				struct rmi_route_outcome o = {f->side[s].which, RME_ECANCELED, it->facts.bytes,
				    it->try[s].began_ns, rme_node_now(f->self)};
				rmi_book_end(f->book, &f->rules, &o, it->try[s].bytes);
			}
		}
		drop_item(it);
	}
	free(f->ring);
	f->ring = NULL;
}

/* --- items --- */

static struct rmi_flow_item *
item_at(const struct rmi_flow *f, size_t i)
{
	return &f->ring[(f->head + i) % f->window];
}

struct rmi_flow_item *
rmi_flow_find(struct rmi_flow *f, uint64_t seq)
{
	if (f->n == 0) {
		return NULL;
	}
	/* Numbers mostly follow each other; where items were dropped before the router, look at all. */
	uint64_t ahead = seq - item_at(f, 0)->seq;
	if (ahead < f->n && item_at(f, (size_t)ahead)->seq == seq) {
		return item_at(f, (size_t)ahead);
	}
	for (size_t i = 0; i < f->n; i++) {
		if (item_at(f, i)->seq == seq) {
			return item_at(f, i);
		}
	}
	return NULL;
}

/* The item of a packet that has come in; a new one if it is the first. */
static struct rmi_flow_item *
item_of(struct rmi_flow *f, uint64_t seq)
{
	struct rmi_flow_item *it = rmi_flow_find(f, seq);
	if (it != NULL) {
		return it;
	}
	assert(f->n < f->window && "the window bounds the open items");
	it = item_at(f, f->n++);
	const struct rmi_hold in = it->in, held = it->held, spare = it->spare;
	*it = (struct rmi_flow_item){.seq = seq, .in = in, .held = held, .spare = spare, .confidence = NAN};
	return it;
}

bool
rmi_flow_passes(const struct rmi_flow *f, const struct rmi_flow_item *it)
{
	return it == item_at(f, 0) && it->data && !it->keep && it->spare_side == RME_SIDE_NONE;
}

enum rme_err
rmi_flow_emit(struct rmi_flow *f, const struct rmi_flow_item *it, struct rme_packet *pkt)
{
	enum rme_err e = rme_node_emit(f->self, pkt);
	if (e != RME_OK && rme_node_item_failed(f->self, it->seq) == RME_OK) {
		/* What is behind could not take it, and has not said so: the item has failed there. */
		struct rme_error err;
		rme_error_set(&err, e, NULL, "%s", rme_err_text(e));
		rme_node_item_fail(f->self, it->seq, &err);
	}
	return e;
}

enum rme_err
rmi_flow_release(struct rmi_flow *f, struct rmi_flow_item *it)
{
	enum rme_err e = RME_OK;
	for (size_t i = 0; i < it->held.n; i++) {
		enum rme_err emitted = rmi_flow_emit(f, it, it->held.pkt[i]);
		e = e != RME_OK ? e : emitted;
	}
	it->held.n = 0;
	it->held.bytes = 0;
	return e;
}

/* --- what comes in --- */

static void
note_sticky(struct rmi_flow *f, enum rme_side side, int64_t now)
{
	if (f->sticky && side != f->current) {
		f->current = side;
		f->since_ns = now;
	}
}

/* What the pipeline's author says, else what the edge's node says, else a guess from the data. */
static float
complexity_of(struct rmi_flow *f, const struct rme_packet *in)
{
	if (f->config->complexity >= 0) {
		return (float)f->config->complexity;
	}
	struct rme_node *edge = f->side[RMI_EDGE].node;
	float c = edge != NULL ? rmi_node_estimate(edge, in) : NAN;
	return isnan(c) ? rmi_route_estimate(in) : c;
}

static void
describe(struct rmi_flow *f, struct rmi_flow_item *it, const struct rme_packet *in)
{
	const struct rme_packet_meta *m = rme_packet_meta(in);
	size_t len;
	(void)rme_packet_data(in, &len);
	it->facts = (struct rmi_route_item){
	    .module = f->module,
	    .format = m->format,
	    .bytes = len,
	    .complexity = complexity_of(f, in),
	    .local = (m->flags & RME_PACKET_LOCAL) != 0,
	    .open = {f->side[RMI_EDGE].node != NULL, f->side[RMI_CLOUD].node != NULL},
	    .reopen_ns = {f->side[RMI_EDGE].reopen_ns, f->side[RMI_CLOUD].reopen_ns},
	    .sticky = f->sticky,
	    .current = f->current,
	    .since_ns = f->since_ns,
	    .now_ns = rme_node_now(f->self),
	    .deadline_ns = m->deadline_ns,
	};
}

/* No side may or can have the item. */
static void
refuse(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_err e)
{
	const char *name = rme_node_name(f->self);
	bool cloud = f->rules.mode == RME_ROUTE_CLOUD_ONLY || f->config->edge.type == NULL;
	const struct rme_error *why = &f->side[cloud ? RMI_CLOUD : RMI_EDGE].why_not;
	if (e == RME_EDENIED) {
		rme_error_set(&it->err, e, name,
		    "the data is marked local and must not leave this device, and the edge cannot take it");
	} else if (it->route.reason == RME_REASON_OFFLINE) {
		rme_error_set(&it->err, e, name, "offline, and the edge cannot take it");
	} else {
		rme_error_set(&it->err, e, why->where[0] != '\0' ? why->where : name, "%.200s", why->text);
	}
	it->done = true;
	rmi_book_failed(f->book);
}

/* That a side is not there is half an explanation. */
static void
note_missing(const struct rmi_flow *f, struct rmi_flow_item *it)
{
	const struct rmi_flow_side *gone = rmi_side_missing(f, it->route.first);
	if (it->route.reason == RME_REASON_NOT_OPEN && gone != NULL) {
		rmi_shorten(it->route.cause_text, sizeof(it->route.cause_text), gone->why_not.text);
	}
}

static void
begin_item(struct rmi_flow *f, struct rmi_flow_item *it, const struct rme_packet *in)
{
	int64_t now = rme_node_now(f->self);
	rmi_side_reopen(&f->side[RMI_EDGE], now);
	rmi_side_reopen(&f->side[RMI_CLOUD], now);
	it->data = true;
	it->count = ++f->count;
	describe(f, it, in);
	enum rme_err e = rmi_book_decide(f->book, &it->route, &f->rules, &it->facts);
	if (e != RME_OK) {
		refuse(f, it, e);
		return;
	}
	note_missing(f, it);
	note_sticky(f, it->route.first, now);
	it->keep = rmi_book_may_fall_back(f->book, &f->rules, &it->facts, it->route.first);
	rmi_try_begin(f, it, it->route.first);
}

static void
take_data(struct rmi_flow *f, struct rme_packet *in)
{
	struct rmi_flow_item *it = item_of(f, rme_packet_meta(in)->seq);
	if (!it->data) {
		begin_item(f, it, in);
	}
	if (it->keep && rmi_hold_put(&it->in, &f->limits, rme_packet_ref(in)) != RME_OK) {
		/* Too much to keep: the item stays where it is. */
		it->keep = false;
		rmi_hold_clear(&it->in);
	}
	if (it->done || it->active == RME_SIDE_NONE) {
		rme_packet_unref(in);
	} else {
		rmi_try_feed(f, it, it->active, in);
	}
}

/* Every side that has seen data may hold some of it; one that is failing is not worth waiting for. */
static void
begin_flush(struct rmi_flow *f, struct rmi_flow_item *it)
{
	it->flushed = true;
	f->news = true;
	for (unsigned s = 0; s < 2; s++) {
		struct rmi_flow_side *side = &f->side[s];
		if (side->node == NULL || !side->used) {
			continue;
		}
		if (!it->try[s].live) { /* an item may have data, too: then its side has its try already */
			rmi_try_begin_flush(f, it, side->which);
		}
		rmi_try_feed(f, it, side->which, rme_packet_ref(it->flush));
		if (it->end != NULL) {
			rmi_try_finish(f, it, side->which);
		}
	}
}

/*
 * The last flush waits until all items before it are through: one that falls back now is still to be seen by the other
 * side, which then holds the end of the stream. A flush in mid-stream must stay before the items behind it.
 */
static void
take_flush(struct rmi_flow *f, struct rme_packet *in)
{
	struct rmi_flow_item *it = item_of(f, rme_packet_meta(in)->seq);
	it->flush = in;
	if ((rme_packet_meta(in)->flags & RME_PACKET_LAST) == 0 || item_at(f, 0) == it) {
		begin_flush(f, it);
	}
}

static void
take_end(struct rmi_flow *f, struct rme_packet *in)
{
	struct rmi_flow_item *it = item_of(f, rme_packet_meta(in)->seq);
	it->end = in;
	f->news = true;
	rmi_try_finish(f, it, RME_SIDE_EDGE);
	rmi_try_finish(f, it, RME_SIDE_CLOUD);
}

void
rmi_flow_push(struct rmi_flow *f, struct rme_packet *in)
{
	switch (rme_packet_meta(in)->kind) {
	case RME_PACKET_DATA:
		take_data(f, in);
		break;
	case RME_PACKET_FLUSH:
		take_flush(f, in);
		break;
	case RME_PACKET_ITEM_END:
		take_end(f, in);
		break;
	}
}

/* --- what goes out --- */

static void
fill_report(struct rmi_flow *f, const struct rmi_flow_item *it)
{
	struct rme_stage_report *r = it->data ? rme_node_report(f->self, it->seq) : NULL;
	if (r == NULL) {
		return;
	}
	r->route = it->route;
	r->side = it->route.side;
	r->bytes_up = (uint32_t)it->up;
	r->bytes_down = (uint32_t)it->down;
	r->remote_ns = it->remote_ns;
}

/* The oldest item is complete: its results, its error, its end. */
static void
commit(struct rmi_flow *f)
{
	struct rmi_flow_item *it = item_at(f, 0);
	uint64_t seq = it->seq;
	fill_report(f, it);
	if (it->err.code != RME_OK && rme_node_item_failed(f->self, seq) == RME_OK) {
		rme_node_item_fail(f->self, seq, &it->err);
	}
	(void)!rmi_flow_release(f, it);
	rmi_hold_clear(&it->in);
	rmi_hold_clear(&it->spare);
	struct rme_packet *flush = it->flush, *end = it->end;
	it->flush = NULL;
	it->end = NULL;
	f->head = (f->head + 1) % f->window;
	f->n--;
	if (flush != NULL) {
		(void)!rme_node_emit(f->self, flush);
	}
	(void)!rme_node_emit(f->self, end);
}

/* @return when the next try is late, 0 = none is waited for */
static int64_t
next_late(const struct rmi_flow *f)
{
	int64_t next = 0;
	for (size_t i = 0; i < f->n; i++) {
		for (unsigned s = 0; s < 2; s++) {
			const struct rmi_flow_try *t = &item_at(f, i)->try[s];
			if (t->live && f->side[s].async && t->deadline_ns != 0 &&
			    (next == 0 || t->deadline_ns < next)) {
				next = t->deadline_ns;
			}
		}
	}
	return next;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void
run_items(struct rmi_flow *f, int64_t now)
{
	do {
		f->news = false;
		for (size_t i = 0; i < f->n; i++) {
			rmi_flow_step(f, item_at(f, i), now);
		}
		while (f->n > 0 && item_at(f, 0)->done && item_at(f, 0)->end != NULL) {
			commit(f);
		}
		if (f->n > 0 && item_at(f, 0)->flush != NULL && !item_at(f, 0)->flushed) {
			begin_flush(f, item_at(f, 0));
		}
		/* The next in order may go on with what is held of it. */
		if (f->n > 0 && item_at(f, 0)->held.n > 0 && rmi_flow_passes(f, item_at(f, 0))) {
			(void)!rmi_flow_release(f, item_at(f, 0));
		}
	} while (f->news);
}

void
rmi_flow_run(struct rmi_flow *f)
{
	int64_t next;
	do {
		int64_t now = rme_node_now(f->self);
		next = sooner(rmi_side_wake(&f->side[RMI_EDGE], now), rmi_side_wake(&f->side[RMI_CLOUD], now));
		run_items(f, now);
	} while (f->news);
	rme_node_wake_at(f->self, sooner(next, next_late(f)));
}

void
rmi_flow_cancel(struct rmi_flow *f)
{
	static const struct rme_error canceled = {RME_ECANCELED, "", "canceled"};
	for (unsigned s = 0; s < 2; s++) {
		if (f->side[s].node != NULL) {
			rmi_node_reset(f->side[s].node);
		}
		f->side[s].used = false;
	}
	for (size_t i = 0; i < f->n; i++) {
		struct rmi_flow_item *it = item_at(f, i);
		for (unsigned s = 0; s < 2; s++) {
			if (it->try[s].live) {
				rmi_try_over(f, it, f->side[s].which, RME_ECANCELED);
			}
		}
		it->err = it->err.code == RME_OK && !it->done ? canceled : it->err;
		it->done = true;
		it->keep = false;
	}
	f->current = RME_SIDE_NONE;
	rmi_flow_run(f);
}
