#include <stdio.h>
#include <string.h>

#include <rme/packet.h>
#include <rme/runtime.h>

#include "base/packet.h"
#include "route/flow.h"

void
rmi_shorten(char *out, size_t cap, const char *text)
{
	static const char dots[] = "...";
	size_t len = strlen(text), n = cap - sizeof(dots);
	if (len < cap) {
		memcpy(out, text, len + 1);
		return;
	}
	while (n > 0 && text[n] != ' ') {
		n--;
	}
	/* One long word: not within a character of several bytes. */
	for (n = n > 0 ? n : cap - sizeof(dots); n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {
	}
	memcpy(out, text, n);
	memcpy(out + n, dots, sizeof(dots));
}

static struct rmi_flow_side *
of_scope(struct rmi_scope *scope)
{
	return (struct rmi_flow_side *)(void *)((char *)scope - offsetof(struct rmi_flow_side, scope));
}

static struct rmi_flow_side *
of_sink(struct rme_sink *sink)
{
	return (struct rmi_flow_side *)(void *)((char *)sink - offsetof(struct rmi_flow_side, sink));
}

/* The item, if this side is working on it. */
static struct rmi_flow_item *
live_item(struct rmi_flow_side *s, uint64_t seq)
{
	struct rmi_flow_item *it = rmi_flow_find(s->flow, seq);
	return it != NULL && it->try[rmi_side_index(s->which)].live ? it : NULL;
}

/* Of a flush, which both sides get, only the side that holds the stream's end can fail. */
static bool
may_fail(const struct rmi_flow_side *s, const struct rmi_flow_item *it)
{
	return !it->try[rmi_side_index(s->which)].flush_only || s->which == s->flow->last;
}

static void
scope_fail(struct rmi_scope *self, uint64_t seq, const struct rme_error *err)
{
	struct rmi_flow_side *s = of_scope(self);
	struct rmi_flow_item *it = live_item(s, seq);
	if (it != NULL && it->err.code == RME_OK && may_fail(s, it)) {
		it->err = *err;
		s->flow->news = true;
	}
}

static enum rme_err
scope_failed(struct rmi_scope *self, uint64_t seq)
{
	struct rmi_flow_side *s = of_scope(self);
	struct rmi_flow_item *it = live_item(s, seq);
	return it != NULL ? it->err.code : RME_ECANCELED;
}

static struct rme_stage_report *
scope_report(struct rmi_scope *self, uint64_t seq, unsigned stage)
{
	(void)stage;
	struct rmi_flow_item *it = live_item(of_scope(self), seq);
	return it != NULL ? &it->report : NULL;
}

static const struct rmi_scope_ops side_scope = {scope_fail, scope_failed, scope_report};

/* Owns pkt. */
static enum rme_err
take_result(struct rmi_flow_side *s, struct rmi_flow_item *it, struct rme_packet *pkt)
{
	struct rmi_flow *f = s->flow;
	struct rme_packet_meta *m;
	size_t len;
	(void)rme_packet_data(pkt, &len);
	if (rme_packet_meta(pkt)->side != s->which) {
		enum rme_err e = rmi_packet_own_meta(&pkt, &m);
		if (e != RME_OK) {
			rme_packet_unref(pkt);
			return e;
		}
		m->side = s->which;
	}
	it->try[rmi_side_index(s->which)].bytes.down += len;
	/* The least sure result speaks for the item; one without an opinion does not. */
	float c = rme_packet_meta(pkt)->confidence;
	it->confidence = it->confidence < c ? it->confidence : c;
	if (rmi_flow_passes(f, it)) {
		enum rme_err e = rmi_flow_release(f, it);
		if (e != RME_OK) {
			rme_packet_unref(pkt);
			return e;
		}
		return rmi_flow_emit(f, it, pkt);
	}
	enum rme_err e = rmi_hold_put(&it->held, &f->limits, pkt);
	if (e == RME_ELIMIT) {
		struct rme_error why;
		rme_error_set(&why, e, rme_node_name(s->node), "more than %zu results or %zu bytes for one item",
		    f->limits.packets, f->limits.bytes);
		scope_fail(&s->scope, it->seq, &why);
	}
	return e;
}

static enum rme_err
side_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct rmi_flow_side *s = of_sink(self);
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	struct rmi_flow_item *it = live_item(s, m->seq);
	if (m->kind == RME_PACKET_DATA) {
		if (it != NULL) {
			return take_result(s, it, pkt);
		}
		rme_packet_unref(pkt);
		return RME_ECANCELED;
	}
	if (m->kind == RME_PACKET_ITEM_END) {
		s->unended -= s->unended > 0 ? 1 : 0;
		if (it != NULL) {
			it->try[rmi_side_index(s->which)].ended = true;
			s->flow->news = true;
		}
	}
	rme_packet_unref(pkt);
	return RME_OK;
}

void
rmi_side_init(struct rmi_flow *f, enum rme_side which, const struct rme_node_spec *spec)
{
	struct rmi_flow_side *s = &f->side[rmi_side_index(which)];
	s->scope.ops = &side_scope;
	s->sink.push = side_push;
	s->flow = f;
	s->which = which;
	s->spec = spec;
	rme_error_set(&s->why_not, RME_ENOTFOUND, NULL, "the router has no %s node", rme_side_name(which));
}

const struct rmi_flow_side *
rmi_side_missing(const struct rmi_flow *f, enum rme_side other_than)
{
	const struct rmi_flow_side *s = &f->side[rmi_side_index(rmi_side_other(other_than))];
	return s->node == NULL && s->spec->type != NULL && s->why_not.code != RME_OK ? s : NULL;
}

/* What another try may mend. */
static bool
is_passing(enum rme_err e)
{
	switch ((int)e) {
	case RME_ETRANSPORT:
	case RME_EUNAVAILABLE:
	case RME_ETIMEDOUT:
	case RME_EAGAIN:
	case RME_ECLOSED:
	case RME_ENOTFOUND:
	case RME_EIO:
	case RME_ENOMEM:
		return true;
	default:
		return false;
	}
}

enum rme_err
rmi_side_open(struct rmi_flow_side *s)
{
	struct rmi_flow *f = s->flow;
	struct rmi_node_env env = rmi_node_child_env(f->self, &s->scope);
	enum rme_err e = rmi_node_new(&s->node, s->spec, &env, &s->sink, &s->why_not);
	if (e == RME_OK) {
		s->async = (s->spec->type->flags & RME_NODE_ASYNC) != 0;
		s->opens = 0;
		s->reopen_ns = 0;
		s->unended = 0;
		s->used = false;
		return RME_OK;
	}
	s->node = NULL;
	s->opens++;
	s->reopen_ns = is_passing(e) ? rme_node_now(f->self) + rmi_book_pause_ns(f->book, &f->rules, s->opens) : 0;
	rme_log(rme_node_runtime(f->self), RME_LOG_DEBUG, "route", "%s: %s is not there: %s: %s",
	    rme_node_name(f->self), rme_side_name(s->which), s->why_not.where, s->why_not.text);
	return e;
}

void
rmi_side_reopen(struct rmi_flow_side *s, int64_t now_ns)
{
	if (s->node == NULL && s->reopen_ns != 0 && now_ns >= s->reopen_ns) {
		(void)!rmi_side_open(s);
	}
}

void
rmi_side_close(struct rmi_flow_side *s)
{
	rmi_node_free(s->node);
	s->node = NULL;
}

int64_t
rmi_side_wake(struct rmi_flow_side *s, int64_t now_ns)
{
	return s->node != NULL ? rmi_node_run_wake(s->node, now_ns) : 0;
}
