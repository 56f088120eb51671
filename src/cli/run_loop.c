#include "cli/run_loop.h"

#include <errno.h>
#include <rme/verdict.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/run_feed.h"
#include "report/record.h"
#include "report/run.h"

enum { FAILURES_SHOWN = 10, TICK_MS = 100 };

struct run_loop {
	const struct rmi_run_loop_in *in;
	struct rmi_run_loop_out *out;
	struct rme_session *session;
	struct rmi_run_feed feed;
	struct rmi_progress progress;
	atomic_int signals; /* that came and were not looked at yet */
	int64_t give_up_ns; /* 0 = never */
	bool stopping, canceled;
};

static void
on_signal(void *ctx)
{
	atomic_int *signals = ctx;
	(void)atomic_fetch_add_explicit(signals, 1, memory_order_relaxed);
}

static void
on_packet(void *ctx, const char *node, struct rme_packet *pkt)
{
	rmi_run_tap(ctx, node, pkt);
}

static void
cancel(struct run_loop *l)
{
	rmi_run_feed_stop(&l->feed);
	rme_session_cancel(l->session);
	l->canceled = true;
}

/* The first signal ends the input, the second the work; a third ends the process, as if nobody listened. */
static void
take_signal(struct run_loop *l)
{
	int code = rmi_interrupt_off();
	l->out->stopped = l->out->stopped != RMI_EXIT_OK ? l->out->stopped : code;
	rmi_progress_clear(&l->progress);
	if (!l->stopping) {
		l->stopping = true;
		rmi_say(l->in->cli, "rme: stopping; waiting for what is under way (once more drops it)");
		rmi_run_feed_stop(&l->feed);
		rmi_interrupt_on(on_signal, &l->signals);
	} else if (!l->canceled) {
		cancel(l);
	}
}

static void
tick(struct run_loop *l)
{
	int64_t now = rmi_monotonic_ns();
	if (atomic_exchange_explicit(&l->signals, 0, memory_order_relaxed) > 0) {
		take_signal(l);
	}
	if (l->give_up_ns != 0 && now >= l->give_up_ns && !l->canceled) {
		l->out->stopped = RMI_EXIT_TIMEOUT;
		cancel(l);
	}
	l->progress.done = l->out->done;
	l->progress.failed = l->out->failed;
	l->progress.edge = l->out->edge;
	l->progress.cloud = l->out->cloud;
	rmi_progress_show(&l->progress, now);
}

/* Output that cannot be written ends the run: the rest would be lost. */
static void
break_off(struct run_loop *l, const struct rme_error *err)
{
	if (l->out->broken.code == RME_OK) {
		l->out->broken = *err;
		cancel(l);
	}
}

static void
count_routes(struct run_loop *l, const struct rme_verdict *v)
{
	for (size_t i = 0; i < v->n_stages; i++) {
		const struct rme_route *r = &v->stage[i].route;
		if (r->mode == RME_ROUTE_NONE || v->stage[i].enter_ns == 0) {
			continue;
		}
		l->out->edge += r->side == RME_SIDE_EDGE;
		l->out->cloud += r->side == RME_SIDE_CLOUD;
		l->out->fallbacks += r->fell_back;
	}
}

static void
take_failure(struct run_loop *l, const struct rme_packet *end, const struct rme_verdict *v)
{
	l->out->failed++;
	if (l->out->first.code == RME_OK) {
		l->out->first = v->error;
	}
	if (l->canceled || l->out->failed > FAILURES_SHOWN || l->in->cli->verbosity < 0) {
		return;
	}
	rmi_progress_clear(&l->progress);
	const char *text = v->error.text[0] != '\0' ? v->error.text : rme_err_text(v->error.code);
	rmi_warn(l->in->cli, "item %llu: %s%s%s", (unsigned long long)rme_packet_meta(end)->seq, v->error.where,
	    v->error.where[0] != '\0' ? ": " : "", text);
	if (l->out->failed == FAILURES_SHOWN) {
		rmi_warn(l->in->cli, "further failures are counted only");
	}
}

