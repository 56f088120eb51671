/* Room in the guest's memory, and the calls that move data through it. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "core/guest_status.h"
#include "wasm/instance_state.h"
#include "wasm/module_state.h"
#include "wasm/windows.h"

/*
 * Layout of the output buffer: the length word, which the guest reads as capacity and writes as length, then the result
 * at a distance that keeps it aligned.
 */
enum { RESULT_AT = 16, RESULT_FIRST_BYTES = 4096, BUFFER_MIN_BYTES = 256, RETRIES_MAX = 3, FORMAT_BYTES_MAX = 256 };

#define ESTIMATE_NS \
	(50 * RMI_NS_PER_MS) /* it has to take microseconds; this ends one that never returns, also on a busy machine */

uint8_t *
rmi_instance_memory(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len)
{
	uint64_t size = (uint64_t)in->process->we.MemoryInstanceGetPageSize(in->memory) * RMI_WASM_PAGE_BYTES;
	bool ok = (uint64_t)address + len <= size && !rmi_windows_given(in, address, len);
	return ok ? in->zone.memory + address : NULL;
}

static enum rme_err
call_i32(
    struct rmi_wasm_instance *in, enum rmi_export_id id, struct rmi_invoke *call, int32_t *value, struct rme_error *err)
{
	call->n_results = value != NULL ? 1 : 0;
	enum rme_err e = rmi_instance_call(in, id, call, err);
	if (e == RME_OK && value != NULL) {
		*value = (int32_t)call->value.Value;
	}
	return e;
}

enum rme_err
rmi_instance_allocate(struct rmi_wasm_instance *in, uint32_t bytes, uint32_t *address, struct rme_error *err)
{
	const enum rmi_alloc_kind kind = in->module->summary.alloc;
	struct rmi_invoke call = {.args = {(int32_t)bytes}, .n_args = 1};
	int32_t at = 0;
	enum rme_err e;
	if (kind == RMI_ALLOC_AS) {
		call.n_args = 2; /* class id 0: a plain object */
		e = call_i32(in, RMI_EXPORT_AS_NEW, &call, &at, err);
		if (e == RME_OK && at != 0) {
			struct rmi_invoke pin = {.args = {at}, .n_args = 1};
			e = call_i32(in, RMI_EXPORT_AS_PIN, &pin, &at, err);
		}
	} else {
		e = call_i32(in, kind == RMI_ALLOC_RME ? RMI_EXPORT_RME_ALLOC : RMI_EXPORT_MALLOC, &call, &at, err);
	}
	*address = (uint32_t)at;
	if (e != RME_OK || at == 0) {
		return e;
	}
	if (rmi_instance_memory(in, (uint32_t)at, bytes) == NULL) {
		return rmi_instance_die(in, err, "its allocator gave an address outside its memory");
	}
	if (rmi_windows_overlap(in, (uint32_t)at, bytes)) {
		return rmi_instance_die(in, err, "its allocator gave the same room twice");
	}
	return e;
}

enum rme_err
rmi_instance_give_back(struct rmi_wasm_instance *in, const struct rmi_guest_buffer *b, struct rme_error *err)
{
	struct rmi_invoke call = {.args = {(int32_t)b->address, (int32_t)b->capacity}, .n_args = 1};
	switch (in->module->summary.alloc) {
	case RMI_ALLOC_RME:
		call.n_args = 2;
		return call_i32(in, RMI_EXPORT_RME_FREE, &call, NULL, err);
	case RMI_ALLOC_MALLOC:
		return call_i32(in, RMI_EXPORT_FREE, &call, NULL, err);
	case RMI_ALLOC_AS:
		return in->exports[RMI_EXPORT_AS_UNPIN] != NULL ? call_i32(in, RMI_EXPORT_AS_UNPIN, &call, NULL, err)
		                                                : RME_OK;
	case RMI_ALLOC_WINDOWS:
	default:
		return RME_OK;
	}
}

static uint32_t
round_up(size_t need)
{
	uint32_t n = BUFFER_MIN_BYTES;
	while (n < need) {
		n *= 2;
	}
	return n;
}

static uint32_t
to_16(size_t need)
{
	return ((uint32_t)need + 15u) & ~15u;
}

