/* Tables, memory, segments and code: what costs the host memory or time. */
#include <string.h>
#include "wasm/admission_state.h"
#include "wasm/module_limits.h"

struct limits {
	uint32_t min, max;
	bool has_max;
};

static struct limits
read_limits(struct rmi_wreader *r)
{
	struct limits l = {0};
	uint8_t flags = rmi_wread_u8(r);
	if (flags > 1) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "shared or 64-bit memories and tables are not supported");
		return l;
	}
	l.min = rmi_wread_u32(r);
	l.has_max = flags == 1;
	l.max = l.has_max ? rmi_wread_u32(r) : 0;
	return l;
}

/* Writes limits whose maximum is at most @p cap. */
static size_t
put_limits(uint8_t *to, const struct limits *l, uint32_t cap)
{
	size_t n = 0;
	to[n++] = 1;
	n += rmi_admission_put_u32(to + n, l->min);
	n += rmi_admission_put_u32(to + n, l->has_max && l->max < cap ? l->max : cap);
	return n;
}

void
rmi_admission_tables(struct admission *a, struct rmi_wreader *r)
{
	uint8_t body[8 + RMI_WASM_TABLES_MAX * 12];
	uint32_t n = rmi_wread_count(r, RMI_WASM_TABLES_MAX, "tables");
	size_t len = rmi_admission_put_u32(body, n);
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		uint8_t type = rmi_wread_u8(r);
		struct limits l = read_limits(r);
		if (!r->failed && type != WASM_FUNCREF && type != WASM_EXTERNREF) {
			rmi_wreader_fail(r, RME_EUNSUPPORTED, "table type 0x%02x is not supported", type);
		} else if (l.min > RMI_WASM_TABLE_ENTRIES_MAX) {
			rmi_wreader_fail(r, RME_ELIMIT, "a table of %u entries, at most %d are allowed", l.min,
			    RMI_WASM_TABLE_ENTRIES_MAX);
		}
		body[len++] = type;
		len += put_limits(body + len, &l, RMI_WASM_TABLE_ENTRIES_MAX);
	}
	if (!r->failed) {
		a->sum.n_tables = n;
		rmi_admission_emit(a, 4, body, len);
	}
}

void
rmi_admission_memory(struct admission *a, struct rmi_wreader *r)
{
	uint8_t body[16];
	uint32_t cap = a->policy->memory_pages_max;
	cap = cap < RMI_WASM_MEMORY_PAGES_LIMIT ? cap : RMI_WASM_MEMORY_PAGES_LIMIT;
	uint32_t n = rmi_wread_u32(r);
	if (!r->failed && n != 1) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "%u memories, there must be one", n);
	}
	struct limits l = read_limits(r);
	if (!r->failed && l.min > cap) {
		rmi_wreader_fail(r, RME_ELIMIT,
		    "needs %u KiB of memory at start, the limit is %u KiB; raise limits.memory, or build it with less",
		    l.min * 64, cap * 64);
	}
	if (!r->failed && l.min == 0) {
		rmi_wreader_fail(r, RME_EMODULE, "a memory without pages; it must start with at least one");
	}
	if (r->failed) {
		return;
	}
	size_t len = rmi_admission_put_u32(body, 1);
	len += put_limits(body + len, &l, cap);
	a->n_memories = 1;
	a->sum.memory_pages_min = l.min;
	a->sum.memory_pages_max = l.has_max && l.max < cap ? l.max : cap;
	rmi_admission_emit(a, 5, body, len);
}

static void
skip_const_operand(struct rmi_wreader *r, uint8_t opcode, struct admission_global *g)
{
	switch (opcode) {
	case 0x41: /* i32.const */
		g->value = rmi_wread_s32(r);
		break;
	case 0x42: /* i64.const */
		rmi_wread_skip_leb(r, 64);
		break;
	case 0x43: /* f32.const */
		(void)rmi_wread_bytes(r, 4);
		break;
	case 0x44: /* f64.const */
		(void)rmi_wread_bytes(r, 8);
		break;
	case 0x23: /* global.get */
	case 0xd2: /* ref.func */
		(void)rmi_wread_u32(r);
		break;
	case 0xd0: /* ref.null */
		(void)rmi_wread_u8(r);
		break;
	case 0xfd: /* v128.const */
		if (rmi_wread_u32(r) != 12) {
			rmi_wreader_fail(r, RME_EMODULE, "a start value is not constant");
		}
		(void)rmi_wread_bytes(r, 16);
		break;
	default:
		rmi_wreader_fail(r, RME_EMODULE, "opcode 0x%02x is not allowed in a start value", opcode);
		break;
	}
}

