/* A generator of valid modules: the sections. */
#include "module_gen.h"

#include <string.h>

#include "module_gen_state.h"

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

unsigned
gen_choose(struct gen *g, unsigned n)
{
	return g->p < g->end ? *g->p++ % n : 0;
}

void
gen_put(struct gen *g, uint8_t b)
{
	if (g->n < g->cap) {
		g->out[g->n++] = b;
	} else {
		g->full = true;
	}
}

void
gen_put_all(struct gen *g, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++) {
		gen_put(g, b[i]);
	}
}

void
gen_put_u(struct gen *g, uint32_t v)
{
	for (; v >= 0x80; v >>= 7) {
		gen_put(g, (uint8_t)(v | 0x80));
	}
	gen_put(g, (uint8_t)v);
}

void
gen_put_s(struct gen *g, int64_t v)
{
	for (;;) {
		uint8_t b = v & 0x7f;
		v >>= 7;
		if ((v == 0 && (b & 0x40) == 0) || (v == -1 && (b & 0x40) != 0)) {
			gen_put(g, b);
			return;
		}
		gen_put(g, b | 0x80);
	}
}

void
gen_put_name(struct gen *g, const char *s)
{
	gen_put_u(g, (uint32_t)strlen(s));
	gen_put_all(g, s, strlen(s));
}

uint8_t
gen_type_byte(unsigned t)
{
	return t == NONE ? 0x40 : (uint8_t)(0x7f - t);
}

/* A part whose length stands in front of it, in five bytes. */
size_t
gen_begin(struct gen *g)
{
	static const uint8_t room[5];
	gen_put_all(g, room, sizeof(room));
	return g->n;
}

void
gen_finish(struct gen *g, size_t start)
{
	uint32_t len = (uint32_t)(g->n - start);
	for (size_t i = 0; i < 5 && !g->full; i++) {
		g->out[start - 5 + i] = (uint8_t)((len >> (7 * i) & 0x7f) | (i < 4 ? 0x80 : 0));
	}
}

void
gen_put_const(struct gen *g, unsigned type)
{
	static const int64_t numbers[] = {0, 1, -1, 7, 64, 4096, 65535, 131072, INT32_MAX, INT32_MIN, 100, 31};
	static const double reals[] = {0, 1, -1, 0.5, 1e30, 1e-310, -0.0, 3.25};
	int64_t v = numbers[gen_choose(g, sizeof(numbers) / sizeof(numbers[0]))];
	double d = reals[gen_choose(g, sizeof(reals) / sizeof(reals[0]))];
	float f = (float)d;
	gen_put(g, (uint8_t)(0x41 + type));
	if (type == I32 || type == I64) {
		gen_put_s(g, type == I64 && v == INT32_MIN ? INT64_MIN : v);
	} else {
		gen_put_all(g, type == F32 ? (const void *)&f : (const void *)&d, type == F32 ? sizeof(f) : sizeof(d));
	}
}

static void
choose_functions(struct gen *g)
{
	memcpy(g->fns, imports, sizeof(imports));
	g->n_fns = IMPORTS;
	g->n_free = gen_choose(g, FREE_MAX + 1);
	for (unsigned i = 0; i < g->n_free; i++) {
		struct sig *s = &g->fns[g->n_fns++].sig;
		s->n = (uint8_t)gen_choose(g, PARAMS_MAX + 1);
		for (unsigned k = 0; k < s->n; k++) {
			s->params[k] = (uint8_t)gen_choose(g, TYPES);
		}
		s->result = (uint8_t)gen_choose(g, TYPES + 1);
	}
	unsigned wanted = gen_choose(g, 256);
	for (unsigned i = 0; i < NEEDED + OPTIONAL; i++) {
		if (i < NEEDED || (wanted >> (i - NEEDED) & 1) != 0) {
			g->fns[g->n_fns++] = interface[i];
		}
	}
}

