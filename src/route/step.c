/* What comes of tries: an item is done, or the other side is asked, or neither has an answer. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <rme/packet.h>

#include "route/flow.h"

static void
begin_other(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side to)
{
	rmi_try_begin(f, it, to);
	for (size_t i = 0; i < it->in.n; i++) {
		rmi_try_feed(f, it, to, rme_packet_ref(it->in.pkt[i]));
	}
	if (it->end != NULL) {
		rmi_try_finish(f, it, to);
	}
}

static void
note_fallback(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side from, enum rme_err cause)
{
	it->route.fell_back = true;
	it->route.cause = cause;
	it->route.first_ns = rme_node_now(f->self) - it->try[rmi_side_index(from)].began_ns;
	/* That the other end did not answer in time is said by the cause; what a child here was stopped by is not. */
	bool silent = cause == RME_ETIMEDOUT && f->side[rmi_side_index(from)].async;
	const char *text = it->err.code == RME_OK || silent ? "" : it->err.text;
	rmi_shorten(it->route.cause_text, sizeof(it->route.cause_text), text);
	rmi_book_fell_back(f->book);
}

/* May the other side be asked, @p from having failed or not been sure? */
static bool
may_ask_other(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side from)
{
	if (!it->keep || rme_node_canceled(f->self)) {
		return false;
	}
	enum rme_side to = rmi_side_other(from);
	it->facts.now_ns = rme_node_now(f->self);
	it->facts.open[rmi_side_index(to)] = f->side[rmi_side_index(to)].node != NULL;
	return rmi_book_may_fall_back(f->book, &f->rules, &it->facts, from);
}

static void
finish_item(struct rmi_flow_item *it, enum rme_side side)
{
	it->done = true;
	it->route.side = side;
	rmi_hold_clear(&it->in);
	rmi_hold_clear(&it->spare);
}

/* Neither side has an answer, unless there is one from before that was only not sure enough. */
static void
fail_item(struct rmi_flow *f, struct rmi_flow_item *it)
{
	rmi_hold_clear(&it->held);
	if (it->spare_side != RME_SIDE_NONE) {
		const struct rmi_hold empty = it->held;
		it->held = it->spare;
		it->spare = empty;
		it->err.code = RME_OK;
		finish_item(it, it->spare_side);
		return;
	}
	const struct rmi_flow_side *gone = rmi_side_missing(f, it->active);
	if (gone != NULL && !it->route.fell_back) {
		const struct rme_error err = it->err;
		char first[RME_ERROR_TEXT_MAX / 2];
		rmi_shorten(first, sizeof(first), err.text);
		rme_error_set(&it->err, err.code, err.where, "%s; and the %s is not there: %s", first,
		    rme_side_name(gone->which), gone->why_not.text);
	}
	rmi_book_failed(f->book);
	finish_item(it, RME_SIDE_NONE);
}

static bool
not_sure(const struct rmi_flow *f, const struct rmi_flow_item *it, enum rme_side s)
{
	return s == RME_SIDE_EDGE && f->config->min_confidence > 0 &&
	       (double)it->confidence < f->config->min_confidence;
}

/* The edge has answered, but says itself that the answer is weak: keep it, and ask the cloud. */
static void
ask_the_cloud_too(struct rmi_flow *f, struct rmi_flow_item *it)
{
	const struct rmi_hold empty = it->spare;
	note_fallback(f, it, RME_SIDE_EDGE, RME_OK);
	it->route.reason = RME_REASON_LOW_CONFIDENCE;
	(void)snprintf(it->route.cause_text, sizeof(it->route.cause_text), "confidence %.2f < %.2f",
	    (double)it->confidence, f->config->min_confidence);
	it->spare = it->held;
	it->held = empty;
	it->spare_side = RME_SIDE_EDGE;
	it->confidence = NAN;
	begin_other(f, it, RME_SIDE_CLOUD);
	it->keep = false;
}

/* How the try that is over has gone. */
static enum rme_err
judge(const struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s)
{
	const struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	if (it->err.code == RME_OK && !t->ended) {
		rme_error_set(&it->err, RME_ETIMEDOUT, rme_node_name(f->side[rmi_side_index(s)].node),
		    "no answer from the %s in time", rme_side_name(s));
	} else if (it->err.code == RME_OK && f->config->on_empty == RME_EMPTY_FALLBACK && t->bytes.down == 0) {
		rme_error_set(&it->err, RME_EEMPTY, rme_node_name(f->side[rmi_side_index(s)].node), "empty answer");
	}
	return it->err.code;
}

static void
conclude(struct rmi_flow *f, struct rmi_flow_item *it)
{
	enum rme_side s = it->active;
	if (rme_node_item_failed(f->self, it->seq) != RME_OK) {
		/* Failed before or behind the router: neither side is to blame, nobody wants results. */
		rmi_try_over(f, it, s, RME_ECANCELED);
		rmi_hold_clear(&it->held);
		finish_item(it, RME_SIDE_NONE);
		return;
	}
	enum rme_err e = judge(f, it, s);
	rmi_try_over(f, it, s, e);
	if (e == RME_OK) {
		if (not_sure(f, it, s) && may_ask_other(f, it, s)) {
			ask_the_cloud_too(f, it);
		} else {
			finish_item(it, s);
		}
	} else if (rme_err_may_fallback(e) && may_ask_other(f, it, s)) {
		note_fallback(f, it, s, e);
		rmi_hold_clear(&it->held);
		it->confidence = NAN;
		/* From here on there is no other side. */
		it->keep = false;
		begin_other(f, it, rmi_side_other(s));
	} else {
		fail_item(f, it);
	}
}

static bool
is_late(const struct rmi_flow *f, const struct rmi_flow_try *t, unsigned s, int64_t now)
{
	/* A plain child cannot be late: when it can be looked at, it is through. */
	return f->side[s].async && t->deadline_ns != 0 && now >= t->deadline_ns;
}

static void
step_flush(struct rmi_flow *f, struct rmi_flow_item *it, int64_t now)
{
	bool wait = false;
	if (!it->flushed) {
		return;
	}
	for (unsigned s = 0; s < 2; s++) {
		struct rmi_flow_try *t = &it->try[s];
		if (!t->live) {
			continue;
		}
		bool failed = it->err.code != RME_OK && f->side[s].which == f->last;
		if (t->ended || failed || is_late(f, t, s, now)) {
			if (!t->ended && !failed && f->side[s].which == f->last) {
				rme_error_set(&it->err, RME_ETIMEDOUT, rme_node_name(f->side[s].node),
				    "no answer to the flush in time");
			}
			rmi_try_over(f, it, f->side[s].which, it->err.code);
			f->side[s].used = false;
		} else {
			wait = true;
		}
	}
	it->done = !wait;
}

void
rmi_flow_step(struct rmi_flow *f, struct rmi_flow_item *it, int64_t now)
{
	if (it->flush != NULL) {
		step_flush(f, it, now);
		return;
	}
	if (it->data && !it->done) {
		unsigned s = rmi_side_index(it->active);
		const struct rmi_flow_try *t = &it->try[s];
		bool unwanted = it->end != NULL && rme_node_item_failed(f->self, it->seq) != RME_OK;
		if (t->live && (t->ended || it->err.code != RME_OK || is_late(f, t, s, now) || unwanted)) {
			conclude(f, it);
		}
	} else if (!it->data) {
		it->done = it->end != NULL;
	}
}
