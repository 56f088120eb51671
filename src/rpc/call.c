/*
 * Life and reading side of a call. Each batch is counted in `pending` before it starts and settled after its tag came
 * back and its callback returned; on_end runs when the end was received and nothing is pending, hence exactly once, last,
 * and never beside another callback. No batch starts after `over`, but the one status that a server owes.
 */

#include "rpc/internal.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUED_BYTES_DEFAULT = 1024 * 1024, QUEUED_DEFAULT = 256 };

static void read_done(struct rmi_tag *tag, bool ok);

struct rmi_call *
rmi_call_new(struct rmi_loop *loop)
{
	struct rmi_call *c = calloc(1, sizeof *c);
	if (!c) {
		return NULL;
	}
	atomic_init(&c->refs, 1);
	c->loop = loop;
	c->tail = &c->head;
	c->max_message = RMI_RPC_MAX_MESSAGE;
	c->max_queued_bytes = QUEUED_BYTES_DEFAULT;
	c->max_queued = QUEUED_DEFAULT;
	c->status_text = grpc_empty_slice();
	c->t_read.fn = read_done;
	c->t_write.fn = rmi_call_write_done;
	grpc_metadata_array_init(&c->initial);
	grpc_metadata_array_init(&c->trailing);
	grpc_call_details_init(&c->details);
	(void)pthread_mutex_init(&c->mu, NULL);
	return c;
}

