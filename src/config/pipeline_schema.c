/* The keys of a pipeline file, version 1. This table is the reference: it checks files, is printed by
 * `rme validate --schema` for editors, and docs/reference/pipeline-file.md is made from it. */

#include <rme/session.h>
#include <stddef.h>

#include "config/pipeline_file.h"
#include "core/isolation.h"

#define END {.key = NULL}

static const struct rmi_field metadata_fields[] = {
    {.key = "name",
        .kind = RMI_FIELD_TEXT,
        .offset = offsetof(struct rmi_metadata_def, name),
        .help = "what the pipeline is called in lists and reports"},
    {.key = "description",
        .kind = RMI_FIELD_TEXT,
        .offset = offsetof(struct rmi_metadata_def, description),
        .help = "what it is for"},
    END,
};
static const struct rmi_schema metadata_schema = {
    .name = "metadata", .size = sizeof(struct rmi_metadata_def), .fields = metadata_fields};

static const struct rmi_field tls_fields[] = {
    {.key = "ca",
        .kind = RMI_FIELD_PATH,
        .offset = offsetof(struct rmi_tls_def, ca),
        .help = "PEM file of the authorities to trust; without it, the system's"},
    {.key = "cert",
        .kind = RMI_FIELD_PATH,
        .offset = offsetof(struct rmi_tls_def, cert),
        .help = "PEM file of the own certificate, for mutual TLS"},
    {.key = "key",
        .kind = RMI_FIELD_PATH,
        .offset = offsetof(struct rmi_tls_def, key),
        .help = "PEM file of the own private key"},
    {.key = "server_name",
        .kind = RMI_FIELD_TEXT,
        .offset = offsetof(struct rmi_tls_def, server_name),
        .help = "name to expect in the server's certificate, if not the address's host"},
    END,
};
static const struct rmi_schema tls_schema = {.name = "tls",
    .size = sizeof(struct rmi_tls_def),
    .fields = tls_fields,
    .help = "encrypted connection; `tls: {}` trusts the system's authorities"};

static const struct rmi_field endpoint_fields[] = {
    {.key = "address",
        .kind = RMI_FIELD_TEXT,
        .offset = offsetof(struct rmi_endpoint_def, address),
        .required = true,
        .help = "where it listens: host:port, or unix:/path"},
    {.key = "tls",
        .kind = RMI_FIELD_OBJECT,
        .offset = offsetof(struct rmi_endpoint_def, tls),
        .schema = &tls_schema,
        .help = "encrypt the connection; without it, plain text"},
    {.key = "token_file",
        .kind = RMI_FIELD_PATH,
        .offset = offsetof(struct rmi_endpoint_def, token_file),
        .help = "file that holds the bearer token"},
    {.key = "allow_plain_token",
        .kind = RMI_FIELD_BOOL,
        .offset = offsetof(struct rmi_endpoint_def, allow_plain_token),
        .fallback = "false",
        .help = "send the token without TLS to an address that is not this machine"},
    {.key = "timeout",
        .kind = RMI_FIELD_DURATION,
        .offset = offsetof(struct rmi_endpoint_def, timeout_ns),
        .max = 86400,
        .help = "of one call, where nothing else bounds it"},
    END,
};
static const struct rmi_schema endpoint_schema = {.name = "endpoint",
    .size = sizeof(struct rmi_endpoint_def),
    .fields = endpoint_fields,
    .short_key = "address",
    .help = "an address that serves services"};

static const struct rmi_field service_fields[] = {
    {.key = "endpoint",
        .kind = RMI_FIELD_TEXT,
        .offset = offsetof(struct rmi_service_def, endpoint),
        .help = "name of an endpoint, or an address; without it, the file's only endpoint"},
    {.key = "node_type",
        .kind = RMI_FIELD_NAME,
        .offset = offsetof(struct rmi_service_def, node_type),
        .help = "what the endpoint calls it; without it, the service's name"},
    {.key = "timeout",
        .kind = RMI_FIELD_DURATION,
        .offset = offsetof(struct rmi_service_def, timeout_ns),
        .max = 86400,
        .help = "of one call, where nothing else bounds it; without it, the endpoint's"},
    {.key = "params",
        .kind = RMI_FIELD_SETTINGS,
        .offset = offsetof(struct rmi_service_def, params),
        .help = "parameters that the far node is opened with"},
    END,
};
static const struct rmi_schema service_schema = {.name = "service",
    .size = sizeof(struct rmi_service_def),
    .fields = service_fields,
    .short_key = "endpoint",
    .help = "a node type served elsewhere"};

