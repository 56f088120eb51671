#include "wasm/guest_session.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/runtime.h"
#include "wasm/iso_futex.h"
#include "wasm/lane.h"
#include "wasm/wasm_process.h"

enum { STACK_BYTES = 256 << 10, SPINS_MAX = 4096, SPINS_MIN = 64 };

/* A result that comes this late is told at once, and not only with what ends its order. */
#define TELL_AT_ONCE_NS (200 * RMI_NS_PER_US)

void
rmi_guest_ring_bell(struct rmi_guest_process *p, int slot)
{
	const uint64_t one = 1;
	if (slot >= 0) {
		(void)atomic_fetch_or(&p->shared->control.rung, UINT32_C(1) << slot);
	}
	(void)!write(p->bell_fd, &one, sizeof(one));
}

static void
tell_host(struct rmi_guest_session *s)
{
	if (rmi_ring_reader_wanted(s->replies.ring)) {
		rmi_guest_ring_bell(s->process, (int)s->slot);
	}
}

/* Waits for an order: a little without sleeping, if that paid before. */
static void
await_order(struct rmi_guest_session *s)
{
	for (unsigned i = 0; i < s->spins; i++) {
		if (rmi_ring_readable(&s->orders) > 0) {
			s->spins = s->spins < SPINS_MAX ? s->spins * 2 : SPINS_MAX;
			return;
		}
		rmi_iso_pause();
	}
	s->spins = s->spins > SPINS_MIN ? s->spins / 2 : SPINS_MIN;
	if (rmi_ring_reader_sleeps(&s->orders)) {
		rmi_iso_futex_wait(&s->orders.ring->reader_sleeps, 1);
	}
}

void
rmi_guest_read(struct rmi_guest_session *s, void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = rmi_ring_read(&s->orders, (uint8_t *)to + at, len - at);
		at += n;
		if (n > 0 && rmi_ring_writer_wanted(s->orders.ring)) {
			rmi_guest_ring_bell(s->process, (int)s->slot);
		} else if (n == 0) {
			await_order(s);
		}
	}
}

static void
put(struct rmi_guest_session *s, const void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = rmi_ring_write(&s->replies, (const uint8_t *)data + at, len - at);
		at += n;
		if (n > 0) {
			continue;
		}
		tell_host(s);
		if (rmi_ring_writer_sleeps(&s->replies)) {
			rmi_iso_futex_wait(&s->replies.ring->writer_sleeps, 1);
		}
	}
}

void
rmi_guest_reply(struct rmi_guest_session *s, const struct rmi_iso_reply *head, const void *name, const void *body)
{
	struct rmi_iso_reply h = *head;
	h.number = s->order.number;
	put(s, &h, sizeof(h));
	put(s, name, h.name_len);
	put(s, body, h.len - h.name_len);
	bool wait = h.kind == RMI_ISO_LOG || h.kind == RMI_ISO_RESULT;
	if (!wait || rmi_monotonic_ns() - s->order_ns > TELL_AT_ONCE_NS) {
		tell_host(s);
	}
}

static void
take_log(void *ctx, enum rme_log_level level, const char *topic, const char *text)
{
	(void)topic;
	rmi_guest_reply(ctx,
	    &(struct rmi_iso_reply){.kind = RMI_ISO_LOG, .code = (int32_t)level, .len = (uint32_t)strlen(text)}, NULL,
	    text);
}

/* ---- what the node lives in ---- */

#define SESSION_OF(pointer, member) \
	((struct rmi_guest_session *)(void *)((char *)(pointer) - offsetof(struct rmi_guest_session, member)))

static void
scope_fail(struct rmi_scope *self, uint64_t seq, const struct rme_error *err)
{
	struct rmi_guest_session *s = SESSION_OF(self, scope);
	if (seq == s->order.meta.seq && s->why.code == RME_OK) {
		s->why = *err;
	}
}

static enum rme_err
scope_failed(struct rmi_scope *self, uint64_t seq)
{
	const struct rmi_guest_session *s = SESSION_OF(self, scope);
	return seq == s->order.meta.seq ? s->why.code : RME_ECANCELED;
}

static struct rme_stage_report *
scope_report(struct rmi_scope *self, uint64_t seq, unsigned stage)
{
	(void)seq;
	(void)stage;
	return &SESSION_OF(self, scope)->report;
}

static const struct rmi_scope_ops scope_ops = {scope_fail, scope_failed, scope_report};

