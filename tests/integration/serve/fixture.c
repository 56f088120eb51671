#include "fixture.h"

#include <rme/node.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

sem_t gate_entered, gate_open;

static enum rme_err
echo_process(struct rme_node *self, struct rme_packet *in)
{
	return rme_node_emit(self, in);
}

static enum rme_err
refuse_process(struct rme_node *self, struct rme_packet *in)
{
	size_t n;
	const uint8_t *data = rme_packet_data(in, &n);
	bool bad = n >= 3 && memmem(data, n, "bad", 3) != NULL;
	if (bad) {
		rme_packet_unref(in);
		return rme_node_fail(self, RME_EFORMAT, "this item is bad");
	}
	return rme_node_emit(self, in);
}

struct keep {
	struct rme_packet *held;
};

static enum rme_err
keep_process(struct rme_node *self, struct rme_packet *in)
{
	struct keep *k = rme_node_state(self);
	struct rme_packet *out = NULL;
	enum rme_err e = RME_OK;
	if (k->held != NULL) {
		e = rme_packet_derive(&out, k->held, rme_packet_meta(in));
		rme_packet_unref(k->held);
	}
	k->held = in;
	return out != NULL ? rme_node_emit(self, out) : e;
}

static enum rme_err
keep_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct keep *k = rme_node_state(self);
	struct rme_packet *out;
	if (k->held == NULL) {
		return RME_OK;
	}
	struct rme_packet_meta meta = *rme_packet_meta(k->held);
	meta.seq = rme_packet_meta(flush)->seq;
	enum rme_err e = rme_packet_derive(&out, k->held, &meta);
	rme_packet_unref(k->held);
	k->held = NULL;
	return e == RME_OK ? rme_node_emit(self, out) : e;
}

static void
keep_close(struct rme_node *self)
{
	struct keep *k = rme_node_state(self);
	rme_packet_unref(k->held);
}

static enum rme_err
gate_process(struct rme_node *self, struct rme_packet *in)
{
	sem_post(&gate_entered);
	sem_wait(&gate_open);
	return rme_node_emit(self, in);
}

struct burst {
	int64_t count;
};

static const struct rme_param burst_params[] = {
    {.name = "count", .kind = RME_PARAM_INT, .fallback = "2", .min = 0, .max = 100000, .help = "results for each item"},
    {.name = NULL},
};

static enum rme_err
burst_open(struct rme_node *self, const void *config)
{
	*(struct burst *)rme_node_state(self) = *(const struct burst *)config;
	return RME_OK;
}

static enum rme_err
burst_process(struct rme_node *self, struct rme_packet *in)
{
	const struct burst *b = rme_node_state(self);
	enum rme_err e = RME_OK;
	for (int64_t i = 0; i < b->count && e == RME_OK; i++) {
		e = rme_node_emit(self, rme_packet_ref(in));
	}
	rme_packet_unref(in);
	return e;
}

static const struct rme_node_type types[] = {
    {.name = "Echo", .category = "test", .help = "gives items back", .process = echo_process},
    {.name = "Refuse", .category = "test", .help = "fails bad items", .process = refuse_process},
    {.name = "Keep",
        .category = "test",
        .flags = RME_NODE_STATEFUL,
        .state_size = sizeof(struct keep),
        .process = keep_process,
        .flush = keep_flush,
        .close = keep_close},
    {.name = "Gate", .category = "test", .flags = RME_NODE_BLOCKING, .process = gate_process},
    {.name = "Burst",
        .category = "test",
        .help = "gives each item several times",
        .state_size = sizeof(struct burst),
        .config_size = sizeof(struct burst),
        .params = burst_params,
        .open = burst_open,
        .process = burst_process},
    {.name = "Reader", .category = "test", .flags = RME_NODE_OUTSIDE, .process = echo_process},
};

void
fixture_start(struct fixture *f, struct rmi_serve_config *config)
{
	struct rme_error err = {0};
	memset(f, 0, sizeof *f);
	sem_init(&gate_entered, 0, 0);
	sem_init(&gate_open, 0, 0);
	assert_int_equal(rme_runtime_new(&f->rt, NULL, NULL), RME_OK);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		assert_int_equal(rme_runtime_register(f->rt, &types[i]), RME_OK);
	}
	config->address = config->address != NULL ? config->address : "127.0.0.1:0";
	config->version = "1.2.3";
	if (rmi_serve_new(&f->serve, f->rt, config, &err) != RME_OK) {
		fail_msg("%s: %s", err.where, err.text);
	}
	assert_int_equal(rmi_loop_new(&f->loop, NULL, NULL), RME_OK);
	(void)snprintf(f->address, sizeof f->address, "127.0.0.1:%u", rmi_serve_port(f->serve));
	f->channel = fixture_channel(f, NULL);
}

struct rmi_channel *
fixture_channel(struct fixture *f, const char *token)
{
	struct rmi_channel *ch = NULL;
	const struct rmi_channel_config config = {.address = f->address, .token = token};
	assert_int_equal(rmi_channel_new(&ch, f->loop, &config, NULL), RME_OK);
	return ch;
}

