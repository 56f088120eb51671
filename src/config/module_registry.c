#include "config/module_registry.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "base/units.h"
#include "config/module_def.h"

const char *const rmi_module_langs[] = {"c", "rust", "assemblyscript", NULL};
const char *const rmi_module_units[] = {"items", "audio_ms", "pixels", "bytes", "characters", NULL};
const char *const rmi_module_targets[] = {"wasm32-wasip1", "wasm32-unknown-unknown", NULL};
const char *const rmi_module_categories[] = {
    [RME_MODULE_AUDIO] = "audio",
    [RME_MODULE_VISION] = "vision",
    [RME_MODULE_TEXT] = "text",
    NULL,
};
const char *const rmi_module_param_types[] = {
    [RME_MODULE_PARAM_NUMBER] = "number",
    [RME_MODULE_PARAM_INTEGER] = "integer",
    [RME_MODULE_PARAM_BOOLEAN] = "boolean",
    [RME_MODULE_PARAM_STRING] = "string",
    [RME_MODULE_PARAM_ASSET] = "asset",
    NULL,
};
/* In the order of enum rmi_signing_policy. */
const char *const rmi_signing_policies[] = {"off", "warn", "required", NULL};
/* Bits RME_DEPLOY_SERVER, RME_DEPLOY_NODE, RME_DEPLOY_BROWSER. */
const char *const rmi_module_deploys[] = {"server", "node", "browser", NULL};

/* One registry being made. */
struct making {
	struct rmi_diags *diags;
	bool ok;
};

static void
fail(struct making *m, const struct rmi_mark *mark, const char *text)
{
	rmi_diag_error(m->diags, mark, "%s", text);
	m->ok = false;
}

static void *
new_array(struct making *m, const struct rmi_mark *mark, size_t n, size_t size)
{
	void *p = rmi_arena_calloc(&m->diags->arena, n, size);
	if (p == NULL) {
		fail(m, mark, rme_err_text(RME_ENOMEM));
	}
	return p;
}

static bool
fits_type(const struct param_def *def, const struct rmi_yaml_node *v)
{
	switch ((enum rme_module_param_type)def->type) {
	case RME_MODULE_PARAM_NUMBER:
		return v->kind == RMI_YAML_NUMBER;
	case RME_MODULE_PARAM_INTEGER:
		return v->kind == RMI_YAML_NUMBER && v->number == trunc(v->number);
	case RME_MODULE_PARAM_BOOLEAN:
		return v->kind == RMI_YAML_BOOL;
	case RME_MODULE_PARAM_STRING:
	case RME_MODULE_PARAM_ASSET:
		return v->kind == RMI_YAML_TEXT;
	}
	return false;
}

static bool
is_given(const struct rmi_yaml_node *v)
{
	return v != NULL && v->kind != RMI_YAML_NULL;
}

static bool
take_bound(struct making *m, const struct param_def *def, const struct rmi_yaml_node *v, double *out)
{
	if (!is_given(v)) {
		return false;
	}
	bool is_number = def->type == RME_MODULE_PARAM_NUMBER || def->type == RME_MODULE_PARAM_INTEGER;
	if (!is_number || v->kind != RMI_YAML_NUMBER) {
		fail(m, &v->mark, is_number ? "a bound must be a number" : "only numbers have bounds");
		return false;
	}
	*out = v->number;
	return true;
}

static void
make_default(struct making *m, const struct param_def *def, struct rme_module_param *p)
{
	const struct rmi_yaml_node *v = def->fallback;
	if (!is_given(v)) {
		return;
	}
	p->default_value = rmi_yaml_to_json(&m->diags->arena, v);
	if (!fits_type(def, v)) {
		rmi_diag_error(
		    m->diags, &v->mark, "the default of '%s' is no %s", p->name, rmi_module_param_types[def->type]);
		m->ok = false;
	} else if ((p->has_min && v->number < p->min) || (p->has_max && v->number > p->max)) {
		rmi_diag_error(m->diags, &v->mark, "the default of '%s' is outside its bounds", p->name);
		m->ok = false;
	} else if (p->default_value == NULL) {
		fail(m, &v->mark, rme_err_text(RME_ENOMEM));
	}
}

