#include "cli/wire_up.h"

#include <rme/router.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/suggest.h"
#include "cli/signing.h"
#include "core/isolation.h"
#include "config/module_params.h"
#include "config/node_params.h"
#include "core/runtime.h"
#include "nodes/catalog.h"

#if RMI_HAVE_WASM
#include "wasm/engine.h"
#include "wasm/wasm_node.h"
#endif
#if RMI_HAVE_REMOTE
#include "cli/endpoints.h"
#include "remote/remote.h"
#endif

/* A config that was bound: its texts are to be freed. */
struct bound_config {
	const struct rme_param *table;
	void *config;
	struct bound_config *next;
};

struct rmi_wiring {
	struct rmi_diags *diags;
	struct rmi_pipeline_def *def;
	struct rme_runtime *rt;
	const struct rmi_module_registry *registry;
	struct bound_config *bound;
	struct rme_node_spec *specs; /* in the diagnostics' arena */
	size_t n_specs;
#if RMI_HAVE_WASM
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_nodes *modules;
#endif
#if RMI_HAVE_REMOTE
	struct rmi_remote *remote;
#endif
};

/* ---- what all kinds need ---- */

static bool
out_of_memory(struct rmi_wiring *w, const struct rmi_mark *mark)
{
	rmi_diag_error(w->diags, mark, "%s", rme_err_text(RME_ENOMEM));
	return false;
}

/* The place of a node's key, for messages about its value. */
static const struct rmi_mark *
mark_of_key(const struct rmi_node_def *n, const char *key)
{
	const struct rmi_yaml_node *v = n->bound.node->kind == RMI_YAML_MAP ? rmi_yaml_get(n->bound.node, key) : NULL;
	return v != NULL ? &v->mark : &n->bound.mark;
}

/* A config struct of @p type, remembered for the end. */
static void *
new_config(struct rmi_wiring *w, const struct rme_node_type *type)
{
	struct bound_config *b = rmi_arena_calloc(&w->diags->arena, 1, sizeof(*b));
	void *config = rmi_arena_calloc(&w->diags->arena, 1, type->config_size > 0 ? type->config_size : 1);
	if (b == NULL || config == NULL) {
		return NULL;
	}
	*b = (struct bound_config){type->params, config, w->bound};
	w->bound = b;
	return config;
}

static bool make_spec(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out);

static bool
make_child(void *ctx, const char *path, const struct rmi_node_def *child, struct rme_node_spec *out)
{
	return make_spec(ctx, path, child, out);
}

static struct rmi_bind
bind_of(struct rmi_wiring *w)
{
	return (struct rmi_bind){.diags = w->diags, .def = w->def, .make_child = make_child, .ctx = w};
}

/* Bind settings to a new config of @p type and make the spec. */
static bool
bind_spec(struct rmi_wiring *w, const struct rmi_bind *bind, const struct rme_node_type *type, struct rmi_bind_in *in,
    struct rme_node_spec *out)
{
	void *config = new_config(w, type);
	if (config == NULL) {
		return out_of_memory(w, in->mark);
	}
	in->table = type->params;
	if (!rmi_bind_params(bind, in, config)) {
		return false;
	}
	*out = (struct rme_node_spec){.type = type, .config = config, .name = in->path};
	return true;
}

/* ---- native nodes and routers ---- */

static const struct rme_node_type *
find_type(struct rmi_wiring *w, const struct rmi_node_def *n, const char *name, const char *key)
{
	const struct rme_node_type *type = rme_runtime_find(w->rt, name);
	if (type != NULL && (type->flags & RME_NODE_INTERNAL) == 0) {
		return type;
	}
	struct rmi_suggest s = {.word = name};
	for (size_t i = 0; rme_runtime_type(w->rt, i) != NULL; i++) {
		if ((rme_runtime_type(w->rt, i)->flags & RME_NODE_INTERNAL) == 0) {
			rmi_suggest_offer(&s, rme_runtime_type(w->rt, i)->name);
		}
	}
	rmi_diag_error(w->diags, mark_of_key(n, key), "this build has no node type '%s'", name);
	rmi_diag_did_you_mean(w->diags, s.best);
	rmi_diag_hint(w->diags, "`rme nodes` lists them");
	return NULL;
}

static bool
make_native(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	const struct rme_node_type *type = find_type(w, n, n->node_type, "node_type");
	struct rmi_bind_in in = {.path = path, .mark = &n->bound.mark, .settings = n->params};
	const struct rmi_bind bind = bind_of(w);
	return type != NULL && bind_spec(w, &bind, type, &in, out);
}

