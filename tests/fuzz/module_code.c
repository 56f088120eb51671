/* Code that has its types, out of choices. Opcodes: the WebAssembly specification, 5.4. */
#include <string.h>

#include "module_gen_state.h"

/* Each function has two variables of each type behind its parameters. */
static uint32_t
variable(struct gen *g, unsigned type)
{
	return g->fns[g->self].sig.n + type * LOCALS_PER_TYPE + gen_choose(g, LOCALS_PER_TYPE);
}

static void expr(struct gen *g, unsigned type, unsigned depth);
static void statement(struct gen *g, unsigned depth);

static void
address(struct gen *g, unsigned depth)
{
	expr(g, I32, depth);
	if (gen_choose(g, 8) != 7) { /* mostly inside */
		gen_put(g, 0x41);
		gen_put_s(g, 0xffff);
		gen_put(g, 0x71);
	}
}

static void
memarg(struct gen *g)
{
	gen_put_u(g, 0);
	gen_put_u(g, gen_choose(g, 16) == 15 ? UINT32_MAX : gen_choose(g, 64));
}

static void
from_range(struct gen *g, uint8_t first, uint8_t last)
{
	gen_put(g, (uint8_t)(first + gen_choose(g, last - first + 1U)));
}

static void
operation(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t binary[TYPES][2] = {{0x6a, 0x78}, {0x7c, 0x8a}, {0x92, 0x98}, {0xa0, 0xa6}};
	static const uint8_t unary[TYPES][2] = {{0x67, 0x69}, {0x79, 0x7b}, {0x8b, 0x91}, {0x99, 0x9f}};
	if (gen_choose(g, 4) == 3) {
		expr(g, type, depth);
		from_range(g, unary[type][0], unary[type][1]);
		return;
	}
	expr(g, type, depth);
	expr(g, type, depth);
	from_range(g, binary[type][0], binary[type][1]);
}

static void
comparison(struct gen *g, unsigned depth)
{
	static const uint8_t compare[TYPES][2] = {{0x46, 0x4f}, {0x51, 0x5a}, {0x5b, 0x60}, {0x61, 0x66}};
	unsigned of = gen_choose(g, TYPES);
	expr(g, of, depth);
	expr(g, of, depth);
	from_range(g, compare[of][0], compare[of][1]);
}

static void
conversion(struct gen *g, unsigned type, unsigned depth)
{
	static const struct {
		uint8_t to, from, op;
	} all[] = {{I32, I64, 0xa7}, {I32, F32, 0xa8}, {I32, F32, 0xa9}, {I32, F64, 0xaa}, {I32, F64, 0xab},
	    {I32, F32, 0xbc}, {I64, I32, 0xac}, {I64, I32, 0xad}, {I64, F32, 0xae}, {I64, F64, 0xb0}, {I64, F64, 0xb1},
	    {I64, F64, 0xbd}, {F32, I32, 0xb2}, {F32, I32, 0xb3}, {F32, I64, 0xb4}, {F32, I64, 0xb5}, {F32, F64, 0xb6},
	    {F32, I32, 0xbe}, {F64, I32, 0xb7}, {F64, I32, 0xb8}, {F64, I64, 0xb9}, {F64, I64, 0xba}, {F64, F32, 0xbb},
	    {F64, I64, 0xbf}};
	unsigned i = type * 6 + gen_choose(g, 6);
	expr(g, all[i].from, depth);
	gen_put(g, all[i].op);
}

static void
load(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t small[2][2] = {{0x2c, 0x2f}, {0x30, 0x35}};
	address(g, depth);
	if (type <= I64 && gen_choose(g, 2) == 1) {
		from_range(g, small[type][0], small[type][1]);
		gen_put_u(g, 0);
	} else {
		gen_put(g, (uint8_t)(0x28 + type));
		gen_put_u(g, 0);
	}
	gen_put_u(g, gen_choose(g, 16) == 15 ? UINT32_MAX : gen_choose(g, 64));
}

static void
store(struct gen *g, unsigned depth)
{
	unsigned type = gen_choose(g, TYPES);
	address(g, depth);
	expr(g, type, depth);
	gen_put(g, (uint8_t)(0x36 + type));
	memarg(g);
}

static bool
may_call(const struct gen *g, unsigned f)
{
	return g->recursion || f < g->self;
}

