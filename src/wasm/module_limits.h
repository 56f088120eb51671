#ifndef RMI_WASM_MODULE_LIMITS_H
#define RMI_WASM_MODULE_LIMITS_H

/** @file Every size that a module can choose, and its named maximum. */

#include <stdint.h>
#include "core/guest_log.h"

enum {
	RMI_WASM_PAGE_BYTES = 65536,
	RMI_WASM_MODULE_BYTES_MAX = 16 << 20,
	RMI_WASM_TYPES_MAX = 10000,
	RMI_WASM_PARAMS_MAX = 256, /**< of one function type */
	RMI_WASM_RESULTS_MAX = 64, /**< of one function type */
	RMI_WASM_IMPORTS_MAX = 256,
	RMI_WASM_FUNCTIONS_MAX = 20000,
	RMI_WASM_BODY_BYTES_MAX = 256 << 10,
	RMI_WASM_LOCALS_MAX = 4096, /**< of one function, without parameters */
	RMI_WASM_TABLES_MAX = 16,
	RMI_WASM_TABLE_ENTRIES_MAX = 65536,
	RMI_WASM_GLOBALS_MAX = 10000,
	RMI_WASM_EXPORTS_MAX = 2000,
	RMI_WASM_NAME_BYTES_MAX = 256,
	RMI_WASM_SEGMENTS_MAX = 10000,       /**< element or data segments */
	RMI_WASM_ELEMENTS_MAX = 131072,      /**< entries of all element segments */
	RMI_WASM_MEMORY_PAGES_LIMIT = 16384, /**< no policy may give a module more than 1 GiB */
	RMI_WASM_INSTANCES_MAX = 8000,       /**< per process; each reserves 12 GiB of address space */
	RMI_WASM_SERVICE_CALLS_PER_ITEM = RMI_GUEST_SERVICE_CALLS_PER_ITEM,
	RMI_WASM_OUTPUTS_PER_ITEM = RMI_GUEST_OUTPUTS_PER_ITEM,
	RMI_WASM_ERROR_TEXT_MAX = RMI_GUEST_ERROR_TEXT_MAX,
	RMI_WASM_SERVICE_NAME_MAX = RMI_GUEST_SERVICE_NAME_MAX,
	RMI_OPTIMIZE_AT_ONCE_BYTES =
	    5 << 10, /**< code that is optimized before it runs; larger is compiled plainly first */
	RMI_WASM_RESULT_BYTES_LIMIT = 64 << 20 /**< no policy may give a result more room */
};

#endif