static bool
make_router(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	const struct rme_node_type *type = find_type(w, n, rme_router_type.name, "router");
	struct rmi_bind_in in = {.path = path, .mark = &n->bound.mark, .settings = n->router};
	const struct rmi_bind bind = bind_of(w);
	return type != NULL && bind_spec(w, &bind, type, &in, out);
}

/* ---- services ---- */

#if RMI_HAVE_REMOTE
static bool
make_service(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	struct rmi_service_ref ref;
	if (!rmi_pipeline_find_service(&ref, w->diags, w->def, n, n->service) ||
	    !rmi_endpoints_add_service(w->remote, w->diags, &ref)) {
		return false;
	}
	const struct rmi_bind bind = bind_of(w);
	const struct rmi_yaml_node *params = rmi_bind_settings(&bind, path, n->params);
	const char *json = params != NULL ? rmi_yaml_to_json(&w->diags->arena, params) : NULL;
	if (json == NULL) {
		return out_of_memory(w, &n->bound.mark);
	}
	struct rme_value extra[4] = {
	    {.key = "service", .kind = RME_VALUE_TEXT, .text = n->service},
	    {.key = "endpoint", .kind = RME_VALUE_TEXT, .text = ref.endpoint->bound.key},
	    {.key = "timeout", .kind = RME_VALUE_NUMBER, .number = (double)ref.timeout_ns / 1e9},
	};
	size_t n_extra = ref.timeout_ns > 0 ? 3 : 2;
	if (params->n > 0) {
		extra[n_extra++] = (struct rme_value){.key = "params", .kind = RME_VALUE_JSON, .text = json};
	}
	/* Overrides were the far node's parameters: none are left for this one. */
	struct rmi_bind_in in = {.path = path, .mark = &n->bound.mark, .extra = extra, .n_extra = n_extra};
	const struct rmi_bind plain = {.diags = w->diags};
	return bind_spec(w, &plain, &rmi_remote_node_type, &in, out);
}
#else
static bool
make_service(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	(void)path;
	(void)out;
	rmi_diag_error(w->diags, mark_of_key(n, "service"), "this build has no remote services");
	return false;
}
#endif

/* ---- modules ---- */

#if RMI_HAVE_WASM
static bool
is_path(const char *module)
{
	size_t n = strlen(module);
	return strchr(module, '/') != NULL || (n > 5 && strcmp(module + n - 5, ".wasm") == 0);
}

/* The registry's entry of a module; NULL with *path set for one that is named by its file. */
static bool
find_module(
    struct rmi_wiring *w, const struct rmi_node_def *n, const struct rme_module_entry **entry, const char **path)
{
	const struct rmi_mark *mark = mark_of_key(n, "module");
	*entry = NULL;
	if (is_path(n->module)) {
		const char *file = mark->source->name, *slash = strrchr(file, '/');
		int folder = n->module[0] != '/' && slash != NULL ? (int)(slash - file) + 1 : 0;
		*path = rmi_arena_printf(&w->diags->arena, "%.*s%s", folder, file, n->module);
		if (*path == NULL) {
			return out_of_memory(w, mark);
		}
		const struct rme_module_entry file_only = {.name = n->module, .wasm_path = *path};
		return w->registry == NULL || rmi_signing_apply(w->diags, w->registry, &file_only, mark);
	}
	*path = n->module;
	*entry = w->registry != NULL ? rmi_module_registry_find(w->registry, n->module) : NULL;
	if (*entry != NULL) {
		return rmi_signing_apply(w->diags, w->registry, *entry, mark);
	}
	if (w->registry == NULL) {
		rmi_diag_error(w->diags, mark, "there is no module registry to find '%s' in", n->module);
		rmi_diag_hint(w->diags, "name it with `modules:` or --modules, or write the path of a .wasm file");
		return false;
	}
	struct rmi_suggest s = {.word = n->module};
	for (size_t i = 0; i < w->registry->n; i++) {
		rmi_suggest_offer(&s, w->registry->modules[i].name);
	}
	rmi_diag_error(w->diags, mark, "the registry %s has no module '%s'", w->registry->path, n->module);
	rmi_diag_did_you_mean(w->diags, s.best);
	return false;
}

