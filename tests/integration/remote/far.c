#include "far.h"

#include "rpc/wire_packet.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { FLOOD_BYTES = 64 * 1024, LATER_MAX = 256 };

struct far_stream {
	struct far *far;
	char service[RMI_WIRE_NAME_MAX];
	bool opened;
	uint64_t held;     /* HOLD: bytes */
	uint64_t late;     /* LATE: seq of the first item, 0 = none yet */
	uint64_t flooding; /* FLOOD: seq, 0 = not now */
	uint32_t open;     /* HANG, ONCE: items not ended */
	bool answered;
	struct rmi_wire_format seen, sent;
	struct rmi_buf *later[LATER_MAX]; /* waiting for room; nothing is read meanwhile */
	unsigned n_later;
};

static void
must(enum rme_err e)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "far: %s\n", rme_err_name(e));
		abort();
	}
}

static void
put(struct rmi_call *c, struct rmi_buf *b)
{
	struct far_stream *s = rmi_call_user(c);
	if (s->n_later == 0 && rmi_call_writable(c)) {
		(void)rmi_call_write(c, b);
		return;
	}
	if (s->n_later == LATER_MAX) {
		abort();
	}
	s->later[s->n_later++] = b;
}

static void
say(struct rmi_call *c, const struct rmi_frame *f)
{
	struct rmi_buf *b = NULL;
	must(rmi_frame_encode(&b, f));
	put(c, b);
}

static bool
is(const struct far_stream *s, const char *service)
{
	return strcmp(s->service, service) == 0;
}

static void
end_item(struct rmi_call *c, uint64_t seq, enum rme_err code, uint32_t results)
{
	struct rmi_frame f = {.kind = RMI_FRAME_ITEM_END};
	f.item_end = (struct rmi_frame_item_end){.seq = seq, .queue_ns = 1000, .service_ns = 2000, .results = results};
	(void)rme_error_set(&f.item_end.error, code, "far", code == RME_OK ? "" : "as its name says");
	say(c, &f);
}

static void
say_packet(struct rmi_call *c, struct rme_packet *p, const struct rmi_wire_out *how)
{
	struct rmi_buf *b = NULL;
	must(rmi_wire_encode(&b, p, how));
	put(c, b);
}

static struct rme_packet *
text_packet(const char *text)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	meta.format = rme_format_of(RME_MEDIA_JSON);
	meta.confidence = 0.5F;
	must(rme_packet_new(&p, &meta, text, strlen(text)));
	return p;
}

static void
answer(struct rmi_call *c, struct rmi_buf *msg, const struct rmi_frame_packet *in)
{
	struct far_stream *s = rmi_call_user(c);
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_wire_in how = {.meta = &meta, .seen = &s->seen};
	struct rme_packet *p = NULL;
	must(rmi_wire_packet(&p, msg, in, &how));
	uint32_t n = is(s, FAR_TWICE) ? 2 : 1;
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = in->seq, .sent = &s->sent};
	if (is(s, FAR_SAME)) {
		out.flags = RMI_WIRE_SAME_PAYLOAD;
		rme_packet_annotate(p, text_packet("{\"speech\":true}"));
	}
	for (uint32_t i = 0; i < n && !(in->flags & RMI_WIRE_NO_RESULTS); i++) {
		out.index = i;
		say_packet(c, p, &out);
	}
	rme_packet_unref(p);
	end_item(c, in->seq, RME_OK, n);
}

static void
flood(struct rmi_call *c)
{
	static const uint8_t zeros[FLOOD_BYTES];
	struct far_stream *s = rmi_call_user(c);
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = s->flooding};
	while (s->flooding && rmi_call_writable(c)) {
		struct rme_packet *p = NULL;
		must(rme_packet_new(&p, &meta, zeros, sizeof zeros));
		say_packet(c, p, &out);
		rme_packet_unref(p);
		s->far->flooded += sizeof zeros;
	}
}

static void
answer_late(struct rmi_call *c, uint64_t seq)
{
	struct far_stream *s = rmi_call_user(c);
	uint64_t both[2] = {s->late, seq};
	if (s->late == 0) {
		s->late = seq;
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rme_packet *p = text_packet("{}");
		struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = both[i], .sent = &s->sent};
		say_packet(c, p, &out);
		rme_packet_unref(p);
		end_item(c, both[i], RME_OK, 1);
	}
	s->late = 0;
}

