#include "core/pipeline.h"

#include <assert.h>
#include <stdlib.h>
#include <rme/packet.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "core/node.h"
#include "core/runtime.h"

/* A stage is the sink of the stage before it: pushing into it runs its node. */
struct stage {
	struct rme_sink sink;
	struct rme_node *node;
	struct rmi_pipeline *p;
};

/* Packets that have left the last stage. */
struct tail {
	struct rme_sink sink;
	struct rmi_pipeline *p;
};

/* An open item. Its verdict lies in the ITEM_END on its way through the stages. */
struct item {
	uint64_t seq; /* 0 = free */
	struct rme_verdict *verdict;
};

struct rmi_pipeline {
	struct rmi_scope scope;
	struct tail tail;
	struct rme_sink *out;
	const struct rmi_clock *clock;
	struct item
	    *items; /* ring: items in the order in which they began; those that have ended are 0 until the oldest has */
	size_t window, head, span, open;
	void (*tap)(void *ctx, const char *node, struct rme_packet *pkt);
	void *tap_ctx;
	size_t n;
	struct stage stage[];
};

static struct item *
item_at(struct rmi_pipeline *p, size_t i)
{
	return &p->items[(p->head + i) % p->window];
}

static struct item *
item_of(struct rmi_pipeline *p, uint64_t seq)
{
	if (p->span == 0 || seq == 0) {
		return NULL;
	}
	/* Numbers mostly follow each other; items that the inbox has dropped leave gaps. */
	uint64_t ahead = seq - item_at(p, 0)->seq;
	if (ahead < p->span && item_at(p, (size_t)ahead)->seq == seq) {
		return item_at(p, (size_t)ahead);
	}
	for (size_t i = 0; i < p->span; i++) {
		if (item_at(p, i)->seq == seq) {
			return item_at(p, i);
		}
	}
	return NULL;
}

static void
end_item(struct rmi_pipeline *p, struct item *it)
{
	it->seq = 0;
	p->open--;
	while (p->span > 0 && item_at(p, 0)->seq == 0) {
		p->head = (p->head + 1) % p->window;
		p->span--;
	}
}

static void
scope_fail(struct rmi_scope *self, uint64_t seq, const struct rme_error *err)
{
	struct item *it = item_of((struct rmi_pipeline *)self, seq);
	if (it != NULL && it->verdict->error.code == RME_OK) {
		it->verdict->error = *err;
	}
}

static enum rme_err
scope_failed(struct rmi_scope *self, uint64_t seq)
{
	struct item *it = item_of((struct rmi_pipeline *)self, seq);
	return it != NULL ? it->verdict->error.code : RME_ECANCELED;
}

static struct rme_stage_report *
scope_report(struct rmi_scope *self, uint64_t seq, unsigned stage)
{
	struct item *it = item_of((struct rmi_pipeline *)self, seq);
	return it != NULL ? &it->verdict->stage[stage] : NULL;
}

static const struct rmi_scope_ops pipeline_scope = {scope_fail, scope_failed, scope_report};

/* Let the tap see what @p from has made. */
static void
tell_tap(const struct rmi_pipeline *p, const struct stage *from, struct rme_packet *pkt)
{
	if (p->tap != NULL && rme_packet_meta(pkt)->kind == RME_PACKET_DATA) {
		p->tap(p->tap_ctx, rme_node_name(from->node), pkt);
	}
}

static enum rme_err
stage_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct stage *st = (struct stage *)self;
	tell_tap(st->p, st - 1, pkt);
	return rmi_node_push(st->node, pkt);
}

static enum rme_err
tail_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct rmi_pipeline *p = ((struct tail *)self)->p;
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	tell_tap(p, &p->stage[p->n - 1], pkt);
	if (m->kind == RME_PACKET_FLUSH) {
		rme_packet_unref(pkt);
		return RME_OK;
	}
	if (m->kind == RME_PACKET_ITEM_END) {
		struct item *it = item_of(p, m->seq);
		assert(it != NULL && "an item ends once");
		it->verdict->end_ns = rmi_clock_now(p->clock);
		end_item(p, it);
	}
	return p->out->push(p->out, pkt);
}

