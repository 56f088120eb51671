#include "wasm/iso_ring.h"

#include <string.h>

enum { MASK = RMI_RING_BYTES - 1 };

uint32_t
rmi_ring_readable(struct rmi_ring_end *reader)
{
	uint32_t n = atomic_load(&reader->ring->head) - reader->at;
	if (n > RMI_RING_BYTES || reader->violated) {
		reader->violated = true;
		return 0;
	}
	return n;
}

uint32_t
rmi_ring_writable(struct rmi_ring_end *writer)
{
	uint32_t held = writer->at - atomic_load(&writer->ring->tail);
	if (held > RMI_RING_BYTES || writer->violated) {
		writer->violated = true;
		return 0;
	}
	return RMI_RING_BYTES - held;
}

size_t
rmi_ring_write(struct rmi_ring_end *writer, const void *data, size_t len)
{
	uint32_t room = rmi_ring_writable(writer);
	uint32_t n = len < room ? (uint32_t)len : room;
	uint32_t from = writer->at & MASK, first = RMI_RING_BYTES - from;
	first = first < n ? first : n;
	if (n == 0) {
		return 0;
	}
	memcpy(writer->ring->data + from, data, first);
	memcpy(writer->ring->data, (const uint8_t *)data + first, n - first);
	writer->at += n;
	atomic_store(&writer->ring->head, writer->at);
	return n;
}

size_t
rmi_ring_read(struct rmi_ring_end *reader, void *data, size_t len)
{
	uint32_t there = rmi_ring_readable(reader);
	uint32_t n = len < there ? (uint32_t)len : there;
	uint32_t from = reader->at & MASK, first = RMI_RING_BYTES - from;
	first = first < n ? first : n;
	if (n == 0) {
		return 0;
	}
	memcpy(data, reader->ring->data + from, first);
	memcpy((uint8_t *)data + first, reader->ring->data, n - first);
	reader->at += n;
	atomic_store(&reader->ring->tail, reader->at);
	return n;
}

/* The order of the word and of the other's position decides: both are sequentially consistent, on both sides. */
bool
rmi_ring_reader_sleeps(struct rmi_ring_end *reader)
{
	atomic_store(&reader->ring->reader_sleeps, 1);
	if (rmi_ring_readable(reader) == 0 && !reader->violated) {
		return true;
	}
	atomic_store(&reader->ring->reader_sleeps, 0);
	return false;
}

bool
rmi_ring_writer_sleeps(struct rmi_ring_end *writer)
{
	atomic_store(&writer->ring->writer_sleeps, 1);
	if (rmi_ring_writable(writer) == 0 && !writer->violated) {
		return true;
	}
	atomic_store(&writer->ring->writer_sleeps, 0);
	return false;
}

bool
rmi_ring_reader_wanted(struct rmi_ring *ring)
{
	return atomic_load(&ring->reader_sleeps) != 0 && atomic_exchange(&ring->reader_sleeps, 0) != 0;
}

bool
rmi_ring_writer_wanted(struct rmi_ring *ring)
{
	return atomic_load(&ring->writer_sleeps) != 0 && atomic_exchange(&ring->writer_sleeps, 0) != 0;
}