void
rmi_admission_skip_const(struct rmi_wreader *r, struct admission_global *g)
{
	uint8_t opcode = rmi_wread_u8(r);
	skip_const_operand(r, opcode, g);
	g->known = opcode == 0x41;
	if (!r->failed && rmi_wread_u8(r) != 0x0b) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "a start value must be one constant");
	}
}

/* One element segment after its flags: https://webassembly.github.io/spec/core/binary/modules.html#element-section */
static uint32_t
skip_element_segment(struct rmi_wreader *r, uint32_t flags, uint32_t room)
{
	struct admission_global ignored = {0};
	bool active = (flags & 1) == 0, explicit_index = (flags & 2) != 0, expressions = (flags & 4) != 0;
	if (active && explicit_index) {
		(void)rmi_wread_u32(r);
	}
	if (active) {
		rmi_admission_skip_const(r, &ignored);
	}
	if (!active || explicit_index) {
		(void)rmi_wread_u8(r); /* kind or type of the elements */
	}
	uint32_t n = rmi_wread_count(r, room, "table elements");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (expressions) {
			rmi_admission_skip_const(r, &ignored);
		} else {
			(void)rmi_wread_u32(r);
		}
	}
	return n;
}

void
rmi_admission_elements(struct admission *a, struct rmi_wreader *r)
{
	(void)a;
	uint32_t room = RMI_WASM_ELEMENTS_MAX;
	uint32_t n = rmi_wread_count(r, RMI_WASM_SEGMENTS_MAX, "element segments");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		uint32_t flags = rmi_wread_u32(r);
		if (flags > 7) {
			rmi_wreader_fail(r, RME_EMODULE, "an element segment has unknown flags %u", flags);
			return;
		}
		room -= skip_element_segment(r, flags, room);
	}
}

static void
check_locals(struct rmi_wreader *body, uint32_t function)
{
	uint32_t n = rmi_wread_count(body, RMI_WASM_LOCALS_MAX, "groups of locals");
	uint64_t total = 0;
	for (uint32_t i = 0; i < n && !body->failed; i++) {
		total += rmi_wread_u32(body);
		(void)rmi_wread_u8(body);
	}
	if (!body->failed && total > RMI_WASM_LOCALS_MAX) {
		rmi_wreader_fail(body, RME_ELIMIT, "function %u has %llu locals, at most %d are allowed", function,
		    (unsigned long long)total, RMI_WASM_LOCALS_MAX);
	}
}

void
rmi_admission_code(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_FUNCTIONS_MAX, "function bodies");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		uint32_t function = a->n_imported + i;
		uint32_t len = rmi_wread_u32(r);
		if (len > RMI_WASM_BODY_BYTES_MAX) {
			rmi_wreader_fail(r, RME_ELIMIT, "function %u has %u bytes, at most %d are allowed; split it",
			    function, len, RMI_WASM_BODY_BYTES_MAX);
			return;
		}
		struct rmi_wreader body = rmi_wread_part(r, len, r->section);
		check_locals(&body, function);
		body.p = body.failed ? body.p : body.end; /* the instructions are the engine's to validate */
		rmi_wread_part_end(&body, r);
		a->sum.code_bytes += len;
	}
	a->n_bodies = n;
}

void
rmi_admission_data(struct admission *a, struct rmi_wreader *r)
{
	struct admission_global ignored = {0};
	uint32_t n = rmi_wread_count(r, RMI_WASM_SEGMENTS_MAX, "data segments");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		uint32_t flags = rmi_wread_u32(r);
		if (flags > 2) {
			rmi_wreader_fail(r, RME_EMODULE, "a data segment has unknown flags %u", flags);
			return;
		}
		if (flags == 2) {
			(void)rmi_wread_u32(r);
		}
		if (flags != 1) {
			rmi_admission_skip_const(r, &ignored);
		}
		uint32_t len = rmi_wread_u32(r);
		(void)rmi_wread_bytes(r, len);
		a->sum.data_bytes += len;
	}
}
