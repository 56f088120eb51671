/* A generator of valid modules: types first, then code that has them. Opcodes: the WebAssembly specification, 5.4. */
#include "module_gen.h"

#include <string.h>

enum { I32, I64, F32, F64, TYPES, NONE = TYPES };
enum { PARAMS_MAX = 6, LOCALS_PER_TYPE = 2, LABELS_MAX = 32, DEPTH = 5, FREE_MAX = 6 };

struct sig {
	uint8_t params[PARAMS_MAX], n, result;
};

struct fn {
	const char *module, *name; /* an import, or an export; neither = internal */
	struct sig sig;
};

/* Functions: imports, free ones, the interface. */
enum { IMPORTS = 3, NEEDED = 5, OPTIONAL = 8, FNS_MAX = IMPORTS + FREE_MAX + NEEDED + OPTIONAL };

static const struct fn imports[IMPORTS] = {
    {"env", "rme_now_ns", {{0}, 0, I64}},
    {"env", "rme_log", {{I32, I32, I32}, 3, NONE}},
    {"wasi_snapshot_preview1", "random_get", {{I32, I32}, 2, I32}},
};
static const struct fn interface[NEEDED + OPTIONAL] = {
    {NULL, "rme_alloc", {{I32}, 1, I32}},
    {NULL, "rme_free", {{I32, I32}, 2, NONE}},
    {NULL, "initialize", {{I32}, 1, I32}},
    {NULL, "process", {{I32, I32, I32, I32}, 4, I32}},
    {NULL, "cleanup", {{0}, 0, I32}},
    {NULL, "_initialize", {{0}, 0, NONE}},
    {NULL, "configure", {{I32, I32}, 2, I32}},
    {NULL, "next", {{I32, I32}, 2, I32}},
    {NULL, "flush", {{I32, I32}, 2, I32}},
    {NULL, "reset", {{0}, 0, I32}},
    {NULL, "confidence", {{0}, 0, F32}},
    {NULL, "estimate", {{I32, I32, I32}, 3, I32}},
    {NULL, "output_format", {{I32, I32}, 2, I32}},
};

struct gen {
	const uint8_t *p, *end;
	uint8_t *out;
	size_t n, cap;
	bool recursion, full;
	struct fn fns[FNS_MAX];
	unsigned n_fns, n_free, self;
	bool label_is_void[LABELS_MAX];
	unsigned n_labels;
};

static unsigned
choose(struct gen *g, unsigned n)
{
	return g->p < g->end ? *g->p++ % n : 0;
}

static void
put(struct gen *g, uint8_t b)
{
	if (g->n < g->cap) {
		g->out[g->n++] = b;
	} else {
		g->full = true;
	}
}

static void
put_all(struct gen *g, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++) {
		put(g, b[i]);
	}
}

static void
put_u(struct gen *g, uint32_t v)
{
	for (; v >= 0x80; v >>= 7) {
		put(g, (uint8_t)(v | 0x80));
	}
	put(g, (uint8_t)v);
}

static void
put_s(struct gen *g, int64_t v)
{
	for (;;) {
		uint8_t b = v & 0x7f;
		v >>= 7;
		if ((v == 0 && (b & 0x40) == 0) || (v == -1 && (b & 0x40) != 0)) {
			put(g, b);
			return;
		}
		put(g, b | 0x80);
	}
}

static void
put_name(struct gen *g, const char *s)
{
	put_u(g, (uint32_t)strlen(s));
	put_all(g, s, strlen(s));
}

static uint8_t
type_byte(unsigned t)
{
	return t == NONE ? 0x40 : (uint8_t)(0x7f - t);
}

/* A part whose length stands in front of it, in five bytes. */
static size_t
begin(struct gen *g)
{
	static const uint8_t room[5];
	put_all(g, room, sizeof(room));
	return g->n;
}

