#ifndef RMI_CONFIG_MODULE_DEF_H
#define RMI_CONFIG_MODULE_DEF_H

/** @file What the tables of module_schema.c fill; module_registry.c makes entries of it. Nobody else includes this. */

#include "config/module_registry.h"

/* Words of the file, in the order of the enums and bits of core/module_entry.h. */
extern const char *const rmi_module_langs[];
extern const char *const rmi_module_param_types[];
extern const char *const rmi_module_units[];
extern const char *const rmi_module_categories[];
extern const char *const rmi_module_targets[];
extern const char *const rmi_module_deploys[];
extern const char *const rmi_signing_policies[];

extern const struct rmi_schema rmi_lock_schema;

struct source_def {
	struct rmi_bound bound;
	int lang;
	const char *path;
};

struct param_def {
	struct rmi_bound bound; /* key = name */
	int type;
	const struct rmi_yaml_node *fallback, *min, *max;
	struct rmi_list choices, files;
	const char *help, *install;
};

struct module_limits_def {
	struct rmi_bound bound;
	int64_t memory, timeout, result;
};

struct optimize_def {
	struct rmi_bound bound;
	int64_t level;
	bool simd, wasm_opt;
};

struct edge_ms_def {
	struct rmi_bound bound;
	double base, per_unit;
};

struct cost_def {
	struct rmi_bound bound;
	struct edge_ms_def *edge_ms;
	int units;
	const char *cloud;
};

struct module_def {
	struct rmi_bound bound; /* key = name */
	int category;
	const char *version, *help, *wasm, *function_name;
	int64_t size;
	struct source_def *source;
	int isolation; /* enum rme_isolation, 0 = not said */
	unsigned targets, deploy;
	struct rme_format input, output;
	struct rmi_list params, services;
	struct module_limits_def *limits;
	struct optimize_def *optimize;
	struct cost_def *cost;
};

struct signing_def {
	struct rmi_bound bound;
	int policy;
	struct rmi_list keys;
};

struct registry_def {
	struct rmi_bound bound;
	int64_t version;
	struct signing_def *signing;
	struct rmi_list modules;
};

struct pin_def {
	struct rmi_bound bound; /* key = name of the module */
	const char *version, *target, *sha256;
	const struct rmi_yaml_node *also;
};

struct lock_def {
	struct rmi_bound bound;
	int64_t version;
	struct rmi_list modules;
};

#endif
