#include <stdlib.h>
#include <rme/session.h>
#include "base/packet.h"
#include "base/queue.h"
#include "core/node.h"
#include "nodes/catalog.h"

/*
 * Each item goes to the child, and stays here until the child has ended it; then its packets go on, each with the child's
 * result about it. Items stay in a list in their order, so what comes out is in order whatever the child does. There
 * are as many of them as the session lets be open at once.
 *
 * The child gets an ITEM_END of its own, made when the item begins; an item for which none can be made never reaches the
 * child. So the ITEM_END that came in can always be sent on, exactly once.
 */

enum { PACKETS_MAX = 1024 /* of one item, and results about it */ };

struct config {
	struct rme_node_spec child;
	bool required;
};

static const struct rme_param params[] = {
    {.name = "node",
        .kind = RME_PARAM_NODE,
        .offset = offsetof(struct config, child),
        .required = true,
        .help = "the node that looks at each item, for example a router of detectors"},
    {.name = "required",
        .kind = RME_PARAM_BOOL,
        .offset = offsetof(struct config, required),
        .fallback = "true",
        .help = "an item about which the node says nothing fails; false = it goes on without annotation"},
    {.name = NULL},
};

struct item {
	struct item *next;
	uint64_t seq;
	struct rmi_queue packets;     /* that came in */
	struct rmi_queue results;     /* of the child */
	struct rme_packet *flush;     /* came in and is not sent on yet */
	struct rme_packet *end;       /* came in; NULL = still to come */
	struct rme_packet *child_end; /* to be given to the child */
	bool child_open;              /* the child has seen the item and not ended it */
	bool begun;                   /* asked the child, or tried to */
	struct rme_error error;       /* of the item here */
};

struct annotate {
	struct rmi_scope scope; /* of the child */
	struct rme_sink sink;   /* of the child */
	struct rme_node *self;
	struct rme_node *child;
	const struct config *config;
	struct item *first, **last; /* open items, oldest first */
	struct item *unused;
	struct item *items; /* all there are, so that none is missing when it is needed */
	size_t n_items;
	bool releasing;
};

static struct item *
find_item(const struct annotate *a, uint64_t seq)
{
	struct item *it = a->first;
	while (it != NULL && it->seq != seq) {
		it = it->next;
	}
	return it;
}

static struct item *
open_item(struct annotate *a, uint64_t seq)
{
	struct item *it = find_item(a, seq);
	if (it != NULL || a->unused == NULL) {
		return it;
	}
	it = a->unused;
	a->unused = it->next;
	it->next = NULL;
	it->seq = seq;
	it->child_open = false;
	it->begun = false;
	it->error.code = RME_OK;
	*a->last = it;
	a->last = &it->next;
	return it;
}

static void
drop_all(struct rmi_queue *q)
{
	for (struct rme_packet *p = rmi_queue_pop(q); p != NULL; p = rmi_queue_pop(q)) {
		rme_packet_unref(p);
	}
}

static void
drop_packets(struct item *it)
{
	drop_all(&it->packets);
	drop_all(&it->results);
	rme_packet_unref(it->flush);
	rme_packet_unref(it->end);
	rme_packet_unref(it->child_end);
	it->flush = NULL;
	it->end = NULL;
	it->child_end = NULL;
}

static void
close_first(struct annotate *a)
{
	struct item *it = a->first;
	a->first = it->next;
	if (a->first == NULL) {
		a->last = &a->first;
	}
	drop_packets(it);
	it->next = a->unused;
	a->unused = it;
}

/* The first error of an item counts. */
static void
item_fail(struct item *it, enum rme_err code, const char *text)
{
	if (it->error.code == RME_OK) {
		(void)rme_error_set(&it->error, code, NULL, "%s", text);
	}
}

/* Send a packet on with an annotation (borrowed, may be NULL). Owns the packet. */
static enum rme_err
emit_annotated(struct annotate *a, struct rme_packet *p, struct rme_packet *annotation)
{
	struct rme_packet_meta *meta = NULL;
	enum rme_err e = rmi_packet_own_meta(&p, &meta);
	if (e != RME_OK) {
		rme_packet_unref(p);
		return e;
	}
	rme_packet_annotate(p, annotation != NULL ? rme_packet_ref(annotation) : NULL);
	return rme_node_emit(a->self, p);
}

/* Result number i belongs to packet number i; packets past the last result share that. */
static enum rme_err
emit_packets(struct annotate *a, struct item *it)
{
	enum rme_err e = RME_OK;
	struct rme_packet *annotation = NULL;
	struct rme_packet *p = NULL;
	while (e == RME_OK && (p = rmi_queue_pop(&it->packets)) != NULL) {
		struct rme_packet *result = rmi_queue_pop(&it->results);
		if (result != NULL) {
			rme_packet_unref(annotation);
			annotation = result;
		}
		e = emit_annotated(a, p, annotation);
	}
	rme_packet_unref(annotation);
	return e;
}

