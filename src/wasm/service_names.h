#ifndef RMI_WASM_SERVICE_NAMES_H
#define RMI_WASM_SERVICE_NAMES_H

/** @file The list of services that a node grants to its module. */

#include <stddef.h>
#include <rme/err.h>

enum { RMI_SERVICE_NAMES_MAX = 64 };

struct rmi_service_names {
	char **names;
	size_t n;
};

/**
 * Copy a list of names, or read one from a JSON array.
 * @param json  NULL = copy @p names
 * @return RME_OK, RME_ECONFIG (no array of texts, too many), RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_service_names_init(
    struct rmi_service_names *out, const char *json, const char *const *names, size_t n, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_service_names_done(struct rmi_service_names *s);

#endif