/* JSON array of the services granted; *n says how many. */
static const char *
grants_json(struct rmi_wiring *w, const struct rmi_node_def *n, const struct rme_module_entry *entry, size_t *count)
{
	const char *const *names = n->has_services ? n->services.items : entry != NULL ? entry->services : NULL;
	*count = n->has_services ? n->services.n : entry != NULL ? entry->n_services : 0;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = doc != NULL ? yyjson_mut_arr(doc) : NULL;
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < *count; i++) {
		ok = yyjson_mut_arr_add_str(doc, list, names[i]);
	}
	char *text = ok ? yyjson_mut_val_write(list, 0, NULL) : NULL;
	const char *copy = text != NULL ? rmi_arena_strndup(&w->diags->arena, text, strlen(text)) : NULL;
	free(text);
	yyjson_mut_doc_free(doc);
	return copy;
}

/* A guest's calls go where the file says. Where it says nothing they answer "unavailable", which the guest may expect. */
static bool
wire_grants(struct rmi_wiring *w, const struct rmi_node_def *n, const struct rme_module_entry *entry)
{
#if RMI_HAVE_REMOTE
	const char *const *names = n->has_services ? n->services.items : entry != NULL ? entry->services : NULL;
	size_t count = n->has_services ? n->services.n : entry != NULL ? entry->n_services : 0;
	for (size_t i = 0; i < count; i++) {
		struct rmi_service_ref ref;
		if (rmi_remote_find_service(w->remote, names[i]) != NULL) {
			continue;
		}
		if (w->def->endpoints.n != 1) {
			rmi_diag_warn(w->diags, &n->bound.mark, "nothing says where the service '%s' is", names[i]);
			rmi_diag_hint(w->diags,
			    "the module's calls will find it unavailable; say it under `services`, or with --service");
		} else if (!rmi_pipeline_find_service(&ref, w->diags, w->def, n, names[i]) ||
		           !rmi_endpoints_add_service(w->remote, w->diags, &ref)) {
			return false;
		}
	}
#else
	(void)w;
	(void)n;
	(void)entry;
#endif
	return true;
}

static const char *
module_params(
    struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, const struct rme_module_entry *entry)
{
	const struct rmi_bind bind = bind_of(w);
	const struct rmi_yaml_node *settings = rmi_bind_settings(&bind, path, n->params);
	if (settings == NULL) {
		(void)out_of_memory(w, &n->bound.mark);
		return NULL;
	}
	return entry != NULL ? rmi_module_params_json(w->diags, entry, path, settings, &n->bound.mark)
	                     : rmi_yaml_to_json(&w->diags->arena, settings);
}

static void
add_text(struct rme_value *list, size_t *n, const char *key, const char *text)
{
	if (text != NULL) {
		list[(*n)++] = (struct rme_value){.key = key, .kind = RME_VALUE_TEXT, .text = text};
	}
}

static void
add_limit(struct rme_value *list, size_t *n, const char *key, double limit)
{
	if (limit > 0) {
		list[(*n)++] = (struct rme_value){.key = key, .kind = RME_VALUE_NUMBER, .number = limit};
	}
}

/* A node may ask for more isolation than its module must have, never for less. */
static bool
check_isolation(struct rmi_wiring *w, const struct rmi_node_def *n, const struct rme_module_entry *entry)
{
	const struct rmi_isolation_level must = rmi_isolation_of(entry, RME_ISOLATION_PROCESS);
	if (n->isolation != RME_ISOLATION_INPROC || must.level == RME_ISOLATION_INPROC) {
		return true;
	}
	rmi_diag_error(w->diags, mark_of_key(n, "isolation"),
	    "the module '%s' must run in a process of its own: %s; a node may ask for more isolation, not for less",
	    n->module, must.why);
	rmi_diag_hint(w->diags, "let the lock file pin it, or write isolation: inproc in the registry");
	return false;
}