void
fixture_turn(struct fixture *f)
{
	struct rmi_buf *out = NULL;
	assert_int_equal(echo_unary(&out, f->channel, "/grpc.health.v1.Health/Check", rmi_buf_new(), NULL), RME_OK);
	rmi_buf_unref(out);
}

void
fixture_stop(struct fixture *f)
{
	rmi_channel_free(f->channel);
	rmi_serve_free(f->serve);
	rmi_loop_free(f->loop);
	rme_runtime_free(f->rt);
	sem_destroy(&gate_entered);
	sem_destroy(&gate_open);
}

static void
send_frame(struct client *c, const struct rmi_frame *f)
{
	struct rmi_buf *b = NULL;
	assert_int_equal(rmi_frame_encode(&b, f), RME_OK);
	assert_int_equal(rmi_call_write(c->call.call, b), RME_OK);
}

void
client_open(struct client *c, struct rmi_channel *ch, const char *service, const char *params)
{
	struct rmi_frame f = {.kind = RMI_FRAME_OPEN};
	memset(c, 0, sizeof *c);
	f.open.version = RMI_WIRE_VERSION;
	f.open.params_json = params;
	(void)snprintf(f.open.service, sizeof f.open.service, "%s", service);
	assert_int_equal(echo_client_start(&c->call, ch, "/rme.v1.Rme/Stream", NULL), RME_OK);
	send_frame(c, &f);
}

void
client_opened(struct client *c, struct rmi_channel *ch, const char *service, const char *params)
{
	struct rmi_frame f;
	char text[256];
	client_open(c, ch, service, params);
	assert_true(client_read(c, &f, text));
	if (f.kind != RMI_FRAME_OPENED) {
		fail_msg("not opened: %s", text);
	}
	assert_string_equal(f.opened.server, "rme 1.2.3");
	assert_true(f.opened.session[0] != '\0');
	assert_true(f.opened.window_items > 0);
}

void
client_item(struct client *c, uint64_t seq, const char *text, uint32_t flags)
{
	struct rmi_buf *b = NULL;
	struct rme_packet *p = NULL;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(rme_packet_new(&p, &meta, text, strlen(text)), RME_OK);
	const struct rmi_wire_out how = {.kind = RMI_FRAME_ITEM, .seq = seq, .flags = flags, .sent = &c->sent};
	assert_int_equal(rmi_wire_encode(&b, p, &how), RME_OK);
	rme_packet_unref(p);
	assert_int_equal(rmi_call_write(c->call.call, b), RME_OK);
}

void
client_flush(struct client *c, uint64_t seq, bool last)
{
	const struct rmi_frame f = {.kind = RMI_FRAME_FLUSH, .flush = {.seq = seq, .last = last}};
	send_frame(c, &f);
}

void
client_control(struct client *c, enum rmi_control_op op, uint64_t seq)
{
	const struct rmi_frame f = {.kind = RMI_FRAME_CONTROL, .control = {.op = op, .seq = seq}};
	send_frame(c, &f);
}

bool
client_read(struct client *c, struct rmi_frame *f, char text[256])
{
	struct rme_error err = {0};
	struct rmi_buf *msg = echo_client_read(&c->call);
	text[0] = '\0';
	if (msg == NULL) {
		return false;
	}
	assert_int_equal(rmi_frame_decode(f, msg, &err), RME_OK);
	if (f->kind == RMI_FRAME_DATA) {
		size_t n = f->packet.payload.len < 255 ? f->packet.payload.len : 255;
		text[rmi_buf_gather(msg, f->packet.payload.off, text, n)] = '\0';
	} else if (f->kind == RMI_FRAME_ERROR || f->kind == RMI_FRAME_ITEM_END) {
		const struct rme_error *e = f->kind == RMI_FRAME_ERROR ? &f->error : &f->item_end.error;
		(void)snprintf(text, 256, "%s", e->text);
	}
	rmi_buf_unref(msg);
	return true;
}

void
client_expect_data(struct client *c, uint64_t seq, uint32_t index, const char *text)
{
	struct rmi_frame f;
	char got[256];
	assert_true(client_read(c, &f, got));
	if (f.kind != RMI_FRAME_DATA) {
		fail_msg("frame %d (%s) instead of data %s", (int)f.kind, got, text);
	}
	assert_int_equal(f.packet.seq, seq);
	assert_int_equal(f.packet.index, index);
	assert_string_equal(got, text);
}

enum rme_err
client_expect_end(struct client *c, uint64_t seq)
{
	struct rmi_frame f;
	char text[256];
	assert_true(client_read(c, &f, text));
	if (f.kind != RMI_FRAME_ITEM_END) {
		fail_msg("frame %d (%s) instead of the end of %llu", (int)f.kind, text, (unsigned long long)seq);
	}
	assert_int_equal(f.item_end.seq, seq);
	assert_true(f.item_end.queue_ns >= 0);
	assert_true(f.item_end.service_ns >= 0);
	return f.item_end.error.code;
}
