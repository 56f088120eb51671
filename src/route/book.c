#include "route/book.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "router:";

static void
book_free(struct rmi_attachment *a)
{
	struct rmi_route_book *book = (struct rmi_route_book *)a;
	(void)pthread_mutex_destroy(&book->mu);
	free(book);
}

enum rme_err
rmi_book_find(struct rmi_route_book **out, struct rme_runtime *rt, const struct rmi_book_names *names)
{
	struct rmi_route_book *book = calloc(1, sizeof(*book));
	if (book == NULL) {
		return RME_ENOMEM;
	}
	(void)snprintf(book->node, sizeof(book->node), "%s", names->node);
	(void)snprintf(book->key, sizeof(book->key), "%s%s|%s|%s", prefix, names->node, names->edge, names->cloud);
	book->base.free = book_free;
	book->base.key = book->key;
	book->stats.node = book->node;
	book->shared = true;
	/* Devices that lost the same service should not come back in step. */
	book->beliefs.seed = (uint32_t)getpid() ^ (uint32_t)(uintptr_t)book;
	(void)pthread_mutex_init(&book->mu, NULL);
	struct rmi_attachment *there = rmi_runtime_attach(rt, &book->base);
	if (there == NULL) {
		book->shared = false;
	} else if (there != &book->base) {
		book_free(&book->base);
		book = (struct rmi_route_book *)there;
	}
	*out = book;
	return RME_OK;
}

void
rmi_book_done(struct rmi_route_book *book)
{
	if (book != NULL && !book->shared) {
		book_free(&book->base);
	}
}

enum rme_err
rmi_book_decide(struct rmi_route_book *book, struct rme_route *out, const struct rmi_route_rules *rules,
    const struct rmi_route_item *it)
{
	(void)pthread_mutex_lock(&book->mu);
	book->stats.items++;
	if (rules->mode == RME_ROUTE_FUNCTION) {
		struct rmi_route_beliefs copy = book->beliefs;
		(void)pthread_mutex_unlock(&book->mu);
		return rmi_route_decide(out, rules, &copy, it);
	}
	enum rme_err e = rmi_route_decide(out, rules, &book->beliefs, it);
	(void)pthread_mutex_unlock(&book->mu);
	return e;
}

bool
rmi_book_may_fall_back(struct rmi_route_book *book, const struct rmi_route_rules *rules,
    const struct rmi_route_item *it, enum rme_side failed)
{
	(void)pthread_mutex_lock(&book->mu);
	bool may = rmi_route_may_fall_back(rules, &book->beliefs, it, failed);
	(void)pthread_mutex_unlock(&book->mu);
	return may;
}

int64_t
rmi_book_measured_ns(struct rmi_route_book *book, const struct rmi_route_item *it, enum rme_side s)
{
	(void)pthread_mutex_lock(&book->mu);
	float ms = rmi_route_expect_ms(&book->beliefs, s, it);
	(void)pthread_mutex_unlock(&book->mu);
	return isnan(ms) ? 0 : (int64_t)((double)ms * 1e6);
}

int64_t
rmi_book_pause_ns(struct rmi_route_book *book, const struct rmi_route_rules *rules, uint32_t trips)
{
	(void)pthread_mutex_lock(&book->mu);
	int64_t pause = rmi_route_pause_ns(&book->beliefs, rules, trips);
	(void)pthread_mutex_unlock(&book->mu);
	return pause;
}

static struct rme_router_side_stats *
side_stats(struct rmi_route_book *book, enum rme_side s)
{
	return s == RME_SIDE_CLOUD ? &book->stats.cloud : &book->stats.edge;
}

void
rmi_book_begin(struct rmi_route_book *book, enum rme_side s, int64_t now_ns)
{
	(void)pthread_mutex_lock(&book->mu);
	rmi_route_begin(&book->beliefs, s, now_ns);
	side_stats(book, s)->requests++;
	(void)pthread_mutex_unlock(&book->mu);
}

