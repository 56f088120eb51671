#ifndef RMI_CLI_MODULES_SECTIONS_H
#define RMI_CLI_MODULES_SECTIONS_H

/** @file What stands in a .wasm file, for people. The gate is rmi_admit(); this only reads names and sizes. */

#include "base/arena.h"
#include <stdint.h>

/** An import, an export or a custom section. Bytes of names that are not printable ASCII are shown as '?'. */
struct rmi_module_item {
	const char *module; /**< imports */
	const char *name;
	const char *kind; /**< "function", "table", "memory", "global", "tag"; custom sections: "custom" */
	size_t bytes;     /**< custom sections */
};

struct rmi_module_items {
	struct rmi_module_item *list;
	size_t n;
};

struct rmi_module_sections {
	struct rmi_module_items imports, exports, customs;
	size_t custom_bytes;
};

/**
 * Read the names. Goes as far as the file can be read: what was found until then is set also after an error.
 * @return RME_OK, RME_EMODULE (malformed), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_module_sections_read(
    struct rmi_module_sections *out, struct rmi_arena *arena, const uint8_t *wasm, size_t len, struct rme_error *err);

#endif