static bool
make_module(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	const struct rme_module_entry *entry;
	const char *module;
	size_t n_grants, n_extra = 0;
	if (!find_module(w, n, &entry, &module) || !check_isolation(w, n, entry) || !wire_grants(w, n, entry)) {
		return false;
	}
	const char *params = module_params(w, path, n, entry), *grants = grants_json(w, n, entry, &n_grants);
	if (params == NULL || grants == NULL) {
		return params == NULL ? false : out_of_memory(w, &n->bound.mark);
	}
	struct rme_value extra[8] = {{.key = NULL}};
	add_text(extra, &n_extra, "module", module);
	add_text(extra, &n_extra, "function_name", n->function_name);
	add_text(extra, &n_extra, "isolation", rmi_isolation_words[n->isolation]);
	extra[n_extra++] = (struct rme_value){.key = "params", .kind = RME_VALUE_JSON, .text = params};
	if (n_grants > 0) {
		extra[n_extra++] = (struct rme_value){.key = "services", .kind = RME_VALUE_JSON, .text = grants};
	}
	if (n->limits != NULL) {
		add_limit(extra, &n_extra, "memory_limit", (double)n->limits->memory_bytes);
		add_limit(extra, &n_extra, "timeout", (double)n->limits->timeout_ns / 1e9);
		add_limit(extra, &n_extra, "result_limit", (double)n->limits->result_bytes);
	}
	const struct rme_node_type *type = rmi_wasm_nodes_type(w->modules, n_grants > 0 ? 1 : 0);
	struct rmi_bind_in in = {.path = path, .mark = &n->bound.mark, .extra = extra, .n_extra = n_extra};
	const struct rmi_bind plain = {.diags = w->diags};
	return bind_spec(w, &plain, type, &in, out);
}
#else
static bool
make_module(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	(void)path;
	(void)out;
	rmi_diag_error(w->diags, mark_of_key(n, "module"), "this build runs no WebAssembly modules");
	return false;
}
#endif

/* ---- the whole ---- */

static bool
make_spec(struct rmi_wiring *w, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	switch (n->kind) {
	case RMI_NODE_NATIVE:
		return make_native(w, path, n, out);
	case RMI_NODE_MODULE:
		return make_module(w, path, n, out);
	case RMI_NODE_SERVICE:
		return make_service(w, path, n, out);
	case RMI_NODE_ROUTER:
		return make_router(w, path, n, out);
	}
	return false;
}

static void
write_log(void *ctx, enum rme_log_level level, const char *topic, const char *text)
{
	const struct rmi_cli *cli = ctx;
	static const char *const names[] = {"error", "warning", "info", "debug"};
	(void)fprintf(cli->err, "rme: %s: %s: %s\n", names[level], topic, text);
}

static enum rme_log_level
log_level_of(const struct rmi_cli *cli)
{
	return cli->verbosity < 0    ? RME_LOG_ERROR
	       : cli->verbosity == 0 ? RME_LOG_WARN
	       : cli->verbosity == 1 ? RME_LOG_INFO
	                             : RME_LOG_DEBUG;
}

static enum rme_err
find_registry(struct rmi_wiring *w, const struct rmi_wiring_config *config)
{
	const char *path = config->registry_path != NULL ? config->registry_path
	                   : config->def != NULL         ? config->def->modules
	                                                 : NULL;
	if (path == NULL) {
		const char *slash = config->pipeline_path != NULL ? strrchr(config->pipeline_path, '/') : NULL;
		const char *folder = slash == NULL ? ""
		                                   : rmi_arena_strndup(&w->diags->arena, config->pipeline_path,
		                                         (size_t)(slash - config->pipeline_path));
		path = folder != NULL ? rmi_module_registry_search(&w->diags->arena, folder) : NULL;
		path = path != NULL ? path : rmi_module_registry_installed(&w->diags->arena);
	}
	if (path == NULL || *path == '\0') {
		return RME_OK;
	}
	w->registry = rmi_module_registry_load(w->diags, path, NULL);
	return w->registry != NULL ? RME_OK : RME_ECONFIG;
}

#if RMI_HAVE_WASM
static enum rme_err
start_modules(struct rmi_wiring *w, struct rme_error *err)
{
	const struct rmi_wasm_engine_config engine = {.rt = w->rt};
	enum rme_err e = rmi_wasm_engine_new(&w->engine, &engine, err);
	if (e != RME_OK) {
		return e;
	}
	size_t n = w->registry != NULL ? w->registry->n : 0;
	struct rme_module_entry **entries = rmi_arena_calloc(&w->diags->arena, n, sizeof(struct rme_module_entry *));
	if (entries == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
	}
	for (size_t i = 0; i < n; i++) {
		entries[i] = &w->registry->modules[i];
	}
	const struct rmi_wasm_registry registry = {entries, n};
	e = rmi_wasm_nodes_new(&w->modules, w->engine, &registry);
	for (size_t i = 0; e == RME_OK && rmi_wasm_nodes_type(w->modules, i) != NULL; i++) {
		e = rme_runtime_register(w->rt, rmi_wasm_nodes_type(w->modules, i));
	}
	return e == RME_OK ? e : rme_error_set(err, e, "modules", "%s", rme_err_text(e));
}
#else
static enum rme_err
start_modules(struct rmi_wiring *w, struct rme_error *err)
{
	(void)w;
	(void)err;
	return RME_OK;
}
#endif