/* At least @p need bytes of the module's memory, in place of what @p b has. */
static enum rme_err
new_room(struct rmi_wasm_instance *in, struct rmi_guest_buffer *b, size_t need, uint32_t (*round)(size_t),
    struct rme_error *err)
{
	const char *name = in->module->name;
	if (in->module->summary.alloc == RMI_ALLOC_WINDOWS) {
		return rme_error_set(err, RME_ELIMIT, name,
		    "module %s: %zu bytes do not fit into its window of %u bytes", name, need, b->capacity);
	}
	if (need > in->zone.memory_bytes) {
		return rme_error_set(err, RME_ELIMIT, name,
		    "module %s: %zu bytes are more than its memory limit of %zu KiB; raise limits.memory", name, need,
		    in->zone.memory_bytes >> 10);
	}
	enum rme_err e = b->capacity > 0 ? rmi_instance_give_back(in, b, err) : RME_OK;
	*b = (struct rmi_guest_buffer){0};
	uint32_t bytes = round(need), address = 0;
	e = e != RME_OK ? e : rmi_instance_allocate(in, bytes, &address, err);
	if (e != RME_OK) {
		return e;
	}
	if (address == 0) {
		return rme_error_set(
		    err, RME_ELIMIT, name, "module %s: has no room for %u bytes; raise limits.memory", name, bytes);
	}
	*b = (struct rmi_guest_buffer){.address = address, .capacity = bytes};
	return RME_OK;
}

enum rme_err
rmi_instance_reserve(struct rmi_wasm_instance *in, struct rmi_guest_buffer *b, size_t need, struct rme_error *err)
{
	return need <= b->capacity ? RME_OK : new_room(in, b, need, round_up, err);
}

/* For good: the module keeps the address. The name goes through the input buffer. */
enum rme_err
rmi_instance_take_asset(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err)
{
	struct rmi_wasm_instance *in = ctx;
	const char *module = in->module->name;
	struct rmi_guest_buffer room = {0};
	if (in->exports[RMI_EXPORT_ASSET] == NULL || in->module->summary.alloc == RMI_ALLOC_WINDOWS) {
		return rme_error_set(err, RME_EMODULE, module,
		    "module %s: takes no files (no export `asset`, or no allocator), but the registry names '%s'",
		    module, name);
	}
	enum rme_err e = rmi_instance_put(in, name, strlen(name), err);
	e = e != RME_OK ? e : new_room(in, &room, bytes.len > 0 ? bytes.len : 1, to_16, err);
	if (e != RME_OK) {
		return e;
	}
	if (bytes.len > 0) {
		memcpy(in->zone.memory + room.address, bytes.data, bytes.len);
	}
	struct rmi_invoke call = {
	    .args = {(int32_t)in->in.address, (int32_t)strlen(name), (int32_t)room.address, (int32_t)bytes.len},
	    .n_args = 4};
	int32_t status = 0;
	e = call_i32(in, RMI_EXPORT_ASSET, &call, &status, err);
	return e == RME_OK && status < 0 ? rmi_instance_status(in, status, err) : e;
}

/* The windows are where the module says; their sizes are words in its memory. */
static bool
find_window(const struct rmi_wasm_instance *in, const struct rmi_window *w, struct rmi_guest_buffer *b)
{
	const uint8_t *size = rmi_instance_memory(in, w->size_address, sizeof(b->capacity));
	if (size == NULL) {
		return false;
	}
	memcpy(&b->capacity, size, sizeof(b->capacity));
	b->address = w->address;
	return b->capacity > RESULT_AT && rmi_instance_memory(in, b->address, b->capacity) != NULL;
}

enum rme_err
rmi_instance_find_windows(struct rmi_wasm_instance *in, struct rme_error *err)
{
	const struct rmi_module_summary *s = &in->module->summary;
	if (s->alloc != RMI_ALLOC_WINDOWS) {
		return RME_OK;
	}
	if (!find_window(in, &s->in, &in->in) || !find_window(in, &s->out, &in->out)) {
		return rmi_instance_die(in, err, "its windows rme_in, rme_out are not inside its memory");
	}
	return RME_OK;
}

enum rme_err
rmi_instance_put(struct rmi_wasm_instance *in, const void *data, size_t len, struct rme_error *err)
{
	enum rme_err e = rmi_instance_reserve(in, &in->in, len > 0 ? len : 1, err);
	if (e == RME_OK && len > 0) {
		memcpy(in->zone.memory + in->in.address, data, len);
	}
	return e;
}

enum rme_err
rmi_instance_status(struct rmi_wasm_instance *in, int32_t status, struct rme_error *err)
{
	const char *text;
	enum rme_err code = rmi_guest_error(status, &text);
	text = in->has_error_text ? in->error_text : text;
	return rme_error_set(err, code, in->module->name, "module %s: %s (status %d)", in->module->name, text, status);
}

/* Room for the next result: in a window where there is one, else in the buffer. */
static struct rmi_result_room
find_result_room(struct rmi_wasm_instance *in, enum rmi_export_id id)
{
	struct rmi_result_room room;
	/* The output format must not overwrite a result: its buffer stands in for `out`. */
	if (id == RMI_EXPORT_OUTPUT_FORMAT || !rmi_windows_result_room(in, &room)) {
		room = (struct rmi_result_room){
		    .address = in->out.address, .bytes = in->out.capacity, .host = in->zone.memory + in->out.address};
	}
	return room;
}