static void
finish(struct gen *g, size_t start)
{
	uint32_t len = (uint32_t)(g->n - start);
	for (size_t i = 0; i < 5 && !g->full; i++) {
		g->out[start - 5 + i] = (uint8_t)((len >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
	}
}

static void
put_const(struct gen *g, unsigned type)
{
	static const int64_t numbers[] = {0, 1, -1, 7, 64, 4096, 65535, 131072, INT32_MAX, INT32_MIN, 100, 31};
	static const double reals[] = {0, 1, -1, 0.5, 1e30, 1e-310, -0.0, 3.25};
	int64_t v = numbers[choose(g, sizeof(numbers) / sizeof(numbers[0]))];
	double d = reals[choose(g, sizeof(reals) / sizeof(reals[0]))];
	float f = (float)d;
	put(g, (uint8_t)(0x41 + type));
	if (type == I32 || type == I64) {
		put_s(g, type == I64 && v == INT32_MIN ? INT64_MIN : v);
	} else {
		put_all(g, type == F32 ? (const void *)&f : (const void *)&d, type == F32 ? sizeof(f) : sizeof(d));
	}
}

/* Each function has two variables of each type behind its parameters. */
static uint32_t
variable(struct gen *g, unsigned type)
{
	return g->fns[g->self].sig.n + type * LOCALS_PER_TYPE + choose(g, LOCALS_PER_TYPE);
}

static void expr(struct gen *g, unsigned type, unsigned depth);
static void statement(struct gen *g, unsigned depth);

static void
address(struct gen *g, unsigned depth)
{
	expr(g, I32, depth);
	if (choose(g, 8) != 7) { /* mostly inside */
		put(g, 0x41);
		put_s(g, 0xffff);
		put(g, 0x71);
	}
}

static void
memarg(struct gen *g)
{
	put_u(g, 0);
	put_u(g, choose(g, 16) == 15 ? UINT32_MAX : choose(g, 64));
}

static void
from_range(struct gen *g, uint8_t first, uint8_t last)
{
	put(g, (uint8_t)(first + choose(g, last - first + 1U)));
}

static void
operation(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t binary[TYPES][2] = {{0x6a, 0x78}, {0x7c, 0x8a}, {0x92, 0x98}, {0xa0, 0xa6}};
	static const uint8_t unary[TYPES][2] = {{0x67, 0x69}, {0x79, 0x7b}, {0x8b, 0x91}, {0x99, 0x9f}};
	if (choose(g, 4) == 3) {
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
	unsigned of = choose(g, TYPES);
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
	unsigned i = type * 6 + choose(g, 6);
	expr(g, all[i].from, depth);
	put(g, all[i].op);
}

static void
load(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t small[2][2] = {{0x2c, 0x2f}, {0x30, 0x35}};
	address(g, depth);
	if (type <= I64 && choose(g, 2) == 1) {
		from_range(g, small[type][0], small[type][1]);
		put_u(g, 0);
	} else {
		put(g, (uint8_t)(0x28 + type));
		put_u(g, 0);
	}
	put_u(g, choose(g, 16) == 15 ? UINT32_MAX : choose(g, 64));
}

static void
store(struct gen *g, unsigned depth)
{
	unsigned type = choose(g, TYPES);
	address(g, depth);
	expr(g, type, depth);
	put(g, (uint8_t)(0x36 + type));
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
	unsigned start = choose(g, g->n_fns), f = start;
	bool indirect = choose(g, 3) == 2 && (g->recursion || g->self > IMPORTS);
	do {
		if (g->fns[f].sig.result == result && (indirect || may_call(g, f))) {
			arguments(g, &g->fns[f].sig, depth);
			if (indirect) {
				expr(g, I32, depth);
				put(g, 0x11);
				put_u(g, f);
				put_u(g, 0);
			} else {
				put(g, 0x10);
				put_u(g, f);
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
	unsigned kind = choose(g, 3), lines = choose(g, 4);
	if (kind == 2) {
		expr(g, I32, depth);
	}
	put(g, (uint8_t)(0x02 + kind));
	put(g, type_byte(type));
	push_label(g, type == NONE || kind == 1);
	for (unsigned i = 0; i < lines; i++) {
		statement(g, depth);
	}
	if (type != NONE) {
		expr(g, type, depth);
	}
	if (kind == 2 && (type != NONE || choose(g, 2) == 1)) {
		put(g, 0x05);
		statement(g, depth);
		if (type != NONE) {
			expr(g, type, depth);
		}
	}
	g->n_labels--;
	put(g, 0x0b);
}

static void
integer_only(struct gen *g, unsigned depth)
{
	switch (choose(g, 4)) {
	case 0:
		comparison(g, depth);
		break;
	case 1:
		put_all(g, "\x3f\0", 2); /* memory.size */
		break;
	case 2:
		expr(g, I32, depth);
		put_all(g, "\x40\0", 2); /* memory.grow */
		break;
	default:
		put_all(g, "\xd0\x70", 2); /* ref.null func; table.grow by a little */
		put(g, 0x41);
		put_s(g, choose(g, 60));
		put_all(g, "\xfc\x0f\0", 3);
		break;
	}
}

static void
vector(struct gen *g, unsigned type, unsigned depth)
{
	static const uint8_t splat[TYPES] = {0x11, 0x12, 0x13, 0x14}, extract[TYPES] = {0x1b, 0x1d, 0x1f, 0x21};
	static const uint8_t simple[] = {0x4e, 0x4f, 0x50, 0x51, 0x6e, 0x71}; /* bitwise; i8x16.add and sub */
	for (int i = 0; i < 2; i++) {
		unsigned of = choose(g, TYPES);
		expr(g, of, depth);
		put(g, 0xfd);
		put_u(g, splat[of]);
	}
	put(g, 0xfd);
	put_u(g, simple[choose(g, sizeof(simple) - 2)]);
	put(g, 0xfd);
	put_u(g, extract[type]);
	put(g, 0);
}

static void
expr(struct gen *g, unsigned type, unsigned depth)
{
	unsigned pick = depth == 0 || g->n_labels + 2 >= LABELS_MAX ? choose(g, 3) : choose(g, 14);
	depth -= depth > 0;
	switch (pick) {
	case 1:
	case 2:
		put(g, 0x20);
		put_u(g, variable(g, type));
		return;
	case 3:
		put(g, 0x23);
		put_u(g, type);
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
		put(g, 0x1b);
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
	put_const(g, type);
}

static void
bulk(struct gen *g, unsigned depth)
{
	/* memory.fill, memory.copy, memory.init, table.copy, table.fill */
	static const char *const ops[] = {"\xfc\x0b\0", "\xfc\x0a\0\0", "\xfc\x08\0\0", "\xfc\x0e\0\0", "\xfc\x11\0"};
	static const size_t lengths[] = {3, 4, 4, 4, 3};
	unsigned op = choose(g, 5);
	expr(g, I32, depth);
	if (op == 4) {
		put_all(g, "\xd0\x70", 2);
	} else {
		expr(g, I32, depth);
	}
	expr(g, I32, depth);
	put_all(g, ops[op], lengths[op]);
}

static void
jump(struct gen *g, unsigned depth)
{
	unsigned to = g->n_labels > 0 ? choose(g, g->n_labels) : 0;
	if (g->n_labels == 0 || !g->label_is_void[g->n_labels - 1 - to]) {
		return;
	}
	expr(g, I32, depth);
	put(g, 0x0d);
	put_u(g, to);
}

static void
jump_table(struct gen *g, unsigned depth)
{
	put_all(g, "\x02\x40\x02\x40\x02\x40", 6);
	expr(g, I32, 0);
	put_all(g, "\x0e\x03\0\1\2\1", 6);
	for (int i = 0; i < 3; i++) {
		put(g, 0x0b);
		if (i < 2) {
			put_all(g, "\x01", 1);
		}
	}
	(void)depth;
}

static void
set_variable(struct gen *g, unsigned depth)
{
	unsigned type = choose(g, TYPES);
	bool global = choose(g, 3) == 2;
	expr(g, type, depth);
	put(g, global ? 0x24 : 0x21);
	put_u(g, global ? type : variable(g, type));
}

static void
statement(struct gen *g, unsigned depth)
{
	unsigned pick = depth == 0 || g->n_labels + 2 >= LABELS_MAX ? 0 : choose(g, 10);
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
		if (choose(g, 8) == 7) {
			put(g, 0x00); /* unreachable */
		} else {
			jump_table(g, depth);
		}
		break;
	default:
		put(g, 0x01);
		break;
	}
}

static void
function_body(struct gen *g, unsigned f)
{
	const struct fn *fn = &g->fns[f];
	size_t start = begin(g);
	g->self = f;
	g->n_labels = 0;
	put_u(g, TYPES);
	for (unsigned t = 0; t < TYPES; t++) {
		put_u(g, LOCALS_PER_TYPE);
		put(g, type_byte(t));
	}
	bool allocator = fn->name != NULL && strcmp(fn->name, "rme_alloc") == 0;
	bool odd = choose(g, 16) == 15;
	unsigned lines = allocator && !odd ? 0 : choose(g, 6);
	for (unsigned i = 0; i < lines; i++) {
		statement(g, DEPTH);
	}
	if (fn->name != NULL && fn->sig.result == I32 && !odd) { /* get somewhere: most calls succeed */
		put(g, 0x41);
		put_s(g, allocator ? 8192 : 0);
	} else if (fn->sig.result != NONE) {
		expr(g, fn->sig.result, DEPTH);
	}
	put(g, 0x0b);
	finish(g, start);
}

static void
choose_functions(struct gen *g)
{
	memcpy(g->fns, imports, sizeof(imports));
	g->n_fns = IMPORTS;
	g->n_free = choose(g, FREE_MAX + 1);
	for (unsigned i = 0; i < g->n_free; i++) {
		struct sig *s = &g->fns[g->n_fns++].sig;
		s->n = (uint8_t)choose(g, PARAMS_MAX + 1);
		for (unsigned k = 0; k < s->n; k++) {
			s->params[k] = (uint8_t)choose(g, TYPES);
		}
		s->result = (uint8_t)choose(g, TYPES + 1);
	}
	unsigned wanted = choose(g, 256);
	for (unsigned i = 0; i < NEEDED + OPTIONAL; i++) {
		if (i < NEEDED || (wanted >> (i - NEEDED) & 1) != 0) {
			g->fns[g->n_fns++] = interface[i];
		}
	}
}

static size_t
section(struct gen *g, uint8_t id)
{
	put(g, id);
	return begin(g);
}

static void
types_and_imports(struct gen *g)
{
	size_t start = section(g, 1);
	put_u(g, g->n_fns);
	for (unsigned f = 0; f < g->n_fns; f++) {
		const struct sig *s = &g->fns[f].sig;
		put(g, 0x60);
		put_u(g, s->n);
		for (unsigned i = 0; i < s->n; i++) {
			put(g, type_byte(s->params[i]));
		}
		put_u(g, s->result != NONE);
		if (s->result != NONE) {
			put(g, type_byte(s->result));
		}
	}
	finish(g, start);
	start = section(g, 2);
	put_u(g, IMPORTS);
	for (unsigned f = 0; f < IMPORTS; f++) {
		put_name(g, imports[f].module);
		put_name(g, imports[f].name);
		put(g, 0);
		put_u(g, f);
	}
	finish(g, start);
	start = section(g, 3);
	put_u(g, g->n_fns - IMPORTS);
	for (unsigned f = IMPORTS; f < g->n_fns; f++) {
		put_u(g, f);
	}
	finish(g, start);
}

static void
tables_and_globals(struct gen *g)
{
	static const uint8_t table[] = {1, 0x70, 0, 8}, memory[] = {1, 0, 2};
	size_t start = section(g, 4);
	put_all(g, table, sizeof(table));
	finish(g, start);
	start = section(g, 5);
	put_all(g, memory, sizeof(memory));
	finish(g, start);
	start = section(g, 6);
	put_u(g, TYPES);
	for (unsigned t = 0; t < TYPES; t++) {
		put(g, type_byte(t));
		put(g, 1);
		put_const(g, t);
		put(g, 0x0b);
	}
	finish(g, start);
}

static void
exports_and_elements(struct gen *g)
{
	size_t start = section(g, 7);
	put_u(g, g->n_fns - IMPORTS - g->n_free + 1);
	for (unsigned f = IMPORTS + g->n_free; f < g->n_fns; f++) {
		put_name(g, g->fns[f].name);
		put(g, 0);
		put_u(g, f);
	}
	put_name(g, "memory");
	put_all(g, "\2\0", 2);
	finish(g, start);
	/* Without recursion there is nothing in the table that could call through it. */
	unsigned n = g->recursion ? (g->n_fns < 8 ? g->n_fns : 8) : IMPORTS + (g->n_free > 0);
	start = section(g, 9);
	put_all(g, "\1\0\x41\0\x0b", 5);
	put_u(g, n);
	for (unsigned f = 0; f < n; f++) {
		put_u(g, f);
	}
	finish(g, start);
}

size_t
module_gen(uint8_t *out, size_t cap, const uint8_t *choices, size_t n, bool recursion)
{
	struct gen g = {.p = choices, .end = choices + n, .out = out, .cap = cap, .recursion = recursion};
	put_all(&g, "\0asm\1\0\0\0", 8);
	choose_functions(&g);
	types_and_imports(&g);
	tables_and_globals(&g);
	exports_and_elements(&g);
	size_t start = section(&g, 12);
	put_u(&g, 1);
	finish(&g, start);
	start = section(&g, 10);
	put_u(&g, g.n_fns - IMPORTS);
	for (unsigned f = IMPORTS; f < g.n_fns; f++) {
		function_body(&g, f);
	}
	finish(&g, start);
	start = section(&g, 11);
	put_all(&g, "\1\0\x41\x10\x0b\5hello", 11);
	finish(&g, start);
	return g.full ? 0 : g.n;
}