#if RMI_HAVE_REMOTE
static enum rme_err
start_services(struct rmi_wiring *w, struct rme_error *err)
{
	enum rme_err e = rmi_remote_new(&w->remote);
	if (e == RME_OK) {
		rmi_runtime_set_services(w->rt, rmi_remote_services(w->remote));
		e = rme_runtime_register(w->rt, &rmi_remote_node_type);
	}
	if (e != RME_OK) {
		return rme_error_set(err, e, "services", "%s", rme_err_text(e));
	}
	return w->def == NULL || rmi_endpoints_add(w->remote, w->diags, w->def) ? RME_OK : RME_ECONFIG;
}
#else
static enum rme_err
start_services(struct rmi_wiring *w, struct rme_error *err)
{
	(void)w;
	(void)err;
	return RME_OK;
}
#endif

static enum rme_err
start(struct rmi_wiring *w, const struct rmi_wiring_config *config, struct rme_error *err)
{
	const struct rme_runtime_config rt = {
	    .workers = config->workers,
	    .log_level = log_level_of(config->cli),
	    .log = write_log,
	    .log_ctx = config->cli,
	};
	enum rme_err e = rme_runtime_new(&w->rt, &rt, err);
	if (e == RME_OK) {
		e = find_registry(w, config);
	}
	if (e == RME_OK) {
		e = rmi_catalog_register(w->rt);
		e = e == RME_OK ? rme_runtime_register(w->rt, &rme_router_type) : e;
		e = e == RME_OK ? RME_OK : rme_error_set(err, e, "nodes", "%s", rme_err_text(e));
	}
	if (e == RME_OK) {
		e = start_modules(w, err);
	}
	return e == RME_OK ? start_services(w, err) : e;
}

static enum rme_err
make_specs(struct rmi_wiring *w)
{
	const struct rmi_node_def *nodes = w->def->nodes.items;
	w->n_specs = w->def->nodes.n;
	w->specs = rmi_arena_calloc(&w->diags->arena, w->n_specs, sizeof(*w->specs));
	bool ok = w->specs != NULL;
	for (size_t i = 0; w->specs != NULL && i < w->n_specs; i++) {
		ok = make_spec(w, nodes[i].id, &nodes[i], &w->specs[i]) && ok;
	}
	const struct rmi_bind bind = bind_of(w);
	ok = rmi_bind_check_overrides(&bind) && ok;
	return ok ? RME_OK : RME_ECONFIG;
}

enum rme_err
rmi_wiring_new(struct rmi_wiring **out, const struct rmi_wiring_config *config, struct rme_error *err)
{
	struct rmi_wiring *w = calloc(1, sizeof(*w));
	if (w == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
	}
	w->diags = config->diags;
	w->def = config->def;
	enum rme_err e = start(w, config, err);
	if (e == RME_OK && w->def != NULL) {
		e = make_specs(w);
	}
	if (e != RME_OK) {
		rmi_wiring_free(w);
		return e;
	}
	*out = w;
	return RME_OK;
}

void
rmi_wiring_free(struct rmi_wiring *w)
{
	if (w == NULL) {
		return;
	}
	for (const struct bound_config *b = w->bound; b != NULL; b = b->next) {
		rme_params_done(b->table, b->config);
	}
	rme_runtime_free(w->rt);
#if RMI_HAVE_WASM
	rmi_wasm_nodes_free(w->modules);
	rmi_wasm_engine_free(w->engine);
#endif
#if RMI_HAVE_REMOTE
	rmi_remote_free(w->remote);
#endif
	free(w);
}

struct rme_runtime *
rmi_wiring_runtime(struct rmi_wiring *w)
{
	return w->rt;
}

const struct rmi_module_registry *
rmi_wiring_registry(const struct rmi_wiring *w)
{
	return w->registry;
}

size_t
rmi_wiring_specs(const struct rmi_wiring *w, const struct rme_node_spec **specs)
{
	*specs = w->specs;
	return w->n_specs;
}
