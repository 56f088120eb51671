/* Globals and exports: the module interface. */
#include <stdlib.h>
#include <string.h>
#include "wasm/admission_state.h"
#include "wasm/module_limits.h"

/* The module interface; types as in import_list.h. */
static const struct export_rule {
	const char *name; /* NULL = the policy's function name */
	const char *type;
	bool needed;
} export_rules[RMI_EXPORT_COUNT_] = {
    [RMI_EXPORT_PROCESS] = {NULL, "iiii:i", true},
    [RMI_EXPORT_INITIALIZE] = {"initialize", "i:i", true},
    [RMI_EXPORT_CLEANUP] = {"cleanup", ":i", true},
    [RMI_EXPORT_START_REACTOR] = {"_initialize", ":", false},
    [RMI_EXPORT_ABI] = {"rme_abi", ":i", false},
    [RMI_EXPORT_ASSET] = {"asset", "iiii:i", false},
    [RMI_EXPORT_CONFIGURE] = {"configure", "ii:i", false},
    [RMI_EXPORT_NEXT] = {"next", "ii:i", false},
    [RMI_EXPORT_FLUSH] = {"flush", "ii:i", false},
    [RMI_EXPORT_RESET] = {"reset", ":i", false},
    [RMI_EXPORT_CONFIDENCE] = {"confidence", ":f", false},
    [RMI_EXPORT_ESTIMATE] = {"estimate", "iii:i", false},
    [RMI_EXPORT_OUTPUT_FORMAT] = {"output_format", "ii:i", false},
    [RMI_EXPORT_RME_ALLOC] = {"rme_alloc", "i:i", false},
    [RMI_EXPORT_RME_FREE] = {"rme_free", "ii:", false},
    [RMI_EXPORT_MALLOC] = {"malloc", "i:i", false},
    [RMI_EXPORT_FREE] = {"free", "i:", false},
    [RMI_EXPORT_AS_NEW] = {"__new", "ii:i", false},
    [RMI_EXPORT_AS_PIN] = {"__pin", "i:i", false},
    [RMI_EXPORT_AS_UNPIN] = {"__unpin", "i:", false},
};

const char *
rmi_module_export_name(enum rmi_export_id id)
{
	return id == RMI_EXPORT_PROCESS ? "process" : export_rules[id].name;
}

enum { EXPORT_FUNCTION = 0, EXPORT_MEMORY = 2, EXPORT_GLOBAL = 3, EXPORT_KINDS = 4 };

static const char *
rule_name(const struct admission *a, const struct export_rule *rule)
{
	if (rule->name != NULL) {
		return rule->name;
	}
	return a->policy->function_name != NULL ? a->policy->function_name : "process";
}

void
rmi_admission_globals(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_GLOBALS_MAX, "globals");
	a->globals = calloc(n > 0 ? n : 1, sizeof(*a->globals));
	if (a->globals == NULL) {
		rmi_wreader_fail(r, RME_ENOMEM, "out of memory");
		return;
	}
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct admission_global *g = &a->globals[i];
		g->value_type = rmi_wread_u8(r);
		if (rmi_wread_u8(r) > 1) {
			rmi_wreader_fail(r, RME_EMODULE, "a global is neither constant nor variable");
			return;
		}
		rmi_admission_skip_const(r, g);
		a->n_globals += !r->failed;
	}
}

static void
check_function_export(struct admission *a, struct rmi_wreader *r, struct rmi_wname name, uint32_t index)
{
	if (index >= a->n_functions) {
		rmi_wreader_fail(r, RME_EMODULE, "exports function %u, there are %u", index, a->n_functions);
		return;
	}
	const struct admission_type *type = &a->types[a->function_type[index]];
	for (unsigned id = 0; id < RMI_EXPORT_COUNT_; id++) {
		if (!rmi_wname_is(name, rule_name(a, &export_rules[id]))) {
			continue;
		}
		if (!rmi_admission_type_is(type, export_rules[id].type)) {
			char have[64], want[64];
			rmi_admission_type_text(type, have, sizeof(have));
			rmi_admission_signature_text(export_rules[id].type, want, sizeof(want));
			rmi_wreader_fail(
			    r, RME_EMODULE, "exports %.*s as %s, it must be %s", (int)name.len, name.text, have, want);
			return;
		}
		a->sum.exports |= 1u << id;
	}
}