static const struct rmi_field input_fields[] = {
    {.key = "format",
        .kind = RMI_FIELD_FORMAT,
        .offset = offsetof(struct rmi_input_def, format),
        .help = "media format of the items; without it, what the input is"},
    {.key = "chunk",
        .kind = RMI_FIELD_DURATION,
        .offset = offsetof(struct rmi_input_def, chunk_ns),
        .fallback = "20ms",
        .min = 0.001,
        .max = 60,
        .help = "audio is cut into items of this length"},
    END,
};
static const struct rmi_schema input_schema = {
    .name = "input", .size = sizeof(struct rmi_input_def), .fields = input_fields};

static const char *const when_full_choices[] = {
    [RME_FULL_BLOCK] = "block",
    [RME_FULL_REJECT] = "reject",
    [RME_FULL_DROP_NEWEST] = "drop_newest",
    [RME_FULL_DROP_OLDEST] = "drop_oldest",
    NULL,
};
static const struct rmi_field session_fields[] = {
    {.key = "inbox",
        .kind = RMI_FIELD_INT,
        .offset = offsetof(struct rmi_session_def, inbox),
        .fallback = "64",
        .min = 1,
        .max = RME_SESSION_INBOX_MAX,
        .help = "items that may wait"},
    {.key = "max_inflight",
        .kind = RMI_FIELD_INT,
        .offset = offsetof(struct rmi_session_def, max_inflight),
        .fallback = "32",
        .min = 1,
        .max = RME_SESSION_INFLIGHT_MAX,
        .help = "items between the first and the last node at once"},
    {.key = "when_full",
        .kind = RMI_FIELD_CHOICE,
        .offset = offsetof(struct rmi_session_def, when_full),
        .fallback = "block",
        .choices = when_full_choices,
        .help = "what happens to an item that finds the inbox full"},
    {.key = "item_timeout",
        .kind = RMI_FIELD_DURATION,
        .offset = offsetof(struct rmi_session_def, item_timeout_ns),
        .max = 86400,
        .help = "time an item may take, from start to end; without it, no bound"},
    END,
};
static const struct rmi_schema session_schema = {
    .name = "session", .size = sizeof(struct rmi_session_def), .fields = session_fields};

static const struct rmi_field limits_fields[] = {
    {.key = "memory",
        .kind = RMI_FIELD_BYTES,
        .offset = offsetof(struct rmi_limits_def, memory_bytes),
        .min = 65536,
        .max = 4294967296.0,
        .help = "linear memory of one instance"},
    {.key = "timeout",
        .kind = RMI_FIELD_DURATION,
        .offset = offsetof(struct rmi_limits_def, timeout_ns),
        .min = 0.0001,
        .max = 3600,
        .help = "one call of the module"},
    {.key = "result",
        .kind = RMI_FIELD_BYTES,
        .offset = offsetof(struct rmi_limits_def, result_bytes),
        .min = 1,
        .max = 268435456,
        .help = "one result"},
    END,
};
static const struct rmi_schema limits_schema = {
    .name = "limits", .size = sizeof(struct rmi_limits_def), .fields = limits_fields};

/* A node of the pipeline has an id, a router's child has none; all else is the same. */
#define NODE_ID \
	{.key = "id", \
	    .kind = RMI_FIELD_NAME, \
	    .offset = offsetof(struct rmi_node_def, id), \
	    .required = true, \
	    .help = "name of the node, unique in the file"}
#define NODE_PARAMS \
	{.key = "params", \
	    .kind = RMI_FIELD_SETTINGS, \
	    .offset = offsetof(struct rmi_node_def, params), \
	    .help = "the node's parameters"}

