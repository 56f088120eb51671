#include "core/node.h"

#include <assert.h>
#include <math.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/frame_ring.h"
#include "base/histogram.h"
#include "core/runtime.h"
#include "core/task.h"

/* Written by the session's thread, read by anyone. */
struct node_stats {
	_Atomic uint64_t items, errors, packets_out, busy_ns;
	struct rmi_histogram latency, wait;
};

struct rme_node {
	const struct rme_node_type *type;
	const char *name;
	struct rmi_node_env env;
	struct rme_sink *out;
	const struct rmi_clock *clock;
	atomic_bool woken;
	int64_t wake_at_ns;    /* 0 = none */
	int64_t downstream_ns; /* spent in later stages during the call under way */
	struct rme_error why;  /* of rme_node_fail(), until process() returns; code RME_OK = none */
	struct node_stats *stats;
	void *defaults;                 /* config made here where the spec has none */
	struct rmi_frame_source frames; /* large results */
	alignas(max_align_t) unsigned char state[];
};

static void
count(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static enum rme_err
node_open(struct rme_node *n, const void *config, struct rme_error *err)
{
	if (config == NULL && n->type->config_size > 0) {
		const struct rme_params_in none = {NULL, 0};
		n->defaults = calloc(1, n->type->config_size);
		if (n->defaults == NULL) {
			return rme_error_set(err, RME_ENOMEM, n->name, "out of memory");
		}
		enum rme_err e = rme_params_bind(n->type->params, &none, n->defaults, NULL, err);
		if (e != RME_OK) {
			return e;
		}
		config = n->defaults;
	}
	enum rme_err e = n->type->open != NULL ? n->type->open(n, config) : RME_OK;
	if (e != RME_OK) {
		rme_error_set(err, e, n->name, "%s", n->why.code != RME_OK ? n->why.text : rme_err_text(e));
	}
	n->why.code = RME_OK;
	return e;
}

enum rme_err
rmi_node_new(struct rme_node **out, const struct rme_node_spec *spec, const struct rmi_node_env *env,
    struct rme_sink *sink, struct rme_error *err)
{
	const char *name = spec->name != NULL ? spec->name : spec->type->name;
	struct rme_node *n = calloc(1, sizeof(*n) + spec->type->state_size);
	struct node_stats *stats = calloc(1, sizeof(*stats));
	if (n == NULL || stats == NULL) {
		free(n);
		free(stats);
		return rme_error_set(err, RME_ENOMEM, name, "out of memory");
	}
	n->type = spec->type;
	n->name = name;
	n->env = *env;
	n->out = sink;
	n->clock = rmi_runtime_clock(env->rt);
	n->stats = stats;
	atomic_init(&n->woken, false);
	enum rme_err e = node_open(n, spec->config, err);
	if (e != RME_OK) {
		rmi_node_free(n);
		return e;
	}
	*out = n;
	return RME_OK;
}

void
rmi_node_free(struct rme_node *n)
{
	if (n == NULL) {
		return;
	}
	if (n->type->close != NULL) {
		n->type->close(n);
	}
	if (n->defaults != NULL) {
		rme_params_done(n->type->params, n->defaults);
	}
	rmi_frame_source_done(&n->frames);
	free(n->defaults);
	free(n->stats);
	free(n);
}

unsigned
rmi_spec_flags(const struct rme_node_spec *spec)
{
	unsigned flags = spec->type->flags;
	const struct rme_param *p = spec->config != NULL ? spec->type->params : NULL;
	for (; p != NULL && p->name != NULL; p++) {
		if (p->kind != RME_PARAM_NODE) {
			continue;
		}
		struct rme_node_spec child;
		memcpy(&child, (const char *)spec->config + p->offset, sizeof(child));
		if (child.type != NULL) {
			flags |= rmi_spec_flags(&child) & (RME_NODE_BLOCKING | RME_NODE_STATEFUL);
		}
	}
	return flags;
}

struct rmi_node_env
rmi_node_child_env(struct rme_node *parent, struct rmi_scope *scope)
{
	struct rmi_node_env env = parent->env;
	env.parent = parent;
	env.scope = scope;
	return env;
}

const struct rmi_node_env *
rmi_node_env(const struct rme_node *n)
{
	return &n->env;
}

const struct rme_node_type *
rmi_node_type(const struct rme_node *n)
{
	return n->type;
}

/* Only stages keep their item's times; a child's time is part of its parent's. */
static struct rme_stage_report *
own_report(struct rme_node *n, uint64_t seq)
{
	return n->env.parent == NULL ? rme_node_report(n, seq) : NULL;
}

static void
note_enter(struct rme_node *n, struct rme_stage_report *r, int64_t now)
{
	if (r == NULL || r->enter_ns != 0) {
		return;
	}
	r->enter_ns = now;
	/* The stage before is the entry before in the same verdict; the first stage waited since submit. */
	const struct rme_stage_report *before = n->env.stage > 0 ? r - 1 : NULL;
	if (before != NULL && before->leave_ns != 0) {
		rmi_histogram_add(&n->stats->wait, now - before->leave_ns);
	}
}

static void
note_leave(struct rme_node *n, uint64_t seq)
{
	struct rme_stage_report *r = own_report(n, seq);
	if (r == NULL) {
		return;
	}
	if (r->enter_ns != 0) {
		r->leave_ns = rmi_clock_now(n->clock);
		rmi_histogram_add(&n->stats->latency, r->leave_ns - r->enter_ns);
		count(&n->stats->items, 1);
	}
	if (rme_node_item_failed(n, seq) != RME_OK) {
		count(&n->stats->errors, 1);
	}
}

/* A call into the type, with its time on the node's account. */
static enum rme_err
node_call(struct rme_node *n, struct rme_packet *in, bool flush)
{
	uint64_t seq = rme_packet_meta(in)->seq;
	int64_t start = rmi_clock_now(n->clock);
	struct rme_stage_report *r = own_report(n, seq);
	if (rme_packet_meta(in)->kind == RME_PACKET_DATA || flush) {
		note_enter(n, r, start);
	}
	int64_t outer = n->downstream_ns;
	n->downstream_ns = 0;
	enum rme_err e = flush ? n->type->flush(n, in) : n->type->process(n, in);
	int64_t busy = rmi_clock_now(n->clock) - start - n->downstream_ns;
	n->downstream_ns = outer;
	/* The report may be gone: an async node that ends the item frees its slot. */
	r = own_report(n, seq);
	if (r != NULL) {
		r->busy_ns += busy;
	}
	count(&n->stats->busy_ns, (uint64_t)busy);
	if (e != RME_OK && rme_node_item_failed(n, seq) == RME_OK) {
		struct rme_error err;
		rme_error_set(&err, e, n->name, "%s", n->why.code != RME_OK ? n->why.text : rme_err_text(e));
		n->env.scope->ops->fail(n->env.scope, seq, &err);
	}
	n->why.code = RME_OK;
	return e;
}

enum rme_err
rmi_node_push(struct rme_node *n, struct rme_packet *in)
{
	const struct rme_packet_meta *m = rme_packet_meta(in);
	if (m->kind == RME_PACKET_DATA) {
		enum rme_err failed = rme_node_item_failed(n, m->seq);
		if (failed != RME_OK) {
			rme_packet_unref(in);
			return failed;
		}
		return node_call(n, in, false);
	}
	if (n->type->flags & RME_NODE_ASYNC) {
		return node_call(n, in, false);
	}
	if (m->kind == RME_PACKET_FLUSH && n->type->flush != NULL) {
		/* A node that fails to flush fails the flush item; the stages behind are flushed all the same. */
		(void)node_call(n, in, true);
	}
	return rme_node_emit(n, in);
}

static enum rme_err
emit_timed(struct rme_node *self, struct rme_packet *pkt)
{
	int64_t start = rmi_clock_now(self->clock);
	enum rme_err e = self->out->push(self->out, pkt);
	self->downstream_ns += rmi_clock_now(self->clock) - start;
	return e;
}

enum rme_err
rme_node_emit(struct rme_node *self, struct rme_packet *pkt)
{
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	if (m->kind == RME_PACKET_ITEM_END) {
		note_leave(self, m->seq);
		return emit_timed(self, pkt);
	}
	if (m->kind == RME_PACKET_FLUSH) {
		return emit_timed(self, pkt);
	}
	enum rme_err failed = rme_node_item_failed(self, m->seq);
	if (failed != RME_OK) {
		rme_packet_unref(pkt);
		return failed;
	}
	struct rme_stage_report *r = own_report(self, m->seq);
	if (r != NULL) {
		r->packets_out++;
	}
	count(&self->stats->packets_out, 1);
	return emit_timed(self, pkt);
}

void *
rme_node_state(struct rme_node *self)
{
	return self->state;
}

enum rme_err
rme_node_fail(struct rme_node *self, enum rme_err code, const char *fmt, ...)
{
	self->why.code = code;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(self->why.text, sizeof(self->why.text), fmt, ap);
	va_end(ap);
	return code;
}

void
rme_node_item_fail(struct rme_node *self, uint64_t seq, const struct rme_error *err)
{
	struct rme_error named = *err;
	if (named.where[0] == '\0') {
		(void)snprintf(named.where, sizeof(named.where), "%s", self->name);
	}
	self->env.scope->ops->fail(self->env.scope, seq, &named);
}

enum rme_err
rme_node_item_failed(struct rme_node *self, uint64_t seq)
{
	return self->env.scope->ops->failed(self->env.scope, seq);
}

struct rme_stage_report *
rme_node_report(struct rme_node *self, uint64_t seq)
{
	const struct rmi_scope_ops *ops = self->env.scope->ops;
	return ops->report != NULL ? ops->report(self->env.scope, seq, self->env.stage) : NULL;
}

int64_t
rme_node_now(struct rme_node *self)
{
	return rmi_clock_now(self->clock);
}

bool
rme_node_canceled(struct rme_node *self)
{
	return rmi_canceled(self->env.cancel);
}

const char *
rme_node_name(struct rme_node *self)
{
	return self->name;
}

const char *
rme_node_session_id(struct rme_node *self)
{
	return self->env.session_id;
}

struct rme_runtime *
rme_node_runtime(struct rme_node *self)
{
	return self->env.rt;
}

enum rme_err
rme_node_packet(
    struct rme_node *self, struct rme_packet **out, const struct rme_packet_meta *meta, size_t len, uint8_t **data)
{
	return rmi_frame_source_packet(&self->frames, out, meta, len, data);
}

void
rme_node_wake(struct rme_node *self)
{
	/* Parents first run their own wake(), which runs their children's. */
	for (struct rme_node *n = self; n != NULL; n = n->env.parent) {
		atomic_store_explicit(&n->woken, true, memory_order_release);
	}
	if (self->env.task != NULL) {
		rmi_task_wake(self->env.task);
	}
}

void
rme_node_wake_at(struct rme_node *self, int64_t when_ns)
{
	self->wake_at_ns = when_ns;
}

float
rmi_node_estimate(struct rme_node *n, const struct rme_packet *in)
{
	float c = n->type->estimate != NULL ? n->type->estimate(n, in) : NAN;
	return c >= 0 && c <= 1 ? c : NAN;
}

int64_t
rmi_node_run_wake(struct rme_node *n, int64_t now_ns)
{
	if (n->type->wake == NULL) {
		return 0;
	}
	bool woken = atomic_exchange_explicit(&n->woken, false, memory_order_acq_rel);
	bool due = n->wake_at_ns != 0 && n->wake_at_ns <= now_ns;
	if (due) {
		n->wake_at_ns = 0;
	}
	if (woken || due) {
		int64_t start = rmi_clock_now(n->clock);
		int64_t outer = n->downstream_ns;
		n->downstream_ns = 0;
		n->type->wake(n);
		int64_t busy = rmi_clock_now(n->clock) - start - n->downstream_ns;
		n->downstream_ns = outer;
		count(&n->stats->busy_ns, (uint64_t)busy);
	}
	return n->wake_at_ns;
}

void
rmi_node_reset(struct rme_node *n)
{
	if (n->type->reset != NULL) {
		n->type->reset(n);
	}
}

bool
rmi_node_pin(struct rme_node *n)
{
	return n->env.task == NULL || rmi_task_pin(n->env.task);
}

void
rmi_node_unpin(struct rme_node *n)
{
	if (n->env.task != NULL) {
		rmi_task_unpin(n->env.task);
	}
}

void
rmi_node_stats(const struct rme_node *n, struct rme_stage_stats *out)
{
	const struct node_stats *s = n->stats;
	out->node = n->name;
	out->items = atomic_load_explicit(&s->items, memory_order_relaxed);
	out->errors = atomic_load_explicit(&s->errors, memory_order_relaxed);
	out->packets_out = atomic_load_explicit(&s->packets_out, memory_order_relaxed);
	out->busy_ns = (int64_t)atomic_load_explicit(&s->busy_ns, memory_order_relaxed);
	out->p50_ns = rmi_histogram_quantile(&s->latency, 0.50);
	out->p95_ns = rmi_histogram_quantile(&s->latency, 0.95);
	out->p99_ns = rmi_histogram_quantile(&s->latency, 0.99);
	out->wait_p50_ns = rmi_histogram_quantile(&s->wait, 0.50);
	out->wait_p99_ns = rmi_histogram_quantile(&s->wait, 0.99);
}
