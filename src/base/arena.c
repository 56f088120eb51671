#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct rmi_arena_block {
	struct rmi_arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

/* A large object gets a block of its own behind the current one, so that the current one's rest is not lost. */
static struct rmi_arena_block *
add_block(struct rmi_arena *a, size_t need)
{
	size_t size = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
	struct rmi_arena_block *b = malloc(sizeof(*b) + size);
	if (b == NULL) {
		return NULL;
	}
	b->used = 0;
	b->size = size;
	if (size == need && a->blocks != NULL) {
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

void *
rmi_arena_calloc(struct rmi_arena *a, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 4) {
		return NULL;
	}
	bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	if (a->limit_bytes != 0 && bytes > a->limit_bytes - a->used_bytes) {
		return NULL;
	}
	struct rmi_arena_block *b = a->blocks;
	if (b == NULL || bytes > b->size - b->used) {
		b = add_block(a, bytes);
		if (b == NULL) {
			return NULL;
		}
	}
	void *p = b->data + b->used;
	b->used += bytes;
	a->used_bytes += bytes;
	memset(p, 0, bytes);
	return p;
}

char *
rmi_arena_strndup(struct rmi_arena *a, const char *text, size_t len)
{
	char *p = rmi_arena_calloc(a, len + 1, 1);
	if (p != NULL && len > 0) {
		memcpy(p, text, len);
	}
	return p;
}

char *
rmi_arena_printf(struct rmi_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : rmi_arena_calloc(a, (size_t)n + 1, 1);
	if (p == NULL) {
		return NULL;
	}
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
rmi_arena_done(struct rmi_arena *a)
{
	struct rmi_arena_block *b = a->blocks;
	while (b != NULL) {
		struct rmi_arena_block *next = b->next;
		free(b);
		b = next;
	}
	a->blocks = NULL;
	a->used_bytes = 0;
}