#define NATIVE_FIELDS \
	{.key = "node_type", \
	    .kind = RMI_FIELD_TEXT, \
	    .offset = offsetof(struct rmi_node_def, node_type), \
	    .required = true, \
	    .help = "a native node; `rme nodes` lists them"}, \
	    NODE_PARAMS, END

#define MODULE_FIELDS \
	{.key = "module", \
	    .kind = RMI_FIELD_TEXT, \
	    .offset = offsetof(struct rmi_node_def, module), \
	    .required = true, \
	    .help = "a WebAssembly module: its name in wasm-modules.yaml, or the path of a .wasm file"}, \
	    NODE_PARAMS, \
	    {.key = "limits", \
	        .kind = RMI_FIELD_OBJECT, \
	        .offset = offsetof(struct rmi_node_def, limits), \
	        .schema = &limits_schema, \
	        .help = "bounds; without them, the registry's"}, \
	    {.key = "services", \
	        .kind = RMI_FIELD_TEXTS, \
	        .offset = offsetof(struct rmi_node_def, services), \
	        .help = "services that it may call; without it, those the registry grants"}, \
	    {.key = "isolation", \
	        .kind = RMI_FIELD_CHOICE, \
	        .offset = offsetof(struct rmi_node_def, isolation), \
	        .fallback = "auto", \
	        .choices = rmi_isolation_words, \
	        .help = "process: in a process of its own, whatever the registry says; auto: as the registry says"}, \
	    {.key = "function_name", \
	        .kind = RMI_FIELD_NAME, \
	        .offset = offsetof(struct rmi_node_def, function_name), \
	        .help = "export that is called per item; without it, the registry's, else process"}, \
	    END

#define SERVICE_FIELDS \
	{.key = "service", \
	    .kind = RMI_FIELD_NAME, \
	    .offset = offsetof(struct rmi_node_def, service), \
	    .required = true, \
	    .help = "a service, as `services` or the endpoint names it"}, \
	    NODE_PARAMS, \
	    {.key = "endpoint", \
	        .kind = RMI_FIELD_TEXT, \
	        .offset = offsetof(struct rmi_node_def, endpoint), \
	        .help = \
	            "name of an endpoint, or an address; without it, what `services` says, else the only endpoint"}, \
	    {.key = "timeout", \
	        .kind = RMI_FIELD_DURATION, \
	        .offset = offsetof(struct rmi_node_def, timeout_ns), \
	        .max = 86400, \
	        .help = "of one item, where nothing else bounds it"}, \
	    END

#define ROUTER_FIELDS \
	{.key = "router", \
	    .kind = RMI_FIELD_SETTINGS, \
	    .offset = offsetof(struct rmi_node_def, router), \
	    .required = true, \
	    .help = "decides per item between its children `edge` and `cloud`; `rme nodes info IntelligentRouter`"}, \
	    END

static const struct rmi_field native_fields[] = {NODE_ID, NATIVE_FIELDS};
static const struct rmi_field module_fields[] = {NODE_ID, MODULE_FIELDS};
static const struct rmi_field service_node_fields[] = {NODE_ID, SERVICE_FIELDS};
static const struct rmi_field router_fields[] = {NODE_ID, ROUTER_FIELDS};
static const struct rmi_field native_child_fields[] = {NATIVE_FIELDS};
static const struct rmi_field module_child_fields[] = {MODULE_FIELDS};
static const struct rmi_field service_child_fields[] = {SERVICE_FIELDS};
static const struct rmi_field router_child_fields[] = {ROUTER_FIELDS};

