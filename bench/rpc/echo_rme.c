#include "echo_rme.h"

#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/server.h"
#include "rpc/wire_packet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METHOD "/rme.v1.Rme/Stream"

static void
must(enum rme_err e, const char *what)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_rpc: %s: %s\n", what, rme_err_text(e));
		exit(1);
	}
}

/* --- server --- */

struct stream {
	struct rmi_wire_format seen, sent;
};

static void
server_open(struct rmi_call *c, void *service)
{
	(void)service;
	rmi_call_set_user(c, calloc(1, sizeof(struct stream)));
	(void)rmi_call_read(c);
}

static void
server_item(struct rmi_call *c, struct rmi_buf *msg)
{
	struct stream *s = rmi_call_user(c);
	struct rmi_frame f;
	if (!msg) {
		(void)rmi_call_finish(c, RMI_STATUS_OK, NULL);
		return;
	}
	must(rmi_frame_decode(&f, msg, NULL), "decode");
	struct rme_packet_meta meta = rme_packet_meta_init();
	const struct rmi_wire_in in = {.meta = &meta, .seen = &s->seen};
	struct rme_packet *p;
	struct rmi_buf *out;
	must(rmi_wire_packet(&p, msg, &f.packet, &in), "packet");
	rmi_buf_unref(msg);
	const struct rmi_wire_out how = {.kind = RMI_FRAME_DATA, .seq = f.packet.seq, .sent = &s->sent};
	must(rmi_wire_encode(&out, p, &how), "encode");
	rme_packet_unref(p);
	must(rmi_call_write(c, out), "write");
	struct rmi_frame end = {.kind = RMI_FRAME_ITEM_END, .item_end = {.seq = f.packet.seq, .results = 1}};
	must(rmi_frame_encode(&out, &end), "encode");
	must(rmi_call_write(c, out), "write");
	(void)rmi_call_read(c);
}

static void
server_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)end;
	free(rmi_call_user(c));
}

int
echo_rme_serve(void)
{
	static const struct rmi_call_ops ops = {
	    .on_open = server_open, .on_message = server_item, .on_end = server_end};
	const struct rmi_method method = {.path = METHOD, .ops = &ops};
	struct rmi_server_config config = {
	    .address = "127.0.0.1:0", .methods = &method, .method_count = 1, .max_queued_bytes = 256 << 20};
	struct rmi_loop *loop;
	struct rmi_server *server;
	rmi_rpc_tune_process();
	must(rmi_loop_new(&loop, NULL, NULL), "loop");
	must(rmi_server_new(&server, loop, &config, NULL), "server");
	uint16_t port = rmi_server_port(server);
	if (write(STDOUT_FILENO, &port, sizeof port) != sizeof port) {
		return 1;
	}
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0) {
		; /* until the benchmark has gone */
	}
	rmi_server_free(server);
	rmi_loop_free(loop);
	return 0;
}

/* --- client --- */

struct client {
	const struct echo_run *run;
	struct rme_packet *item;
	struct stream stream;
	int64_t *started, *latency;
	int sent, received;
	int64_t end_ns;
	pthread_mutex_t mu;
	pthread_cond_t done;
	bool ended;
};

static void
client_send(struct client *cl, struct rmi_call *c)
{
	while (cl->sent < cl->run->items && cl->sent - cl->received < cl->run->depth) {
		cl->started[cl->sent] = rmi_monotonic_ns();
		const struct rmi_wire_out how = {.kind = RMI_FRAME_ITEM,
		    .seq = (uint64_t)++cl->sent,
		    .remaining_ns = RMI_NS_PER_S,
		    .sent = &cl->stream.sent};
		struct rmi_buf *out;
		must(rmi_wire_encode(&out, cl->item, &how), "encode");
		must(rmi_call_write(c, out), "write");
	}
}

