#include "core/module_entry.h"

#include <stdlib.h>
#include <string.h>

struct rme_module_entry *
rme_module_entry_new(void)
{
	struct rme_module_entry *e = calloc(1, sizeof(*e));
	if (e == NULL) {
		return NULL;
	}
	e->limits.memory_bytes = RME_MODULE_MEMORY_DEFAULT;
	e->limits.timeout_ns = RME_MODULE_TIMEOUT_DEFAULT;
	e->limits.result_bytes = RME_MODULE_RESULT_DEFAULT;
	e->deploy = RME_DEPLOY_SERVER | RME_DEPLOY_NODE | RME_DEPLOY_BROWSER;
	e->optimize_level = 3;
	e->optimize_simd = true;
	return e;
}

static void
free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(strings[i]);
	}
	free(strings);
}

void
rme_module_entry_free(struct rme_module_entry *e)
{
	if (e == NULL) {
		return;
	}
	char *owned[] = {e->name, e->version, e->help, e->source_lang, e->source_path, e->wasm_path, e->function_name,
	    e->input, e->output, e->cost.units, e->cost.cloud};
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		free(owned[i]);
	}
	for (size_t i = 0; i < e->n_params; i++) {
		free(e->params[i].name);
		free(e->params[i].help);
		free(e->params[i].default_value);
		free_strings(e->params[i].choices, e->params[i].n_choices);
	}
	free(e->params);
	free_strings(e->targets, e->n_targets);
	free_strings(e->services, e->n_services);
	free(e);
}

bool
rme_module_entry_grants(const struct rme_module_entry *e, const char *service)
{
	for (size_t i = 0; i < e->n_services; i++) {
		if (strcmp(e->services[i], service) == 0) {
			return true;
		}
	}
	return false;
}
