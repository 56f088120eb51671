#include "base/frame_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/packet.h"

enum { SLOT_UNIT = 64 << 10 };

/* A ring costs a descriptor: leave the program its own. */
static bool
descriptors_are_scarce(int fd)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       (rlim_t)fd >= limit.rlim_cur / 2;
}

/* Sealed: whoever maps it can rely on its size. */
static int
memory_file(size_t bytes)
{
	int fd = memfd_create("rme-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		return -1;
	}
	if (descriptors_are_scarce(fd) || ftruncate(fd, (off_t)bytes) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
map_memory(struct rmi_frame_ring *r)
{
	size_t bytes = rmi_frame_ring_bytes(r);
	r->fd = memory_file(bytes);
	if (r->fd < 0) {
		return false;
	}
	r->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->base == MAP_FAILED) {
		close(r->fd);
		return false;
	}
	return true;
}

struct rmi_frame_ring *
rmi_frame_ring_new(size_t bytes)
{
	if (bytes == 0 || bytes > RMI_FRAME_SLOT_BYTES_MAX) {
		return NULL;
	}
	struct rmi_frame_ring *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		return NULL;
	}
	r->slot_bytes = (bytes + SLOT_UNIT - 1) / SLOT_UNIT * SLOT_UNIT;
	size_t fit = RMI_FRAME_RING_BYTES_WANTED / r->slot_bytes;
	fit = fit < RMI_FRAME_SLOTS_MIN ? RMI_FRAME_SLOTS_MIN : fit;
	r->n_slots = fit > RMI_FRAME_SLOTS_MAX ? RMI_FRAME_SLOTS_MAX : (unsigned)fit;
	atomic_init(&r->refs, 1);
	if (!map_memory(r)) {
		free(r);
		return NULL;
	}
	for (unsigned i = 0; i < r->n_slots; i++) {
		r->slots[i] = (struct rmi_frame_slot){r, i};
	}
	return r;
}

struct rmi_frame_ring *
rmi_frame_ring_ref(struct rmi_frame_ring *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void
rmi_frame_ring_unref(struct rmi_frame_ring *r)
{
	if (r == NULL || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	(void)munmap(r->base, rmi_frame_ring_bytes(r));
	close(r->fd);
	free(r);
}

/* The lowest free one: what was used last is in the caches, and what was never used costs no memory. */
int
rmi_frame_ring_take(struct rmi_frame_ring *r)
{
	unsigned busy = atomic_load_explicit(&r->busy, memory_order_relaxed), slot;
	do {
		slot = (unsigned)__builtin_ctz(~busy);
		if (slot >= r->n_slots) {
			return -1;
		}
	} while (!atomic_compare_exchange_weak_explicit(
	    &r->busy, &busy, busy | 1u << slot, memory_order_acquire, memory_order_relaxed));
	(void)rmi_frame_ring_ref(r);
	return (int)slot;
}

void
rmi_frame_ring_give(struct rmi_frame_ring *r, unsigned slot)
{
	atomic_fetch_and_explicit(&r->busy, ~(1u << slot), memory_order_release);
	rmi_frame_ring_unref(r);
}

static void
release_slot(void *ctx)
{
	struct rmi_frame_slot *s = ctx;
	rmi_frame_ring_give(s->ring, s->index);
}

enum rme_err
rmi_frame_ring_packet(struct rme_packet **out, struct rmi_frame_ring *r, unsigned slot,
    const struct rme_packet_meta *meta, struct rme_bytes part)
{
	const struct rmi_packet_memory memory = {
	    .data = r->base + (part.data - r->base), .len = part.len, .release = release_slot, .ctx = &r->slots[slot]};
	return rmi_packet_over(out, meta, &memory);
}

bool
rmi_frame_of(const struct rme_packet *p, struct rmi_frame *out)
{
	const struct rmi_frame_slot *slot = rmi_packet_memory_ctx(p, release_slot);
	if (slot == NULL) {
		return false;
	}
	size_t len;
	*out = (struct rmi_frame){slot->ring, (size_t)(rme_packet_data(p, &len) - slot->ring->base)};
	return true;
}

/* A ring that is too small is replaced by one with room to spare, so that sizes that creep up do not do so each time. */
static struct rmi_frame_ring *
ring_for(struct rmi_frame_source *s, size_t len)
{
	size_t before = s->ring != NULL ? s->ring->slot_bytes : 0;
	if (s->off || len <= before) {
		return s->off ? NULL : s->ring;
	}
	size_t bytes = len > before + before / 2 ? len : before + before / 2;
	bytes = bytes < RMI_FRAME_SLOT_BYTES_MAX ? bytes : RMI_FRAME_SLOT_BYTES_MAX;
	struct rmi_frame_ring *ring = rmi_frame_ring_new(bytes);
	rmi_frame_ring_unref(s->ring);
	s->ring = ring;
	s->off = ring == NULL;
	return ring;
}

enum rme_err
rmi_frame_source_packet(
    struct rmi_frame_source *s, struct rme_packet **out, const struct rme_packet_meta *meta, size_t len, uint8_t **data)
{
	bool fits = len > RMI_FRAME_BYTES_MIN && len <= RMI_FRAME_SLOT_BYTES_MAX;
	struct rmi_frame_ring *ring = fits ? ring_for(s, len) : NULL;
	int slot = ring != NULL ? rmi_frame_ring_take(ring) : -1;
	if (slot < 0) {
		return rme_packet_alloc(out, meta, len, data);
	}
	uint8_t *at = rmi_frame_ring_slot(ring, (unsigned)slot);
	enum rme_err e = rmi_frame_ring_packet(out, ring, (unsigned)slot, meta, (struct rme_bytes){at, len});
	if (e == RME_OK) {
		*data = at;
	}
	return e;
}

void
rmi_frame_source_done(struct rmi_frame_source *s)
{
	rmi_frame_ring_unref(s->ring);
	*s = (struct rmi_frame_source){0};
}

struct rme_packet_pool {
	struct rmi_frame_source source;
};

enum rme_err
rme_packet_pool_new(struct rme_packet_pool **out)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? RME_OK : RME_ENOMEM;
}

void
rme_packet_pool_free(struct rme_packet_pool *pool)
{
	if (pool != NULL) {
		rmi_frame_source_done(&pool->source);
	}
	free(pool);
}

enum rme_err
rme_packet_pool_alloc(struct rme_packet_pool *pool, struct rme_packet **out, const struct rme_packet_meta *meta,
    size_t len, uint8_t **data)
{
	return rmi_frame_source_packet(&pool->source, out, meta, len, data);
}
