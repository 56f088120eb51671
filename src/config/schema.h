#ifndef RMI_CONFIG_SCHEMA_H
#define RMI_CONFIG_SCHEMA_H

/**
 * @file
 * Tables that say what a configuration file may hold. One table checks a file and fills a struct from it
 * (rmi_schema_bind), is printed as JSON Schema for editors, and as the reference page.
 */

#include "config/yaml_doc.h"

#include <stdint.h>

/** What a key takes, and the member that it fills. */
enum rmi_field_kind {
	RMI_FIELD_TEXT,     /**< const char * */
	RMI_FIELD_NAME,     /**< const char *: letters, digits, '_', '-', at most RMI_NAME_MAX */
	RMI_FIELD_PATH,     /**< const char *: a file; relative paths start at the configuration file's folder */
	RMI_FIELD_BOOL,     /**< bool */
	RMI_FIELD_INT,      /**< int64_t in [min, max] */
	RMI_FIELD_NUMBER,   /**< double in [min, max] */
	RMI_FIELD_CHOICE,   /**< int: index into choices */
	RMI_FIELD_CHOICES,  /**< unsigned: bit set of choices, from a list */
	RMI_FIELD_DURATION, /**< int64_t ns, from "20ms"; min and max in seconds */
	RMI_FIELD_BYTES,    /**< int64_t, from "64KiB"; in [min, max] */
	RMI_FIELD_FORMAT,   /**< struct rme_format, from "audio/pcm;rate=16000" */
	RMI_FIELD_TEXTS,    /**< struct rmi_list of const char *, from a list */
	RMI_FIELD_ANY,      /**< const struct rmi_yaml_node *: anything */
	RMI_FIELD_SETTINGS, /**< const struct rmi_yaml_node *: a map of anything, checked by whom it is for */
	RMI_FIELD_OBJECT,   /**< pointer to the struct of schema; NULL = not given */
	RMI_FIELD_LIST,     /**< struct rmi_list of the structs of schema, from a list */
	RMI_FIELD_MAP,      /**< struct rmi_list of the structs of schema, from a map of names */
};

enum { RMI_NAME_MAX = 64 };

/** Items in the diagnostics' arena. */
struct rmi_list {
	void *items;
	size_t n;
};

struct rmi_schema;

/** One key. A table ends with {.key = NULL}. */
struct rmi_field {
	const char *key;
	enum rmi_field_kind kind;
	size_t offset;
	bool required;
	const char *fallback; /**< what holds if it is not given, as it would be written; NULL = all-zero */
	double min, max;      /**< both 0 = no range */
	const char *const *choices;
	const struct rmi_schema *schema; /**< OBJECT, LIST, MAP */
	const char *help;                /**< one line */
};

/** One kind of object. Its struct starts with `struct rmi_bound bound`. */
struct rmi_schema {
	const char *name; /**< in messages: "node" */
	size_t size;      /**< of the struct */
	const struct rmi_field *fields;
	const char *short_key; /**< a plain value in place of the map is the value of this key; NULL = none */
	const char *only_key;  /**< as a variant: the key that tells it from the others */
	const struct rmi_schema *const *variants; /**< the object is one of these (same struct); ends with NULL */
	const char *help;
};

/** Where a struct came from. */
struct rmi_bound {
	const struct rmi_yaml_node *node;
	const char *key;      /**< its name in a map; NULL where it has none */
	struct rmi_mark mark; /**< of the key if there is one, else of the value */
};

/**
 * Check @p node and fill @p out, all of schema->size bytes. Goes on after an error, to find more.
 * @return false if there was an error; @p out may then be used to look for more, no member is wild
 */
bool
rmi_schema_bind(struct rmi_diags *diags, const struct rmi_schema *schema, const struct rmi_yaml_node *node, void *out);

/** True for keys that are the user's own ("x-..."): they are taken everywhere and mean nothing. */
bool rmi_schema_is_private_key(const char *key);

/** Member of a struct that a field fills. */
static inline void *
rmi_field_member(void *object, const struct rmi_field *field)
{
	return (char *)object + field->offset;
}

#endif
