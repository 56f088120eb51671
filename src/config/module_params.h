#ifndef RMI_CONFIG_MODULE_PARAMS_H
#define RMI_CONFIG_MODULE_PARAMS_H

/** @file Settings of a module, checked against the parameters that the registry says it takes. */

#include "config/schema.h"
#include "core/module_entry.h"

/**
 * The object that the module's configure() gets: what is given, and defaults for the rest.
 * @param path      of the node, for messages
 * @param settings  a map; NULL = none
 * @param mark      of the node, for what is missing
 * @return JSON text in the diagnostics' arena, or NULL with errors in them
 */
const char *rmi_module_params_json(struct rmi_diags *diags, const struct rme_module_entry *entry, const char *path,
    const struct rmi_yaml_node *settings, const struct rmi_mark *mark);

#endif