/* A default path starts at the registry's folder. */
static void
make_asset_default(struct making *m, const struct param_def *def, struct rme_module_param *p)
{
	if (!is_given(def->fallback) || def->fallback->kind != RMI_YAML_TEXT || def->fallback->text[0] == '\0') {
		make_default(m, def, p);
		return;
	}
	const struct rmi_mark *mark = &def->fallback->mark;
	const char *path = rmi_yaml_path_text(&m->diags->arena, def->fallback);
	struct rmi_yaml_node resolved = *def->fallback;
	resolved.text = path;
	p->default_value = path != NULL ? rmi_yaml_to_json(&m->diags->arena, &resolved) : NULL;
	if (p->default_value == NULL) {
		fail(m, mark, rme_err_text(RME_ENOMEM));
	}
}

static void
make_asset(struct making *m, const struct param_def *def, struct rme_module_param *p)
{
	int64_t most;
	p->files = def->files.items;
	p->n_files = def->files.n;
	p->install = def->install;
	if (def->choices.n > 0 || is_given(def->min)) {
		fail(m, &def->bound.mark, "an asset has neither choices nor min");
	}
	if (is_given(def->max)) {
		p->has_max = def->max->text != NULL &&
		             rmi_units_parse(&most, def->max->text, RMI_UNIT_BYTES) == RME_OK && most > 0 &&
		             (uint64_t)most <= RME_MODULE_ASSET_MAX;
		p->max = p->has_max ? (double)most : 0;
		if (!p->has_max) {
			fail(m, &def->max->mark, "a size is wanted, such as 16MiB, of at most 256MiB");
		}
	}
	make_asset_default(m, def, p);
}

static void
make_param(struct making *m, const struct param_def *def, struct rme_module_param *p)
{
	p->name = def->bound.key;
	p->help = def->help;
	p->type = (enum rme_module_param_type)def->type;
	if (p->type == RME_MODULE_PARAM_ASSET) {
		make_asset(m, def, p);
		return;
	}
	p->has_min = take_bound(m, def, def->min, &p->min);
	p->has_max = take_bound(m, def, def->max, &p->max);
	if (def->files.n > 0 || def->install != NULL) {
		fail(m, &def->bound.mark, "only assets have files and install");
	}
	p->choices = def->choices.items;
	p->n_choices = def->choices.n;
	if (p->has_min && p->has_max && p->min > p->max) {
		fail(m, &def->max->mark, "max is less than min");
	}
	if (p->n_choices > 0 && p->type != RME_MODULE_PARAM_STRING) {
		fail(m, &def->bound.mark, "only strings have choices");
	}
	make_default(m, def, p);
}

static void
make_params(struct making *m, const struct module_def *def, struct rme_module_entry *e)
{
	if (def->params.n > RMI_MODULE_PARAMS_MAX) {
		fail(m, &def->bound.mark, "too many parameters; the most is 48");
		return;
	}
	struct rme_module_param *params = new_array(m, &def->bound.mark, def->params.n, sizeof(*params));
	if (params == NULL) {
		return;
	}
	const struct param_def *defs = def->params.items;
	for (size_t i = 0; i < def->params.n; i++) {
		make_param(m, &defs[i], &params[i]);
	}
	e->params = params;
	e->n_params = def->params.n;
}

static void
make_targets(struct making *m, const struct module_def *def, struct rme_module_entry *e)
{
	unsigned bits = def->targets != 0 ? def->targets : 1u;
	const char **targets = new_array(m, &def->bound.mark, 2, sizeof(*targets));
	for (size_t i = 0; targets != NULL && i < 2; i++) {
		if ((bits >> i & 1u) != 0) {
			targets[e->n_targets++] = rmi_module_targets[i];
		}
	}
	e->targets = targets;
}

static const char *
default_wasm_path(struct making *m, const struct module_def *def)
{
	const char *file = def->bound.mark.source->name, *slash = strrchr(file, '/');
	int len = slash != NULL ? (int)(slash - file) + 1 : 0;
	const char *path = rmi_arena_printf(&m->diags->arena, "%.*sbuild/modules/%s.wasm", len, file, def->bound.key);
	if (path == NULL) {
		fail(m, &def->bound.mark, rme_err_text(RME_ENOMEM));
	}
	return path;
}

