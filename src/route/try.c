#include <rme/packet.h>

#include "base/packet.h"
#include "route/flow.h"

/* Of a flush, which both sides get, only the side that holds the stream's end can fail the item. */
static void
fail_try(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s, enum rme_err e)
{
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	if (t->flush_only && s != f->last) {
		t->ended = true;
	} else if (it->err.code == RME_OK) {
		rme_error_set(&it->err, e, rme_node_name(f->side[rmi_side_index(s)].node), "%s", rme_err_text(e));
	}
	f->news = true;
}

/*
 * The item's deadline, the side's own limit, and as long as the item may go to the other side, the time that side is
 * known to take; but half of what is left is the first side's in any case.
 */
static int64_t
deadline_of(struct rmi_flow *f, const struct rmi_flow_item *it, enum rme_side s, int64_t now)
{
	int64_t limit = f->rules.timeout_ns[rmi_side_index(s)];
	int64_t own = limit > 0 ? now + limit : 0;
	int64_t item = it->facts.deadline_ns;
	if (item == 0) {
		return own;
	}
	if (it->keep) {
		int64_t left = item - now;
		int64_t other = 2 * rmi_book_measured_ns(f->book, &it->facts, rmi_side_other(s));
		item -= other < left / 2 ? other : left / 2;
	}
	return own != 0 && own < item ? own : item;
}

/* A stateful side that has missed items continues something that is gone: let it forget. */
static void
mind_state(struct rmi_flow *f, const struct rmi_flow_item *it, struct rmi_flow_side *side)
{
	bool gap = side->used && side->last_count + 1 != it->count;
	if (f->sticky && gap && side->unended == 0) {
		rmi_node_reset(side->node);
	}
	side->used = true;
	side->last_count = it->count;
	f->last = side->which;
}

/* An async child ends each item itself, and must have an ITEM_END for it. */
static void
prepare_end(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s)
{
	struct rmi_flow_side *side = &f->side[rmi_side_index(s)];
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	struct rme_packet_meta m = rme_packet_meta_init();
	m.seq = it->seq;
	m.deadline_ns = t->deadline_ns;
	if (!side->async) {
		return;
	}
	if (side->unended >= 2 * f->window) {
		fail_try(f, it, s, RME_ELIMIT);
	} else if (rmi_packet_new_end(&t->end, &m, 0) != RME_OK) {
		t->end = NULL;
		fail_try(f, it, s, RME_ENOMEM);
	}
}

void
rmi_try_begin(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s)
{
	struct rmi_flow_side *side = &f->side[rmi_side_index(s)];
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	int64_t now = rme_node_now(f->self);
	*t = (struct rmi_flow_try){.live = true, .began_ns = now};
	it->err.code = RME_OK;
	it->active = s;
	rmi_book_begin(f->book, s, now);
	mind_state(f, it, side);
	t->deadline_ns = deadline_of(f, it, s, now);
	prepare_end(f, it, s);
}

void
rmi_try_begin_flush(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s)
{
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	int64_t now = rme_node_now(f->self), limit = f->rules.timeout_ns[rmi_side_index(s)];
	*t = (struct rmi_flow_try){
	    .live = true, .flush_only = true, .began_ns = now, .deadline_ns = limit > 0 ? now + limit : 0};
	prepare_end(f, it, s);
}

/* Give the packet the try's deadline. Replaces *pkt; consumes it on failure. */
static enum rme_err
set_deadline(struct rme_packet **pkt, int64_t deadline_ns)
{
	if (rme_packet_meta(*pkt)->deadline_ns == deadline_ns) {
		return RME_OK;
	}
	struct rme_packet_meta *m;
	enum rme_err e = rmi_packet_own_meta(pkt, &m);
	if (e != RME_OK) {
		rme_packet_unref(*pkt);
		return e;
	}
	m->deadline_ns = deadline_ns;
	return RME_OK;
}

void
rmi_try_feed(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s, struct rme_packet *pkt)
{
	struct rmi_flow_side *side = &f->side[rmi_side_index(s)];
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	if (!t->live || t->ended || it->err.code != RME_OK) {
		rme_packet_unref(pkt);
		return;
	}
	size_t len;
	(void)rme_packet_data(pkt, &len);
	t->bytes.up += len;
	enum rme_err e = set_deadline(&pkt, t->deadline_ns);
	if (e != RME_OK) {
		fail_try(f, it, s, e);
		return;
	}
	e = rmi_node_push(side->node, pkt);
	if (e != RME_OK && !t->flush_only) {
		fail_try(f, it, s, e);
	}
}

/* Push the ITEM_END that an async child waits for, if it has not been. */
static void
push_end(struct rmi_flow *f, struct rmi_flow_try *t, enum rme_side s)
{
	struct rmi_flow_side *side = &f->side[rmi_side_index(s)];
	struct rme_packet *end = t->end;
	if (end != NULL) {
		t->end = NULL;
		side->unended++;
		(void)!rmi_node_push(side->node, end);
	}
}

void
rmi_try_finish(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s)
{
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	if (!t->live) {
		return;
	}
	if (f->side[rmi_side_index(s)].async) {
		push_end(f, t, s);
	} else {
		t->ended = true;
		f->news = true;
	}
}

void
rmi_try_over(struct rmi_flow *f, struct rmi_flow_item *it, enum rme_side s, enum rme_err e)
{
	struct rmi_flow_try *t = &it->try[rmi_side_index(s)];
	t->live = false;
	push_end(f, t, s);
	it->up += it->report.bytes_up;
	it->down += it->report.bytes_down;
	it->remote_ns += it->report.remote_ns;
	it->report = (struct rme_stage_report){0};
	if (!t->flush_only) {
		struct rmi_route_outcome o = {s, e, it->facts.bytes, t->began_ns, rme_node_now(f->self)};
		rmi_book_end(f->book, &f->rules, &o, t->bytes);
	}
}
