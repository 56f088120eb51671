#ifndef RMI_CORE_MODULE_ENTRY_H
#define RMI_CORE_MODULE_ENTRY_H

/**
 * @file
 * One module of the registry (wasm-modules.yaml) as plain data. The configuration reader fills it, the WebAssembly layer,
 * the router and the command read it; nobody changes it afterwards, so it may be shared between threads.
 */

#include <rme/err.h>
#include <rme/format.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"

/** Limits that hold where the registry says nothing. */
#define RME_MODULE_MEMORY_DEFAULT  ((uint64_t)64 << 20)
#define RME_MODULE_TIMEOUT_DEFAULT ((int64_t)1000000000)
#define RME_MODULE_RESULT_DEFAULT  ((uint64_t)64 << 10)

/** Bytes of one parameter of type asset, all its files together. */
#define RME_MODULE_ASSET_MAX ((uint64_t)256 << 20)

enum rme_module_category { RME_MODULE_AUDIO, RME_MODULE_VISION, RME_MODULE_TEXT };

/** Where a module may be deployed; flags. */
enum { RME_DEPLOY_SERVER = 1, RME_DEPLOY_NODE = 2, RME_DEPLOY_BROWSER = 4 };

/** Where a module runs. AUTO: in this process where it is ours (core/isolation.h), else in one of its own. */
enum rme_isolation { RME_ISOLATION_AUTO, RME_ISOLATION_INPROC, RME_ISOLATION_PROCESS };

enum rme_module_param_type {
	RME_MODULE_PARAM_NUMBER,
	RME_MODULE_PARAM_INTEGER,
	RME_MODULE_PARAM_BOOLEAN,
	RME_MODULE_PARAM_STRING,
	RME_MODULE_PARAM_ASSET /**< a file, or a folder of files, whose bytes are handed over before configure */
};

/** One parameter that a module takes in `configure`. */
struct rme_module_param {
	const char *name;
	const char *help;          /**< NULL = none */
	const char *default_value; /**< as JSON text ("0.5", "true", "\"x\""); NULL = none, the parameter is required */
	enum rme_module_param_type type;
	bool has_min, has_max;
	double min, max;            /**< numbers: inclusive bounds; assets: max = bytes of all files */
	const char *const *choices; /**< strings: the allowed values; n_choices of them, 0 = any */
	size_t n_choices;
	const char *const
	    *files; /**< assets: the files that are read from the folder it names; none = it names a file */
	size_t n_files;
	const char *install; /**< assets: what to install where it is missing; NULL = not said */
};

struct rme_module_limits {
	uint64_t memory_bytes; /**< linear memory of one instance */
	int64_t timeout_ns;    /**< one call of an export */
	uint64_t result_bytes; /**< one result */
};

/** What one item costs: ms = base + per_unit * units. */
struct rme_module_cost {
	double edge_base_ms, edge_per_unit_ms;
	const char *units; /**< what a unit is: "audio_ms", "pixels", "bytes"; NULL = not said */
	const char *cloud; /**< service that can do the same work; NULL = none */
};

/** One module. Texts and tables are borrowed: they live as long as the registry the entry came from. NULL = not said. */
struct rme_module_entry {
	const char *name;
	const char *version;
	const char *help;
	enum rme_module_category category;
	const char *source_lang;    /**< "c", "rust", "assemblyscript" */
	const char *source_path;    /**< folder of the sources, as the host opens it */
	const char *const *targets; /**< "wasm32-wasip1", ...; n_targets of them */
	size_t n_targets;
	const char *wasm_path; /**< the built module, as the host opens it */
	bool has_sha256;       /**< wasm-modules.lock pins it */
	uint8_t sha256[RMI_SHA256_BYTES];
	const char *function_name; /**< export called per item; NULL = "process" */
	struct rme_format input;   /**< all-zero = any */
	struct rme_format output;  /**< all-zero = as the module says at run time */
	const char *input_text;    /**< as written; NULL = not said */
	const char *output_text;   /**< as written; NULL = not said */
	const struct rme_module_param *params;
	size_t n_params;
	struct rme_module_limits limits;
	const char *const *services; /**< services that it may call, and nothing else; n_services of them */
	size_t n_services;
	enum rme_isolation isolation; /**< as the registry says */
	unsigned deploy;              /**< RME_DEPLOY_* */
	unsigned optimize_level;
	bool optimize_simd;
	bool optimize_wasm_opt;
	struct rme_module_cost cost;
};

/** What holds for a module that no registry describes: default limits, no grants, deployed everywhere. */
void rme_module_entry_init(struct rme_module_entry *entry, const char *name, const char *wasm_path);

/** True if the module may call @p service. */
bool rme_module_entry_grants(const struct rme_module_entry *entry, const char *service);

#endif
