#ifndef RMI_CORE_ISOLATION_H
#define RMI_CORE_ISOLATION_H

/** @file Where a module runs: in this process, or in one of its own. See docs/design/wasm-isolation.md. */

#include "core/module_entry.h"

/** "auto", "inproc", "process", in the order of enum rme_isolation; ends with NULL. */
extern const char *const rmi_isolation_words[];

/**
 * True if the module is our own: the lock file pins its bytes (opening refuses others). The one place that says whom we
 * trust; NULL = a file that no registry describes.
 */
bool rmi_module_is_ours(const struct rme_module_entry *entry);

struct rmi_isolation_level {
	enum rme_isolation level; /**< INPROC or PROCESS */
	const char *why;          /**< a static text: "pinned by the lock file", ... */
};
/**
 * The level that the registry gives a module.
 * @param otherwise  level of modules that are not ours, where the registry says nothing
 */
struct rmi_isolation_level rmi_isolation_of(const struct rme_module_entry *entry, enum rme_isolation otherwise);

#endif