struct rmi_call *
rmi_call_ref(struct rmi_call *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

/* What belongs to gRPC is gone when a call ends, so that a reference kept longer does no harm. */
static void
call_release_grpc(struct rmi_call *c)
{
	(void)pthread_mutex_lock(&c->mu);
	grpc_call *grpc = c->grpc;
	c->grpc = NULL;
	struct rmi_buf *queue = rmi_call_drop_queue(c);
	(void)pthread_mutex_unlock(&c->mu);
	rmi_buf_drop_list(queue);
	if (grpc) {
		grpc_call_unref(grpc);
	}
	grpc_metadata_array_destroy(&c->initial);
	grpc_metadata_array_destroy(&c->trailing);
	grpc_call_details_destroy(&c->details);
	grpc_metadata_array_init(&c->initial);
	grpc_metadata_array_init(&c->trailing);
	grpc_call_details_init(&c->details);
	grpc_slice_unref(c->status_text);
	c->status_text = grpc_empty_slice();
	for (unsigned i = 0; i < c->n_trailers; i++) {
		grpc_slice_unref(c->trailers[i].key);
		grpc_slice_unref(c->trailers[i].value);
	}
	c->n_trailers = 0;
}

void
rmi_call_unref(struct rmi_call *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	call_release_grpc(c); /* of a call that never started; else it is empty already */
	(void)pthread_mutex_destroy(&c->mu);
	free(c);
}

void
rmi_call_set_user(struct rmi_call *c, void *user)
{
	c->user = user;
}

void *
rmi_call_user(const struct rmi_call *c)
{
	return c->user;
}

bool
rmi_call_begin(struct rmi_call *c)
{
	(void)pthread_mutex_lock(&c->mu);
	bool may = !c->over;
	c->pending += may;
	(void)pthread_mutex_unlock(&c->mu);
	return may;
}

void
rmi_call_batch(struct rmi_call *c, const grpc_op *ops, size_t n, struct rmi_tag *tag)
{
	grpc_call *grpc = c->grpc;
	RMI_TAG_GIVE(tag); /* from here on the call may end at any moment */
	grpc_call_error e = grpc_call_start_batch(grpc, ops, n, tag, NULL);
	/* What peers and users choose was checked before, so a refusal is a mistake of this layer. */
	assert(e == GRPC_CALL_OK);
	(void)e;
}

static void
call_end(struct rmi_call *c)
{
	char text[RMI_CALL_TEXT_MAX];
	size_t n = GRPC_SLICE_LENGTH(c->status_text);
	n = n < sizeof text ? n : sizeof text - 1;
	memcpy(text, GRPC_SLICE_START_PTR(c->status_text), n);
	text[n] = '\0';
	struct rmi_end end = {c->status, text};
	if (!c->is_client) {
		end.status = c->canceled ? RMI_STATUS_CANCELLED : RMI_STATUS_OK;
	}
	if (c->ops) {
		c->ops->on_end(c, &end);
	}
	call_release_grpc(c);
	if (c->ended) {
		c->ended(c->owner);
	}
	rmi_loop_delist(c);
	rmi_call_unref(c);
}

void
rmi_call_settle(struct rmi_call *c)
{
	(void)pthread_mutex_lock(&c->mu);
	bool last = --c->pending == 0 && c->over && !c->dead;
	c->dead = c->dead || last;
	(void)pthread_mutex_unlock(&c->mu);
	if (last) {
		call_end(c);
	}
}

void
rmi_call_over(struct rmi_call *c)
{
	(void)pthread_mutex_lock(&c->mu);
	c->over = true;
	struct rmi_buf *queue = rmi_call_drop_queue(c);
	(void)pthread_mutex_unlock(&c->mu);
	rmi_buf_drop_list(queue);
}

static void
read_done(struct rmi_tag *tag, bool ok)
{
	struct rmi_call *c = RMI_CONTAINER(tag, struct rmi_call, t_read);
	grpc_byte_buffer *received = c->received;
	c->received = NULL;
	struct rmi_buf *msg = NULL;
	if (received && ok) {
		msg = rmi_buf_from_grpc(received);
	} else if (received) {
		grpc_byte_buffer_destroy(received);
	}
	bool lost = received && ok && !msg;
	(void)pthread_mutex_lock(&c->mu);
	c->reading = false;
	c->read_done = c->read_done || !msg;
	(void)pthread_mutex_unlock(&c->mu);
	if (lost) {
		rmi_call_cancel(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
	}
	if (!msg && c->unary) {
		(void)rmi_call_finish(c, RMI_STATUS_INVALID_ARGUMENT, "the request message is missing");
	} else {
		c->ops->on_message(c, msg);
	}
	rmi_call_settle(c);
}

enum rme_err
rmi_call_read(struct rmi_call *c)
{
	enum rme_err e = RME_OK;
	(void)pthread_mutex_lock(&c->mu);
	if (c->over || c->read_done) {
		e = RME_ECLOSED;
	} else if (c->reading) {
		e = RME_EAGAIN;
	} else {
		c->reading = true;
		c->pending++;
	}
	(void)pthread_mutex_unlock(&c->mu);
	if (e == RME_OK) {
		grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
		op.data.recv_message.recv_message = &c->received;
		rmi_call_batch(c, &op, 1, &c->t_read);
	}
	return e;
}

void
rmi_call_cancel(struct rmi_call *c, enum rmi_status status, const char *text)
{
	(void)pthread_mutex_lock(&c->mu);
	grpc_call *grpc = c->over ? NULL : c->grpc;
	if (grpc) {
		grpc_call_ref(grpc);
	}
	struct rmi_buf *queue = rmi_call_drop_queue(c);
	(void)pthread_mutex_unlock(&c->mu);
	rmi_buf_drop_list(queue);
	if (grpc) {
		(void)grpc_call_cancel_with_status(grpc, (grpc_status_code)status, text ? text : "", NULL);
		grpc_call_unref(grpc);
	}
}

static const char *
find_meta(const grpc_metadata_array *md, const char *key, size_t *n)
{
	for (size_t i = 0; i < md->count; i++) {
		if (grpc_slice_str_cmp(md->metadata[i].key, key) == 0) {
			*n = GRPC_SLICE_LENGTH(md->metadata[i].value);
			return (const char *)GRPC_SLICE_START_PTR(md->metadata[i].value);
		}
	}
	return NULL;
}

const char *
rmi_call_meta(const struct rmi_call *c, const char *key, size_t *n)
{
	return find_meta(c->is_client ? &c->trailing : &c->initial, key, n);
}

const char *
rmi_call_path(const struct rmi_call *c)
{
	return c->path;
}

int64_t
rmi_call_deadline_ns(const struct rmi_call *c)
{
	return c->deadline_ns;
}

void
rmi_call_peer(const struct rmi_call *c, char *out, size_t size)
{
	char *peer = c->grpc ? grpc_call_get_peer(c->grpc) : NULL;
	(void)snprintf(out, size, "%s", peer ? peer : "");
	gpr_free(peer);
}

gpr_timespec
rmi_grpc_time(int64_t deadline_ns)
{
	if (deadline_ns == 0) {
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	}
	/* gRPC's monotonic clock is CLOCK_MONOTONIC itself. */
	gpr_timespec t = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = (int32_t)(deadline_ns % 1000000000)};
	t.clock_type = GPR_CLOCK_MONOTONIC;
	return t;
}
