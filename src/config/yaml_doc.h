#ifndef RMI_CONFIG_YAML_DOC_H
#define RMI_CONFIG_YAML_DOC_H

/**
 * @file
 * A YAML or JSON file as a tree with places. The only users of libyaml are behind this header.
 *
 * The tree is bounded, whatever the file says: bytes, depth, and nodes after aliases were followed, so a "billion laughs"
 * file ends in an error. `${NAME}` in values is replaced while the tree is built (env.h).
 */

#include "config/diag.h"
#include "config/env.h"

#include <stdint.h>

enum {
	RMI_YAML_BYTES_MAX = 1024 * 1024,
	RMI_YAML_DEPTH_MAX = 32,
	RMI_YAML_NODES_MAX = 20000, /**< aliases count each time */
	RMI_YAML_KEYS_MAX = 1024,   /**< of one mapping */
	RMI_YAML_SCALAR_MAX = RMI_ENV_TEXT_MAX,
};

enum rmi_yaml_kind {
	RMI_YAML_NULL,
	RMI_YAML_BOOL,
	RMI_YAML_NUMBER,
	RMI_YAML_TEXT,
	RMI_YAML_LIST,
	RMI_YAML_MAP,
};

struct rmi_yaml_pair;

/** One value, after the core schema of YAML 1.2 (yes, no, on, off are text). */
struct rmi_yaml_node {
	enum rmi_yaml_kind kind;
	struct rmi_mark mark;
	const char *text; /**< of scalars: as written, variables replaced; never NULL for scalars */
	double number;
	bool boolean;
	const struct rmi_yaml_node *const *items; /**< LIST: n of them */
	const struct rmi_yaml_pair *pairs;        /**< MAP: n of them, in order; keys are unique */
	size_t n;
};

struct rmi_yaml_pair {
	const char *key;
	struct rmi_mark mark; /**< of the key */
	const struct rmi_yaml_node *value;
};

/**
 * Read a file. All memory is the diagnostics' arena.
 * @param path  "-" = standard input
 * @param env   NULL = `${` is an error
 * @return the root, or NULL with at least one error in @p diags
 */
const struct rmi_yaml_node *rmi_yaml_load(struct rmi_diags *diags, const char *path, const struct rmi_env *env);

/** The same for a text in memory; source->name and source->text are copied. */
const struct rmi_yaml_node *
rmi_yaml_parse(struct rmi_diags *diags, const struct rmi_source *source, const struct rmi_env *env);

/** The value of @p key in a map, or NULL. */
const struct rmi_yaml_node *rmi_yaml_get(const struct rmi_yaml_node *map, const char *key);

/** "text", "number", "list" ... for messages; never NULL. */
const char *rmi_yaml_kind_name(enum rmi_yaml_kind kind);

/**
 * A scalar that names a file, as this process opens it: relative names start at the folder of the file that it stands in.
 * Text that begins with '#' or holds an end of line is content instead of a name, and is left alone. NULL = out of memory.
 */
const char *rmi_yaml_path_text(struct rmi_arena *arena, const struct rmi_yaml_node *v);

/** The value as JSON text, in @p arena. NULL = out of memory. */
const char *rmi_yaml_to_json(struct rmi_arena *arena, const struct rmi_yaml_node *node);

#endif
