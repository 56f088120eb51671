/* ExecuteNode: one item through a session of its own; what the node still holds at the end is part of the result. */
#include "serve/error_text.h"
#include "serve/lane.h"
#include "serve/legacy.h"

#include "base/clock.h"
#include "base/packet.h"

#include <rme/verdict.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Remotemedia__Execution__ExecuteNodeRequest Request;

enum { TIMEOUT_MAX_S = 24 * 3600 };

struct execute {
	struct rmi_lane lane; /* first */
	struct rmi_buf *request;
	int64_t start_ns, deadline_ns;
	size_t input_bytes;
	size_t output_max; /* bytes */
	bool counted;      /* as a request that is under way */
	bool done;         /* replied */
	/* Of the output: whoever pumps. */
	int64_t busy_ns;
	struct rme_error error; /* first */
	size_t n_results;
	struct rmi_buf *results; /* JSON texts with commas between */
};

static void
count_end(struct execute *x, bool ok)
{
	if (x->counted) {
		x->counted = false;
		rmi_stats_end(&x->lane.host->stats, ok, rmi_monotonic_ns() - x->start_ns);
	}
}

static void
fill_metrics(struct execute *x, Remotemedia__Execution__ExecutionMetrics *m, size_t output_bytes)
{
	int64_t end_ns = rmi_monotonic_ns();
	m->start_timestamp = rmi_host_wall_ms(x->start_ns);
	m->end_timestamp = rmi_host_wall_ms(end_ns);
	m->duration_ms = (end_ns - x->start_ns) / RMI_NS_PER_MS;
	m->cpu_time_ms = x->busy_ns / RMI_NS_PER_MS;
	m->memory_peak_mb = rmi_stats_memory_peak() >> 20;
	m->input_size_bytes = (int64_t)x->input_bytes;
	m->output_size_bytes = (int64_t)output_bytes;
	m->exit_code = x->error.code == RME_OK ? 0 : -1;
}

/* The result as JSON: null for none, the value for one, an array for several. */
static enum rme_err
join(struct execute *x, ProtobufCBinaryData *out)
{
	size_t n = rmi_buf_size(x->results);
	char *text = malloc(n + 8);
	if (text == NULL) {
		return rme_error_set(&x->error, RME_ENOMEM, NULL, "out of memory");
	}
	size_t at = 0;
	if (x->n_results > 1) {
		text[at++] = '[';
	}
	at += rmi_buf_gather(x->results, 0, text + at, n);
	if (x->n_results > 1) {
		text[at++] = ']';
	} else if (x->n_results == 0) {
		memcpy(text, "null", 4);
		at = 4;
	}
	out->data = (uint8_t *)text;
	out->len = at;
	return RME_OK;
}

/* Once. */
static void
reply(struct execute *x)
{
	char line[RMI_ERROR_LINE_MAX];
	char trace[64];
	Remotemedia__Execution__ExecuteNodeResponse r;
	remotemedia__execution__execute_node_response__init(&r);
	Remotemedia__Execution__ExecutionMetrics metrics;
	remotemedia__execution__execution_metrics__init(&metrics);
	ProtobufCBinaryData out = {0};
	if (x->error.code == RME_OK) {
		(void)join(x, &out);
	}
	r.status = REMOTEMEDIA__EXECUTION__EXECUTION_STATUS__EXECUTION_STATUS_SUCCESS;
	if (x->error.code != RME_OK) {
		(void)rmi_error_line(&x->error, line);
		(void)snprintf(trace, sizeof trace, "%s", rme_err_name(x->error.code));
		r.status = (Remotemedia__Execution__ExecutionStatus)rmi_exec_status_of(x->error.code);
		r.error_message = line;
		r.error_traceback = trace;
	}
	r.output_data = out;
	fill_metrics(x, &metrics, out.len);
	r.metrics = &metrics;
	struct rmi_buf *b = rmi_pb_write(&r.base);
	free(out.data);
	count_end(x, x->error.code == RME_OK);
	if (b == NULL || rmi_call_reply(x->lane.call, b) != RME_OK) {
		(void)rmi_call_finish(
		    x->lane.call, RMI_STATUS_RESOURCE_EXHAUSTED, "the result is too large to be sent");
	}
}

/* Output */

static void
add_result(struct execute *x, struct rme_packet *pkt)
{
	size_t n;
	const uint8_t *data = rme_packet_data(pkt, &n);
	if (x->error.code != RME_OK) {
		return;
	}
	if (n > x->output_max || rmi_buf_size(x->results) > x->output_max - n) {
		(void)rme_error_set(&x->error, RME_ELIMIT, NULL, "a result of more than %zu bytes", x->output_max);
		return;
	}
	if ((x->n_results > 0 && rmi_buf_add(x->results, ",", 1) != RME_OK) ||
	    rmi_buf_add(x->results, data, n) != RME_OK) {
		(void)rme_error_set(&x->error, RME_ENOMEM, NULL, "out of memory");
		return;
	}
	x->n_results++;
}

