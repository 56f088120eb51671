#ifndef RMI_WASM_ADMISSION_H
#define RMI_WASM_ADMISSION_H

/**
 * @file
 * The gate that every module passes before the engine sees a byte of it. It reads the sections itself and writes a new,
 * smaller module: custom sections are dropped (one named "wasmedge" would be run as native code), memory and table maxima
 * are set to the policy, and whatever is not allowed is refused. See docs/design/wasm-admission.md.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include "base/sha256.h"

/** What the host decides. */
struct rmi_admission_policy {
	uint32_t memory_pages_max; /**< most linear memory, in pages of 64 KiB */
	const char *function_name; /**< export that handles an item; NULL = "process" */
};

/** Exports of the module interface; bits of rmi_module_summary.exports. */
enum rmi_export_id {
	RMI_EXPORT_PROCESS, /**< under the name of the policy */
	RMI_EXPORT_INITIALIZE,
	RMI_EXPORT_CLEANUP,
	RMI_EXPORT_START_REACTOR, /**< _initialize */
	RMI_EXPORT_ABI,
	RMI_EXPORT_ASSET,
	RMI_EXPORT_CONFIGURE,
	RMI_EXPORT_NEXT,
	RMI_EXPORT_FLUSH,
	RMI_EXPORT_RESET,
	RMI_EXPORT_CONFIDENCE,
	RMI_EXPORT_ESTIMATE,
	RMI_EXPORT_OUTPUT_FORMAT,
	RMI_EXPORT_RME_ALLOC,
	RMI_EXPORT_RME_FREE,
	RMI_EXPORT_MALLOC,
	RMI_EXPORT_FREE,
	RMI_EXPORT_AS_NEW,
	RMI_EXPORT_AS_PIN,
	RMI_EXPORT_AS_UNPIN,
	RMI_EXPORT_COUNT_
};

/** How the host gets room in the guest's memory; the first that the module has. */
enum rmi_alloc_kind {
	RMI_ALLOC_RME,     /**< rme_alloc, rme_free */
	RMI_ALLOC_MALLOC,  /**< malloc, free */
	RMI_ALLOC_AS,      /**< AssemblyScript: __new, __pin */
	RMI_ALLOC_WINDOWS, /**< static windows rme_in, rme_out */
};

/** A static window, from its exported globals: the address, and where its size is stored as a u32. */
struct rmi_window {
	uint32_t address, size_address;
	bool has_address, has_size;
};

/** What was found. */
struct rmi_module_summary {
	uint32_t exports; /**< bit per enum rmi_export_id */
	uint32_t imports; /**< bit per enum rmi_import_id */
	enum rmi_alloc_kind alloc;
	struct rmi_window in, out;
	uint32_t memory_pages_min, memory_pages_max;
	uint32_t n_types, n_functions, n_globals, n_tables, n_imports, n_exports;
	size_t code_bytes, data_bytes, dropped_bytes;
};

/** A module that may be given to the engine. */
struct rmi_admitted {
	uint8_t *wasm; /**< rewritten; free with rmi_admitted_done() */
	size_t len;
	uint8_t sha256[RMI_SHA256_BYTES]; /**< of the rewritten bytes */
	struct rmi_module_summary summary;
};

/**
 * Check and rewrite a module. Pure; any thread.
 * @param[out] out  filled on success only
 * @param err  the text says the byte offset, the section, and what to do
 * @return RME_OK, RME_EMODULE (malformed, or not allowed), RME_ELIMIT (over a named limit), RME_EUNSUPPORTED (a feature
 *         that is off), RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_admit(struct rmi_admitted *out, const uint8_t *wasm, size_t len,
    const struct rmi_admission_policy *policy, struct rme_error *err);

/** Accepts an all-zero one. */
void rmi_admitted_done(struct rmi_admitted *a);

/** Name of an export of the interface; "process" for the one that handles items, whatever the policy calls it. */
const char *rmi_module_export_name(enum rmi_export_id id);

static inline bool
rmi_module_exports(const struct rmi_module_summary *s, enum rmi_export_id id)
{
	return (s->exports >> id & 1u) != 0;
}

#endif