void
rmi_book_end(struct rmi_route_book *book, const struct rmi_route_rules *rules, const struct rmi_route_outcome *o,
    struct rmi_book_bytes bytes)
{
	(void)pthread_mutex_lock(&book->mu);
	struct rme_router_side_stats *s = side_stats(book, o->side);
	rmi_route_end(&book->beliefs, rules, o);
	s->bytes_up += bytes.up;
	s->bytes_down += bytes.down;
	if (o->err == RME_OK) {
		s->ok++;
		rmi_histogram_add(&book->took[rmi_side_index(o->side)], o->ended_ns - o->began_ns);
	} else if (o->err != RME_ECANCELED) {
		s->failed++;
		s->timeouts += o->err == RME_ETIMEDOUT ? 1 : 0;
	}
	(void)pthread_mutex_unlock(&book->mu);
}

void
rmi_book_fell_back(struct rmi_route_book *book)
{
	(void)pthread_mutex_lock(&book->mu);
	book->stats.fallbacks++;
	(void)pthread_mutex_unlock(&book->mu);
}

void
rmi_book_failed(struct rmi_route_book *book)
{
	(void)pthread_mutex_lock(&book->mu);
	book->stats.failed++;
	(void)pthread_mutex_unlock(&book->mu);
}

static void
finish_side(struct rme_router_side_stats *s, const struct rmi_route_book *book, unsigned side)
{
	uint64_t ended = s->ok + s->failed;
	s->success_rate = ended == 0 ? (double)NAN : (double)s->ok / (double)ended;
	s->p50_ns = rmi_histogram_quantile(&book->took[side], 0.50);
	s->p95_ns = rmi_histogram_quantile(&book->took[side], 0.95);
	s->p99_ns = rmi_histogram_quantile(&book->took[side], 0.99);
	s->avoided = book->beliefs.side[side].blocked_until_ns != 0;
}

size_t
rme_router_stats(struct rme_runtime *rt, struct rme_router_stats *out, size_t cap)
{
	struct rmi_attachment *a;
	size_t n = 0;
	while ((a = rmi_runtime_attachment(rt, prefix, n)) != NULL) {
		struct rmi_route_book *book = (struct rmi_route_book *)a;
		if (n < cap) {
			(void)pthread_mutex_lock(&book->mu);
			out[n] = book->stats;
			finish_side(&out[n].edge, book, RMI_EDGE);
			finish_side(&out[n].cloud, book, RMI_CLOUD);
			(void)pthread_mutex_unlock(&book->mu);
		}
		n++;
	}
	return n;
}

/* Room left in a text that is being written; what does not fit is counted all the same. */
struct text {
	char *buf;
	size_t cap, len;
};

static void add(struct text *t, const char *fmt, ...) RME_PRINTF(2, 3);

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(t->len < t->cap ? t->buf + t->len : NULL, t->len < t->cap ? t->cap - t->len : 0, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

static void
add_side(struct text *t, const char *name, const struct rme_router_side_stats *s)
{
	add(t, ",\"%s\":{\"requests\":%llu,\"ok\":%llu,\"failed\":%llu,\"timeouts\":%llu", name,
	    (unsigned long long)s->requests, (unsigned long long)s->ok, (unsigned long long)s->failed,
	    (unsigned long long)s->timeouts);
	add(t, ",\"bytes_up\":%llu,\"bytes_down\":%llu", (unsigned long long)s->bytes_up,
	    (unsigned long long)s->bytes_down);
	if (!isnan(s->success_rate)) {
		add(t, ",\"success_rate\":%.4f", s->success_rate);
	}
	add(t, ",\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"avoided\":%s}", (double)s->p50_ns / 1e6,
	    (double)s->p95_ns / 1e6, (double)s->p99_ns / 1e6, s->avoided ? "true" : "false");
}

static void
add_string(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c == '"' || c == '\\') {
			add(t, "\\u%04x", (unsigned)c);
		} else {
			add(t, "%c", c);
		}
	}
}

size_t
rme_router_stats_json(const struct rme_router_stats *s, char *buf, size_t cap)
{
	struct text t = {buf, cap, 0};
	if (cap > 0) {
		buf[0] = '\0';
	}
	add(&t, "{\"node\":\"");
	add_string(&t, s->node);
	add(&t, "\",\"items\":%llu,\"fallbacks\":%llu,\"failed\":%llu", (unsigned long long)s->items,
	    (unsigned long long)s->fallbacks, (unsigned long long)s->failed);
	add_side(&t, "edge", &s->edge);
	add_side(&t, "cloud", &s->cloud);
	add(&t, "}");
	return t.len;
}
