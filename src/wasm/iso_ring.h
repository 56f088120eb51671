#ifndef RMI_WASM_ISO_RING_H
#define RMI_WASM_ISO_RING_H

/**
 * @file
 * A ring of bytes in memory that two processes share: one writes, one reads. Neither trusts the other. Each side keeps its
 * own position in private memory and only publishes it; of the other's position it takes a copy and believes it no further
 * than the ring is long. What is read is copied out before it is looked at.
 *
 * **Waiting.** A side that wants to sleep says so in a word (rmi_ring_sleep_*), looks once more, and sleeps; the other takes
 * the word back after it has published, and wakes it if it was set. How one sleeps is the owner's business: a guest on a
 * futex of the word, the host in its event loop.
 */

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RMI_RING_BYTES = 128 << 10, /**< a power of two; longer messages go through in pieces */
	RMI_RING_LINE = 64          /**< words of different writers stay out of each other's cache line */
};

/** In shared memory; all-zero = empty. */
struct rmi_ring {
	alignas(RMI_RING_LINE) _Atomic uint32_t head; /**< bytes ever written, modulo 2^32; by the writer */
	_Atomic uint32_t writer_sleeps;               /**< 1 = wants to be told when there is room */
	alignas(RMI_RING_LINE) _Atomic uint32_t tail; /**< bytes ever read; by the reader */
	_Atomic uint32_t reader_sleeps;               /**< 1 = wants to be told when there is something */
	alignas(RMI_RING_LINE) uint8_t data[RMI_RING_BYTES];
};

/** One end, in private memory. */
struct rmi_ring_end {
	struct rmi_ring *ring;
	uint32_t at;   /**< own position */
	bool violated; /**< the other side broke the rules; nothing moves any more */
};

/** Copy as much of @p data into the ring as there is room for. @return bytes taken */
size_t rmi_ring_write(struct rmi_ring_end *writer, const void *data, size_t len);
/** Copy at most @p len bytes out of the ring. @return bytes given */
size_t rmi_ring_read(struct rmi_ring_end *reader, void *data, size_t len);
/** Bytes that can be read now. */
uint32_t rmi_ring_readable(struct rmi_ring_end *reader);
/** Bytes that can be written now. */
uint32_t rmi_ring_writable(struct rmi_ring_end *writer);

/** Say that this side sleeps, then look again. @return false if there is something to do already (nothing is said then) */
bool rmi_ring_reader_sleeps(struct rmi_ring_end *reader);
bool rmi_ring_writer_sleeps(struct rmi_ring_end *writer);
/** After writing (reading): true if the other side has to be woken; it is asked once. */
bool rmi_ring_reader_wanted(struct rmi_ring *ring);
bool rmi_ring_writer_wanted(struct rmi_ring *ring);

#endif
