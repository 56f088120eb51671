/* The driver of the admission pass: header, order of sections, and the copy that comes out. */
#include "wasm/admission.h"

#include <stdlib.h>
#include <string.h>
#include "wasm/admission_state.h"
#include "wasm/module_limits.h"

enum {
	SECTION_CUSTOM = 0,
	SECTION_START = 8,
	SECTION_DATA_COUNT = 12,
	SECTION_COUNT = 13,
	HEADER_BYTES = 8,
	SLACK_BYTES = 512 /* maxima that were not there before make tables and memory longer */
};

static const struct section {
	const char *name;
	unsigned rank; /* order in the file; data count comes before code */
	void (*copy)(struct admission *a, struct rmi_wreader *r);
	void (*rewrite)(struct admission *a, struct rmi_wreader *r);
} sections[SECTION_COUNT] = {
    [SECTION_CUSTOM] = {"custom section", 0, NULL, NULL},
    [1] = {"type section", 1, rmi_admission_types, NULL},
    [2] = {"import section", 2, rmi_admission_imports, NULL},
    [3] = {"function section", 3, rmi_admission_functions, NULL},
    [4] = {"table section", 4, NULL, rmi_admission_tables},
    [5] = {"memory section", 5, NULL, rmi_admission_memory},
    [6] = {"global section", 6, rmi_admission_globals, NULL},
    [7] = {"export section", 7, rmi_admission_exports, NULL},
    [SECTION_START] = {"start section", 8, NULL, NULL},
    [9] = {"element section", 9, rmi_admission_elements, NULL},
    [SECTION_DATA_COUNT] = {"data count section", 10, NULL, NULL},
    [10] = {"code section", 11, rmi_admission_code, NULL},
    [11] = {"data section", 12, rmi_admission_data, NULL},
};

size_t
rmi_admission_put_u32(uint8_t *to, uint32_t v)
{
	size_t n = 0;
	do {
		uint8_t b = v & 0x7f;
		v >>= 7;
		to[n++] = (uint8_t)(b | (v != 0 ? 0x80 : 0));
	} while (v != 0);
	return n;
}

void
rmi_admission_emit(struct admission *a, uint8_t id, const uint8_t *body, size_t len)
{
	a->out[a->n_out++] = id;
	a->n_out += rmi_admission_put_u32(a->out + a->n_out, (uint32_t)len);
	memcpy(a->out + a->n_out, body, len);
	a->n_out += len;
}

static void
copy_section(struct admission *a, uint8_t id, struct rmi_wreader *body)
{
	const uint8_t *start = body->p;
	size_t len = rmi_wreader_left(body);
	if (sections[id].copy != NULL) {
		sections[id].copy(a, body);
	} else {
		(void)rmi_wread_u32(body); /* data count; the engine checks it against the data */
	}
	if (!body->failed) {
		rmi_admission_emit(a, id, start, len);
	}
}

static void
admit_section(struct admission *a, struct rmi_wreader *r, unsigned *rank)
{
	uint8_t id = rmi_wread_u8(r);
	uint32_t len = rmi_wread_u32(r);
	if (id >= SECTION_COUNT) {
		rmi_wreader_fail(
		    r, RME_EUNSUPPORTED, "section %u is not known; build for MVP + bulk memory + SIMD", id);
		return;
	}
	struct rmi_wreader body = rmi_wread_part(r, len, sections[id].name);
	if (id == SECTION_CUSTOM) {
		a->sum.dropped_bytes += len;
		return;
	}
	if (sections[id].rank <= *rank) {
		rmi_wreader_fail(&body, RME_EMODULE, "comes twice, or out of order");
	} else if (id == SECTION_START) {
		rmi_wreader_fail(&body, RME_EMODULE,
		    "a start function is not allowed; export _initialize instead (clang: -mexec-model=reactor)");
	} else if (sections[id].rewrite != NULL) {
		sections[id].rewrite(a, &body);
	} else {
		copy_section(a, id, &body);
	}
	*rank = sections[id].rank;
	rmi_wread_part_end(&body, r);
}

static void
admit_header(struct admission *a, struct rmi_wreader *r)
{
	static const uint8_t magic[4] = {0, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0}, component[4] = {0x0d, 0, 1, 0};
	const uint8_t *h = rmi_wread_bytes(r, HEADER_BYTES);
	if (h == NULL) {
		return;
	}
	if (memcmp(h, magic, sizeof(magic)) != 0) {
		rmi_wreader_fail(r, RME_EMODULE, "not a WebAssembly file (it must begin with \\0asm)");
	} else if (memcmp(h + 4, component, sizeof(component)) == 0) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "a WebAssembly component; build a core module (wasm32-wasip1)");
	} else if (memcmp(h + 4, version, sizeof(version)) != 0) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "WebAssembly version %u, only 1 is known", h[4]);
	}
	memcpy(a->out, h, HEADER_BYTES);
	a->n_out = HEADER_BYTES;
}

static void
admit_all(struct admission *a, struct rmi_wreader *r)
{
	unsigned rank = 0;
	admit_header(a, r);
	while (!r->failed && rmi_wreader_left(r) > 0) {
		admit_section(a, r, &rank);
	}
	if (!r->failed && a->n_bodies != a->n_functions - a->n_imported) {
		rmi_wreader_fail(r, RME_EMODULE, "%u functions are declared, %u have a body",
		    a->n_functions - a->n_imported, a->n_bodies);
	}
	if (!r->failed) {
		rmi_admission_check_exports(a, r);
	}
}

static void
admission_done(struct admission *a)
{
	free(a->types);
	free(a->function_type);
	free(a->globals);
	free(a->out);
}

enum rme_err
rmi_admit(struct rmi_admitted *out, const uint8_t *wasm, size_t len, const struct rmi_admission_policy *policy,
    struct rme_error *err)
{
	if (len > RMI_WASM_MODULE_BYTES_MAX) {
		return rme_error_set(err, RME_ELIMIT, NULL, "the module has %zu bytes, at most %d are allowed", len,
		    RMI_WASM_MODULE_BYTES_MAX);
	}
	struct admission a = {.policy = policy, .out_cap = len + SLACK_BYTES};
	struct rmi_wreader r = {.start = wasm, .p = wasm, .end = wasm + len, .section = "module", .err = err};
	a.out = malloc(a.out_cap);
	a.function_type = calloc(RMI_WASM_FUNCTIONS_MAX + RMI_WASM_IMPORTS_MAX, sizeof(*a.function_type));
	if (a.out == NULL || a.function_type == NULL) {
		admission_done(&a);
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory while checking the module");
	}
	admit_all(&a, &r);
	if (r.failed) {
		admission_done(&a);
		return r.code;
	}
	a.sum.n_types = a.n_types;
	a.sum.n_functions = a.n_functions - a.n_imported;
	a.sum.n_globals = a.n_globals;
	out->wasm = a.out;
	out->len = a.n_out;
	out->summary = a.sum;
	rmi_sha256_of(out->wasm, out->len, out->sha256);
	a.out = NULL;
	admission_done(&a);
	return RME_OK;
}

void
rmi_admitted_done(struct rmi_admitted *a)
{
	free(a->wasm);
	memset(a, 0, sizeof(*a));
}
