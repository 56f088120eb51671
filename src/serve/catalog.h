#ifndef RMI_SERVE_CATALOG_H
#define RMI_SERVE_CATALOG_H

/**
 * @file
 * What a server serves, by name: node types of the runtime, and pipelines. Fixed when the server starts.
 */

#include <rme/err.h>
#include <rme/node.h>

struct rme_runtime;

enum { RMI_CATALOG_MAX = 320, RMI_CATALOG_PIPELINES_MAX = 64 };

/** One served name: a node type, whose parameters the caller may set, or a pipeline, which is as it is. */
struct rmi_service {
	const char *name;
	const char *category;
	const char *help;
	const struct rme_node_type *type;  /**< NULL = a pipeline */
	const struct rme_node_spec *specs; /**< of the pipeline */
	size_t n_specs;
};

/** A pipeline to be served. Everything outlives the catalog. */
struct rmi_served_pipeline {
	const char *name;
	const char *help; /**< NULL = none */
	const struct rme_node_spec *specs;
	size_t n;
};

struct rmi_catalog {
	size_t n;
	struct rmi_service service[RMI_CATALOG_MAX];
};

struct rmi_catalog_in {
	const struct rme_runtime *rt;
	const char *const
	    *nodes; /**< names to serve, ends with NULL; NULL = all that may be (see rmi_catalog_open()) */
	const struct rmi_served_pipeline *pipelines;
	size_t n_pipelines;
};

/**
 * Collect what is served. Without a list of names these are the runtime's node types, but for RME_NODE_OUTSIDE ones: a
 * caller who sets their parameters would choose files, devices or addresses on the server's side of the wall. They are
 * served when named. Types with children (routers) are served as part of a pipeline only.
 * @return RME_OK, RME_ENOTFOUND (a name that is no node type), RME_EINVAL (a name given twice), RME_ELIMIT
 */
RME_NODISCARD enum rme_err
rmi_catalog_open(struct rmi_catalog *c, const struct rmi_catalog_in *in, struct rme_error *err);

/** @return NULL with a text in @p err, and RME_ENOTFOUND as its code, where there is no such service */
const struct rmi_service *rmi_catalog_find(const struct rmi_catalog *c, const char *name, struct rme_error *err);

#endif