static void
arguments(struct gen *g, const struct sig *s, unsigned depth)
{
	for (unsigned i = 0; i < s->n; i++) {
		expr(g, s->params[i], depth);
	}
}

/* Calls a function with this result, if there is one. Through the table: any function's type, which may not be right. */
static bool
call(struct gen *g, unsigned result, unsigned depth)
{
	unsigned start = gen_choose(g, g->n_fns), f = start;
	bool indirect = gen_choose(g, 3) == 2 && (g->recursion || g->self > IMPORTS);
	do {
		if (g->fns[f].sig.result == result && (indirect || may_call(g, f))) {
			arguments(g, &g->fns[f].sig, depth);
			if (indirect) {
				expr(g, I32, depth);
				gen_put(g, 0x11);
				gen_put_u(g, f);
				gen_put_u(g, 0);
			} else {
				gen_put(g, 0x10);
				gen_put_u(g, f);
			}
			return true;
		}
		f = (f + 1) % g->n_fns;
	} while (f != start);
	return false;
}

static void
push_label(struct gen *g, bool is_void)
{
	g->label_is_void[g->n_labels++] = is_void;
}

/* block, loop or if, with a value or without. */
static void
structure(struct gen *g, unsigned type, unsigned depth)
{
	unsigned kind = gen_choose(g, 3), lines = gen_choose(g, 4);
	if (kind == 2) {
		expr(g, I32, depth);
	}
	gen_put(g, (uint8_t)(0x02 + kind));
	gen_put(g, gen_type_byte(type));
	push_label(g, type == NONE || kind == 1);
	for (unsigned i = 0; i < lines; i++) {
		statement(g, depth);
	}
	if (type != NONE) {
		expr(g, type, depth);
	}
	if (kind == 2 && (type != NONE || gen_choose(g, 2) == 1)) {
		gen_put(g, 0x05);
		statement(g, depth);
		if (type != NONE) {
			expr(g, type, depth);
		}
	}
	g->n_labels--;
	gen_put(g, 0x0b);
}

static void
integer_only(struct gen *g, unsigned depth)
{
	switch (gen_choose(g, 4)) {
	case 0:
		comparison(g, depth);
		break;
	case 1:
		gen_put_all(g, "\x3f\0", 2); /* memory.size */
		break;
	case 2:
		expr(g, I32, depth);
		gen_put_all(g, "\x40\0", 2); /* memory.grow */
		break;
	default:
		gen_put_all(g, "\xd0\x70", 2); /* ref.null func; table.grow by a little */
		gen_put(g, 0x41);
		gen_put_s(g, gen_choose(g, 60));
		gen_put_all(g, "\xfc\x0f\0", 3);
		break;
	}
}

static void
vector(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t splat[TYPES] = {0x11, 0x12, 0x13, 0x14}, extract[TYPES] = {0x1b, 0x1d, 0x1f, 0x21};
	static const uint8_t simple[] = {0x4e, 0x4f, 0x50, 0x51, 0x6e, 0x71}; /* bitwise; i8x16.add and sub */
	for (int i = 0; i < 2; i++) {
		unsigned of = gen_choose(g, TYPES);
		expr(g, of, depth);
		gen_put(g, 0xfd);
		gen_put_u(g, splat[of]);
	}
	gen_put(g, 0xfd);
	gen_put_u(g, simple[gen_choose(g, sizeof(simple) - 2)]);
	gen_put(g, 0xfd);
	gen_put_u(g, extract[type]);
	gen_put(g, 0);
}

static void
expr(struct gen *g, unsigned type, unsigned depth)
{
	unsigned pick = depth == 0 || g->n_labels + 2 >= LABELS_MAX ? gen_choose(g, 3) : gen_choose(g, 14);
	depth -= depth > 0;
	switch (pick) {
	case 1:
	case 2:
		gen_put(g, 0x20);
		gen_put_u(g, variable(g, type));
		return;
	case 3:
		gen_put(g, 0x23);
		gen_put_u(g, type);
		return;
	case 4:
	case 5:
		operation(g, type, depth);
		return;
	case 6:
		conversion(g, type, depth);
		return;
	case 7:
	case 8:
		load(g, type, depth);
		return;
	case 9:
		structure(g, type, depth);
		return;
	case 10:
		expr(g, type, depth);
		expr(g, type, depth);
		expr(g, I32, depth);
		gen_put(g, 0x1b);
		return;
	case 11:
		vector(g, type, depth);
		return;
	case 12:
		if (type == I32) {
			integer_only(g, depth);
			return;
		}
		break;
	case 13:
		if (call(g, type, depth)) {
			return;
		}
		break;
	default:
		break;
	}
	gen_put_const(g, type);
}