/* In the order of enum rmi_node_kind. */
static const struct rmi_schema node_kinds[] = {
    {.name = "native node",
        .size = sizeof(struct rmi_node_def),
        .fields = native_fields,
        .only_key = "node_type",
        .help = "a step built into the program"},
    {.name = "module node",
        .size = sizeof(struct rmi_node_def),
        .fields = module_fields,
        .only_key = "module",
        .help = "a sandboxed WebAssembly module"},
    {.name = "service node",
        .size = sizeof(struct rmi_node_def),
        .fields = service_node_fields,
        .only_key = "service",
        .help = "a node of an endpoint"},
    {.name = "router",
        .size = sizeof(struct rmi_node_def),
        .fields = router_fields,
        .only_key = "router",
        .help = "chooses between here and there"},
};
static const struct rmi_schema child_kinds[] = {
    {.name = "native node",
        .size = sizeof(struct rmi_node_def),
        .fields = native_child_fields,
        .only_key = "node_type"},
    {.name = "module node", .size = sizeof(struct rmi_node_def), .fields = module_child_fields, .only_key = "module"},
    {.name = "service node",
        .size = sizeof(struct rmi_node_def),
        .fields = service_child_fields,
        .only_key = "service"},
    {.name = "router", .size = sizeof(struct rmi_node_def), .fields = router_child_fields, .only_key = "router"},
};
static const struct rmi_schema *const node_variants[] = {
    &node_kinds[0], &node_kinds[1], &node_kinds[2], &node_kinds[3], NULL};
static const struct rmi_schema *const child_variants[] = {
    &child_kinds[0], &child_kinds[1], &child_kinds[2], &child_kinds[3], NULL};

static const struct rmi_schema node_schema = {
    .name = "node", .size = sizeof(struct rmi_node_def), .variants = node_variants, .help = "one step"};

const struct rmi_schema rmi_child_schema = {.name = "child node",
    .size = sizeof(struct rmi_node_def),
    .variants = child_variants,
    .help = "a node inside another one"};

static const struct rmi_field connection_fields[] = {
    {.key = "from",
        .kind = RMI_FIELD_NAME,
        .offset = offsetof(struct rmi_connection_def, from),
        .required = true,
        .help = "id of a node"},
    {.key = "to",
        .kind = RMI_FIELD_NAME,
        .offset = offsetof(struct rmi_connection_def, to),
        .required = true,
        .help = "id of the node that gets its results"},
    END,
};
static const struct rmi_schema connection_schema = {
    .name = "connection", .size = sizeof(struct rmi_connection_def), .fields = connection_fields};

static const struct rmi_field pipeline_fields[] = {
    {.key = "version",
        .kind = RMI_FIELD_INT,
        .offset = offsetof(struct rmi_pipeline_def, version),
        .required = true,
        .min = 1,
        .max = 1,
        .help = "version of this file format: 1"},
    {.key = "metadata",
        .kind = RMI_FIELD_OBJECT,
        .offset = offsetof(struct rmi_pipeline_def, metadata),
        .schema = &metadata_schema,
        .help = "for people"},
    {.key = "modules",
        .kind = RMI_FIELD_PATH,
        .offset = offsetof(struct rmi_pipeline_def, modules),
        .help = "module registry; without it, wasm-modules.yaml in this folder or the next one above that has it"},
    {.key = "endpoints",
        .kind = RMI_FIELD_MAP,
        .offset = offsetof(struct rmi_pipeline_def, endpoints),
        .schema = &endpoint_schema,
        .help = "addresses that serve services, by name"},
    {.key = "services",
        .kind = RMI_FIELD_MAP,
        .offset = offsetof(struct rmi_pipeline_def, services),
        .schema = &service_schema,
        .help = "where the services are that nodes and modules name"},
    {.key = "input",
        .kind = RMI_FIELD_OBJECT,
        .offset = offsetof(struct rmi_pipeline_def, input),
        .schema = &input_schema,
        .help = "how the input becomes items"},
    {.key = "nodes",
        .kind = RMI_FIELD_LIST,
        .offset = offsetof(struct rmi_pipeline_def, nodes),
        .required = true,
        .schema = &node_schema,
        .help = "the steps, in order"},
    {.key = "connections",
        .kind = RMI_FIELD_LIST,
        .offset = offsetof(struct rmi_pipeline_def, connections),
        .schema = &connection_schema,
        .help = "the order of the nodes, if not the order of `nodes`; must be one chain"},
    {.key = "session",
        .kind = RMI_FIELD_OBJECT,
        .offset = offsetof(struct rmi_pipeline_def, session),
        .schema = &session_schema,
        .help = "bounds of one stream through the pipeline"},
    END,
};
const struct rmi_schema rmi_pipeline_schema = {.name = "pipeline file",
    .size = sizeof(struct rmi_pipeline_def),
    .fields = pipeline_fields,
    .help = "a chain of nodes"};
