/*
 * A node over a module: one instance per session. An instance that trapped or was stopped is thrown away; the next item
 * gets a new one, which has been started like the first and knows nothing of what was before.
 */
#include "wasm/wasm_node.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "core/node.h"
#include "core/runtime.h"
#include "wasm/asset_list.h"
#include "wasm/instance.h"
#include "wasm/module_limits.h"
#include "wasm/hybrid_node.h"
#include "wasm/service_names.h"
#include "wasm/wasm_item.h"
#include "wasm/wasm_node_state.h"

/* A node may take less than the registry gives its module, never more. */
static enum rme_err
choose_limits(struct rme_module_limits *out, struct rme_node *self, const struct rmi_wasm_node_config *c,
    const struct rme_module_entry *entry)
{
	const struct rme_module_limits none = {0}, *given = entry != NULL ? &entry->limits : &none;
	const struct {
		const char *name;
		int64_t wanted, given;
	} limits[] = {
	    {"memory_limit", c->memory_limit_bytes, (int64_t)given->memory_bytes},
	    {"timeout", c->timeout_ns, given->timeout_ns},
	    {"result_limit", c->result_limit_bytes, (int64_t)given->result_bytes},
	};
	int64_t chosen[3];
	for (size_t i = 0; i < 3; i++) {
		if (limits[i].given > 0 && limits[i].wanted > limits[i].given) {
			return rme_node_fail(self, RME_ECONFIG,
			    "%s is over the limit that the registry gives module %s; raise it there", limits[i].name,
			    c->module);
		}
		chosen[i] = limits[i].wanted > 0 ? limits[i].wanted : limits[i].given;
	}
	*out = (struct rme_module_limits){
	    .memory_bytes = (uint64_t)chosen[0], .timeout_ns = chosen[1], .result_bytes = (uint64_t)chosen[2]};
	return RME_OK;
}

enum rme_err
rmi_wasm_node_spec(struct rmi_wasm_module_spec *out, struct rme_node *self, const struct rmi_wasm_node_config *c,
    const struct rme_module_entry *entry)
{
	*out = (struct rmi_wasm_module_spec){.name = entry != NULL ? entry->name : NULL,
	    .path = entry != NULL && entry->wasm_path != NULL ? entry->wasm_path : c->module,
	    .sha256 = entry != NULL && entry->has_sha256 ? entry->sha256 : NULL,
	    .function_name = c->function_name};
	if (out->function_name == NULL && entry != NULL) {
		out->function_name = entry->function_name;
	}
	return choose_limits(&out->limits, self, c, entry);
}

static enum rme_err
open_module(struct rme_node *self, struct rmi_wasm_state *s)
{
	struct rme_error err = {0};
	struct rmi_wasm_module_spec spec;
	enum rme_err e = rmi_wasm_node_spec(&spec, self, s->config, s->entry);
	if (e != RME_OK) {
		return e;
	}
	e = rmi_wasm_nodes_open(&s->module, s->kind->nodes, &spec, &err);
	return e == RME_OK ? e : rme_node_fail(self, e, "module %s: %s", err.where, err.text);
}

/* A media format of the config, else of the registry; all-zero = not said. */
static enum rme_err
choose_format(struct rme_format *out, const char *config, const struct rme_format *entry, struct rme_error *err)
{
	*out = entry != NULL ? *entry : (struct rme_format){0};
	return config != NULL ? rme_format_parse(out, config, strlen(config), err) : RME_OK;
}

static enum rme_err
choose_formats(struct rme_node *self, struct rmi_wasm_state *s)
{
	struct rme_error err = {0};
	struct rme_format input;
	enum rme_err e = choose_format(&input, s->config->input, s->entry != NULL ? &s->entry->input : NULL, &err);
	e = e != RME_OK
	        ? e
	        : choose_format(&s->output, s->config->output, s->entry != NULL ? &s->entry->output : NULL, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, RME_ECONFIG, "%s", err.text);
	}
	if (input.media != RME_MEDIA_ANY) {
		(void)rme_format_print(&input, s->input);
		s->start.input = s->input;
	}
	return RME_OK;
}

