#include "wasm/windows.h"

#include <rme/runtime.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "wasm/module_state.h"

enum { HOST_PAGE = 4096 };

/* ---- blocks of the guest's allocator ---- */

static uint8_t *
at(const struct rmi_wasm_instance *in, uint32_t address)
{
	return in->zone.memory + address;
}

/* Windows may take half of what the memory may still grow by: the guest has other uses for it. */
static bool
is_affordable(const struct rmi_wasm_instance *in, size_t bytes)
{
	size_t now = (size_t)rmi_wasm_instance_pages(in) * RMI_WASM_PAGE_BYTES;
	return bytes + HOST_PAGE <= (in->zone.memory_bytes - now) / 2;
}

/* The block as ordinary memory again, zeroed, and back to the allocator. */
static enum rme_err
close_window(struct rmi_wasm_instance *in, struct rmi_shared_window *w, struct rme_error *err)
{
	if (w->ring == NULL) {
		return RME_OK;
	}
	const size_t bytes = rmi_frame_ring_bytes(w->ring);
	const struct rmi_shared_window was = *w;
	*w = (struct rmi_shared_window){0};
	rmi_frame_ring_unref(was.ring);
	void *p = mmap(at(in, was.address), bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		return rmi_instance_die(in, err, "its memory cannot be given back");
	}
	return rmi_instance_give_back(in, &was.block, err);
}

static bool
meets_buffer(const struct rmi_guest_buffer *b, const struct rmi_guest_buffer *block)
{
	return (uint64_t)block->address < (uint64_t)b->address + b->capacity &&
	       (uint64_t)block->address + block->capacity > b->address;
}