static const char *
text_of(const struct module_def *def, const char *key)
{
	const struct rmi_yaml_node *v = rmi_yaml_get(def->bound.node, key);
	return v != NULL ? v->text : NULL;
}

static void
make_numbers(const struct module_def *def, struct rme_module_entry *e)
{
	if (def->limits != NULL) {
		e->limits.memory_bytes = (uint64_t)def->limits->memory;
		e->limits.timeout_ns = def->limits->timeout;
		e->limits.result_bytes = (uint64_t)def->limits->result;
	}
	if (def->optimize != NULL) {
		e->optimize_level = (unsigned)def->optimize->level;
		e->optimize_simd = def->optimize->simd;
		e->optimize_wasm_opt = def->optimize->wasm_opt;
	}
	if (def->cost != NULL) {
		e->cost.units = rmi_module_units[def->cost->units];
		e->cost.cloud = def->cost->cloud;
		if (def->cost->edge_ms != NULL) {
			e->cost.edge_base_ms = def->cost->edge_ms->base;
			e->cost.edge_per_unit_ms = def->cost->edge_ms->per_unit;
		}
	}
	if (def->deploy != 0) {
		e->deploy = def->deploy;
	}
}

static void
make_entry(struct making *m, const struct module_def *def, struct rme_module_entry *e)
{
	rme_module_entry_init(e, def->bound.key, def->wasm != NULL ? def->wasm : default_wasm_path(m, def));
	e->version = def->version;
	e->help = def->help;
	e->category = (enum rme_module_category)def->category;
	e->isolation = (enum rme_isolation)def->isolation;
	e->function_name = def->function_name;
	e->input = def->input;
	e->output = def->output;
	e->input_text = text_of(def, "input");
	e->output_text = text_of(def, "output");
	if (def->source != NULL) {
		e->source_lang = rmi_module_langs[def->source->lang];
		e->source_path = def->source->path;
	}
	if (def->services.n > RMI_MODULE_SERVICES_MAX) {
		fail(m, &def->bound.mark, "too many services; the most is 32");
	}
	e->services = def->services.items;
	e->n_services = def->services.n;
	make_numbers(def, e);
	make_params(m, def, e);
	make_targets(m, def, e);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;
	return p != NULL ? (int)(p - digits) : -1;
}

