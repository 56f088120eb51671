#include "config/pipeline_file.h"

#include <string.h>

#include "base/suggest.h"

static struct rmi_node_def *
nodes_of(const struct rmi_pipeline_def *def)
{
	return def->nodes.items;
}

static bool
too_many(struct rmi_diags *d, const struct rmi_pipeline_def *def, const char *key, size_t n, size_t max)
{
	if (n > max) {
		rmi_diag_error(d, &def->bound.mark, "%zu %s; the most is %zu", n, key, max);
	}
	return n > max;
}

static void
find_kind(struct rmi_node_def *node)
{
	node->kind = node->module != NULL    ? RMI_NODE_MODULE
	             : node->service != NULL ? RMI_NODE_SERVICE
	             : node->router != NULL  ? RMI_NODE_ROUTER
	                                     : RMI_NODE_NATIVE;
	node->has_services =
	    node->bound.node->kind == RMI_YAML_MAP && rmi_yaml_get(node->bound.node, "services") != NULL;
}

/* @return index, or SIZE_MAX with an error */
static size_t
find_node(struct rmi_diags *d, const struct rmi_pipeline_def *def, const char *id, const struct rmi_mark *mark)
{
	struct rmi_suggest s = {.word = id};
	for (size_t i = 0; i < def->nodes.n; i++) {
		if (strcmp(nodes_of(def)[i].id, id) == 0) {
			return i;
		}
		rmi_suggest_offer(&s, nodes_of(def)[i].id);
	}
	rmi_diag_error(d, mark, "there is no node '%s'", id);
	rmi_diag_did_you_mean(d, s.best);
	return SIZE_MAX;
}

static bool
check_nodes(struct rmi_diags *d, struct rmi_pipeline_def *def)
{
	if (def->nodes.n == 0) {
		rmi_diag_error(d, &rmi_yaml_get(def->bound.node, "nodes")->mark, "a pipeline needs at least one node");
		return false;
	}
	bool ok = true;
	for (size_t i = 0; i < def->nodes.n; i++) {
		struct rmi_node_def *node = &nodes_of(def)[i];
		find_kind(node);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(nodes_of(def)[k].id, node->id) == 0) {
				rmi_diag_error(d, &rmi_yaml_get(node->bound.node, "id")->mark,
				    "two nodes have the id '%s' (the first in line %u)", node->id,
				    nodes_of(def)[k].bound.mark.line);
				ok = false;
				break;
			}
		}
	}
	return ok;
}

/* next[i] = index of the node behind i, prev[i] = of the one before; SIZE_MAX = none. */
struct chain {
	size_t next[RMI_PIPELINE_NODES_MAX], prev[RMI_PIPELINE_NODES_MAX];
};

static bool
add_connection(
    struct rmi_diags *d, const struct rmi_pipeline_def *def, struct chain *c, const struct rmi_connection_def *con)
{
	size_t from = find_node(d, def, con->from, &rmi_yaml_get(con->bound.node, "from")->mark);
	size_t to = find_node(d, def, con->to, &rmi_yaml_get(con->bound.node, "to")->mark);
	if (from == SIZE_MAX || to == SIZE_MAX) {
		return false;
	}
	if (c->next[from] != SIZE_MAX || c->prev[to] != SIZE_MAX) {
		bool forks = c->next[from] != SIZE_MAX;
		rmi_diag_error(d, &con->bound.mark, "node '%s' has two %s; this version runs chains only",
		    forks ? con->from : con->to, forks ? "successors" : "predecessors");
		rmi_diag_hint(d, "let each node have one successor, or make two pipelines");
		return false;
	}
	c->next[from] = to;
	c->prev[to] = from;
	return true;
}

/* The nodes in the order of the chain, which must hold them all. */
static bool
order_nodes(struct rmi_diags *d, struct rmi_pipeline_def *def, const struct chain *c)
{
	size_t n = def->nodes.n, first = 0;
	while (first < n && c->prev[first] != SIZE_MAX) {
		first++;
	}
	struct rmi_node_def *ordered = rmi_arena_calloc(&d->arena, n, sizeof(*ordered));
	if (ordered == NULL) {
		rmi_diag_error(d, &def->bound.mark, "%s", rme_err_text(RME_ENOMEM));
		return false;
	}
	bool reached[RMI_PIPELINE_NODES_MAX] = {false};
	size_t count = 0;
	for (size_t at = first; at < n; at = c->next[at]) {
		reached[at] = true;
		ordered[count++] = nodes_of(def)[at];
	}
	for (size_t i = 0; count < n && i < n; i++) {
		if (!reached[i]) {
			rmi_diag_error(
			    d, &nodes_of(def)[i].bound.mark, "node '%s' is not part of the chain", nodes_of(def)[i].id);
			rmi_diag_hint(d, "connect all nodes in one chain without a circle, or leave `connections` out");
			return false;
		}
	}
	def->nodes.items = ordered;
	return true;
}

static bool
check_connections(struct rmi_diags *d, struct rmi_pipeline_def *def)
{
	if (def->connections.n == 0) {
		return true;
	}
	struct chain c;
	memset(&c, 0xff, sizeof(c));
	const struct rmi_connection_def *cons = def->connections.items;
	bool ok = true;
	for (size_t i = 0; i < def->connections.n; i++) {
		ok = add_connection(d, def, &c, &cons[i]) && ok;
	}
	return ok && order_nodes(d, def, &c);
}

