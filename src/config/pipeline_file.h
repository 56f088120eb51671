#ifndef RMI_CONFIG_PIPELINE_FILE_H
#define RMI_CONFIG_PIPELINE_FILE_H

/**
 * @file
 * A pipeline file (version 1, docs/reference/pipeline-file.md) as plain data. It knows no kind of node: what a node's
 * settings mean is found out when they are bound to the parameters of its type (node_params.h). All memory is the
 * diagnostics' arena.
 */

#include <rme/format.h>

#include "config/schema.h"

enum {
	RMI_PIPELINE_NODES_MAX = 64,
	RMI_PIPELINE_ENDPOINTS_MAX = 64,
	RMI_PIPELINE_SERVICES_MAX = 256,
};

struct rmi_metadata_def {
	struct rmi_bound bound;
	const char *name, *description;
};

struct rmi_tls_def {
	struct rmi_bound bound;
	const char *ca, *cert, *key; /**< PEM files; ca NULL = the system's roots */
	const char *server_name;
};

/** An address that serves services. */
struct rmi_endpoint_def {
	struct rmi_bound bound;  /**< key = name */
	const char *address;     /**< "host:port", "unix:/path" */
	struct rmi_tls_def *tls; /**< NULL = plain text */
	const char *token_file;
	bool allow_plain_token;
	int64_t timeout_ns; /**< of one call without deadline; 0 = none */
};

/** A node type served somewhere, by the name that nodes and modules use. */
struct rmi_service_def {
	struct rmi_bound bound; /**< key = name */
	const char *endpoint;   /**< name of an endpoint, or an address */
	const char *node_type;  /**< NULL = the service's name */
	int64_t timeout_ns;     /**< 0 = the endpoint's */
	const struct rmi_yaml_node *params;
};

struct rmi_input_def {
	struct rmi_bound bound;
	struct rme_format format; /**< all-zero = what the file is */
	int64_t chunk_ns;         /**< audio is cut into items of this length */
};

enum rmi_node_kind { RMI_NODE_NATIVE, RMI_NODE_MODULE, RMI_NODE_SERVICE, RMI_NODE_ROUTER };

struct rmi_limits_def {
	struct rmi_bound bound;
	int64_t memory_bytes, timeout_ns, result_bytes; /**< 0 = the registry's */
};

/** One node, of the pipeline or of a router. Which members count depends on kind. */
struct rmi_node_def {
	struct rmi_bound bound;
	const char *id; /**< NULL for a child of another node */
	enum rmi_node_kind kind;
	const char *node_type;              /**< NATIVE */
	const char *module;                 /**< MODULE: a name of the registry, or a path (has '/' or ends in .wasm) */
	const char *service;                /**< SERVICE */
	const struct rmi_yaml_node *router; /**< ROUTER: its settings, children among them */
	const struct rmi_yaml_node *params; /**< NATIVE, MODULE, SERVICE; NULL = none */
	const char *endpoint;               /**< SERVICE: name or address; NULL = as `services` says */
	int64_t timeout_ns;                 /**< SERVICE; 0 = the service's */
	struct rmi_limits_def *limits;      /**< MODULE; NULL = the registry's */
	struct rmi_list services; /**< MODULE: const char *: grants beyond none; given replaces the registry's */
	bool has_services;
	int isolation;             /**< MODULE; enum rme_isolation */
	const char *function_name; /**< MODULE; NULL = the registry's, else "process" */
};

struct rmi_connection_def {
	struct rmi_bound bound;
	const char *from, *to;
};

struct rmi_session_def {
	struct rmi_bound bound;
	int64_t inbox, max_inflight;
	int when_full; /**< enum rme_when_full */
	int64_t item_timeout_ns;
};

/** A setting from the command line: "vad.threshold=0.7". */
struct rmi_override {
	const char *node; /**< "vad", or "vad.edge" for a router's child */
	const char *key;
	const struct rmi_yaml_node *value;
	bool used;
};

struct rmi_pipeline_def {
	struct rmi_bound bound;
	int64_t version;
	struct rmi_metadata_def *metadata;
	const char *modules;       /**< registry file; NULL = look for wasm-modules.yaml */
	struct rmi_list endpoints; /**< struct rmi_endpoint_def */
	struct rmi_list services;  /**< struct rmi_service_def */
	struct rmi_input_def *input;
	struct rmi_list nodes; /**< struct rmi_node_def, in the order of the chain */
	struct rmi_list connections;
	struct rmi_session_def *session;
	struct rmi_list overrides; /**< struct rmi_override */
};

extern const struct rmi_schema rmi_pipeline_schema;
/** A router's child: a node without id. */
extern const struct rmi_schema rmi_child_schema;

/**
 * Read and check a pipeline file. @p env NULL = variables are not replaced.
 * @return NULL with errors in @p diags
 */
struct rmi_pipeline_def *rmi_pipeline_load(struct rmi_diags *diags, const char *path, const struct rmi_env *env);

/** The same for a tree that was read already. */
struct rmi_pipeline_def *rmi_pipeline_read(struct rmi_diags *diags, const struct rmi_yaml_node *root);

/** A child node, found while a router's settings are bound. @return NULL with errors in @p diags */
struct rmi_node_def *rmi_pipeline_read_child(struct rmi_diags *diags, const struct rmi_yaml_node *node);

/** Where a service is called. */
struct rmi_service_ref {
	const char *service; /**< name */
	const char *node_type;
	const struct rmi_endpoint_def *endpoint;
	int64_t timeout_ns;                 /**< 0 = none */
	const struct rmi_yaml_node *params; /**< NULL = none */
};

/**
 * Find where a service is: the endpoint given, else what `services` says, else the only endpoint of the file.
 * @param endpoint  name or address; NULL = not given
 * @param mark      where it was named, for the error
 * @return false with an error in @p diags
 */
bool rmi_pipeline_find_service(struct rmi_service_ref *out, struct rmi_diags *diags, const struct rmi_pipeline_def *def,
    const struct rmi_node_def *node, const char *service);

/** @name Settings of the command line; false with an error in @p diags, whose source is the option. @{ */
/** "NODE.KEY=VALUE", VALUE in YAML. */
bool rmi_pipeline_set_param(struct rmi_pipeline_def *def, struct rmi_diags *diags, const char *text);
/** "NODE=MODE". */
bool rmi_pipeline_set_mode(struct rmi_pipeline_def *def, struct rmi_diags *diags, const char *text);
/** "NAME=ADDRESS": a new endpoint, or another address for one. */
bool rmi_pipeline_set_endpoint(struct rmi_pipeline_def *def, struct rmi_diags *diags, const char *text);
/** "NAME=ENDPOINT or ADDRESS": where a service is. */
bool rmi_pipeline_set_service(struct rmi_pipeline_def *def, struct rmi_diags *diags, const char *text);
/** @} */

#endif
