#ifndef RMI_BASE_FRAME_RING_H
#define RMI_BASE_FRAME_RING_H

/**
 * @file
 * Memory for large payloads that can be mapped elsewhere: a memory file with a few slots of the same size, used again and
 * again. A packet in a slot is like any other; whoever can map memory (an instance of a module) finds by
 * rmi_frame_of() where it lies and need not copy it. A slot is free again when its packet's last reference is gone.
 * See docs/design/wasm-windows.md.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/packet.h>

enum {
	RMI_FRAME_BYTES_MIN = 64 << 10,        /**< payloads up to this are copied faster than they are mapped */
	RMI_FRAME_SLOTS_MAX = 8,               /**< of a ring */
	RMI_FRAME_RING_BYTES_WANTED = 4 << 20, /**< as many slots as fit into this, but at least 3 */
	RMI_FRAME_SLOTS_MIN = 3,
	RMI_FRAME_SLOT_BYTES_MAX = 32 << 20,
};

struct rmi_frame_ring;

struct rmi_frame_slot {
	struct rmi_frame_ring *ring;
	unsigned index;
};

/** Constant but for the counters. */
struct rmi_frame_ring {
	atomic_uint refs; /**< one for each slot in use */
	atomic_uint busy; /**< bit per slot in use */
	int fd;
	uint8_t *base; /**< mapped for reading and writing */
	size_t slot_bytes;
	unsigned n_slots;
	struct rmi_frame_slot slots[RMI_FRAME_SLOTS_MAX];
};

/**
 * Make a ring for payloads of up to @p bytes.
 * @return NULL where there is no memory, or more than half of the file descriptors are in use, or @p bytes is too much
 */
struct rmi_frame_ring *rmi_frame_ring_new(size_t bytes);
struct rmi_frame_ring *rmi_frame_ring_ref(struct rmi_frame_ring *r);
/** NULL is a no-op. Any thread. */
void rmi_frame_ring_unref(struct rmi_frame_ring *r);

static inline size_t
rmi_frame_ring_bytes(const struct rmi_frame_ring *r)
{
	return r->slot_bytes * r->n_slots;
}

static inline uint8_t *
rmi_frame_ring_slot(const struct rmi_frame_ring *r, unsigned slot)
{
	return r->base + slot * r->slot_bytes;
}

/** Take a free slot. Any thread. @return its number, or -1 = all are in use */
int rmi_frame_ring_take(struct rmi_frame_ring *r);
/** Give a slot back that no packet was made of. */
void rmi_frame_ring_give(struct rmi_frame_ring *r, unsigned slot);
/**
 * Make a packet of a part of a slot that was taken. Owns the slot, on failure too.
 * @return RME_OK, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_frame_ring_packet(struct rme_packet **out, struct rmi_frame_ring *r, unsigned slot,
    const struct rme_packet_meta *meta, struct rme_bytes part);

/** Where a packet's payload lies. */
struct rmi_frame {
	struct rmi_frame_ring *ring; /**< borrowed from the packet */
	size_t offset;
};
/** @return false where it is no ring's */
bool rmi_frame_of(const struct rme_packet *p, struct rmi_frame *out);

/** Makes packets, large ones in a ring of its own. All-zero = new. One thread at a time. */
struct rmi_frame_source {
	struct rmi_frame_ring *ring;
	bool off; /**< no ring could be made: never again */
};
/** Like rme_packet_alloc(). */
RME_NODISCARD enum rme_err rmi_frame_source_packet(struct rmi_frame_source *s, struct rme_packet **out,
    const struct rme_packet_meta *meta, size_t len, uint8_t **data);
void rmi_frame_source_done(struct rmi_frame_source *s);

#endif