static uint32_t
result_bytes(const struct rmi_wasm_instance *in, const struct rmi_result_room *room)
{
	uint64_t limit = in->module->limits.result_bytes;
	uint32_t bytes = room->bytes - RESULT_AT;
	return bytes < limit ? bytes : (uint32_t)limit;
}

/* More room where find_result_room() looks for it, if the module may have it. */
static enum rme_err
grow_result(struct rmi_wasm_instance *in, enum rmi_export_id id, const struct rmi_result_room *room, uint32_t needed,
    struct rme_error *err)
{
	const char *name = in->module->name;
	if (needed > in->module->limits.result_bytes) {
		return rme_error_set(err, RME_ELIMIT, name,
		    "module %s: its result of %u bytes is over the limit of %llu", name, needed,
		    (unsigned long long)in->module->limits.result_bytes);
	}
	if (needed <= result_bytes(in, room)) {
		return rmi_instance_die(in, err, "it says that a result does not fit, although it does");
	}
	if (id == RMI_EXPORT_OUTPUT_FORMAT) {
		return rmi_instance_reserve(in, &in->out, RESULT_AT + (size_t)needed, err);
	}
	enum rme_err e = rmi_windows_for_result(in, RESULT_AT + (size_t)needed, err);
	struct rmi_result_room in_window;
	if (e != RME_OK || (rmi_windows_result_room(in, &in_window) && in_window.bytes >= RESULT_AT + needed)) {
		return e;
	}
	return rmi_instance_reserve(in, &in->out, RESULT_AT + (size_t)needed, err);
}

/* Read once: the guest cannot change it any more, but the rule is simple. */
static uint32_t
result_length(const struct rmi_result_room *room)
{
	uint32_t len;
	memcpy(&len, room->host, sizeof(len));
	return len;
}

/*
 * Call an export that ends with (result, result_len*), again with more room where it says so.
 * @param n_args  arguments in front of the two, set in call->args
 */
static enum rme_err
call_with_result(struct rmi_wasm_instance *in, enum rmi_export_id id, struct rmi_invoke *call, struct rme_bytes *out,
    struct rme_error *err)
{
	const uint32_t n = call->n_args;
	int32_t status = RMI_GUEST_TOO_SMALL;
	uint32_t first = in->module->limits.result_bytes < RESULT_FIRST_BYTES
	                     ? (uint32_t)in->module->limits.result_bytes
	                     : RESULT_FIRST_BYTES;
	enum rme_err e = in->out.capacity > 0 ? RME_OK : rmi_instance_reserve(in, &in->out, RESULT_AT + first, err);
	struct rmi_result_room room = {0};
	for (int i = 0; e == RME_OK && status == RMI_GUEST_TOO_SMALL; i++) {
		if (i > RETRIES_MAX) {
			return rmi_instance_die(in, err, "its result never fits");
		}
		e = i == 0 ? RME_OK : grow_result(in, id, &room, result_length(&room), err);
		if (e != RME_OK) {
			break;
		}
		room = find_result_room(in, id);
		uint32_t bytes = result_bytes(in, &room);
		memcpy(room.host, &bytes, sizeof(bytes));
		call->args[n] = (int32_t)(room.address + RESULT_AT);
		call->args[n + 1] = (int32_t)room.address;
		call->n_args = n + 2;
		e = call_i32(in, id, call, &status, err);
	}
	if (e != RME_OK) {
		return e;
	}
	if (status < 0) {
		return rmi_instance_status(in, status, err);
	}
	uint32_t len = result_length(&room);
	if (len > result_bytes(in, &room)) {
		return rmi_instance_die(in, err, "it says that its result is longer than the room it has");
	}
	*out = (struct rme_bytes){room.host + RESULT_AT, len};
	return RME_OK;
}

static void
note_item(struct rmi_wasm_instance *in, const struct rmi_guest_item *item)
{
	in->item_deadline_ns = item != NULL ? item->deadline_ns : 0;
	in->item = item != NULL && item->meta != NULL ? *item->meta : rme_packet_meta_init();
}

enum rme_err
rmi_wasm_instance_process(struct rmi_wasm_instance *in, const struct rmi_guest_item *item, struct rme_bytes data,
    struct rme_bytes *out, struct rme_error *err)
{
	note_item(in, item);
	rmi_host_service_done(in);
	in->service_calls = 0;
	in->usage = (struct rmi_guest_usage){0};
	uint32_t address = 0;
	enum rme_err e = rmi_instance_usable(in, err);
	e = e != RME_OK ? e : rmi_windows_find(in, item != NULL ? item->packet : NULL, data, &address, err);
	if (e == RME_OK && address == 0) {
		e = rmi_instance_put(in, data.data, data.len, err);
		address = in->in.address;
	}
	if (e != RME_OK) {
		return e;
	}
	struct rmi_invoke call = {.args = {(int32_t)address, (int32_t)data.len}, .n_args = 2};
	return call_with_result(in, RMI_EXPORT_PROCESS, &call, out, err);
}