static void
execute_output(struct rmi_lane *l, struct rme_packet *pkt)
{
	struct execute *x = (struct execute *)l;
	const struct rme_verdict *v = rme_packet_verdict(pkt);
	if (v == NULL) {
		add_result(x, pkt);
	} else {
		for (size_t i = 0; i < v->n_stages; i++) {
			x->busy_ns += v->stage[i].busy_ns;
		}
		if (x->error.code == RME_OK && v->error.code != RME_OK) {
			x->error = v->error;
		}
	}
	rme_packet_unref(pkt);
}

static void
execute_ended(struct rmi_lane *l)
{
	struct execute *x = (struct execute *)l;
	if (x->done) {
		return;
	}
	x->done = true;
	/* What comes of the flush at the end has no deadline of its own. */
	if (x->error.code == RME_OK && x->deadline_ns != 0 && rmi_monotonic_ns() > x->deadline_ns) {
		(void)rme_error_set(&x->error, RME_ETIMEDOUT, NULL, "the result came too late and was dropped");
	}
	reply(x);
}

static void
execute_release(struct rmi_lane *l)
{
	struct execute *x = (struct execute *)l;
	count_end(x, false);
	rmi_buf_unref(x->request);
	rmi_buf_unref(x->results);
	free(x);
}

static const struct rmi_lane_ops execute_lane_ops = {
    .output = execute_output, .ended = execute_ended, .release = execute_release};

/* Input */

/* The earlier of the call's and the request's; 0 = none. */
static int64_t
deadline_of(const struct execute *x, const Request *r)
{
	int64_t deadline = rmi_call_deadline_ns(x->lane.call);
	int32_t timeout = r->options != NULL ? r->options->timeout_seconds : 0;
	if (timeout > 0) {
		int64_t own = x->start_ns + (timeout < TIMEOUT_MAX_S ? timeout : TIMEOUT_MAX_S) * RMI_NS_PER_S;
		deadline = deadline == 0 || own < deadline ? own : deadline;
	}
	return deadline;
}

static enum rme_err
start(struct execute *x, const Request *r, struct rme_error *err)
{
	struct rmi_hosted *h = &x->lane.hosted;
	struct rmi_hosted_in in = {.json = true};
	struct rme_packet_meta *meta;
	struct rme_packet *pkt;
	x->input_bytes = r->input_data.len;
	if (r->options != NULL && r->options->max_output_size_mb > 0 && r->options->max_output_size_mb < 16) {
		x->output_max = (size_t)r->options->max_output_size_mb << 20;
	}
	enum rme_err e = rmi_legacy_prepare(h, &x->lane.host->catalog, r, &pkt, err);
	if (e != RME_OK) {
		return e;
	}
	e = rmi_packet_own_meta(&pkt, &meta);
	if (e == RME_OK) {
		x->deadline_ns = meta->deadline_ns = deadline_of(x, r);
		e = rmi_lane_open(&x->lane, &in, err);
	}
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		return e;
	}
	e = rme_session_submit(h->session, pkt, NULL);
	if (e == RME_OK && rme_session_end(h->session) != RME_OK) {
		rme_session_cancel(h->session); /* ends it too: the answer comes by way of the output */
	}
	return e;
}

static void
execute_work(struct rmi_lane *l)
{
	struct execute *x = (struct execute *)l;
	struct rmi_pb_arena arena = {0};
	struct rme_error err = {.code = RME_OK};
	ProtobufCMessage *m = NULL;
	enum rme_err e = rmi_pb_read(&arena, &remotemedia__execution__execute_node_request__descriptor, x->request, &m);
	rmi_buf_unref(x->request);
	x->request = NULL;
	if (e == RME_EPROTO) {
		count_end(x, false);
		(void)rmi_call_finish(l->call, RMI_STATUS_INVALID_ARGUMENT, "the request is not an ExecuteNodeRequest");
	} else {
		e = e == RME_OK ? start(x, (const Request *)m, &err) : e;
		if (e != RME_OK) {
			if (err.code == RME_OK) {
				(void)rme_error_set(&err, e, NULL, "%s", rme_err_text(e));
			}
			x->error = err;
			x->done = true;
			reply(x);
		}
	}
	rmi_pb_done(&arena);
}

static void
execute_open(struct rmi_call *c, void *service)
{
	struct execute *x = calloc(1, sizeof *x);
	struct rmi_buf *results = rmi_buf_new();
	if (x == NULL || results == NULL) {
		free(x);
		rmi_buf_unref(results);
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	rmi_lane_init(&x->lane, &execute_lane_ops, service, c);
	x->results = results;
	x->output_max = RMI_JSON_MAX_BYTES;
	rmi_call_set_user(c, x);
}

static void
execute_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct execute *x = rmi_call_user(c);
	if (x == NULL || msg == NULL || x->request != NULL) {
		rmi_buf_unref(msg);
		return;
	}
	x->request = msg;
	x->start_ns = rmi_monotonic_ns();
	x->counted = true;
	rmi_stats_begin(&x->lane.host->stats);
	rmi_lane_work(&x->lane, execute_work);
}

static void
execute_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct execute *x = rmi_call_user(c);
	(void)end;
	if (x != NULL) {
		rmi_lane_close(&x->lane);
	}
}

const struct rmi_call_ops rmi_legacy_execute_ops = {
    .on_open = execute_open, .on_message = execute_message, .on_end = execute_end};