static void
take_end(struct run_loop *l, struct rme_packet *end)
{
	const struct rme_verdict *v = rme_packet_verdict(end);
	bool last = (rme_packet_meta(end)->flags & RME_PACKET_LAST) != 0;
	l->out->done += last ? 0 : 1;
	if (v->error.code != RME_OK) {
		l->out->done += last ? 1 : 0;
		take_failure(l, end, v);
	}
	count_routes(l, v);
	const struct rmi_run_item *item = rmi_run_verdict(l->in->record, end);
	if (l->in->json != NULL && item != NULL) {
		enum rme_err e = rmi_record_write_item(l->in->json, item);
		if (e != RME_OK) {
			struct rme_error err;
			(void)rme_error_set(&err, e, "standard output", "%s", rme_err_text(e));
			break_off(l, &err);
		}
	}
	if (!l->in->keep_items) {
		rmi_run_forget(l->in->record);
	}
}

static void
take(struct run_loop *l, struct rme_packet *pkt)
{
	if (rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END) {
		take_end(l, pkt);
	} else {
		rmi_run_result(l->in->record, pkt);
		struct rme_error err;
		if (l->in->sink != NULL && l->out->broken.code == RME_OK &&
		    rmi_item_sink_put(l->in->sink, pkt, &err) != RME_OK) {
			break_off(l, &err);
		}
	}
	rme_packet_unref(pkt);
}

/* The next packet. What was written goes out before it is waited for: readers of a pipe see items as they end. */
static enum rme_err
receive(struct run_loop *l, struct rme_packet **pkt)
{
	enum rme_err e = rme_session_recv(l->session, pkt, -1);
	if (e != RME_EAGAIN) {
		return e;
	}
	if (fflush(l->in->cli->out) != 0) {
		struct rme_error err;
		(void)rme_error_set(&err, RME_EIO, "standard output", "writing failed: %s", strerror(errno));
		break_off(l, &err);
	}
	return rme_session_recv(l->session, pkt, rmi_monotonic_ns() + TICK_MS * RMI_NS_PER_MS);
}

static void
receive_all(struct run_loop *l)
{
	enum rme_err e = RME_OK;
	while (e == RME_OK || e == RME_ETIMEDOUT) {
		struct rme_packet *pkt;
		e = receive(l, &pkt);
		if (e == RME_OK) {
			take(l, pkt);
		}
		tick(l);
	}
}

static void
start_progress(struct run_loop *l)
{
	const struct rmi_run_loop_in *in = l->in;
	int64_t now = rmi_monotonic_ns();
	l->progress = (struct rmi_progress){
	    .out = in->progress ? in->cli->err : NULL,
	    .color = in->cli->color_err,
	    .began_ns = now,
	    .total = rmi_item_source_count(in->source) * (uint64_t)in->repeat,
	};
	l->give_up_ns = in->timeout_ns > 0 ? now + in->timeout_ns : 0;
}

enum rme_err
rmi_run_loop(struct rmi_run_loop_out *out, const struct rmi_run_loop_in *in, struct rme_error *err)
{
	*out = (struct rmi_run_loop_out){.stopped = RMI_EXIT_OK};
	struct run_loop l = {.in = in, .out = out};
	struct rme_session_config config = in->session;
	config.tap = on_packet;
	config.tap_ctx = in->record;
	enum rme_err e = rme_session_open(&l.session, in->rt, in->plan, &config, err);
	if (e != RME_OK) {
		return e;
	}
	start_progress(&l);
	rmi_interrupt_on(on_signal, &l.signals);
	e = rmi_run_feed_start(&l.feed, in, l.session);
	if (e == RME_OK) {
		receive_all(&l);
		rmi_run_feed_join(&l.feed);
		out->submitted = l.feed.submitted;
		out->refused = l.feed.refused;
		out->broken = out->broken.code == RME_OK ? l.feed.error : out->broken;
	} else {
		(void)rme_error_set(err, e, "input", "%s", rme_err_text(e));
	}
	int code = rmi_interrupt_off();
	out->stopped = out->stopped != RMI_EXIT_OK ? out->stopped : code;
	rmi_progress_clear(&l.progress);
	rmi_run_ended(in->record, rmi_monotonic_ns());
	rme_session_free(l.session);
	return e;
}
