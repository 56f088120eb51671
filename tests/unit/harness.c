#include "harness.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <rme/runtime.h>

#include "core/runtime.h"

static struct harness *
of_scope(struct rmi_scope *s)
{
	return (struct harness *)s;
}

static void
scope_fail(struct rmi_scope *self, uint64_t seq, const struct rme_error *err)
{
	struct rme_error *e = &of_scope(self)->failed[seq % 256];
	if (e->code == RME_OK) {
		*e = *err;
	}
}

static enum rme_err
scope_failed(struct rmi_scope *self, uint64_t seq)
{
	return of_scope(self)->failed[seq % 256].code;
}

static struct rme_stage_report *
scope_report(struct rmi_scope *self, uint64_t seq, unsigned stage)
{
	(void)stage;
	return &of_scope(self)->report[seq % 256];
}

static const struct rmi_scope_ops scope_ops = {scope_fail, scope_failed, scope_report};

static enum rme_err
sink_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct harness *h = (struct harness *)(void *)((char *)self - offsetof(struct harness, sink));
	assert_true(h->n_out < HARNESS_PACKETS_MAX);
	h->out[h->n_out++] = pkt;
	return rme_packet_meta(pkt)->kind == RME_PACKET_DATA ? h->sink_err : RME_OK;
}

enum rme_err
harness_init_in(struct harness *h, struct rme_runtime *rt, const struct rme_node_spec *spec, struct rme_error *err)
{
	memset(h, 0, sizeof(*h));
	h->scope.ops = &scope_ops;
	h->sink.push = sink_push;
	h->rt = rt;
	rmi_fake_clock_init(&h->clock, RMI_NS_PER_S);
	rmi_runtime_set_clock(h->rt, &h->clock.clock);
	const struct rmi_node_env env = {.rt = h->rt, .session_id = "test", .session = 1, .scope = &h->scope};
	return rmi_node_new(&h->node, spec, &env, &h->sink, err);
}

enum rme_err
harness_init(struct harness *h, const struct rme_node_type *type, const void *config, struct rme_error *err)
{
	struct rme_runtime *rt;
	memset(h, 0, sizeof(*h));
	enum rme_err e = rme_runtime_new(&rt, NULL, err);
	if (e != RME_OK) {
		return e;
	}
	const struct rme_node_spec spec = {.type = type, .config = config};
	return harness_init_in(h, rt, &spec, err);
}

void
harness_clear(struct harness *h)
{
	for (size_t i = 0; i < h->n_out; i++) {
		rme_packet_unref(h->out[i]);
	}
	h->n_out = 0;
}

void
harness_done(struct harness *h)
{
	rmi_node_free(h->node);
	harness_clear(h);
	rme_runtime_free(h->rt);
}

static enum rme_err
push_item(struct harness *h, struct rme_packet *in, struct rme_packet *end)
{
	enum rme_err e = rmi_node_push(h->node, in);
	enum rme_err end_err = rmi_node_push(h->node, end);
	assert_true(end_err == RME_OK || end_err == RME_ENOMEM);
	return e;
}

enum rme_err
harness_item(struct harness *h, const struct rme_packet_meta *meta, const void *data, size_t len)
{
	struct rme_packet_meta m = meta != NULL ? *meta : rme_packet_meta_init();
	m.seq = ++h->seq;
	h->failed[m.seq % 256] = (struct rme_error){0};
	h->report[m.seq % 256] = (struct rme_stage_report){0};
	struct rme_packet *in, *end;
	enum rme_err e = rme_packet_new(&in, &m, data, len);
	if (e != RME_OK) {
		return e;
	}
	e = rmi_packet_new_end(&end, &m, 0);
	if (e != RME_OK) {
		rme_packet_unref(in);
		return e;
	}
	return push_item(h, in, end);
}

/* The FLUSH and the ITEM_END of the item that is under way. */
static void
push_flush(struct harness *h)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.kind = RME_PACKET_FLUSH;
	m.seq = h->seq;
	struct rme_packet *in, *end;
	if (rme_packet_new(&in, &m, NULL, 0) != RME_OK) {
		return;
	}
	if (rmi_packet_new_end(&end, &m, 0) != RME_OK) {
		rme_packet_unref(in);
		return;
	}
	(void)!push_item(h, in, end);
}

void
harness_flush(struct harness *h)
{
	h->failed[++h->seq % 256] = (struct rme_error){0};
	push_flush(h);
}

void
harness_last_data(struct harness *h, const void *data, size_t len)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *in;
	m.seq = ++h->seq;
	h->failed[m.seq % 256] = (struct rme_error){0};
	h->report[m.seq % 256] = (struct rme_stage_report){0};
	assert_int_equal(rme_packet_new(&in, &m, data, len), RME_OK);
	assert_int_equal(rmi_node_push(h->node, in), RME_OK);
	push_flush(h);
}

int64_t
harness_wake(struct harness *h)
{
	return rmi_node_run_wake(h->node, rmi_clock_now(&h->clock.clock));
}

const struct rme_packet *
harness_data(const struct harness *h, size_t i)
{
	for (size_t k = 0; k < h->n_out; k++) {
		if (rme_packet_meta(h->out[k])->kind == RME_PACKET_DATA && i-- == 0) {
			return h->out[k];
		}
	}
	return NULL;
}

size_t
harness_n_data(const struct harness *h)
{
	size_t n = 0;
	while (harness_data(h, n) != NULL) {
		n++;
	}
	return n;
}

size_t
harness_n_ends(const struct harness *h, uint64_t seq)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n_out; i++) {
		const struct rme_packet_meta *m = rme_packet_meta(h->out[i]);
		n += m->kind == RME_PACKET_ITEM_END && m->seq == seq;
	}
	return n;
}

enum rme_err
harness_error(const struct harness *h, uint64_t seq)
{
	return h->failed[seq % 256].code;
}
