#include "rpc/internal.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/slice_buffer.h>

#include <stdlib.h>
#include <string.h>

enum { WRAP_MIN = 256 }; /* below this a copy costs less than a reference and its release */

static grpc_slice_buffer *
pieces(struct rmi_buf *b)
{
	return &b->bytes.data.raw.slice_buffer;
}

static const grpc_slice_buffer *
pieces_of(const struct rmi_buf *b)
{
	return &b->bytes.data.raw.slice_buffer;
}

struct rmi_buf *
rmi_buf_new(void)
{
	struct rmi_buf *b = malloc(sizeof *b);
	if (!b) {
		return NULL;
	}
	atomic_init(&b->refs, 1);
	b->next = NULL;
	b->bytes.reserved = NULL;
	b->bytes.type = GRPC_BB_RAW;
	b->bytes.data.raw.compression = GRPC_COMPRESS_NONE;
	grpc_slice_buffer_init(pieces(b));
	return b;
}

struct rmi_buf *
rmi_buf_copy(const void *data, size_t n)
{
	struct rmi_buf *b = rmi_buf_new();
	if (b && rmi_buf_add(b, data, n) != RME_OK) {
		rmi_buf_unref(b);
		return NULL;
	}
	return b;
}

struct rmi_buf *
rmi_buf_ref(struct rmi_buf *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

void
rmi_buf_unref(struct rmi_buf *b)
{
	if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	grpc_slice_buffer_destroy(pieces(b));
	free(b);
}

enum rme_err
rmi_buf_add(struct rmi_buf *b, const void *data, size_t n)
{
	if (n) {
		grpc_slice_buffer_add(pieces(b), grpc_slice_from_copied_buffer(data, n));
	}
	return RME_OK;
}

enum rme_err
rmi_buf_wrap(struct rmi_buf *b, const void *data, size_t n, rmi_buf_release *release, void *arg)
{
	if (n < WRAP_MIN) {
		enum rme_err e = rmi_buf_add(b, data, n);
		release(arg);
		return e;
	}
	/* gRPC never writes to a slice it was given; its interface only lacks the const. */
	void *bytes = (void *)(uintptr_t)data;
	grpc_slice_buffer_add(pieces(b), grpc_slice_new_with_user_data(bytes, n, release, arg));
	return RME_OK;
}

enum rme_err
rmi_buf_add_range(struct rmi_buf *b, const struct rmi_buf *from, size_t off, size_t n)
{
	const grpc_slice_buffer *src = pieces_of(from);
	if (b == from || off > src->length || n > src->length - off) {
		return RME_EINVAL;
	}
	for (size_t i = 0; n && i < src->count; i++) {
		size_t len = GRPC_SLICE_LENGTH(src->slices[i]);
		if (off >= len) {
			off -= len;
			continue;
		}
		size_t take = len - off < n ? len - off : n;
		grpc_slice_buffer_add(pieces(b), grpc_slice_sub(src->slices[i], off, off + take));
		n -= take;
		off = 0;
	}
	return RME_OK;
}

size_t
rmi_buf_size(const struct rmi_buf *b)
{
	return pieces_of(b)->length;
}

size_t
rmi_buf_gather(const struct rmi_buf *b, size_t off, void *dst, size_t n)
{
	const grpc_slice_buffer *src = pieces_of(b);
	size_t done = 0;
	for (size_t i = 0; done < n && i < src->count; i++) {
		size_t len = GRPC_SLICE_LENGTH(src->slices[i]);
		if (off >= len) {
			off -= len;
			continue;
		}
		size_t take = len - off < n - done ? len - off : n - done;
		memcpy((uint8_t *)dst + done, GRPC_SLICE_START_PTR(src->slices[i]) + off, take);
		done += take;
		off = 0;
	}
	return done;
}

const uint8_t *
rmi_buf_view(const struct rmi_buf *b, size_t off, size_t n)
{
	const grpc_slice_buffer *src = pieces_of(b);
	for (size_t i = 0; i < src->count; i++) {
		size_t len = GRPC_SLICE_LENGTH(src->slices[i]);
		if (off < len) {
			return n <= len - off ? GRPC_SLICE_START_PTR(src->slices[i]) + off : NULL;
		}
		off -= len;
	}
	return NULL;
}

size_t
rmi_buf_pieces(const struct rmi_buf *b)
{
	return pieces_of(b)->count;
}

const uint8_t *
rmi_buf_piece(const struct rmi_buf *b, size_t i, size_t *n)
{
	const grpc_slice *s = &pieces_of(b)->slices[i];
	*n = GRPC_SLICE_LENGTH(*s);
	return GRPC_SLICE_START_PTR(*s);
}

struct rmi_buf *
rmi_buf_from_grpc(grpc_byte_buffer *received)
{
	struct rmi_buf *b = rmi_buf_new();
	if (b) {
		grpc_slice_buffer_swap(pieces(b), &received->data.raw.slice_buffer);
	}
	grpc_byte_buffer_destroy(received);
	return b;
}

struct rmi_buf *
rmi_buf_own(struct rmi_buf *b)
{
	if (atomic_load_explicit(&b->refs, memory_order_acquire) == 1) {
		return b;
	}
	struct rmi_buf *own = rmi_buf_new();
	if (own && rmi_buf_add_range(own, b, 0, rmi_buf_size(b)) != RME_OK) {
		rmi_buf_unref(own);
		own = NULL;
	}
	rmi_buf_unref(b);
	return own;
}

void
rmi_buf_drop_list(struct rmi_buf *list)
{
	while (list) {
		struct rmi_buf *next = list->next;
		rmi_buf_unref(list);
		list = next;
	}
}