/* next and flush: no data, and nothing where the module has no such export. */
static enum rme_err
call_for_more(struct rmi_wasm_instance *in, enum rmi_export_id id, const struct rmi_guest_item *item,
    struct rme_bytes *out, struct rme_error *err)
{
	note_item(in, item);
	if (in->exports[id] == NULL) {
		*out = (struct rme_bytes){.data = (const uint8_t *)""};
		return rmi_instance_usable(in, err);
	}
	struct rmi_invoke call = {.n_args = 0};
	return call_with_result(in, id, &call, out, err);
}

enum rme_err
rmi_wasm_instance_next(
    struct rmi_wasm_instance *in, const struct rmi_guest_item *item, struct rme_bytes *out, struct rme_error *err)
{
	return call_for_more(in, RMI_EXPORT_NEXT, item, out, err);
}

enum rme_err
rmi_wasm_instance_flush(
    struct rmi_wasm_instance *in, const struct rmi_guest_item *item, struct rme_bytes *out, struct rme_error *err)
{
	return call_for_more(in, RMI_EXPORT_FLUSH, item, out, err);
}

enum rme_err
rmi_wasm_instance_output_format(struct rmi_wasm_instance *in, struct rme_bytes *out, struct rme_error *err)
{
	/* A result may still lie in the output buffer. With static windows there is the input one, which is done with. */
	struct rmi_guest_buffer *other = in->module->summary.alloc == RMI_ALLOC_WINDOWS ? &in->in : &in->text;
	struct rmi_guest_buffer result = in->out;
	in->out = *other;
	*other = (struct rmi_guest_buffer){0};
	enum rme_err e = call_for_more(in, RMI_EXPORT_OUTPUT_FORMAT, NULL, out, err);
	*other = in->out;
	in->out = result;
	if (e == RME_OK && out->len > FORMAT_BYTES_MAX) {
		return rmi_instance_die(in, err, "its output format is no media format");
	}
	return e;
}

enum rme_err
rmi_wasm_instance_reset(struct rmi_wasm_instance *in, struct rme_error *err)
{
	note_item(in, NULL);
	if (in->exports[RMI_EXPORT_RESET] == NULL) {
		return rmi_instance_usable(in, err);
	}
	struct rmi_invoke call = {.n_args = 0};
	int32_t status = 0;
	in->service_calls = RMI_WASM_SERVICE_CALLS_PER_ITEM; /* none is left: nobody waits for a reset */
	enum rme_err e = call_i32(in, RMI_EXPORT_RESET, &call, &status, err);
	in->service_calls = 0;
	return e == RME_OK && status < 0 ? rmi_instance_status(in, status, err) : e;
}

static float
float_of_bits(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

enum rme_err
rmi_wasm_instance_confidence(struct rmi_wasm_instance *in, float *out, struct rme_error *err)
{
	*out = NAN;
	if (in->exports[RMI_EXPORT_CONFIDENCE] == NULL) {
		return rmi_instance_usable(in, err);
	}
	struct rmi_invoke call = {.n_results = 1};
	enum rme_err e = rmi_instance_call(in, RMI_EXPORT_CONFIDENCE, &call, err);
	if (e == RME_OK) {
		float f = float_of_bits((uint32_t)call.value.Value);
		*out = f >= 0.0F && f <= 1.0F ? f : NAN;
	}
	return e;
}

enum rme_err
rmi_wasm_instance_estimate(
    struct rmi_wasm_instance *in, struct rme_bytes data, struct rmi_guest_estimate *out, struct rme_error *err)
{
	*out = (struct rmi_guest_estimate){NAN, NAN};
	note_item(in, NULL);
	enum rme_err e = rmi_instance_usable(in, err);
	if (e != RME_OK || in->exports[RMI_EXPORT_ESTIMATE] == NULL) {
		return e;
	}
	e = rmi_instance_put(in, data.data, data.len, err);
	e = e != RME_OK ? e : rmi_instance_reserve(in, &in->out, RESULT_AT + sizeof(*out), err);
	if (e != RME_OK) {
		return e;
	}
	in->item_deadline_ns = rmi_monotonic_ns() + ESTIMATE_NS;
	struct rmi_invoke call = {
	    .args = {(int32_t)in->in.address, (int32_t)data.len, (int32_t)(in->out.address + RESULT_AT)}, .n_args = 3};
	int32_t status = 0;
	e = call_i32(in, RMI_EXPORT_ESTIMATE, &call, &status, err);
	if (e == RME_OK && status == 0) {
		memcpy(out, in->zone.memory + in->out.address + RESULT_AT, sizeof(*out));
	}
	return e;
}
