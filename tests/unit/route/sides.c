#include "sides.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rme/params.h>

/* --- what both kinds do --- */

static char
order_in(const struct side_probe *p, const char *text, size_t len)
{
	size_t at = p->letter == 'E' ? 0 : p->letter == 'C' ? 1 : 2;
	return at < len ? text[at] : 'o';
}

static enum rme_err
answer(struct rme_node *self, const struct rme_packet_meta *meta, const char *text, size_t len, float confidence)
{
	struct rme_packet_meta m = *meta;
	m.kind = RME_PACKET_DATA;
	m.confidence = confidence;
	struct rme_packet *out;
	enum rme_err e = rme_packet_new(&out, &m, text, len);
	return e == RME_OK ? rme_node_emit(self, out) : e;
}

/* @return the item's error, RME_EAGAIN = not now */
static enum rme_err
obey(struct rme_node *self, const struct side_probe *p, const struct rme_packet *in)
{
	size_t len;
	const char *text = (const char *)rme_packet_data(in, &len);
	char word[64];
	int n = snprintf(word, sizeof(word), "%c:%.*s", p->letter, (int)len, text);
	const struct rme_packet_meta *m = rme_packet_meta(in);
	enum rme_err e = RME_OK;
	int times = 1;
	switch (order_in(p, text, len)) {
	case 'n':
		return RME_OK;
	case 'e':
		return answer(self, m, "", 0, NAN);
	case 'x':
		return rme_node_fail(self, RME_EMODULE, "trap: unreachable");
	case 't':
		return rme_node_fail(
		    self, RME_EMODULE, "trap: out of bounds memory access at offset 0x1234 in function inner_loop");
	case 'p':
		return rme_node_fail(self, RME_ETIMEDOUT, "stopped after 30 ms (limit)");
	case 'i':
		return rme_node_fail(self, RME_EINVAL, "you are wrong");
	case 'l':
		return answer(self, m, word, (size_t)n, 0.2F);
	case 'm':
		e = answer(self, m, word, (size_t)n, 0.2F);
		return e != RME_OK ? e : answer(self, m, word, (size_t)n, 0.9F);
	case 'h':
		e = answer(self, m, word, (size_t)n, NAN);
		return e != RME_OK ? e : rme_node_fail(self, RME_EMODULE, "trap: unreachable");
	case '2':
		times = 2;
		break;
	case 'b':
		times = 10;
		break;
	default:
		break;
	}
	for (int i = 0; i < times && e == RME_OK; i++) {
		e = answer(self, m, word, (size_t)n, NAN);
	}
	return e;
}

static enum rme_err
answer_flush(struct rme_node *self, struct side_probe *p, const struct rme_packet *flush, uint64_t held)
{
	char word[32];
	int n = snprintf(word, sizeof(word), "%c!%llu", p->letter, (unsigned long long)held);
	p->flushes++;
	if (p->bad_flush) {
		return rme_node_fail(self, RME_ETRANSPORT, "gone");
	}
	return held == 0 ? RME_OK : answer(self, rme_packet_meta(flush), word, (size_t)n, NAN);
}

static void
note_data(struct rme_node *self, struct side_probe *p, const struct rme_packet *in)
{
	/* As a node that uses the network would. */
	struct rme_stage_report *r = rme_node_report(self, rme_packet_meta(in)->seq);
	if (r != NULL) {
		r->bytes_up += 100;
		r->bytes_down += 10;
		r->remote_ns += 5;
	}
	p->seen++;
	p->deadline_ns = rme_packet_meta(in)->deadline_ns;
}

/* --- plain --- */

struct plain {
	struct side_probe *probe;
	uint64_t held;
};

static enum rme_err
plain_open(struct rme_node *self, const void *config)
{
	struct plain *s = rme_node_state(self);
	union {
		const void *in;
		struct side_probe *out;
	} u = {config};
	s->probe = u.out;
	s->probe->opens++;
	return s->probe->open_err != RME_OK ? rme_node_fail(self, s->probe->open_err, "not there") : RME_OK;
}

static enum rme_err
plain_process(struct rme_node *self, struct rme_packet *in)
{
	struct plain *s = rme_node_state(self);
	note_data(self, s->probe, in);
	s->held++;
	enum rme_err e = obey(self, s->probe, in);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
plain_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct plain *s = rme_node_state(self);
	uint64_t held = s->held;
	s->held = 0;
	return answer_flush(self, s->probe, flush, held);
}