/* Is this item never answered? */
static bool
keeps(struct far_stream *s)
{
	bool once = is(s, FAR_ONCE) && s->answered;
	s->answered = true;
	return is(s, FAR_HANG) || is(s, FAR_MUTE) || once;
}

static void
take_item(struct rmi_call *c, struct rmi_buf *msg, const struct rmi_frame_packet *in)
{
	struct far_stream *s = rmi_call_user(c);
	s->far->items++;
	if (keeps(s)) {
		s->open++;
		s->far->most_open = s->open > s->far->most_open ? s->open : s->far->most_open;
	} else if (is(s, FAR_FAIL)) {
		end_item(c, in->seq, RME_EMODULE, 0);
	} else if (is(s, FAR_HOLD) || is(s, FAR_NONE)) {
		s->held += in->payload.len;
		end_item(c, in->seq, RME_OK, 0);
	} else if (is(s, FAR_RUDE)) {
		end_item(c, in->seq + 7, RME_OK, 0);
	} else if (is(s, FAR_BYE)) {
		(void)rmi_call_finish(c, RMI_STATUS_OK, NULL);
	} else if (is(s, FAR_JUNK)) {
		(void)rmi_call_write(c, rmi_buf_copy("\xff\xff\xff\xff junk", 9));
	} else if (is(s, FAR_LATE)) {
		answer_late(c, in->seq);
	} else if (is(s, FAR_FLOOD)) {
		s->flooding = in->seq;
		flood(c);
	} else {
		answer(c, msg, in);
	}
}

static void
take_flush(struct rmi_call *c, const struct rmi_frame_flush *in)
{
	struct far_stream *s = rmi_call_user(c);
	s->far->flushes++;
	if (is(s, FAR_HOLD)) {
		char text[32];
		(void)snprintf(text, sizeof text, "%llu", (unsigned long long)s->held);
		struct rme_packet *p = text_packet(text);
		struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = in->seq};
		say_packet(c, p, &out);
		rme_packet_unref(p);
		s->held = 0;
	}
	end_item(c, in->seq, RME_OK, is(s, FAR_HOLD));
}

static void
take_control(struct rmi_call *c, const struct rmi_frame_control *in)
{
	struct far_stream *s = rmi_call_user(c);
	s->far->cancels += in->op == RMI_CONTROL_CANCEL;
	s->far->resets += in->op == RMI_CONTROL_RESET;
	if (in->op == RMI_CONTROL_CANCEL && s->flooding == in->seq) {
		s->flooding = 0;
		end_item(c, in->seq, RME_ECANCELED, 0);
	}
}

static bool
known(const char *service)
{
	static const char *const names[] = {FAR_ECHO, FAR_TWICE, FAR_HOLD, FAR_FAIL, FAR_HANG, FAR_SAME, FAR_NONE,
	    FAR_RUDE, FAR_BYE, FAR_JUNK, FAR_MUTE, FAR_FLOOD, FAR_LATE, FAR_ONCE};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], service) == 0) {
			return true;
		}
	}
	return false;
}

static void
take_open(struct rmi_call *c, const struct rmi_frame_open *in)
{
	struct far_stream *s = rmi_call_user(c);
	(void)snprintf(s->service, sizeof s->service, "%s", in->service);
	s->far->media = (int)in->format.media;
	struct rmi_frame f = {.kind = RMI_FRAME_ERROR};
	if (!known(in->service)) {
		(void)rme_error_set(&f.error, RME_ENOTFOUND, "far", "no service '%s' here", in->service);
		say(c, &f);
		(void)rmi_call_finish(c, RMI_STATUS_NOT_FOUND, "no such service");
		return;
	}
	uint32_t window = s->far->window_items;
	f.kind = RMI_FRAME_OPENED;
	f.opened = (struct rmi_frame_opened){.session = "far-1",
	    .server = "far",
	    .window_items = window ? window : 32,
	    .window_bytes = 64 * 1024 * 1024};
	s->opened = true;
	if (!is(s, FAR_MUTE)) {
		say(c, &f);
	}
}