static size_t
section(struct gen *g, uint8_t id)
{
	gen_put(g, id);
	return gen_begin(g);
}

static void
types_and_imports(struct gen *g)
{
	size_t start = section(g, 1);
	gen_put_u(g, g->n_fns);
	for (unsigned f = 0; f < g->n_fns; f++) {
		const struct sig *s = &g->fns[f].sig;
		gen_put(g, 0x60);
		gen_put_u(g, s->n);
		for (unsigned i = 0; i < s->n; i++) {
			gen_put(g, gen_type_byte(s->params[i]));
		}
		gen_put_u(g, s->result != NONE);
		if (s->result != NONE) {
			gen_put(g, gen_type_byte(s->result));
		}
	}
	gen_finish(g, start);
	start = section(g, 2);
	gen_put_u(g, IMPORTS);
	for (unsigned f = 0; f < IMPORTS; f++) {
		gen_put_name(g, imports[f].module);
		gen_put_name(g, imports[f].name);
		gen_put(g, 0);
		gen_put_u(g, f);
	}
	gen_finish(g, start);
	start = section(g, 3);
	gen_put_u(g, g->n_fns - IMPORTS);
	for (unsigned f = IMPORTS; f < g->n_fns; f++) {
		gen_put_u(g, f);
	}
	gen_finish(g, start);
}

static void
tables_and_globals(struct gen *g)
{
	static const uint8_t table[] = {1, 0x70, 0, 8}, memory[] = {1, 0, 2};
	size_t start = section(g, 4);
	gen_put_all(g, table, sizeof(table));
	gen_finish(g, start);
	start = section(g, 5);
	gen_put_all(g, memory, sizeof(memory));
	gen_finish(g, start);
	start = section(g, 6);
	gen_put_u(g, TYPES);
	for (unsigned t = 0; t < TYPES; t++) {
		gen_put(g, gen_type_byte(t));
		gen_put(g, 1);
		gen_put_const(g, t);
		gen_put(g, 0x0b);
	}
	gen_finish(g, start);
}

static void
exports_and_elements(struct gen *g)
{
	size_t start = section(g, 7);
	gen_put_u(g, g->n_fns - IMPORTS - g->n_free + 1);
	for (unsigned f = IMPORTS + g->n_free; f < g->n_fns; f++) {
		gen_put_name(g, g->fns[f].name);
		gen_put(g, 0);
		gen_put_u(g, f);
	}
	gen_put_name(g, "memory");
	gen_put_all(g, "\2\0", 2);
	gen_finish(g, start);
	/* Without recursion there is nothing in the table that could call through it. */
	unsigned n = g->recursion ? (g->n_fns < 8 ? g->n_fns : 8) : IMPORTS + (g->n_free > 0);
	start = section(g, 9);
	gen_put_all(g, "\1\0\x41\0\x0b", 5);
	gen_put_u(g, n);
	for (unsigned f = 0; f < n; f++) {
		gen_put_u(g, f);
	}
	gen_finish(g, start);
}

size_t
module_gen(uint8_t *out, size_t cap, const uint8_t *choices, size_t n, bool recursion)
{
	struct gen g = {.p = choices, .end = choices + n, .out = out, .cap = cap, .recursion = recursion};
	gen_put_all(&g, "\0asm\1\0\0\0", 8);
	choose_functions(&g);
	types_and_imports(&g);
	tables_and_globals(&g);
	exports_and_elements(&g);
	size_t start = section(&g, 12);
	gen_put_u(&g, 1);
	gen_finish(&g, start);
	start = section(&g, 10);
	gen_put_u(&g, g.n_fns - IMPORTS);
	for (unsigned f = IMPORTS; f < g.n_fns; f++) {
		gen_function_body(&g, f);
	}
	gen_finish(&g, start);
	start = section(&g, 11);
	gen_put_all(&g, "\1\0\x41\x10\x0b\5hello", 11);
	gen_finish(&g, start);
	return g.full ? 0 : g.n;
}