struct rmi_pipeline_def *
rmi_pipeline_read(struct rmi_diags *d, const struct rmi_yaml_node *root)
{
	struct rmi_pipeline_def *def = rmi_arena_calloc(&d->arena, 1, sizeof(*def));
	if (def == NULL) {
		rmi_diag_error(d, &root->mark, "%s", rme_err_text(RME_ENOMEM));
		return NULL;
	}
	if (!rmi_schema_bind(d, &rmi_pipeline_schema, root, def)) {
		return NULL;
	}
	bool ok = !too_many(d, def, "nodes", def->nodes.n, RMI_PIPELINE_NODES_MAX);
	ok = !too_many(d, def, "endpoints", def->endpoints.n, RMI_PIPELINE_ENDPOINTS_MAX) && ok;
	ok = !too_many(d, def, "services", def->services.n, RMI_PIPELINE_SERVICES_MAX) && ok;
	return ok && check_nodes(d, def) && check_connections(d, def) ? def : NULL;
}

struct rmi_pipeline_def *
rmi_pipeline_load(struct rmi_diags *d, const char *path, const struct rmi_env *env)
{
	const struct rmi_yaml_node *root = rmi_yaml_load(d, path, env);
	return root != NULL ? rmi_pipeline_read(d, root) : NULL;
}

struct rmi_node_def *
rmi_pipeline_read_child(struct rmi_diags *d, const struct rmi_yaml_node *node)
{
	struct rmi_node_def *def = rmi_arena_calloc(&d->arena, 1, sizeof(*def));
	if (def == NULL) {
		rmi_diag_error(d, &node->mark, "%s", rme_err_text(RME_ENOMEM));
		return NULL;
	}
	if (!rmi_schema_bind(d, &rmi_child_schema, node, def)) {
		return NULL;
	}
	find_kind(def);
	return def;
}

static const struct rmi_endpoint_def *
find_endpoint(const struct rmi_pipeline_def *def, const char *name)
{
	const struct rmi_endpoint_def *e = def->endpoints.items;
	for (size_t i = 0; i < def->endpoints.n; i++) {
		if (strcmp(e[i].bound.key, name) == 0) {
			return &e[i];
		}
	}
	return NULL;
}

static const struct rmi_service_def *
find_service(const struct rmi_pipeline_def *def, const char *name)
{
	const struct rmi_service_def *s = def->services.items;
	for (size_t i = 0; i < def->services.n; i++) {
		if (strcmp(s[i].bound.key, name) == 0) {
			return &s[i];
		}
	}
	return NULL;
}

static const struct rmi_endpoint_def *
endpoint_for_address(struct rmi_diags *d, const char *address, const struct rmi_bound *from)
{
	struct rmi_endpoint_def *e = rmi_arena_calloc(&d->arena, 1, sizeof(*e));
	if (e == NULL) {
		rmi_diag_error(d, &from->mark, "%s", rme_err_text(RME_ENOMEM));
		return NULL;
	}
	e->bound = *from;
	e->bound.key = address;
	e->address = address;
	return e;
}

/* A name of `endpoints`; what has a colon may be an address. */
static const struct rmi_endpoint_def *
resolve_endpoint(
    struct rmi_diags *d, const struct rmi_pipeline_def *def, const char *name, const struct rmi_bound *from)
{
	const struct rmi_endpoint_def *e = find_endpoint(def, name);
	if (e != NULL) {
		return e;
	}
	if (strchr(name, ':') != NULL) {
		return endpoint_for_address(d, name, from);
	}
	struct rmi_suggest s = {.word = name};
	const struct rmi_endpoint_def *all = def->endpoints.items;
	for (size_t i = 0; i < def->endpoints.n; i++) {
		rmi_suggest_offer(&s, all[i].bound.key);
	}
	const struct rmi_yaml_node *said =
	    from->node->kind == RMI_YAML_MAP ? rmi_yaml_get(from->node, "endpoint") : NULL;
	rmi_diag_error(d, said != NULL ? &said->mark : &from->mark, "there is no endpoint '%s'", name);
	rmi_diag_did_you_mean(d, s.best);
	rmi_diag_hint(d, "add it under `endpoints`, or write an address such as host:50052");
	return NULL;
}

static const struct rmi_endpoint_def *
only_endpoint(struct rmi_diags *d, const struct rmi_pipeline_def *def, const char *service, const struct rmi_mark *mark)
{
	if (def->endpoints.n == 1) {
		return def->endpoints.items;
	}
	rmi_diag_error(d, mark, "nothing says where the service '%s' is", service);
	rmi_diag_hint(d,
	    def->endpoints.n == 0 ? "add its address: `endpoints: {cloud: host:50052}`"
	                          : "name one of the endpoints: `services: {%s: NAME}`",
	    service);
	return NULL;
}

bool
rmi_pipeline_find_service(struct rmi_service_ref *out, struct rmi_diags *d, const struct rmi_pipeline_def *def,
    const struct rmi_node_def *node, const char *service)
{
	const struct rmi_service_def *s = find_service(def, service);
	struct rmi_service_ref ref = {.service = service, .node_type = service};
	if (node->endpoint != NULL) {
		ref.endpoint = resolve_endpoint(d, def, node->endpoint, &node->bound);
	} else if (s != NULL && s->endpoint != NULL) {
		ref.endpoint = resolve_endpoint(d, def, s->endpoint, &s->bound);
	} else {
		ref.endpoint = only_endpoint(d, def, service, &node->bound.mark);
	}
	if (ref.endpoint == NULL) {
		return false;
	}
	if (s != NULL) {
		ref.node_type = s->node_type != NULL ? s->node_type : service;
		ref.timeout_ns = s->timeout_ns;
		ref.params = s->params;
	}
	ref.timeout_ns = node->timeout_ns != 0 ? node->timeout_ns : ref.timeout_ns;
	ref.timeout_ns = ref.timeout_ns != 0 ? ref.timeout_ns : ref.endpoint->timeout_ns;
	*out = ref;
	return true;
}