static enum rme_err
grant_services(struct rme_node *self, struct rmi_wasm_state *s)
{
	struct rme_error err = {0};
	const struct rme_module_entry *entry = s->entry;
	bool from_entry = s->kind->hybrid && entry != NULL;
	enum rme_err e = rmi_service_names_init(&s->services, s->kind->hybrid ? s->config->services : NULL,
	    from_entry ? entry->services : NULL, from_entry ? entry->n_services : 0, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text);
	}
	s->env.granted = (const char *const *)s->services.names;
	s->env.n_granted = s->services.n;
	return RME_OK;
}

static enum rme_err
take_assets(struct rme_node *self, struct rmi_wasm_state *s)
{
	struct rme_error err = {0};
	enum rme_err e = rmi_asset_list_take(&s->assets, &s->params, s->entry, s->config->params, &err);
	s->start.params = s->params;
	s->start.assets = s->config->assets != NULL ? *s->config->assets : rmi_asset_list_source(s->assets);
	return e == RME_OK ? e : rme_node_fail(self, e, "module %s: %s", s->config->module, err.text);
}

enum rme_err
rmi_wasm_open(struct rme_node *self, const void *config)
{
	struct rmi_wasm_state *s = rme_node_state(self);
	s->kind = (const struct rmi_wasm_node_kind *)rmi_node_type(self);
	s->config = config;
	s->entry = rmi_wasm_nodes_find(s->kind->nodes, s->config->module);
	s->env = (struct rmi_guest_env){.rt = rme_node_runtime(self),
	    .session_id = rme_node_session_id(self),
	    .services = rmi_runtime_services(rme_node_runtime(self)),
	    .cancel = rmi_node_env(self)->cancel};
	enum rme_err e = take_assets(self, s);
	e = e != RME_OK ? e : choose_formats(self, s);
	e = e != RME_OK ? e : grant_services(self, s);
	e = e != RME_OK ? e : open_module(self, s);
	if (e != RME_OK) {
		return e;
	}
	struct rme_error err = {0};
	e = rmi_wasm_open_instance(s, &err);
	return e == RME_OK ? e : rme_node_fail(self, e, "%s", err.text);
}

/* Results one after the other, as long as the steps give any. */
static enum rme_err
emit_all(struct rmi_wasm_item *it, rmi_wasm_step *step, rmi_wasm_step *further)
{
	struct rme_error err = {0};
	struct rme_bytes out = {0};
	enum rme_err e = step(it, &out, &err);
	while (e == RME_OK && out.len > 0) {
		e = rmi_wasm_item_emit(it, out, &err);
		e = e != RME_OK ? e : further(it, &out, &err);
	}
	return e == RME_OK ? e : rme_node_fail(it->self, e, "%s", err.text);
}

static enum rme_err
wasm_process(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_wasm_item it = rmi_wasm_item_begin(self, in);
	enum rme_err e = emit_all(&it, rmi_wasm_item_first, rmi_wasm_item_next);
	rmi_wasm_item_report(&it);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
wasm_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct rmi_wasm_item it = rmi_wasm_item_begin(self, flush);
	return emit_all(&it, rmi_wasm_item_flush, rmi_wasm_item_flush);
}

static void
wasm_reset(struct rme_node *self)
{
	rmi_wasm_reset_instance(rme_node_state(self));
}

void
rmi_wasm_close(struct rme_node *self)
{
	struct rmi_wasm_state *s = rme_node_state(self);
	rmi_wasm_instance_free(s->instance);
	rmi_wasm_module_unref(s->module);
	rmi_service_names_done(&s->services);
	rmi_asset_list_free(s->assets);
	free(s->params);
}