/* @return RME_OK with w->ring NULL where there is no room for it */
static enum rme_err
open_window(struct rmi_wasm_instance *in, struct rmi_shared_window *w, struct rmi_frame_ring *ring, bool writable,
    struct rme_error *err)
{
	const size_t bytes = rmi_frame_ring_bytes(ring);
	struct rmi_guest_buffer block = {.capacity = (uint32_t)(bytes + HOST_PAGE)};
	if (!is_affordable(in, bytes)) {
		return RME_OK;
	}
	enum rme_err e = rmi_instance_allocate(in, block.capacity, &block.address, err);
	if (e != RME_OK || block.address == 0) {
		return e;
	}
	if (meets_buffer(&in->in, &block) || meets_buffer(&in->out, &block) || meets_buffer(&in->text, &block)) {
		return rmi_instance_die(in, err, "its allocator gave the same room twice"); /* we write to those */
	}
	const uint32_t address = (block.address + HOST_PAGE - 1) & ~(uint32_t)(HOST_PAGE - 1);
	/* A window is private where the guest only reads: what it writes there nevertheless is its own. */
	void *p = mmap(at(in, address), bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
	    (writable ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE, ring->fd, 0);
	if (p == MAP_FAILED) {
		return rmi_instance_give_back(in, &block, err);
	}
	*w = (struct rmi_shared_window){.ring = rmi_frame_ring_ref(ring), .block = block, .address = address};
	return RME_OK;
}

static struct rmi_windows *
windows_of(struct rmi_wasm_instance *in)
{
	if (in->windows == NULL) {
		in->windows = calloc(1, sizeof(*in->windows));
		if (in->windows != NULL) {
			in->windows->slot = -1;
			in->windows->in_off = atomic_load(&in->module->writes_input);
			in->zone.windows = &in->windows->zone;
		}
	}
	return in->windows;
}

static void
tell(const struct rmi_wasm_instance *in, const char *what)
{
	const struct rmi_guest_log_to to = rmi_instance_log_to(in);
	if (to.rt != NULL) {
		rme_log(to.rt, RME_LOG_DEBUG, "wasm", "module %s: %s", to.module, what);
	}
}

/* ---- items ---- */

static void
set_zone(struct rmi_wasm_instance *in, unsigned i)
{
	struct rmi_windows *ws = in->windows;
	const struct rmi_shared_window *w = &ws->in[i];
	uintptr_t low = w->ring != NULL ? (uintptr_t)at(in, w->address) : 0;
	ws->zone.low[i] = low;
	ws->zone.high[i] = low + (w->ring != NULL ? rmi_frame_ring_bytes(w->ring) : 0);
}

/* It changes its input in place, which it may. What was in the window is not what the ring has any more. */
static enum rme_err
stop_sharing_input(struct rmi_wasm_instance *in, struct rme_error *err)
{
	struct rmi_windows *ws = in->windows;
	tell(in, "writes to its input: large items are copied from now on");
	atomic_store(&in->module->writes_input, true);
	atomic_store(&ws->zone.written, 0);
	ws->in_off = true;
	enum rme_err e = RME_OK;
	for (unsigned i = 0; i < RMI_ZONE_WINDOWS; i++) {
		enum rme_err closed = close_window(in, &ws->in[i], err);
		e = e != RME_OK ? e : closed;
		set_zone(in, i);
	}
	return e;
}

/* A ring that is seen for the second time is worth a window: the maker of one item alone is not. */
static enum rme_err
window_onto(struct rmi_wasm_instance *in, struct rmi_frame_ring *ring, const struct rmi_shared_window **out,
    struct rme_error *err)
{
	struct rmi_windows *ws = in->windows;
	*out = NULL;
	for (unsigned i = 0; i < RMI_ZONE_WINDOWS; i++) {
		if (ws->in[i].ring == ring) {
			*out = &ws->in[i];
			return RME_OK;
		}
	}
	if (ws->seen != ring) {
		ws->seen = ring;
		return RME_OK;
	}
	ws->seen = NULL;
	unsigned i = ws->next_in;
	ws->next_in = (i + 1) % RMI_ZONE_WINDOWS;
	enum rme_err e = close_window(in, &ws->in[i], err);
	e = e != RME_OK ? e : open_window(in, &ws->in[i], ring, false, err);
	set_zone(in, i);
	if (e == RME_OK && ws->in[i].ring != NULL) {
		*out = &ws->in[i];
		tell(in, "reads large items where they are");
	}
	return e;
}

/* Whether it is worth a window, and can have one. */
static bool
is_frame(
    const struct rmi_wasm_instance *in, const struct rme_packet *packet, struct rme_bytes data, struct rmi_frame *f)
{
	return packet != NULL && data.len > RMI_FRAME_BYTES_MIN && in->module->summary.alloc != RMI_ALLOC_WINDOWS &&
	       rmi_frame_of(packet, f) && f->ring->base + f->offset == data.data;
}

enum rme_err
rmi_windows_find(struct rmi_wasm_instance *in, const struct rme_packet *packet, struct rme_bytes data,
    uint32_t *address, struct rme_error *err)
{
	struct rmi_frame f;
	*address = 0;
	if (in->windows != NULL && atomic_load(&in->windows->zone.written) != 0) {
		enum rme_err e = stop_sharing_input(in, err);
		if (e != RME_OK) {
			return e;
		}
	}
	struct rmi_windows *ws = is_frame(in, packet, data, &f) ? windows_of(in) : NULL;
	if (ws == NULL || ws->in_off) {
		return RME_OK;
	}
	const struct rmi_shared_window *w;
	enum rme_err e = window_onto(in, f.ring, &w, err);
	if (e == RME_OK && w != NULL) {
		*address = w->address + (uint32_t)f.offset;
	}
	return e;
}

/* ---- results ---- */

static void
let_slot_go(struct rmi_windows *ws)
{
	if (ws->slot >= 0) {
		rmi_frame_ring_give(ws->out.ring, (unsigned)ws->slot);
		ws->slot = -1;
	}
}

enum rme_err
rmi_windows_for_result(struct rmi_wasm_instance *in, size_t need, struct rme_error *err)
{
	struct rmi_windows *ws = NULL;
	if (need > RMI_FRAME_BYTES_MIN && in->module->summary.alloc != RMI_ALLOC_WINDOWS) {
		ws = windows_of(in);
	}
	if (ws == NULL || ws->out_off || (ws->out.ring != NULL && ws->out.ring->slot_bytes >= need)) {
		return RME_OK;
	}
	let_slot_go(ws);
	enum rme_err e = close_window(in, &ws->out, err);
	struct rmi_frame_ring *ring = e == RME_OK ? rmi_frame_ring_new(need) : NULL;
	if (ring != NULL) {
		e = open_window(in, &ws->out, ring, true, err);
		rmi_frame_ring_unref(ring);
	}
	ws->given = 0;
	ws->out_off = ws->out.ring == NULL;
	ws->zone.out_low = ws->out_off ? 0 : (uintptr_t)at(in, ws->out.address);
	ws->zone.out_high = ws->zone.out_low + (ws->out_off ? 0 : rmi_frame_ring_bytes(ws->out.ring));
	tell(in,
	    ws->out_off ? "has no room for a window: large results are copied" : "large results stay where they are");
	return e;
}

bool
rmi_windows_result_room(struct rmi_wasm_instance *in, struct rmi_result_room *out)
{
	struct rmi_windows *ws = in->windows;
	if (ws == NULL || ws->out.ring == NULL) {
		return false;
	}
	if (ws->slot < 0) {
		ws->slot = rmi_frame_ring_take(ws->out.ring);
	}
	if (ws->slot < 0) {
		return false;
	}
	const uint32_t offset = (uint32_t)((unsigned)ws->slot * ws->out.ring->slot_bytes);
	*out = (struct rmi_result_room){.address = ws->out.address + offset,
	    .bytes = (uint32_t)ws->out.ring->slot_bytes,
	    .host = ws->out.ring->base + offset};
	return true;
}

enum rme_err
rmi_wasm_instance_packet(
    struct rmi_wasm_instance *in, const struct rme_packet_meta *meta, struct rme_bytes result, struct rme_packet **out)
{
	struct rmi_windows *ws = in->windows;
	const struct rmi_frame_ring *ring = ws != NULL && ws->slot >= 0 ? ws->out.ring : NULL;
	const uint8_t *low = ring != NULL ? rmi_frame_ring_slot(ring, (unsigned)ws->slot) : NULL;
	if (low == NULL || result.len <= RMI_FRAME_BYTES_MIN || result.data < low ||
	    result.data >= low + ring->slot_bytes) {
		return rme_packet_new(out, meta, result.data, result.len);
	}
	unsigned slot = (unsigned)ws->slot;
	ws->slot = -1;
	return rmi_frame_ring_packet(out, ws->out.ring, slot, meta, result);
}

static bool
protect(struct rmi_wasm_instance *in, unsigned slot, bool writable)
{
	struct rmi_windows *ws = in->windows;
	uint32_t address = ws->out.address + (uint32_t)(slot * ws->out.ring->slot_bytes);
	if (mprotect(at(in, address), ws->out.ring->slot_bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ) != 0) {
		return false;
	}
	ws->given = writable ? ws->given & ~(1u << slot) : ws->given | 1u << slot;
	return true;
}

/* Most results are used up by the time the guest runs again, and their slot is taken again: then nothing is to be done. */
enum rme_err
rmi_windows_enter(struct rmi_wasm_instance *in, struct rme_error *err)
{
	struct rmi_windows *ws = in->windows;
	if (ws == NULL || ws->out.ring == NULL) {
		return RME_OK;
	}
	uint32_t mine = ws->slot >= 0 ? 1u << ws->slot : 0;
	uint32_t busy = atomic_load_explicit(&ws->out.ring->busy, memory_order_acquire) & ~mine;
	for (uint32_t todo = (busy & ~ws->given) | (mine & ws->given); todo != 0; todo &= todo - 1) {
		unsigned slot = (unsigned)__builtin_ctz(todo);
		if (!protect(in, slot, (mine >> slot & 1) != 0)) {
			return rmi_instance_die(in, err, "its results cannot be protected from it");
		}
	}
	return RME_OK;
}

/* ---- addresses that a guest says ---- */

static bool
meets(const struct rmi_shared_window *w, uint32_t address, uint32_t len)
{
	return w->ring != NULL && (uint64_t)address < (uint64_t)w->address + rmi_frame_ring_bytes(w->ring) &&
	       (uint64_t)address + len > w->address;
}

bool
rmi_windows_overlap(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len)
{
	const struct rmi_windows *ws = in->windows;
	bool found = ws != NULL && meets(&ws->out, address, len);
	for (unsigned i = 0; ws != NULL && i < RMI_ZONE_WINDOWS; i++) {
		found = found || meets(&ws->in[i], address, len);
	}
	return found;
}

bool
rmi_windows_given(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len)
{
	const struct rmi_windows *ws = in->windows;
	if (ws == NULL || ws->given == 0 || !meets(&ws->out, address, len)) {
		return false;
	}
	for (uint32_t todo = ws->given; todo != 0; todo &= todo - 1) {
		uint64_t low = ws->out.address + (uint64_t)__builtin_ctz(todo) * ws->out.ring->slot_bytes;
		if (address < low + ws->out.ring->slot_bytes && (uint64_t)address + len > low) {
			return true;
		}
	}
	return false;
}

void
rmi_windows_done(struct rmi_wasm_instance *in)
{
	struct rmi_windows *ws = in->windows;
	if (ws == NULL) {
		return;
	}
	let_slot_go(ws);
	rmi_frame_ring_unref(ws->out.ring);
	for (unsigned i = 0; i < RMI_ZONE_WINDOWS; i++) {
		rmi_frame_ring_unref(ws->in[i].ring);
	}
	free(ws);
	in->windows = NULL;
}
