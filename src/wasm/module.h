#ifndef RMI_WASM_MODULE_H
#define RMI_WASM_MODULE_H

/**
 * @file
 * A module: admitted, compiled, loaded and validated once, and shared by all its instances. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "core/module_entry.h"
#include "wasm/admission.h"

struct rmi_wasm_engine;
struct rmi_wasm_module;

/** What to open. Texts are copied. */
struct rmi_wasm_module_spec {
	const char *name;                /**< for messages; NULL = the file's name */
	const char *path;                /**< of the .wasm file; NULL = bytes */
	struct rme_bytes bytes;          /**< the file's content where path is NULL; borrowed during the call */
	const uint8_t *sha256;           /**< what the file must hash to; NULL = any */
	const char *function_name;       /**< NULL = "process" */
	struct rme_module_limits limits; /**< 0 = default */
};

/**
 * Open a module, or take another reference to it where the same one is open already. The first opening of a module that
 * is not in the cache compiles it; others who open it meanwhile wait. A small one is optimized, a large one is compiled
 * plainly, which is 10 times faster, and optimized behind it: instances made from then on run the better code.
 * @return RME_OK; RME_ENOTFOUND, RME_EIO (file); RME_EDENIED (other sha256); what rmi_admit() returns; RME_ELIMIT
 *         (the compiler went over its limits); RME_EUNSUPPORTED (no engine)
 */
RME_NODISCARD enum rme_err rmi_wasm_module_open(struct rmi_wasm_module **out, struct rmi_wasm_engine *e,
    const struct rmi_wasm_module_spec *spec, struct rme_error *err);
struct rmi_wasm_module *rmi_wasm_module_ref(struct rmi_wasm_module *m);
/** The last reference unloads it. Every instance must be gone. NULL is a no-op. */
void rmi_wasm_module_unref(struct rmi_wasm_module *m);

const char *rmi_wasm_module_name(const struct rmi_wasm_module *m);
const struct rmi_module_summary *rmi_wasm_module_summary(const struct rmi_wasm_module *m);
const struct rme_module_limits *rmi_wasm_module_limits(const struct rmi_wasm_module *m);

/** How its code came about. */
struct rmi_wasm_code_info {
	uint8_t file_sha256[RMI_SHA256_BYTES];     /**< of the file as it is */
	uint8_t admitted_sha256[RMI_SHA256_BYTES]; /**< of what the admission pass made of it */
	size_t file_bytes, code_bytes;             /**< code: size of the compiled object, 0 = interpreter */
	bool interpreted;
	bool interruptible;
	bool from_cache;
	int optimize_level; /**< of the code that instances are made from now: 3, or 0 */
	bool optimizing;    /**< level 3 follows */
	int64_t compile_ns, load_ns;
};
void rmi_wasm_module_code_info(const struct rmi_wasm_module *m, struct rmi_wasm_code_info *out);

/** What opening a module of some admitted bytes would find in the cache. */
enum rmi_code_cached {
	RMI_CODE_NOT_CACHED,
	RMI_CODE_CACHED_PLAIN, /**< level 0; the optimized code follows when it is used */
	RMI_CODE_CACHED,       /**< optimized, or as good as it gets */
};
/** The engine must have been started. Any thread. */
enum rmi_code_cached rmi_wasm_code_cached(struct rmi_wasm_engine *e, const uint8_t admitted_sha256[RMI_SHA256_BYTES]);

#endif
