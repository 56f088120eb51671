#ifndef RME_PARAMS_H
#define RME_PARAMS_H

/**
 * @file
 * Parameters of nodes: one declarative table per node type is the single source for validation, defaults, documentation,
 * and the lists that services publish. Values come from pipeline files, RPCs or the command line as a flat list, and are
 * bound into the type's plain config struct.
 */

#include <stdbool.h>
#include <stddef.h>
#include <rme/err.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	RME_PARAMS_MAX = 64,            /**< values in one list */
	RME_PARAM_TEXT_MAX = 64 * 1024, /**< bytes of one text value */
};

enum rme_param_kind {
	RME_PARAM_BOOL = 1,
	RME_PARAM_INT = 2,      /**< int64_t */
	RME_PARAM_NUMBER = 3,   /**< double */
	RME_PARAM_TEXT = 4,     /**< char *, owned by the config, never NULL after binding unless the default is NULL */
	RME_PARAM_CHOICE = 5,   /**< int: index into choices */
	RME_PARAM_DURATION = 6, /**< int64_t ns; written as "20ms", "1.5s", or a plain number of seconds */
	RME_PARAM_JSON = 7,     /**< char *: any JSON value as text, owned by the config; NULL = not given */
	RME_PARAM_BYTES = 8,    /**< int64_t bytes; written as "100KB", "16MiB", or a plain number */
	/**
	 * struct rme_node_spec: a child node, written as a node of a pipeline is. rme_params_bind() takes no value for it and
	 * leaves it all-zero: whoever reads the file makes the spec and sees to `required`.
	 */
	RME_PARAM_NODE = 9,
	/**
	 * char *: TEXT that names a file. In a pipeline file, a relative name starts at the folder of that file; text that
	 * begins with '#' or holds an end of line is content instead of a name, and is left alone.
	 */
	RME_PARAM_PATH = 10,
};

/** One parameter of a node type. The table ends with an entry whose name is NULL. */
struct rme_param {
	const char *name;
	enum rme_param_kind kind;
	size_t offset;        /**< of the member in the config struct */
	const char *fallback; /**< default, in text form; NULL = empty, or required */
	bool required;
	double min, max;            /**< INT, NUMBER, BYTES, DURATION (seconds); both 0 = no range */
	const char *const *choices; /**< CHOICE: ends with NULL */
	const char *help;           /**< one line */
};

/** A value as it was written, before it meets its table. */
enum rme_value_kind {
	RME_VALUE_NULL = 0,
	RME_VALUE_BOOL = 1,
	RME_VALUE_NUMBER = 2,
	RME_VALUE_TEXT = 3,
	RME_VALUE_JSON = 4, /**< an array or object, as JSON text */
};

struct rme_value {
	const char *key;
	enum rme_value_kind kind;
	bool boolean;
	double number;
	const char *text; /**< TEXT, JSON; for NUMBER the digits as written, or NULL */
};

struct rme_params_in {
	const struct rme_value *values;
	size_t n;
};

/**
 * Check values against a table and write them into a config struct, defaults for the rest. Text values "true", "3", "20ms"
 * are read as what the table wants, since RPC maps carry nothing but text.
 * @param[out] config  the type's config struct, of config_size bytes that are zero: members outside the table are left as they are.
 *                     Release its texts with rme_params_done()
 * @param[out] bad     optional: index into @p values of the one that is wrong, SIZE_MAX where none of them is (a missing one)
 * @return RME_OK, RME_ECONFIG with a text that names the parameter and what it takes, RME_ENOMEM
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_params_bind(
    const struct rme_param *table, const struct rme_params_in *in, void *config, size_t *bad, struct rme_error *err);

/** Free the texts in a bound config struct (not the struct). Accepts an all-zero one. */
RME_EXPORT void rme_params_done(const struct rme_param *table, void *config);

/** Name of a kind for people: "number", "text", ... Never NULL. */
RME_EXPORT const char *rme_param_kind_name(enum rme_param_kind k);

/** The known word nearest to @p word, if it is near enough to be a slip of the pen; else NULL. */
RME_EXPORT const char *rme_did_you_mean(const char *word, const char *const *known, size_t n);

#ifdef __cplusplus
}
#endif

#endif
