/* The node types as objects: engine and registry behind them, and the modules that stay open between sessions. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "wasm/iso_host.h"
#include "wasm/module.h"
#include "wasm/wasm_level.h"
#include "wasm/wasm_node.h"
#include "wasm/wasm_node_state.h"

enum { KEPT_MAX = 64 };

struct rmi_wasm_nodes {
	struct rmi_wasm_node_kind kinds[2];
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_registry registry;
	pthread_mutex_t lock;      /* guards all below */
	struct rmi_iso_host *host; /* NULL = no module needed it yet */
	struct rmi_wasm_module *kept[KEPT_MAX];
	size_t n_kept;
};

enum rme_err
rmi_wasm_nodes_new(struct rmi_wasm_nodes **out, struct rmi_wasm_engine *e, const struct rmi_wasm_registry *registry)
{
	struct rmi_wasm_nodes *n = calloc(1, sizeof(*n));
	if (n == NULL) {
		return RME_ENOMEM;
	}
	n->engine = e;
	n->registry = registry != NULL ? *registry : (struct rmi_wasm_registry){0};
	pthread_mutex_init(&n->lock, NULL);
	for (size_t i = 0; i < 2; i++) {
		/* A guest process has a thread per session, which may as well wait for services. */
		rmi_wasm_level_init(&n->kinds[i], &rmi_wasm_node_types[n->registry.only != NULL ? 0 : i]);
		n->kinds[i].nodes = n;
		n->kinds[i].hybrid = i == 1;
	}
	*out = n;
	return RME_OK;
}

void
rmi_wasm_nodes_free(struct rmi_wasm_nodes *n)
{
	if (n == NULL) {
		return;
	}
	rmi_iso_host_free(n->host);
	for (size_t i = 0; i < n->n_kept; i++) {
		rmi_wasm_module_unref(n->kept[i]);
	}
	pthread_mutex_destroy(&n->lock);
	free(n);
}

const struct rme_node_type *
rmi_wasm_nodes_type(const struct rmi_wasm_nodes *n, size_t index)
{
	return index < 2 ? &n->kinds[index].type : NULL;
}

const struct rme_module_entry *
rmi_wasm_nodes_find(const struct rmi_wasm_nodes *n, const char *module)
{
	for (size_t i = 0; i < n->registry.n; i++) {
		if (strcmp(n->registry.entries[i]->name, module) == 0) {
			return n->registry.entries[i];
		}
	}
	return NULL;
}

/* The first time a module is opened it stays, so that later sessions find it, and warm instances of it. */
static void
keep(struct rmi_wasm_nodes *n, struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&n->lock);
	size_t i = 0;
	while (i < n->n_kept && n->kept[i] != m) {
		i++;
	}
	if (i == n->n_kept && i < KEPT_MAX) {
		n->kept[n->n_kept++] = rmi_wasm_module_ref(m);
	}
	pthread_mutex_unlock(&n->lock);
}

enum rme_err
rmi_wasm_nodes_open(struct rmi_wasm_module **out, struct rmi_wasm_nodes *n, const struct rmi_wasm_module_spec *spec,
    struct rme_error *err)
{
	if (n->registry.only != NULL) {
		*out = rmi_wasm_module_ref(n->registry.only);
		return RME_OK;
	}
	enum rme_err e = rmi_wasm_module_open(out, n->engine, spec, err);
	if (e == RME_OK) {
		keep(n, *out);
	}
	return e;
}

enum rme_err
rmi_wasm_nodes_host(struct rmi_iso_host **out, struct rmi_wasm_nodes *n, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&n->lock);
	if (n->host == NULL) {
		e = rmi_iso_host_new(&n->host, n->engine, err);
	}
	*out = n->host;
	pthread_mutex_unlock(&n->lock);
	return e;
}

enum rme_isolation
rmi_wasm_nodes_otherwise(const struct rmi_wasm_nodes *n)
{
	return n->registry.otherwise != RME_ISOLATION_AUTO ? n->registry.otherwise : RME_ISOLATION_PROCESS;
}

void
rmi_wasm_nodes_isolation(struct rmi_wasm_nodes *n, struct rmi_iso_status *out)
{
	*out = (struct rmi_iso_status){.processes = 0};
	pthread_mutex_lock(&n->lock);
	struct rmi_iso_host *host = n->host;
	pthread_mutex_unlock(&n->lock);
	if (host != NULL) {
		rmi_iso_host_status(host, out);
	}
}