/* The windows' globals hold addresses, since that is what linkers export for data. */
static void
note_window(struct admission *a, struct rmi_wname name, const struct admission_global *g)
{
	struct rmi_module_summary *s = &a->sum;
	const struct {
		const char *name;
		uint32_t *value;
		bool *has;
	} windows[] = {
	    {"rme_in", &s->in.address, &s->in.has_address},
	    {"rme_in_size", &s->in.size_address, &s->in.has_size},
	    {"rme_out", &s->out.address, &s->out.has_address},
	    {"rme_out_size", &s->out.size_address, &s->out.has_size},
	};
	if (g->value_type != WASM_I32 || !g->known) {
		return;
	}
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		if (rmi_wname_is(name, windows[i].name)) {
			*windows[i].value = (uint32_t)g->value;
			*windows[i].has = true;
		}
	}
}

static void
check_export(struct admission *a, struct rmi_wreader *r)
{
	struct rmi_wname name = rmi_wread_name(r);
	uint8_t kind = rmi_wread_u8(r);
	uint32_t index = rmi_wread_u32(r);
	if (r->failed) {
		return;
	}
	if (kind >= EXPORT_KINDS) {
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "export kind %u is not known", kind);
	} else if (kind == EXPORT_FUNCTION) {
		check_function_export(a, r, name, index);
	} else if (kind == EXPORT_GLOBAL && index < a->n_globals) {
		note_window(a, name, &a->globals[index]);
	} else if (kind == EXPORT_MEMORY && rmi_wname_is(name, "memory")) {
		a->memory_exported = true;
	}
}

void
rmi_admission_exports(struct admission *a, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_EXPORTS_MAX, "exports");
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		check_export(a, r);
	}
	a->sum.n_exports = n;
}

static bool
has(const struct admission *a, enum rmi_export_id id)
{
	return rmi_module_exports(&a->sum, id);
}

static bool
has_windows(const struct rmi_module_summary *s)
{
	return s->in.has_address && s->in.has_size && s->out.has_address && s->out.has_size;
}

static void
choose_allocator(struct admission *a, struct rmi_wreader *r)
{
	if (has(a, RMI_EXPORT_RME_ALLOC) && has(a, RMI_EXPORT_RME_FREE)) {
		a->sum.alloc = RMI_ALLOC_RME;
	} else if (has(a, RMI_EXPORT_MALLOC) && has(a, RMI_EXPORT_FREE)) {
		a->sum.alloc = RMI_ALLOC_MALLOC;
	} else if (has(a, RMI_EXPORT_AS_NEW) && has(a, RMI_EXPORT_AS_PIN)) {
		a->sum.alloc = RMI_ALLOC_AS;
	} else if (has_windows(&a->sum)) {
		a->sum.alloc = RMI_ALLOC_WINDOWS;
	} else {
		rmi_wreader_fail(r, RME_EMODULE,
		    "no allocator is exported; export rme_alloc and rme_free (or malloc and free, or __new and __pin, "
		    "or the windows rme_in, rme_in_size, rme_out, rme_out_size)");
	}
}

void
rmi_admission_check_exports(struct admission *a, struct rmi_wreader *r)
{
	for (unsigned id = 0; id < RMI_EXPORT_COUNT_; id++) {
		if (export_rules[id].needed && !has(a, (enum rmi_export_id)id)) {
			char want[64];
			rmi_admission_signature_text(export_rules[id].type, want, sizeof(want));
			rmi_wreader_fail(r, RME_EMODULE, "no function %s %s is exported; the host needs it",
			    rule_name(a, &export_rules[id]), want);
			return;
		}
	}
	if (a->n_memories != 1 || !a->memory_exported) {
		rmi_wreader_fail(r, RME_EMODULE, "the module must have one memory and export it as \"memory\"");
		return;
	}
	choose_allocator(a, r);
}
