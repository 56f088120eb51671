#ifndef RME_RUNTIME_H
#define RME_RUNTIME_H

/**
 * @file
 * The root object: everything that would otherwise be global hangs on it. One per process is usual, several work.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rme_node_type;
struct rme_runtime;

enum rme_log_level { RME_LOG_ERROR = 0, RME_LOG_WARN = 1, RME_LOG_INFO = 2, RME_LOG_DEBUG = 3 };

enum { RME_RUNTIME_TYPES_MAX = 256, RME_RUNTIME_WORKERS_MAX = 256 };

/** All-zero = defaults. */
struct rme_runtime_config {
	unsigned workers;             /**< threads that run sessions; 0 = one per core */
	enum rme_log_level log_level; /**< most verbose level that is passed on */
	/** Any thread. NULL = no log. @p topic is e.g. "wasm"; @p text is one line without end of line. */
	void (*log)(void *ctx, enum rme_log_level level, const char *topic, const char *text);
	void *log_ctx;
};

/** @param config  copied; NULL = defaults */
RME_NODISCARD RME_EXPORT enum rme_err
rme_runtime_new(struct rme_runtime **out, const struct rme_runtime_config *config, struct rme_error *err);
/** Waits for the workers. Every session must have been freed. NULL is a no-op. */
RME_EXPORT void rme_runtime_free(struct rme_runtime *rt);

/**
 * Make a node type known by its name. Before the first session only.
 * @param type  outlives the runtime
 * @return RME_OK, RME_EINVAL (name taken, or no process function), RME_ELIMIT
 */
RME_NODISCARD RME_EXPORT enum rme_err rme_runtime_register(struct rme_runtime *rt, const struct rme_node_type *type);
/** NULL where there is none. Any thread. */
RME_EXPORT const struct rme_node_type *rme_runtime_find(const struct rme_runtime *rt, const char *name);
/** In order of registration; NULL past the end. Any thread. */
RME_EXPORT const struct rme_node_type *rme_runtime_type(const struct rme_runtime *rt, size_t index);

/** Write one line to the runtime's log. Any thread. */
RME_EXPORT void
rme_log(struct rme_runtime *rt, enum rme_log_level level, const char *topic, const char *fmt, ...) RME_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif

#endif
