#ifndef RME_GUEST_ARENA_H
#define RME_GUEST_ARENA_H

/*
 * Memory of a bounded size that is handed out in pieces and given back as a whole: for models and search structures whose
 * size is known at start only. The room is an array in the module's state, so that it costs no byte of the module's file,
 * and the memory limit is honest. Part of rme_module.h.
 *
 *	struct asr { struct rme_arena arena; _Alignas(16) uint8_t room[4 << 20]; };
 *	rme_arena_init(&s->arena, s->room, sizeof s->room);
 */

struct rme_arena {
	uint8_t *base;
	uint32_t size, used;
};

static inline void
rme_arena_init(struct rme_arena *a, void *room, uint32_t size)
{
	a->base = room;
	a->size = size;
	a->used = 0;
}

/* @p n elements of @p size bytes, zeroed, at a multiple of 16 from the base; NULL where there is no room. */
static inline void *
rme_arena_alloc(struct rme_arena *a, uint32_t n, uint32_t size)
{
	uint64_t want = ((uint64_t)n * size + 15) & ~(uint64_t)15;
	if (want > a->size - a->used) {
		return NULL;
	}
	void *p = a->base + a->used;
	a->used += (uint32_t)want;
	__builtin_memset(p, 0, (size_t)want);
	return p;
}

/* Give back all that was handed out since a.used was @p used. */
static inline void
rme_arena_back_to(struct rme_arena *a, uint32_t used)
{
	a->used = used < a->used ? used : a->used;
}

#endif