static enum rme_err
wasm_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	const struct rmi_wasm_node_kind *kind = (const struct rmi_wasm_node_kind *)type;
	const struct rmi_wasm_node_config *c = config;
	if (c == NULL || c->module == NULL) {
		return RME_OK;
	}
	const struct rme_module_entry *entry = rmi_wasm_nodes_find(kind->nodes, c->module);
	struct rme_format declared;
	if (choose_format(&declared, c->input, entry != NULL ? &entry->input : NULL, NULL) != RME_OK) {
		return RME_EFORMAT;
	}
	if (in->media == RME_MEDIA_ANY) {
		*want = declared;
	} else if (!rme_format_fits(in, &declared)) {
		if (in->media != declared.media) {
			return RME_EFORMAT;
		}
		*want = declared;
		rme_format_fill(want, in);
	}
	enum rme_err e = choose_format(gives, c->output, entry != NULL ? &entry->output : NULL, NULL);
	if (e == RME_OK) {
		rme_format_fill(gives, want);
	}
	return e;
}

#define AT(member) offsetof(struct rmi_wasm_node_config, member)

static const struct rme_param params[] = {
    {.name = "module",
        .kind = RME_PARAM_TEXT,
        .offset = AT(module),
        .required = true,
        .help = "name in wasm-modules.yaml, or path of a .wasm file"},
    {.name = "function_name",
        .kind = RME_PARAM_TEXT,
        .offset = AT(function_name),
        .help = "export that handles an item; as the registry says, else process"},
    {.name = "params",
        .kind = RME_PARAM_JSON,
        .offset = AT(params),
        .help = "object that the module is configured with"},
    {.name = "services",
        .kind = RME_PARAM_JSON,
        .offset = AT(services),
        .help = "array of the services that the module may call; HybridWasmNode only"},
    {.name = "input",
        .kind = RME_PARAM_TEXT,
        .offset = AT(input),
        .help = "media format of items; as the registry says"},
    {.name = "output",
        .kind = RME_PARAM_TEXT,
        .offset = AT(output),
        .help = "media format of results; as the registry or the module says, else that of the item"},
    {.name = "memory_limit",
        .kind = RME_PARAM_BYTES,
        .offset = AT(memory_limit_bytes),
        .max = (double)RMI_WASM_MEMORY_PAGES_LIMIT * RMI_WASM_PAGE_BYTES,
        .help = "most linear memory; as the registry says, else 64 MiB"},
    {.name = "timeout",
        .kind = RME_PARAM_DURATION,
        .offset = AT(timeout_ns),
        .max = 3600,
        .help = "longest call of the module, waiting for services not counted; as the registry says, else 1 s"},
    {.name = "result_limit",
        .kind = RME_PARAM_BYTES,
        .offset = AT(result_limit_bytes),
        .max = RMI_WASM_RESULT_BYTES_LIMIT,
        .help = "largest result; as the registry says, else 64 KiB"},
    {.name = "isolation",
        .kind = RME_PARAM_CHOICE,
        .offset = AT(isolation),
        .fallback = "auto",
        .choices = rmi_isolation_words,
        .help = "inproc, process: where it runs; auto = as the registry says. May be tightened, never loosened"},
    {.name = NULL},
};

const struct rme_node_type rmi_wasm_node_types[2] = {
    {
        .name = "WasmEdgeNode",
        .category = "wasm",
        .help = "Runs a WebAssembly module in a sandbox.",
        .flags = RME_NODE_STATEFUL | RME_NODE_OUTSIDE,
        .state_size = sizeof(struct rmi_wasm_state),
        .config_size = sizeof(struct rmi_wasm_node_config),
        .params = params,
        .formats = wasm_formats,
        .open = rmi_wasm_open,
        .process = wasm_process,
        .flush = wasm_flush,
        .reset = wasm_reset,
        .close = rmi_wasm_close,
    },
    {
        .name = "HybridWasmNode",
        .category = "wasm",
        .help = "Runs a WebAssembly module that may call remote services.",
        .flags = RME_NODE_STATEFUL | RME_NODE_OUTSIDE | RME_NODE_ASYNC,
        .state_size = sizeof(struct rmi_hybrid_state),
        .config_size = sizeof(struct rmi_wasm_node_config),
        .params = params,
        .formats = wasm_formats,
        .open = rmi_hybrid_open,
        .process = rmi_hybrid_process,
        .wake = rmi_hybrid_wake,
        .reset = rmi_hybrid_reset,
        .close = rmi_hybrid_close,
    },
};
