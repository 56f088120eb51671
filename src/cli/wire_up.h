#ifndef RMI_CLI_WIRE_UP_H
#define RMI_CLI_WIRE_UP_H

/**
 * @file
 * Puts the kinds of nodes together: the one place that knows native nodes, modules, services and routers. Everything else
 * sees node specs.
 */

#include <rme/pipeline.h>
#include <rme/runtime.h>

#include "cli/output.h"
#include "config/module_registry.h"
#include "config/pipeline_file.h"

struct rmi_wiring;

struct rmi_wiring_config {
	struct rmi_cli *cli;          /**< log goes there, as its verbosity wants */
	struct rmi_diags *diags;      /**< outlives the wiring */
	struct rmi_pipeline_def *def; /**< NULL = no pipeline: types only */
	const char *pipeline_path;    /**< of def; the registry is looked for beside it; NULL = the working folder */
	const char *registry_path;    /**< of wasm-modules.yaml; NULL = as def says, else looked for; "" = none */
	unsigned workers;             /**< 0 = one per core */
};

/**
 * A runtime with all node types of this build, and the nodes of the pipeline, bound and checked.
 * @return RME_OK; RME_ECONFIG with errors in config->diags; others with a text in @p err
 */
RME_NODISCARD enum rme_err
rmi_wiring_new(struct rmi_wiring **out, const struct rmi_wiring_config *config, struct rme_error *err);

/** Every session and plan must have been freed. NULL is a no-op. */
void rmi_wiring_free(struct rmi_wiring *w);

struct rme_runtime *rmi_wiring_runtime(struct rmi_wiring *w);

/** NULL = there is none. */
const struct rmi_module_registry *rmi_wiring_registry(const struct rmi_wiring *w);

/** The pipeline's nodes, in order. @return their number */
size_t rmi_wiring_specs(const struct rmi_wiring *w, const struct rme_node_spec **specs);

#endif