static void
open_node(struct client *cl, struct rmi_call *c)
{
	struct rmi_frame f = {.kind = RMI_FRAME_OPEN, .open = {.version = RMI_WIRE_VERSION, .service = "Copy"}};
	struct rmi_buf *out;
	f.open.format = rme_packet_meta(cl->item)->format;
	must(rmi_frame_encode(&out, &f), "encode");
	must(rmi_call_write(c, out), "write");
}

static void
client_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct client *cl = rmi_call_user(c);
	struct rmi_frame f;
	if (!msg) {
		return;
	}
	(void)rmi_call_read(c);
	must(rmi_frame_decode(&f, msg, NULL), "decode");
	if (f.kind == RMI_FRAME_DATA) {
		struct rme_packet_meta meta = rme_packet_meta_init();
		const struct rmi_wire_in in = {.meta = &meta, .seen = &cl->stream.seen, .item = cl->item};
		struct rme_packet *p;
		must(rmi_wire_packet(&p, msg, &f.packet, &in), "packet");
		rme_packet_unref(p);
	} else if (f.kind == RMI_FRAME_ITEM_END) {
		cl->end_ns = rmi_monotonic_ns();
		cl->latency[cl->received] = cl->end_ns - cl->started[cl->received];
		if (++cl->received == cl->run->items) {
			(void)rmi_call_close_send(c);
		}
		client_send(cl, c);
	}
	rmi_buf_unref(msg);
}

static void
client_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct client *cl = rmi_call_user(c);
	must(rmi_status_to_err(end->status), end->text);
	(void)pthread_mutex_lock(&cl->mu);
	cl->ended = true;
	(void)pthread_cond_signal(&cl->done);
	(void)pthread_mutex_unlock(&cl->mu);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void
report(const struct client *cl, struct echo_figures *out)
{
	int warm = cl->run->items / 10;
	int n = cl->run->items - warm;
	out->per_item_ns = (cl->end_ns - cl->started[warm]) / n;
	qsort(cl->latency + warm, (size_t)n, sizeof *cl->latency, by_value);
	out->p50_ns = cl->latency[warm + n / 2];
	out->p99_ns = cl->latency[warm + n * 99 / 100];
}

void
echo_rme_run(const struct echo_run *run, struct echo_figures *out)
{
	static const struct rmi_call_ops ops = {.on_message = client_message, .on_end = client_end};
	struct client cl = {.run = run, .mu = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
	cl.started = calloc((size_t)run->items, sizeof *cl.started);
	cl.latency = calloc((size_t)run->items, sizeof *cl.latency);
	char address[32];
	(void)snprintf(address, sizeof address, "127.0.0.1:%u", run->port);
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	meta.pts_ns = 20000000;
	meta.duration_ns = 20000000;
	uint8_t *data;
	must(rme_packet_alloc(&cl.item, &meta, run->bytes, &data), "packet");
	memset(data, 'x', run->bytes);
	struct rmi_loop *loop;
	struct rmi_channel *ch;
	struct rmi_call *call;
	const struct rmi_channel_config channel = {.address = address};
	const struct rmi_call_options options = {
	    .path = METHOD, .ops = &ops, .user = &cl, .max_queued_bytes = 256 << 20, .max_queued = 1024};
	must(rmi_loop_new(&loop, NULL, NULL), "loop");
	must(rmi_channel_new(&ch, loop, &channel, NULL), "channel");
	must(rmi_call_start(&call, ch, &options), "call");
	if (run->node) {
		open_node(&cl, call);
	}
	client_send(&cl, call); /* before the first read: afterwards the loop's thread sends */
	(void)rmi_call_read(call);
	(void)pthread_mutex_lock(&cl.mu);
	while (!cl.ended) {
		(void)pthread_cond_wait(&cl.done, &cl.mu);
	}
	(void)pthread_mutex_unlock(&cl.mu);
	report(&cl, out);
	rmi_call_unref(call);
	rmi_channel_free(ch);
	rmi_loop_free(loop);
	rme_packet_unref(cl.item);
	free(cl.started);
	free(cl.latency);
}
