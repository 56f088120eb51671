#ifndef RMI_CLI_ENDPOINTS_H
#define RMI_CLI_ENDPOINTS_H

/** @file Endpoints and services of a pipeline file, given to the layer that calls them. */

#include "config/pipeline_file.h"

struct rmi_remote;

/**
 * Add all endpoints of the file, and its services.
 * @return false with errors in @p diags
 */
bool rmi_endpoints_add(struct rmi_remote *remote, struct rmi_diags *diags, const struct rmi_pipeline_def *def);

/**
 * See to it that a service that a node names is known, with its endpoint.
 * @return false with errors in @p diags
 */
bool rmi_endpoints_add_service(struct rmi_remote *remote, struct rmi_diags *diags, const struct rmi_service_ref *ref);

/**
 * Read a bearer token: the first line of a file. @return RME_OK, RME_ECONFIG with a text
 * @param[out] out  in @p arena
 */
RME_NODISCARD enum rme_err
rmi_token_read(const char **out, struct rmi_arena *arena, const char *path, struct rme_error *err);

#endif
