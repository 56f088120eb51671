#ifndef RMI_CONFIG_MODULE_REGISTRY_H
#define RMI_CONFIG_MODULE_REGISTRY_H

/**
 * @file
 * wasm-modules.yaml and wasm-modules.lock (docs/reference/wasm-modules-yaml.md): which modules there are, and the bytes that
 * are meant. All memory is the diagnostics' arena.
 */

#include "config/schema.h"
#include "core/module_entry.h"

#define RMI_MODULE_REGISTRY_FILE "wasm-modules.yaml"

enum {
	RMI_MODULE_REGISTRY_MAX = 1024, /**< modules */
	RMI_MODULE_PARAMS_MAX = 48,     /**< of one module */
	RMI_MODULE_SERVICES_MAX = 32,
};

enum rmi_signing_policy { RMI_SIGNING_OFF, RMI_SIGNING_WARN, RMI_SIGNING_REQUIRED };

/** Whose signatures modules need. */
struct rmi_module_signing {
	enum rmi_signing_policy policy;
	const char *const *keys; /**< as written */
	size_t n_keys;
	struct rmi_mark mark;
};

struct rmi_module_registry {
	const char *path;                 /**< of wasm-modules.yaml */
	const char *lock_path;            /**< of wasm-modules.lock; NULL = there is none */
	struct rme_module_entry *modules; /**< in the order of the file */
	const struct rmi_mark *marks;     /**< of each */
	size_t n;
	struct rmi_module_signing signing;
};

extern const struct rmi_schema rmi_registry_schema;

/**
 * Read a registry and the lock beside it, if there is one. The bytes of the modules are not looked at.
 * @return NULL with errors in @p diags
 */
const struct rmi_module_registry *
rmi_module_registry_load(struct rmi_diags *diags, const char *path, const struct rmi_env *env);

/** The same for trees that were read already. @p lock may be NULL. */
const struct rmi_module_registry *
rmi_module_registry_read(struct rmi_diags *diags, const struct rmi_yaml_node *root, const struct rmi_yaml_node *lock);

/** The module of that name, or NULL. */
const struct rme_module_entry *rmi_module_registry_find(const struct rmi_module_registry *registry, const char *name);

/** The module whose built file is @p wasm_path, or NULL. Paths are compared as text. */
const struct rme_module_entry *
rmi_module_registry_find_path(const struct rmi_module_registry *registry, const char *wasm_path);

/** The registry that was installed with the program: ../share/rme/wasm-modules.yaml from it. @return NULL if there is none */
const char *rmi_module_registry_installed(struct rmi_arena *arena);

/**
 * Look for wasm-modules.yaml in @p folder and those above it, at most 32.
 * @return its path in @p arena, or NULL
 */
const char *rmi_module_registry_search(struct rmi_arena *arena, const char *folder);

#endif