static bool
read_sha256(const char *hex, uint8_t out[RMI_SHA256_BYTES])
{
	if (strlen(hex) != 2 * (size_t)RMI_SHA256_BYTES) {
		return false;
	}
	for (size_t i = 0; i < RMI_SHA256_BYTES; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		out[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

/* Pins of modules that the registry does not know are left from earlier and mean nothing, but are worth a word. */
static void
apply_pin(struct making *m, const struct pin_def *pin, struct rme_module_entry *modules, size_t n)
{
	struct rme_module_entry *e = modules;
	while (e < modules + n && strcmp(e->name, pin->bound.key) != 0) {
		e++;
	}
	if (e == modules + n) {
		rmi_diag_warn(m->diags, &pin->bound.mark, "the registry has no module '%s'", pin->bound.key);
	} else if (!read_sha256(pin->sha256, e->sha256)) {
		fail(m, &rmi_yaml_get(pin->bound.node, "sha256")->mark, "a SHA-256 is 64 digits of 0-9 and a-f");
	} else {
		e->has_sha256 = true;
	}
}

static void
apply_lock(struct making *m, const struct rmi_yaml_node *lock, struct rme_module_entry *modules, size_t n)
{
	struct lock_def def;
	if (!rmi_schema_bind(m->diags, &rmi_lock_schema, lock, &def)) {
		m->ok = false;
		return;
	}
	const struct pin_def *pins = def.modules.items;
	for (size_t i = 0; i < def.modules.n; i++) {
		apply_pin(m, &pins[i], modules, n);
	}
}

const struct rmi_module_registry *
rmi_module_registry_read(struct rmi_diags *diags, const struct rmi_yaml_node *root, const struct rmi_yaml_node *lock)
{
	struct making m = {.diags = diags, .ok = true};
	struct registry_def def;
	if (!rmi_schema_bind(diags, &rmi_registry_schema, root, &def)) {
		return NULL;
	}
	size_t n = def.modules.n;
	struct rmi_module_registry *r = new_array(&m, &root->mark, 1, sizeof(*r));
	struct rme_module_entry *modules = new_array(&m, &root->mark, n, sizeof(*modules));
	struct rmi_mark *marks = new_array(&m, &root->mark, n, sizeof(*marks));
	if (r == NULL || modules == NULL || marks == NULL) {
		return NULL;
	}
	const struct module_def *defs = def.modules.items;
	for (size_t i = 0; i < n; i++) {
		make_entry(&m, &defs[i], &modules[i]);
		marks[i] = defs[i].bound.mark;
	}
	if (lock != NULL) {
		apply_lock(&m, lock, modules, n);
		r->lock_path = lock->mark.source->name;
	}
	if (def.signing != NULL) {
		r->signing.policy = (enum rmi_signing_policy)def.signing->policy;
		r->signing.keys = def.signing->keys.items;
		r->signing.n_keys = def.signing->keys.n;
		r->signing.mark = def.signing->bound.mark;
	}
	r->path = root->mark.source->name;
	r->modules = modules;
	r->marks = marks;
	r->n = n;
	return m.ok ? r : NULL;
}

/* "wasm-modules.lock" beside "wasm-modules.yaml"; NULL if there is none. */
static const char *
find_lock(struct rmi_arena *arena, const char *path)
{
	size_t len = strlen(path);
	if (len < 5 || strcmp(path + len - 5, ".yaml") != 0) {
		return NULL;
	}
	const char *lock = rmi_arena_printf(arena, "%.*s.lock", (int)(len - 5), path);
	return lock != NULL && access(lock, F_OK) == 0 ? lock : NULL;
}

const struct rmi_module_registry *
rmi_module_registry_load(struct rmi_diags *diags, const char *path, const struct rmi_env *env)
{
	const struct rmi_yaml_node *root = rmi_yaml_load(diags, path, env);
	if (root == NULL) {
		return NULL;
	}
	const char *lock_path = find_lock(&diags->arena, path);
	const struct rmi_yaml_node *lock = lock_path != NULL ? rmi_yaml_load(diags, lock_path, NULL) : NULL;
	if (lock_path != NULL && lock == NULL) {
		return NULL;
	}
	return rmi_module_registry_read(diags, root, lock);
}

const struct rme_module_entry *
rmi_module_registry_find(const struct rmi_module_registry *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->modules[i].name, name) == 0) {
			return &r->modules[i];
		}
	}
	return NULL;
}

const struct rme_module_entry *
rmi_module_registry_find_path(const struct rmi_module_registry *r, const char *wasm_path)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->modules[i].wasm_path, wasm_path) == 0) {
			return &r->modules[i];
		}
	}
	return NULL;
}

const char *
rmi_module_registry_search(struct rmi_arena *arena, const char *folder)
{
	enum { LEVELS_MAX = 32 };
	const char *up = "";
	for (int level = 0; level < LEVELS_MAX; level++) {
		const char *path =
		    rmi_arena_printf(arena, "%s%s%s" RMI_MODULE_REGISTRY_FILE, folder, *folder != '\0' ? "/" : "", up);
		if (path == NULL || access(path, F_OK) == 0) {
			return path;
		}
		up = rmi_arena_printf(arena, "../%s", up);
		if (up == NULL) {
			return NULL;
		}
	}
	return NULL;
}

const char *
rmi_module_registry_installed(struct rmi_arena *arena)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));
	if (n <= 0 || n == (ssize_t)sizeof(exe)) {
		return NULL;
	}
	while (n > 0 && exe[n - 1] != '/') {
		n--;
	}
	const char *path = rmi_arena_printf(arena, "%.*s../share/rme/" RMI_MODULE_REGISTRY_FILE, (int)n, exe);
	return path != NULL && access(path, R_OK) == 0 ? path : NULL;
}
