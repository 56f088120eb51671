#ifndef RMI_WASM_ADMISSION_STATE_H
#define RMI_WASM_ADMISSION_STATE_H

/** @file What the parts of the admission pass share. Only admission*.c include it. */

#include "wasm/admission.h"
#include "wasm/reader.h"

/** A function type: value type bytes inside the module. */
struct admission_type {
	const uint8_t *params, *results;
	uint32_t n_params, n_results;
};

/** A global that was defined; its value where it is a plain i32 constant. */
struct admission_global {
	uint8_t value_type;
	bool known;
	int32_t value;
};

struct admission {
	const struct rmi_admission_policy *policy;
	struct rmi_module_summary sum;
	struct admission_type *types;
	uint32_t n_types;
	uint32_t *function_type; /* imported functions first */
	uint32_t n_imported, n_functions;
	struct admission_global *globals;
	uint32_t n_globals, n_bodies, n_memories;
	bool memory_exported;
	uint8_t *out; /* the module under construction; room is for the worst case */
	size_t n_out, out_cap;
};

/* One function per section. Each reads all of @p r; what it does not write itself, the caller copies. */
void rmi_admission_types(struct admission *a, struct rmi_wreader *r);
void rmi_admission_imports(struct admission *a, struct rmi_wreader *r);
void rmi_admission_functions(struct admission *a, struct rmi_wreader *r);
void rmi_admission_globals(struct admission *a, struct rmi_wreader *r);
void rmi_admission_exports(struct admission *a, struct rmi_wreader *r);
void rmi_admission_elements(struct admission *a, struct rmi_wreader *r);
void rmi_admission_code(struct admission *a, struct rmi_wreader *r);
void rmi_admission_data(struct admission *a, struct rmi_wreader *r);
/* These write the section anew. */
void rmi_admission_tables(struct admission *a, struct rmi_wreader *r);
void rmi_admission_memory(struct admission *a, struct rmi_wreader *r);

/** Once all sections are read: what must be there. */
void rmi_admission_check_exports(struct admission *a, struct rmi_wreader *r);

/** Append a section that was written anew. */
void rmi_admission_emit(struct admission *a, uint8_t id, const uint8_t *body, size_t len);
/** Append an unsigned LEB128 to @p to. @return bytes written, at most 5 */
size_t rmi_admission_put_u32(uint8_t *to, uint32_t v);

/** Skip a constant expression. @p i32 gets the value where it is a plain i32.const. */
void rmi_admission_skip_const(struct rmi_wreader *r, struct admission_global *g);

/** True if the type is the one written as in import_list.h. */
bool rmi_admission_type_is(const struct admission_type *t, const char *text);
/** Write a type as people read it: "(i32 i32)->i32". */
void rmi_admission_type_text(const struct admission_type *t, char *text, size_t cap);
/** The same for a type written as in import_list.h. */
void rmi_admission_signature_text(const char *signature, char *text, size_t cap);

/** Value types of the binary format. */
enum { WASM_I32 = 0x7f, WASM_I64 = 0x7e, WASM_F32 = 0x7d, WASM_F64 = 0x7c, WASM_V128 = 0x7b };
enum { WASM_FUNCREF = 0x70, WASM_EXTERNREF = 0x6f };

#endif
