#ifndef RMI_CONFIG_ENV_H
#define RMI_CONFIG_ENV_H

/**
 * @file
 * Variables in values: `${NAME}` must be set, `${NAME:-text}` has a default (also for an empty variable),
 * `${NAME:?text}` says what to do if it is not set, `$$` is a dollar sign. What comes out is never read as YAML again.
 */

#include <rme/err.h>
#include <stddef.h>

#include "base/arena.h"

/** Where variables are looked up. */
struct rmi_env {
	const char *(*get)(void *ctx, const char *name); /**< borrowed; NULL = not set */
	void *ctx;
};

/** The variables of the process. */
extern const struct rmi_env rmi_env_process;

/** Bytes of a text after its variables were replaced. */
enum { RMI_ENV_TEXT_MAX = 64 * 1024 };

/**
 * Replace all variables in a text.
 * @param[in,out] text  unchanged if there is nothing to replace, else a new text in @p arena
 * @return RME_OK; RME_ECONFIG (wrong, or not set), RME_ELIMIT, RME_ENOMEM with a text in @p err
 */
RME_NODISCARD enum rme_err
rmi_env_expand(const char **text, struct rmi_arena *arena, const struct rmi_env *env, struct rme_error *err);

#endif
