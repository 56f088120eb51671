/* Pipeline files: read, checked, their nodes bound to a type that takes every kind of parameter, mistakes printed. */

#include <stdlib.h>

#include "config/node_params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct config {
	bool flag;
	int64_t count, time, bytes;
	double x;
	char *text, *json, *file;
	int word;
	struct rme_node_spec child;
};
#define P(n, k, m) {.name = n, .kind = k, .offset = offsetof(struct config, m)}
static const char *const words[] = {"edge_only", "auto", NULL};
static const struct rme_param params[] = {P("flag", RME_PARAM_BOOL, flag), P("count", RME_PARAM_INT, count),
    P("threshold", RME_PARAM_NUMBER, x), P("cloud_timeout", RME_PARAM_DURATION, time), P("name", RME_PARAM_TEXT, text),
    P("rules", RME_PARAM_JSON, json), P("grammar", RME_PARAM_PATH, file), P("edge", RME_PARAM_NODE, child),
    P("size", RME_PARAM_BYTES, bytes),
    {.name = "mode", .kind = RME_PARAM_CHOICE, .offset = offsetof(struct config, word), .choices = words},
    {.name = NULL}};

static bool
bind(void *ctx, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	(void)out;
	struct config config = {.flag = false};
	const struct rmi_bind b = {.diags = ctx, .make_child = bind, .ctx = ctx};
	const struct rmi_bind_in in = {.path = path,
	    .mark = &n->bound.mark,
	    .settings = n->router != NULL ? n->router : n->params,
	    .table = params};
	bool ok = rmi_bind_params(&b, &in, &config);
	rme_params_done(params, &config);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_diags *d = calloc(1, sizeof(*d));
	const struct rmi_source source = {"dir/fuzz.yaml", (const char *)data, size};
	const struct rmi_yaml_node *root = d != NULL ? rmi_yaml_parse(d, &source, &rmi_env_process) : NULL;
	const struct rmi_pipeline_def *def = root != NULL ? rmi_pipeline_read(d, root) : NULL;
	for (size_t i = 0; def != NULL && i < def->nodes.n; i++) {
		(void)bind(d, "n", (struct rmi_node_def *)def->nodes.items + i, NULL);
	}
	FILE *null = fopen("/dev/null", "w");
	if (null != NULL && d != NULL) {
		rmi_diags_print(d, null, true);
		rmi_diags_done(d);
		(void)fclose(null);
	}
	free(d);
	return 0;
}