static void
bulk(struct gen *g, unsigned depth)
{
	/* memory.fill, memory.copy, memory.init, table.copy, table.fill */
	static const char *const ops[] = {"\xfc\x0b\0", "\xfc\x0a\0\0", "\xfc\x08\0\0", "\xfc\x0e\0\0", "\xfc\x11\0"};
	static const size_t lengths[] = {3, 4, 4, 4, 3};
	unsigned op = gen_choose(g, 5);
	expr(g, I32, depth);
	if (op == 4) {
		gen_put_all(g, "\xd0\x70", 2);
	} else {
		expr(g, I32, depth);
	}
	expr(g, I32, depth);
	gen_put_all(g, ops[op], lengths[op]);
}

static void
jump(struct gen *g, unsigned depth)
{
	unsigned to = g->n_labels > 0 ? gen_choose(g, g->n_labels) : 0;
	if (g->n_labels == 0 || !g->label_is_void[g->n_labels - 1 - to]) {
		return;
	}
	expr(g, I32, depth);
	gen_put(g, 0x0d);
	gen_put_u(g, to);
}

static void
jump_table(struct gen *g, unsigned depth)
{
	gen_put_all(g, "\x02\x40\x02\x40\x02\x40", 6);
	expr(g, I32, 0);
	gen_put_all(g, "\x0e\x03\0\1\2\1", 6);
	for (int i = 0; i < 3; i++) {
		gen_put(g, 0x0b);
		if (i < 2) {
			gen_put_all(g, "\x01", 1);
		}
	}
	(void)depth;
}

static void
set_variable(struct gen *g, unsigned depth)
{
	unsigned type = gen_choose(g, TYPES);
	bool global = gen_choose(g, 3) == 2;
	expr(g, type, depth);
	gen_put(g, global ? 0x24 : 0x21);
	gen_put_u(g, global ? type : variable(g, type));
}

static void
statement(struct gen *g, unsigned depth)
{
	unsigned pick = depth == 0 || g->n_labels + 2 >= LABELS_MAX ? 0 : gen_choose(g, 10);
	depth -= depth > 0;
	switch (pick) {
	case 1:
	case 2:
		set_variable(g, depth);
		break;
	case 3:
	case 4:
		store(g, depth);
		break;
	case 5:
		structure(g, NONE, depth);
		break;
	case 6:
		jump(g, depth);
		break;
	case 7:
		(void)call(g, NONE, depth);
		break;
	case 8:
		bulk(g, depth);
		break;
	case 9:
		if (gen_choose(g, 8) == 7) {
			gen_put(g, 0x00); /* unreachable */
		} else {
			jump_table(g, depth);
		}
		break;
	default:
		gen_put(g, 0x01);
		break;
	}
}

void
gen_function_body(struct gen *g, unsigned f)
{
	const struct fn *fn = &g->fns[f];
	size_t start = gen_begin(g);
	g->self = f;
	g->n_labels = 0;
	gen_put_u(g, TYPES);
	for (unsigned t = 0; t < TYPES; t++) {
		gen_put_u(g, LOCALS_PER_TYPE);
		gen_put(g, gen_type_byte(t));
	}
	bool allocator = fn->name != NULL && strcmp(fn->name, "rme_alloc") == 0;
	bool odd = gen_choose(g, 16) == 15;
	unsigned lines = allocator && !odd ? 0 : gen_choose(g, 6);
	for (unsigned i = 0; i < lines; i++) {
		statement(g, DEPTH);
	}
	if (fn->name != NULL && fn->sig.result == I32 && !odd) { /* get somewhere: most calls succeed */
		gen_put(g, 0x41);
		gen_put_s(g, allocator ? 8192 : 0);
	} else if (fn->sig.result != NONE) {
		expr(g, fn->sig.result, DEPTH);
	}
	gen_put(g, 0x0b);
	gen_finish(g, start);
}