static void
on_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct far_stream *s = rmi_call_user(c);
	struct rmi_frame f;
	if (!msg) {
		(void)rmi_call_finish(c, RMI_STATUS_OK, NULL);
		return;
	}
	must(rmi_frame_decode(&f, msg, NULL));
	if (f.kind == RMI_FRAME_OPEN) {
		take_open(c, &f.open);
	} else if (s->opened && f.kind == RMI_FRAME_ITEM) {
		take_item(c, msg, &f.packet);
	} else if (s->opened && f.kind == RMI_FRAME_FLUSH) {
		take_flush(c, &f.flush);
	} else if (s->opened && f.kind == RMI_FRAME_CONTROL) {
		take_control(c, &f.control);
	}
	rmi_buf_unref(msg);
	if (s->n_later == 0) {
		(void)rmi_call_read(c);
	}
}

static void
on_writable(struct rmi_call *c)
{
	struct far_stream *s = rmi_call_user(c);
	unsigned n = 0;
	while (n < s->n_later && rmi_call_writable(c)) {
		(void)rmi_call_write(c, s->later[n++]);
	}
	s->n_later -= n;
	memmove(s->later, s->later + n, s->n_later * sizeof s->later[0]);
	flood(c);
	if (s->n_later == 0) {
		(void)rmi_call_read(c);
	}
}

static void
on_open(struct rmi_call *c, void *service)
{
	struct far *f = service;
	struct far_stream *s = calloc(1, sizeof *s);
	if (!s) {
		abort();
	}
	s->far = f;
	f->streams++;
	rmi_call_set_user(c, s);
	(void)rmi_call_read(c);
}

static void
on_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct far_stream *s = rmi_call_user(c);
	(void)end;
	while (s->n_later) {
		rmi_buf_unref(s->later[--s->n_later]);
	}
	free(s);
}

static const struct rmi_call_ops far_ops = {
    .on_open = on_open, .on_message = on_message, .on_writable = on_writable, .on_end = on_end};

enum rme_err
far_start(struct far *f, struct rmi_loop *loop, struct rmi_server_config *config, uint16_t port)
{
	const struct rmi_method method = {.path = "/rme.v1.Rme/Stream", .ops = &far_ops, .service = f};
	char address[32];
	(void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
	config->address = address;
	config->methods = &method;
	config->method_count = 1;
	enum rme_err e = rmi_server_new(&f->server, loop, config, NULL);
	if (e == RME_OK) {
		(void)snprintf(f->address, sizeof f->address, "127.0.0.1:%u", rmi_server_port(f->server));
	}
	return e;
}

void
far_stop(struct far *f)
{
	rmi_server_free(f->server);
	f->server = NULL;
}

pid_t
far_spawn(const char *self_path, uint16_t port, uint16_t *out_port)
{
	int fds[2];
	char text[16];
	char path[4096];
	(void)snprintf(text, sizeof text, "%u", port);
	(void)snprintf(path, sizeof path, "%s", self_path);
	char name[] = "--far";
	char *argv[] = {path, name, text, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	if (pipe(fds) != 0) {
		return -1;
	}
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_addclose(&actions, fds[0]);
	if (posix_spawn(&pid, self_path, &actions, NULL, argv, environ) != 0) {
		pid = -1;
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(fds[1]);
	ssize_t n = pid > 0 ? read(fds[0], out_port, sizeof *out_port) : 0;
	(void)close(fds[0]);
	return n == sizeof *out_port ? pid : -1;
}

void
far_child(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "--far") != 0) {
		return;
	}
	static struct far f;
	struct rmi_loop *loop = NULL;
	struct rmi_server_config config = {0};
	must(rmi_loop_new(&loop, NULL, NULL));
	must(far_start(&f, loop, &config, (uint16_t)strtoul(argv[2], NULL, 10)));
	uint16_t port = rmi_server_port(f.server);
	if (write(STDOUT_FILENO, &port, sizeof port) != sizeof port) {
		exit(1);
	}
	for (;;) {
		(void)pause(); /* until it is killed */
	}
}
