#include "core/module_entry.h"

#include <string.h>

void
rme_module_entry_init(struct rme_module_entry *e, const char *name, const char *wasm_path)
{
	*e = (struct rme_module_entry){.name = name, .wasm_path = wasm_path};
	e->limits.memory_bytes = RME_MODULE_MEMORY_DEFAULT;
	e->limits.timeout_ns = RME_MODULE_TIMEOUT_DEFAULT;
	e->limits.result_bytes = RME_MODULE_RESULT_DEFAULT;
	e->deploy = RME_DEPLOY_SERVER | RME_DEPLOY_NODE | RME_DEPLOY_BROWSER;
	e->optimize_level = 3;
	e->optimize_simd = true;
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