enum rme_err
rmi_pipeline_new(
    struct rmi_pipeline **out, const struct rmi_pipeline_in *in, const struct rmi_node_env *env, struct rme_error *err)
{
	struct rmi_pipeline *p = calloc(1, sizeof(*p) + in->n * sizeof(p->stage[0]));
	struct item *items = calloc(in->window, sizeof(*items));
	if (p == NULL || items == NULL) {
		free(p);
		free(items);
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	p->scope.ops = &pipeline_scope;
	p->tail.sink.push = tail_push;
	p->tail.p = p;
	p->out = in->sink;
	p->clock = rmi_runtime_clock(env->rt);
	p->items = items;
	p->window = in->window;
	p->tap = in->tap;
	p->tap_ctx = in->tap_ctx;
	p->n = in->n;
	struct rmi_node_env mine = *env;
	mine.scope = &p->scope;
	mine.parent = NULL;
	mine.window = in->window;
	for (size_t i = 0; i < in->n; i++) {
		struct stage *st = &p->stage[i];
		st->sink.push = stage_push;
		st->p = p;
		mine.stage = (unsigned)i;
		struct rme_sink *next = i + 1 < in->n ? &p->stage[i + 1].sink : &p->tail.sink;
		enum rme_err e = rmi_node_new(&st->node, &in->stages[i].spec, &mine, next, err);
		if (e != RME_OK) {
			rmi_pipeline_free(p);
			return e;
		}
	}
	*out = p;
	return RME_OK;
}

void
rmi_pipeline_free(struct rmi_pipeline *p)
{
	if (p == NULL) {
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		rmi_node_free(p->stage[i].node);
	}
	free(p->items);
	free(p);
}

size_t
rmi_pipeline_open_items(const struct rmi_pipeline *p)
{
	return p->open;
}

void
rmi_pipeline_start(struct rmi_pipeline *p, struct rme_packet *in, struct rme_packet *end)
{
	uint64_t seq = rme_packet_meta(in)->seq;
	static const struct rme_error late = {RME_ETIMEDOUT, "session", "deadline passed before the item's turn came"};
	assert(p->span < p->window && "window bounds the open items");
	struct item *it = item_at(p, p->span++);
	it->seq = seq;
	it->verdict = rmi_packet_verdict(end);
	it->verdict->start_ns = rmi_clock_now(p->clock);
	for (size_t i = 0; i < p->n && i < it->verdict->n_stages; i++) {
		it->verdict->stage[i].node = rme_node_name(p->stage[i].node);
	}
	p->open++;
	const struct rme_packet_meta *m = rme_packet_meta(in);
	if (m->kind == RME_PACKET_DATA && m->deadline_ns != 0 && m->deadline_ns < it->verdict->start_ns) {
		it->verdict->error = late;
	}
	/* Errors are in the verdict already, which the ITEM_END takes along. */
	(void)!rmi_node_push(p->stage[0].node, in);
	(void)!rmi_node_push(p->stage[0].node, end);
}

int64_t
rmi_pipeline_wake(struct rmi_pipeline *p)
{
	int64_t next = 0;
	int64_t now = rmi_clock_now(p->clock);
	for (size_t i = 0; i < p->n; i++) {
		int64_t at = rmi_node_run_wake(p->stage[i].node, now);
		next = at != 0 && (next == 0 || at < next) ? at : next;
	}
	return next;
}

void
rmi_pipeline_reset(struct rmi_pipeline *p)
{
	static const struct rme_error canceled = {RME_ECANCELED, "", "canceled"};
	for (size_t i = 0; i < p->window; i++) {
		if (p->items[i].seq != 0) {
			scope_fail(&p->scope, p->items[i].seq, &canceled);
		}
	}
	for (size_t i = 0; i < p->n; i++) {
		rmi_node_reset(p->stage[i].node);
	}
}

size_t
rmi_pipeline_stats(const struct rmi_pipeline *p, struct rme_stage_stats *out, size_t cap)
{
	for (size_t i = 0; i < p->n && i < cap; i++) {
		rmi_node_stats(p->stage[i].node, &out[i]);
	}
	return p->n;
}