static void
finish_item(struct annotate *a, struct item *it)
{
	if (it->packets.n > 0 && it->results.n == 0) {
		item_fail(it, RME_EEMPTY, "the node gave no result about the item");
	}
	bool fails = a->config->required || it->error.code == RME_ECANCELED;
	if (it->error.code != RME_OK && fails) {
		rme_node_item_fail(a->self, it->seq, &it->error);
	} else {
		if (it->error.code != RME_OK) {
			drop_all(&it->results);
		}
		enum rme_err e = emit_packets(a, it);
		if (e == RME_ENOMEM) {
			struct rme_error err;
			(void)rme_error_set(&err, e, NULL, "no memory for an annotated packet");
			rme_node_item_fail(a->self, it->seq, &err);
		}
	}
	struct rme_packet *end = it->end;
	it->end = NULL;
	(void)!rme_node_emit(a->self, end);
}

/* Send on what is finished, in order. Called again from within, it leaves the rest to the call under way. */
static void
release(struct annotate *a)
{
	if (a->releasing) {
		return;
	}
	a->releasing = true;
	while (a->first != NULL && !a->first->child_open) {
		struct item *it = a->first;
		if (it->flush != NULL) {
			struct rme_packet *flush = it->flush;
			it->flush = NULL;
			(void)!rme_node_emit(a->self, flush);
		}
		if (it->end == NULL) {
			break;
		}
		finish_item(a, it);
		close_first(a);
	}
	a->releasing = false;
}

static struct annotate *
of_scope(struct rmi_scope *s)
{
	return (struct annotate *)s;
}

static struct annotate *
of_sink(struct rme_sink *s)
{
	return (struct annotate *)(void *)((char *)s - offsetof(struct annotate, sink));
}

static void
child_fail(struct rmi_scope *scope, uint64_t seq, const struct rme_error *err)
{
	struct item *it = find_item(of_scope(scope), seq);
	if (it != NULL && it->error.code == RME_OK) {
		it->error = *err;
	}
}

static enum rme_err
child_failed(struct rmi_scope *scope, uint64_t seq)
{
	struct annotate *a = of_scope(scope);
	struct item *it = find_item(a, seq);
	if (it != NULL && it->error.code != RME_OK) {
		return it->error.code;
	}
	return rme_node_item_failed(a->self, seq);
}

/* The child's route and bytes are those of this stage. */
static struct rme_stage_report *
child_report(struct rmi_scope *scope, uint64_t seq, unsigned stage)
{
	(void)stage;
	return rme_node_report(of_scope(scope)->self, seq);
}

static const struct rmi_scope_ops scope_ops = {child_fail, child_failed, child_report};

/* What the child emits. */
static enum rme_err
child_emits(struct rme_sink *sink, struct rme_packet *p)
{
	struct annotate *a = of_sink(sink);
	const struct rme_packet_meta *meta = rme_packet_meta(p);
	struct item *it = find_item(a, meta->seq);
	if (it != NULL && meta->kind == RME_PACKET_DATA && it->packets.n > 0) {
		enum rme_err e = rmi_queue_push(&it->results, p);
		if (e != RME_OK) {
			rme_packet_unref(p);
			item_fail(it, e == RME_EAGAIN ? RME_ELIMIT : e, "too many results about one item");
		}
		return e == RME_EAGAIN ? RME_ELIMIT : e;
	}
	if (it != NULL && meta->kind == RME_PACKET_ITEM_END) {
		it->child_open = false;
		release(a);
	}
	rme_packet_unref(p);
	return RME_OK;
}

/* The child sees the item from now on, if it can be given an end. */
static void
begin(struct item *it, const struct rme_packet_meta *meta)
{
	if (it->begun) {
		return;
	}
	it->begun = true;
	if (rmi_packet_new_end(&it->child_end, meta, 0) == RME_OK) {
		it->child_open = true;
	} else {
		item_fail(it, RME_ENOMEM, "no memory for the item");
	}
}

static enum rme_err
take_data(struct annotate *a, struct rme_packet *in)
{
	const struct rme_packet_meta *meta = rme_packet_meta(in);
	struct item *it = open_item(a, meta->seq);
	enum rme_err e = it != NULL ? rmi_queue_push(&it->packets, in) : RME_EAGAIN;
	if (e != RME_OK) {
		rme_packet_unref(in);
		e = e == RME_EAGAIN ? RME_ELIMIT : e;
		return rme_node_fail(a->self, e, "no room: %d packets of an item, %zu items", PACKETS_MAX, a->n_items);
	}
	begin(it, meta);
	if (it->child_open) {
		/* What goes wrong there is in it->error by now. */
		(void)!rmi_node_push(a->child, rme_packet_ref(in));
	}
	return RME_OK;
}

