/* Module registries, locks (the same bytes read as one), and settings of modules (the registry's own map of modules). */

#include <stdlib.h>

#include "config/module_params.h"
#include "config/module_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_all(struct rmi_diags *d, const struct rmi_yaml_node *root)
{
	const struct rmi_module_registry *r = rmi_module_registry_read(d, root, NULL);
	for (size_t i = 0; r != NULL && i < r->n; i++) {
		const struct rmi_yaml_node *settings = rmi_yaml_get(root, "x-settings");
		bool map = settings != NULL && settings->kind == RMI_YAML_MAP;
		(void)rmi_module_params_json(d, &r->modules[i], "n", map ? settings : NULL, &root->mark);
	}
	(void)rmi_module_registry_read(d, root, root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_diags *d = calloc(1, sizeof(*d));
	const struct rmi_source source = {"fuzz.yaml", (const char *)data, size};
	const struct rmi_yaml_node *root = d != NULL ? rmi_yaml_parse(d, &source, NULL) : NULL;
	if (root != NULL) {
		read_all(d, root);
	}
	if (d != NULL) {
		rmi_diags_done(d);
	}
	free(d);
	return 0;
}
