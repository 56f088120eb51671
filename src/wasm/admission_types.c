/* Types, imports and the types of functions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasm/admission_state.h"
#include "wasm/import_list.h"
#include "wasm/module_limits.h"

static const char *
value_type_name(uint8_t t)
{
	switch (t) {
	case WASM_I32:
		return "i32";
	case WASM_I64:
		return "i64";
	case WASM_F32:
		return "f32";
	case WASM_F64:
		return "f64";
	case WASM_V128:
		return "v128";
	case WASM_FUNCREF:
		return "funcref";
	case WASM_EXTERNREF:
		return "externref";
	default:
		return NULL;
	}
}

static uint8_t
value_type_of_letter(char c)
{
	switch (c) {
	case 'i':
		return WASM_I32;
	case 'I':
		return WASM_I64;
	case 'f':
		return WASM_F32;
	default:
		return WASM_F64;
	}
}

static bool
types_match(const uint8_t *types, uint32_t n, const char *letters, size_t n_letters)
{
	if (n != n_letters) {
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (types[i] != value_type_of_letter(letters[i])) {
			return false;
		}
	}
	return true;
}

bool
rmi_admission_type_is(const struct admission_type *t, const char *text)
{
	size_t n_params = strcspn(text, ":");
	const char *results = text + n_params + 1;
	return types_match(t->params, t->n_params, text, n_params) &&
	       types_match(t->results, t->n_results, results, strlen(results));
}

/* Appends as much as fits. */
static void
append_types(char *text, size_t cap, const uint8_t *types, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		size_t len = strlen(text);
		(void)snprintf(text + len, cap - len, "%s%s", i > 0 ? " " : "", value_type_name(types[i]));
	}
}

void
rmi_admission_type_text(const struct admission_type *t, char *text, size_t cap)
{
	(void)snprintf(text, cap, "(");
	append_types(text, cap, t->params, t->n_params);
	size_t len = strlen(text);
	(void)snprintf(text + len, cap - len, ")->%s", t->n_results == 0 ? "()" : "");
	append_types(text, cap, t->results, t->n_results);
}

void
rmi_admission_signature_text(const char *signature, char *text, size_t cap)
{
	uint8_t types[16];
	struct admission_type t = {.params = types};
	for (const char *c = signature; *c != '\0'; c++) {
		if (*c == ':') {
			t.results = types + t.n_params;
		} else {
			types[t.n_params + t.n_results] = value_type_of_letter(*c);
			t.n_params += t.results == NULL;
			t.n_results += t.results != NULL;
		}
	}
	rmi_admission_type_text(&t, text, cap);
}

static const uint8_t *
read_value_types(struct rmi_wreader *r, uint32_t max, const char *what, uint32_t *n)
{
	*n = rmi_wread_count(r, max, what);
	const uint8_t *types = rmi_wread_bytes(r, *n);
	for (uint32_t i = 0; i < *n && !r->failed; i++) {
		if (value_type_name(types[i]) == NULL) {
			rmi_wreader_fail(r, RME_EUNSUPPORTED, "value type 0x%02x is not supported", types[i]);
		}
	}
	return types;
}

void
rmi_admission_types(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_TYPES_MAX, "types");
	a->types = calloc(n > 0 ? n : 1, sizeof(*a->types));
	if (a->types == NULL) {
		rmi_wreader_fail(r, RME_ENOMEM, "out of memory");
		return;
	}
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		if (rmi_wread_u8(r) != 0x60) {
			rmi_wreader_fail(
			    r, RME_EUNSUPPORTED, "only function types are supported (no garbage collection)");
			return;
		}
		struct admission_type *t = &a->types[i];
		t->params = read_value_types(r, RMI_WASM_PARAMS_MAX, "parameters", &t->n_params);
		t->results = read_value_types(r, RMI_WASM_RESULTS_MAX, "results", &t->n_results);
		a->n_types += !r->failed;
	}
}

static uint32_t
read_type_index(struct admission *a, struct rmi_wreader *r)
{
	uint32_t type = rmi_wread_u32(r);
	if (!r->failed && type >= a->n_types) {
		rmi_wreader_fail(r, RME_EMODULE, "type %u does not exist, there are %u", type, a->n_types);
		return 0;
	}
	return type;
}

static void
check_import(struct admission *a, struct rmi_wreader *r, struct rmi_wname module, struct rmi_wname name)
{
	static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
	uint8_t kind = rmi_wread_u8(r);
	if (r->failed) {
		return;
	}
	if (kind != 0) {
		rmi_wreader_fail(r, RME_EMODULE, "imports %s %.*s.%.*s; only functions of the host can be imported",
		    kind < 5 ? kinds[kind] : "unknown kind", (int)module.len, module.text, (int)name.len, name.text);
		return;
	}
	uint32_t type = read_type_index(a, r);
	const struct rmi_import *known = rmi_import_find(module, name);
	if (r->failed) {
		return;
	}
	if (known == NULL) {
		rmi_wreader_fail(r, RME_EMODULE,
		    "the host has no function %.*s.%.*s; see the module reference for what there is", (int)module.len,
		    module.text, (int)name.len, name.text);
		return;
	}
	if (!rmi_admission_type_is(&a->types[type], known->type)) {
		char have[64], want[64];
		rmi_admission_type_text(&a->types[type], have, sizeof(have));
		rmi_admission_signature_text(known->type, want, sizeof(want));
		rmi_wreader_fail(
		    r, RME_EMODULE, "imports %s.%s as %s, the host has %s", known->module, known->name, have, want);
		return;
	}
	a->sum.imports |= 1u << known->id;
	a->function_type[a->n_imported++] = type;
}

void
rmi_admission_imports(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_IMPORTS_MAX, "imports");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct rmi_wname module = rmi_wread_name(r);
		struct rmi_wname name = rmi_wread_name(r);
		check_import(a, r, module, name);
	}
	a->n_functions = a->n_imported;
	a->sum.n_imports = a->n_imported;
}

void
rmi_admission_functions(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_FUNCTIONS_MAX, "functions");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		a->function_type[a->n_functions++] = read_type_index(a, r);
	}
}