static enum rme_err
sink_push(struct rme_sink *self, struct rme_packet *pkt)
{
	struct rmi_guest_session *s = SESSION_OF(self, sink);
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	if (m->kind == RME_PACKET_DATA) {
		struct rmi_iso_reply head = {.kind = RMI_ISO_RESULT, .confidence = m->confidence};
		size_t len;
		const uint8_t *data = rme_packet_data(pkt, &len);
		head.len = (uint32_t)len;
		head.format_len =
		    m->format.media != RME_MEDIA_ANY ? (uint32_t)rme_format_print(&m->format, head.format) : 0;
		rmi_guest_reply(s, &head, NULL, data);
	} else if (m->kind == RME_PACKET_ITEM_END) {
		s->ended = true;
	}
	rme_packet_unref(pkt);
	return s->why.code;
}

static void
done(struct rmi_guest_session *s)
{
	const char *text = s->why.code != RME_OK ? s->why.text : "";
	rmi_guest_reply(s,
	    &(struct rmi_iso_reply){.kind = RMI_ISO_DONE, .code = (int32_t)s->why.code, .len = (uint32_t)strlen(text)},
	    NULL, text);
}

/* ---- orders ---- */

static void
fail_order(struct rmi_guest_session *s, enum rme_err e)
{
	(void)rme_error_set(
	    &s->why, e, NULL, "module %s: %s", s->process->shared->control.setup.module, rme_err_text(e));
}

/* Texts are not changed, but a node's config is not const: params write it elsewhere. */
static char *
take_text(char **at)
{
	char *text = *at;
	*at += strlen(text) + 1;
	return text[0] == '\1' ? NULL : text;
}

static void
read_texts(struct rmi_guest_session *s, char **session_id)
{
	char *at = s->texts, *node = take_text(&at);
	*session_id = take_text(&at);
	s->spec.name = node;
	s->config = (struct rmi_wasm_node_config){.module = s->process->shared->control.setup.module};
	s->config.params = take_text(&at);
	s->config.services = take_text(&at);
	s->config.input = take_text(&at);
	s->config.output = take_text(&at);
	s->assets = (struct rmi_asset_source){.give = s->order.assets != 0 ? rmi_guest_assets_give : NULL, .ctx = s};
	s->config.assets = &s->assets;
}

static void
close_session(struct rmi_guest_session *s)
{
	s->closing = true;
	rmi_node_free(s->node);
	pthread_mutex_lock(&s->process->lock);
	if (s->node != NULL) {
		rmi_cancel_done(&s->cancel);
	}
	s->node = NULL;
	pthread_mutex_unlock(&s->process->lock);
	free(s->texts);
	s->texts = NULL;
}

static void
open_session(struct rmi_guest_session *s)
{
	struct rmi_guest_process *p = s->process;
	char *session_id = NULL;
	s->texts = malloc((size_t)s->order.len + 1);
	if (s->texts == NULL) {
		_exit(EXIT_FAILURE); /* what follows in the ring cannot be read */
	}
	rmi_guest_read(s, s->texts, s->order.len);
	s->texts[s->order.len] = '\0';
	read_texts(s, &session_id);
	s->closing = false;
	s->spec.type = rmi_wasm_nodes_type(p->nodes, s->order.hybrid != 0 ? 1 : 0);
	s->spec.config = &s->config;
	const struct rmi_node_env env = {
	    .rt = s->rt, .session_id = session_id, .scope = &s->scope, .cancel = &s->cancel};
	struct rme_node *node = NULL;
	rmi_cancel_init(&s->cancel);
	enum rme_err e = rmi_node_new(&node, &s->spec, &env, &s->sink, &s->why);
	pthread_mutex_lock(&p->lock);
	s->node = node;
	pthread_mutex_unlock(&p->lock);
	if (e != RME_OK) {
		rmi_cancel_done(&s->cancel);
		free(s->texts);
		s->texts = NULL;
	}
}

/* Gives the node a packet and the end of its item, and waits until the node has ended it. */
static void
run_item(struct rmi_guest_session *s, struct rme_packet *pkt)
{
	struct rme_packet *end;
	enum rme_err e = rmi_packet_new_end(&end, &s->order.meta, 0);
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		fail_order(s, e);
		return;
	}
	s->ended = false;
	(void)!rmi_node_push(s->node, pkt);
	(void)!rmi_node_push(s->node, end);
	while (!s->ended) {
		(void)rmi_node_run_wake(s->node, rmi_monotonic_ns());
	}
}