static enum rme_err
take_flush(struct annotate *a, struct rme_packet *in)
{
	struct item *it = open_item(a, rme_packet_meta(in)->seq);
	if (it == NULL) {
		return rme_node_emit(a->self, in);
	}
	it->flush = in;
	begin(it, rme_packet_meta(in));
	if (it->child_open) {
		(void)!rmi_node_push(a->child, rme_packet_ref(in));
	}
	return RME_OK;
}

static enum rme_err
take_end(struct annotate *a, struct rme_packet *in)
{
	struct item *it = open_item(a, rme_packet_meta(in)->seq);
	if (it == NULL) {
		/* More items than the session allows: out of order it may come, lost it may not be. */
		return rme_node_emit(a->self, in);
	}
	it->end = in;
	if (it->child_end != NULL) {
		struct rme_packet *end = it->child_end;
		it->child_end = NULL;
		(void)!rmi_node_push(a->child, end);
	}
	release(a);
	return RME_OK;
}

static void
annotate_wake(struct rme_node *self)
{
	struct annotate *a = rme_node_state(self);
	rme_node_wake_at(self, rmi_node_run_wake(a->child, rme_node_now(self)));
}

static enum rme_err
annotate_process(struct rme_node *self, struct rme_packet *in)
{
	struct annotate *a = rme_node_state(self);
	enum rme_err e = RME_OK;
	switch (rme_packet_meta(in)->kind) {
	case RME_PACKET_DATA:
		e = take_data(a, in);
		break;
	case RME_PACKET_FLUSH:
		e = take_flush(a, in);
		break;
	case RME_PACKET_ITEM_END:
		e = take_end(a, in);
		break;
	}
	annotate_wake(self); /* the child may have set its timer */
	return e;
}

static enum rme_err
annotate_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type;
	const struct rme_node_spec *child = config != NULL ? &((const struct config *)config)->child : NULL;
	struct rme_format result = {0};
	enum rme_err e = RME_OK;
	if (child != NULL && child->type != NULL && child->type->formats != NULL) {
		e = child->type->formats(child->type, child->config, in, want, &result);
	}
	*gives = *want;
	return e;
}

static enum rme_err
annotate_open(struct rme_node *self, const void *config)
{
	struct annotate *a = rme_node_state(self);
	a->self = self;
	a->config = config;
	a->last = &a->first;
	a->scope.ops = &scope_ops;
	a->sink.push = child_emits;
	if (a->config == NULL || a->config->child.type == NULL) {
		return rme_node_fail(
		    self, RME_ECONFIG, "parameter 'node' is missing: the node that looks at each item");
	}
	size_t window = rmi_node_env(self)->window;
	a->n_items = window != 0 ? window : RME_SESSION_INFLIGHT_DEFAULT;
	a->items = calloc(a->n_items, sizeof(*a->items));
	if (a->items == NULL) {
		return rme_node_fail(self, RME_ENOMEM, "no memory for %zu items", a->n_items);
	}
	for (size_t i = 0; i < a->n_items; i++) {
		rmi_queue_init(&a->items[i].packets, PACKETS_MAX);
		rmi_queue_init(&a->items[i].results, PACKETS_MAX);
		a->items[i].next = a->unused;
		a->unused = &a->items[i];
	}
	struct rmi_node_env env = rmi_node_child_env(self, &a->scope);
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_node_new(&a->child, &a->config->child, &env, &a->sink, &err);
	return e == RME_OK ? RME_OK : rme_node_fail(self, e, "%.40s: %.200s", err.where, err.text);
}

static void
annotate_reset(struct rme_node *self)
{
	struct annotate *a = rme_node_state(self);
	for (struct item *it = a->first; it != NULL; it = it->next) {
		item_fail(it, RME_ECANCELED, "the stream was reset");
	}
	rmi_node_reset(a->child);
	release(a);
}

static void
annotate_close(struct rme_node *self)
{
	struct annotate *a = rme_node_state(self);
	rmi_node_free(a->child);
	for (size_t i = 0; a->items != NULL && i < a->n_items; i++) {
		drop_packets(&a->items[i]);
		rmi_queue_done(&a->items[i].packets);
		rmi_queue_done(&a->items[i].results);
	}
	free(a->items);
}

const struct rme_node_type rmi_annotate_type = {
    .name = "Annotate",
    .category = "base",
    .help = "Passes items on with what another node says about them.",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct annotate),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = annotate_formats,
    .open = annotate_open,
    .process = annotate_process,
    .wake = annotate_wake,
    .reset = annotate_reset,
    .close = annotate_close,
};