/* A digit as third letter is the complexity in tenths. */
static float
plain_estimate(struct rme_node *self, const struct rme_packet *in)
{
	(void)self;
	size_t len;
	const char *text = (const char *)rme_packet_data(in, &len);
	return len > 2 && text[2] >= '0' && text[2] <= '9' ? (float)(text[2] - '0') / 10 : NAN;
}

static void
plain_reset(struct rme_node *self)
{
	struct plain *s = rme_node_state(self);
	s->held = 0;
	s->probe->resets++;
}

const struct rme_node_type side_plain = {.name = "plain",
    .estimate = plain_estimate,
    .state_size = sizeof(struct plain),
    .config_size = sizeof(struct side_probe),
    .open = plain_open,
    .process = plain_process,
    .flush = plain_flush,
    .reset = plain_reset};

const struct rme_node_type side_stateful = {.name = "stateful",
    .flags = RME_NODE_STATEFUL,
    .state_size = sizeof(struct plain),
    .config_size = sizeof(struct side_probe),
    .open = plain_open,
    .process = plain_process,
    .flush = plain_flush,
    .reset = plain_reset};

/* --- async --- */

enum { OPEN_MAX = 512 };

struct async {
	struct side_probe *probe;
	struct rme_packet *in[OPEN_MAX]; /* packets of all kinds, as they came */
	size_t n;
	uint64_t held;
	bool woken;
};

static enum rme_err
async_open(struct rme_node *self, const void *config)
{
	struct async *s = rme_node_state(self);
	union {
		const void *in;
		struct side_probe *out;
	} u = {config};
	s->probe = u.out;
	s->probe->opens++;
	s->probe->self = self;
	return s->probe->open_err != RME_OK ? rme_node_fail(self, s->probe->open_err, "not there") : RME_OK;
}

static void
fail_item(struct rme_node *self, uint64_t seq, enum rme_err e, const char *text)
{
	struct rme_error err;
	rme_error_set(&err, e, NULL, "%s", text);
	rme_node_item_fail(self, seq, &err);
}

static const char *
words_of(enum rme_err e)
{
	return e == RME_EMODULE ? "trap: unreachable" : e == RME_EINVAL ? "you are wrong" : "gone";
}

/* @return false where the packet has to wait */
static bool
async_one(struct rme_node *self, struct rme_packet *in)
{
	struct async *s = rme_node_state(self);
	const struct rme_packet_meta *m = rme_packet_meta(in);
	if (m->kind == RME_PACKET_ITEM_END) {
		(void)!rme_node_emit(self, rme_packet_ref(in));
		return true;
	}
	enum rme_err e;
	if (m->kind == RME_PACKET_FLUSH) {
		uint64_t held = s->held;
		s->held = 0;
		e = answer_flush(self, s->probe, in, held);
		if (e == RME_OK) {
			(void)!rme_node_emit(self, rme_packet_ref(in));
		}
	} else {
		size_t len;
		const char *text = (const char *)rme_packet_data(in, &len);
		char order = order_in(s->probe, text, len);
		if (order == 's' || (order == 'w' && !s->woken)) {
			return false;
		}
		e = obey(self, s->probe, in);
	}
	if (e != RME_OK) {
		fail_item(self, m->seq, e, words_of(e));
	}
	return true;
}

static void
async_work(struct rme_node *self)
{
	struct async *s = rme_node_state(self);
	size_t done = 0;
	while (done < s->n && async_one(self, s->in[done])) {
		rme_packet_unref(s->in[done]);
		done++;
	}
	s->n -= done;
	memmove(s->in, s->in + done, s->n * sizeof(s->in[0]));
}

static enum rme_err
async_process(struct rme_node *self, struct rme_packet *in)
{
	struct async *s = rme_node_state(self);
	assert_true(s->n < OPEN_MAX);
	enum rme_packet_kind kind = rme_packet_meta(in)->kind;
	if (kind == RME_PACKET_DATA) {
		note_data(self, s->probe, in);
		s->held++;
	}
	s->probe->ends += kind == RME_PACKET_ITEM_END ? 1 : 0;
	s->in[s->n++] = in;
	async_work(self);
	return RME_OK;
}

static void
async_wake(struct rme_node *self)
{
	struct async *s = rme_node_state(self);
	s->woken = true;
	async_work(self);
	s->woken = false;
}

static void
async_reset(struct rme_node *self)
{
	struct async *s = rme_node_state(self);
	s->probe->resets++;
	s->held = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct rme_packet *p = s->in[i];
		if (rme_packet_meta(p)->kind == RME_PACKET_ITEM_END) {
			fail_item(self, rme_packet_meta(p)->seq, RME_ECANCELED, "canceled");
			(void)!rme_node_emit(self, p);
		} else {
			rme_packet_unref(p);
		}
	}
	s->n = 0;
}