static void
run_data(struct rmi_guest_session *s)
{
	struct rme_packet *pkt;
	uint8_t *data;
	if (rme_packet_alloc(&pkt, &s->order.meta, s->order.len, &data) != RME_OK) {
		_exit(EXIT_FAILURE);
	}
	rmi_guest_read(s, data, s->order.len);
	run_item(s, pkt);
}

static void
run_flush(struct rmi_guest_session *s)
{
	struct rme_packet *pkt;
	enum rme_err e = rme_packet_new(&pkt, &s->order.meta, NULL, 0);
	if (e != RME_OK) {
		fail_order(s, e);
		return;
	}
	run_item(s, pkt);
}

static void
run_order(struct rmi_guest_session *s)
{
	rmi_guest_read(s, &s->order, sizeof(s->order));
	if (atomic_load(&s->process->loaded) == 0) {
		_exit(EXIT_FAILURE); /* the host waits until we are ready */
	}
	s->order_ns = rmi_monotonic_ns();
	s->why = (struct rme_error){.code = RME_OK};
	switch ((enum rmi_iso_order_kind)s->order.kind) {
	case RMI_ISO_OPEN:
		open_session(s);
		break;
	case RMI_ISO_DATA:
		run_data(s);
		break;
	case RMI_ISO_FLUSH:
		run_flush(s);
		break;
	case RMI_ISO_RESET:
		rmi_node_reset(s->node);
		break;
	case RMI_ISO_CLOSE:
		close_session(s);
		break;
	case RMI_ISO_ANSWER: /* nobody asked: the host gave up waiting for the call */
	default:
		_exit(EXIT_FAILURE);
	}
	done(s);
}

/* ---- threads ---- */

static bool
bind_lane(void)
{
	struct rmi_wasm_process *p;
	struct rmi_lane *lane;
	return rmi_wasm_process_get(&p, NULL) == RME_OK && rmi_lane_of_thread(&lane, p, NULL) == RME_OK &&
	       (p->guard != RMI_GUARD_INTERRUPTIBLE || rmi_lane_need_stop_handle(lane, NULL) == RME_OK);
}

static void *
session_thread(void *arg)
{
	struct rmi_guest_session *s = arg;
	char name[16];
	(void)snprintf(name, sizeof(name), "session-%u", s->slot);
	(void)prctl(PR_SET_NAME, name);
	const struct rme_runtime_config config = {
	    .workers = 1, .log_level = RME_LOG_DEBUG, .log = take_log, .log_ctx = s};
	bool ok = bind_lane() && rme_runtime_new(&s->rt, &config, NULL) == RME_OK;
	if (!ok) {
		atomic_fetch_add(&s->process->failed, 1);
	} else {
		rmi_runtime_set_services(s->rt, &s->services);
	}
	sem_post(&s->process->started);
	while (ok) {
		run_order(s);
	}
	return NULL;
}

static bool
start_thread(struct rmi_guest_process *p, unsigned slot, const pthread_attr_t *attr)
{
	struct rmi_guest_session *s = &p->session[slot];
	*s = (struct rmi_guest_session){.process = p,
	    .slot = slot,
	    .spins = SPINS_MIN,
	    .orders.ring = &p->shared->slot[slot].orders,
	    .replies.ring = &p->shared->slot[slot].replies,
	    .services.ops = &rmi_guest_services_ops,
	    .sink.push = sink_push,
	    .scope.ops = &scope_ops};
	return pthread_create(&s->thread, attr, session_thread, s) == 0;
}

enum rme_err
rmi_guest_sessions_start(struct rmi_guest_process *p, struct rme_error *err)
{
	pthread_attr_t attr;
	bool ok = pthread_mutex_init(&p->lock, NULL) == 0 && sem_init(&p->started, 0, 0) == 0 &&
	          pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, STACK_BYTES) == 0;
	for (unsigned i = 0; ok && i < RMI_ISO_SESSIONS; i++) {
		ok = start_thread(p, i, &attr);
	}
	for (unsigned i = 0; ok && i < RMI_ISO_SESSIONS; i++) {
		while (sem_wait(&p->started) != 0) {
		}
	}
	return ok && atomic_load(&p->failed) == 0 ? RME_OK
	                                          : rme_error_set(err, RME_ENOMEM, NULL, "no threads for its sessions");
}

void
rmi_guest_sessions_cancel(struct rmi_guest_process *p, uint32_t slots)
{
	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
		struct rmi_guest_session *s = &p->session[i];
		if ((slots >> i & 1) != 0 && s->node != NULL) {
			rmi_cancel_fire(&s->cancel);
		}
	}
	pthread_mutex_unlock(&p->lock);
}
