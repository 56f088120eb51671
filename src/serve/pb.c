#include "serve/pb.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 4096 };

struct rmi_pb_chunk {
	struct rmi_pb_chunk *next;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

static void *
arena_alloc(void *ctx, size_t size)
{
	struct rmi_pb_arena *a = ctx;
	size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (need < size || need > a->left) {
		return NULL;
	}
	if (a->chunks == NULL || a->chunks->size - a->used < need) {
		size_t room = need > CHUNK_BYTES ? need : CHUNK_BYTES;
		struct rmi_pb_chunk *c = malloc(sizeof *c + room);
		if (c == NULL) {
			return NULL;
		}
		c->next = a->chunks;
		c->size = room;
		a->chunks = c;
		a->used = 0;
	}
	void *p = a->chunks->bytes + a->used;
	a->used += need;
	a->left -= need;
	return p;
}

static void
arena_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p; /* all at once, in rmi_pb_done() */
}

enum rme_err
rmi_pb_read(struct rmi_pb_arena *arena, const ProtobufCMessageDescriptor *type, const struct rmi_buf *from,
    ProtobufCMessage **out)
{
	size_t n = rmi_buf_size(from);
	uint8_t *copy = NULL;
	const uint8_t *data = rmi_buf_view(from, 0, n);
	if (data == NULL && n > 0) {
		copy = malloc(n);
		if (copy == NULL) {
			return RME_ENOMEM;
		}
		rmi_buf_gather(from, 0, copy, n);
		data = copy;
	}
	ProtobufCAllocator allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = arena};
	arena->left = 2 * n + RMI_PB_SLACK_BYTES;
	*out = protobuf_c_message_unpack(type, &allocator, n, data);
	free(copy);
	return *out != NULL ? RME_OK : RME_EPROTO;
}

void
rmi_pb_done(struct rmi_pb_arena *arena)
{
	while (arena->chunks != NULL) {
		struct rmi_pb_chunk *c = arena->chunks;
		arena->chunks = c->next;
		free(c);
	}
	*arena = (struct rmi_pb_arena){0};
}

struct rmi_buf *
rmi_pb_write(const ProtobufCMessage *m)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	uint8_t *bytes = malloc(n > 0 ? n : 1);
	struct rmi_buf *b = rmi_buf_new();
	if (bytes == NULL || b == NULL) {
		free(bytes);
		rmi_buf_unref(b);
		return NULL;
	}
	protobuf_c_message_pack(m, bytes);
	if (rmi_buf_wrap(b, bytes, n, free, bytes) != RME_OK) { /* frees the bytes in every case */
		rmi_buf_unref(b);
		return NULL;
	}
	return b;
}