static void
async_close(struct rme_node *self)
{
	struct async *s = rme_node_state(self);
	s->probe->self = NULL;
	for (size_t i = 0; i < s->n; i++) {
		rme_packet_unref(s->in[i]);
	}
}

const struct rme_node_type side_async = {.name = "async",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct async),
    .config_size = sizeof(struct side_probe),
    .open = async_open,
    .process = async_process,
    .wake = async_wake,
    .reset = async_reset,
    .close = async_close};

/* --- the bench --- */

void
bench_config(struct bench *b, const char *const *params)
{
	struct rme_value values[16];
	char keys[16][32];
	struct rme_params_in in = {values, 0};
	for (; params != NULL && params[in.n] != NULL; in.n++) {
		const char *eq = strchr(params[in.n], '=');
		assert_non_null(eq);
		(void)snprintf(keys[in.n], sizeof(keys[0]), "%.*s", (int)(eq - params[in.n]), params[in.n]);
		values[in.n] = (struct rme_value){.key = keys[in.n], .kind = RME_VALUE_TEXT, .text = eq + 1};
	}
	memset(&b->config, 0, sizeof(b->config));
	enum rme_err e = rme_params_bind(rme_router_type.params, &in, &b->config, NULL, &b->err);
	b->err.code = e;
}

enum rme_err
bench_open(
    struct bench *b, const struct rme_node_type *edge, const struct rme_node_type *cloud, const char *const *params)
{
	bench_config(b, params);
	b->edge.letter = 'E';
	b->cloud.letter = 'C';
	b->config.edge = (struct rme_node_spec){.type = edge, .config = &b->edge, .name = "near"};
	b->config.cloud = (struct rme_node_spec){.type = cloud, .config = &b->cloud, .name = "far"};
	if (b->err.code != RME_OK) {
		memset(&b->h, 0, sizeof(b->h));
		return b->err.code;
	}
	return harness_init(&b->h, &rme_router_type, &b->config, &b->err);
}

void
bench_open_well(
    struct bench *b, const struct rme_node_type *edge, const struct rme_node_type *cloud, const char *const *params)
{
	memset(b, 0, sizeof(*b));
	if (bench_open(b, edge, cloud, params) != RME_OK) {
		fail_msg("%s: %s", b->err.where, b->err.text);
	}
}

void
bench_close(struct bench *b)
{
	harness_done(&b->h);
	rme_params_done(rme_router_type.params, &b->config);
}

void
bench_item(struct bench *b, const char *text)
{
	(void)!harness_item(&b->h, NULL, text, strlen(text));
}

const char *
bench_out(struct bench *b)
{
	static char out[4096];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < b->h.n_out; i++) {
		const struct rme_packet_meta *m = rme_packet_meta(b->h.out[i]);
		size_t len;
		const char *text = (const char *)rme_packet_data(b->h.out[i], &len);
		char piece[80];
		if (m->kind == RME_PACKET_DATA) {
			(void)snprintf(piece, sizeof(piece), "'%.*s'", (int)len, text);
		} else if (m->kind == RME_PACKET_FLUSH) {
			(void)snprintf(piece, sizeof(piece), "|");
		} else {
			(void)snprintf(piece, sizeof(piece), harness_error(&b->h, m->seq) == RME_OK ? "." : "X");
		}
		int n = snprintf(out + at, sizeof(out) - at, "%s", piece);
		at += (size_t)n;
		assert_true(at < sizeof(out));
	}
	return out;
}

const char *
bench_one(struct bench *b, const char *text)
{
	bench_item(b, text);
	return bench_out(b);
}

const char *
bench_why(struct bench *b, uint64_t seq)
{
	static char text[RME_ROUTE_TEXT_MAX];
	(void)rme_route_text(&b->h.report[seq % 256].route, text);
	return text;
}

void
bench_answer(struct bench *b)
{
	if (b->edge.self != NULL) {
		rme_node_wake(b->edge.self);
	}
	if (b->cloud.self != NULL) {
		rme_node_wake(b->cloud.self);
	}
	(void)harness_wake(&b->h);
}

void
bench_wait(struct bench *b, int64_t ms)
{
	rmi_fake_clock_advance(&b->h.clock, ms * RMI_NS_PER_MS);
	(void)harness_wake(&b->h);
}
