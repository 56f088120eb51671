#ifndef RME_GUEST_ALLOC_H
#define RME_GUEST_ALLOC_H

/*
 * The allocator behind the exports rme_alloc and rme_free: the host takes a few buffers at start and seldom more.
 * First fit over a list of free pieces in order of address, neighbors joined; the pieces live in the freed memory itself.
 * Part of rme_module.h.
 */

struct rme_piece {
	struct rme_piece *next;
	size_t size;
};

struct rme_heap {
	uint8_t *top; /* end of what was ever handed out */
	struct rme_piece *free_list;
};

enum { RME_ALIGN = 16, RME_UNIT = 32 }; /* every size is a multiple of the unit, which holds a struct rme_piece */

#ifdef __wasm__
extern uint8_t __heap_base; /* set by the linker */

static inline uint8_t *
rme_heap_start(void)
{
	return (uint8_t *)(((uintptr_t)&__heap_base + RME_ALIGN - 1) & ~(uintptr_t)(RME_ALIGN - 1));
}

/* True when memory reaches up to @p end. */
static inline int
rme_heap_reach(const uint8_t *end)
{
	size_t have = __builtin_wasm_memory_size(0) * 65536u;
	if ((size_t)end <= have) {
		return 1;
	}
	return __builtin_wasm_memory_grow(0, ((size_t)end - have + 65535u) / 65536u) != SIZE_MAX;
}
#else
enum { RME_NATIVE_HEAP = 8 << 20 };
static _Alignas(16) uint8_t rme_native_heap[RME_NATIVE_HEAP];

static inline uint8_t *
rme_heap_start(void)
{
	return rme_native_heap;
}

static inline int
rme_heap_reach(const uint8_t *end)
{
	return end <= rme_native_heap + RME_NATIVE_HEAP;
}
#endif

static inline size_t
rme_heap_round(size_t len)
{
	return len == 0 ? RME_UNIT : ((size_t)len + RME_UNIT - 1) & ~(size_t)(RME_UNIT - 1);
}

static inline void *
rme_heap_alloc(struct rme_heap *h, uint32_t len)
{
	if (len > 0x40000000u) {
		return NULL;
	}
	size_t want = rme_heap_round(len);
	for (struct rme_piece **at = &h->free_list; *at != NULL; at = &(*at)->next) {
		struct rme_piece *p = *at;
		if (p->size < want) {
			continue;
		}
		*at = p->next;
		if (p->size > want) {
			struct rme_piece *rest = (struct rme_piece *)(void *)((uint8_t *)p + want);
			rest->next = p->next;
			rest->size = p->size - want;
			*at = rest;
		}
		return p;
	}
	uint8_t *start = h->top != NULL ? h->top : rme_heap_start();
	if (!rme_heap_reach(start + want)) {
		return NULL;
	}
	h->top = start + want;
	return start;
}

static inline void
rme_heap_free(struct rme_heap *h, void *ptr, uint32_t len)
{
	if (ptr == NULL) {
		return;
	}
	struct rme_piece *p = ptr;
	p->size = rme_heap_round(len);
	struct rme_piece *before = NULL;
	struct rme_piece **at = &h->free_list;
	while (*at != NULL && *at < p) {
		before = *at;
		at = &(*at)->next;
	}
	p->next = *at;
	*at = p;
	if (p->next != NULL && (uint8_t *)p + p->size == (uint8_t *)p->next) {
		p->size += p->next->size;
		p->next = p->next->next;
	}
	if (before != NULL && (uint8_t *)before + before->size == (uint8_t *)p) {
		before->size += p->size;
		before->next = p->next;
	}
}

#define RME_GUEST_ALLOC_EXPORTS \
	static struct rme_heap rme_heap; \
	void *rme_export_alloc(uint32_t len) \
	{ \
		return rme_heap_alloc(&rme_heap, len); \
	} \
	void rme_export_free(void *ptr, uint32_t len) \
	{ \
		rme_heap_free(&rme_heap, ptr, len); \
	}

#endif
