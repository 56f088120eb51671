#ifndef FUZZ_MODULE_GEN_STATE_H
#define FUZZ_MODULE_GEN_STATE_H

/** @file What the parts of the generator share. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

unsigned gen_choose(struct gen *g, unsigned n);
void gen_put(struct gen *g, uint8_t b);
void gen_put_all(struct gen *g, const void *bytes, size_t n);
void gen_put_u(struct gen *g, uint32_t v);
void gen_put_s(struct gen *g, int64_t v);
void gen_put_name(struct gen *g, const char *s);
uint8_t gen_type_byte(unsigned t);
/** A constant of the type. */
void gen_put_const(struct gen *g, unsigned type);
/** A part whose length stands in front of it, in five bytes. */
size_t gen_begin(struct gen *g);
void gen_finish(struct gen *g, size_t start);
/** The body of a function. In module_code.c. */
void gen_function_body(struct gen *g, unsigned f);

#endif
