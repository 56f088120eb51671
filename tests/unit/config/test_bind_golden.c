#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/node_params.h"
#include "golden.h"

static const char *folder;

struct config {
	bool flag;
	int64_t count, need, time, bytes;
	double x;
	char *text, *json, *file;
	int word;
	struct rme_node_spec left, right;
};

#define P(n, k, m) {.name = n, .kind = k, .offset = offsetof(struct config, m), .help = "a " n}
static const char *const words[] = {"slow", "fast", NULL};
static const struct rme_param params[] = {
    P("flag", RME_PARAM_BOOL, flag),
    {.name = "count", .kind = RME_PARAM_INT, .offset = offsetof(struct config, count), .max = 10, .fallback = "4"},
    {.name = "need",
        .kind = RME_PARAM_INT,
        .offset = offsetof(struct config, need),
        .required = true,
        .help = "needed"},
    P("time", RME_PARAM_DURATION, time),
    P("bytes", RME_PARAM_BYTES, bytes),
    P("x", RME_PARAM_NUMBER, x),
    P("text", RME_PARAM_TEXT, text),
    P("json", RME_PARAM_JSON, json),
    P("file", RME_PARAM_PATH, file),
    {.name = "word",
        .kind = RME_PARAM_CHOICE,
        .offset = offsetof(struct config, word),
        .choices = words,
        .fallback = "slow"},
    P("left", RME_PARAM_NODE, left),
    P("right", RME_PARAM_NODE, right),
    {.name = NULL},
};

static const struct rme_node_type full = {.name = "Full"};

struct binding {
	struct rmi_diags *diags;
	FILE *out;
};

static bool bind_node(void *ctx, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out);

static void
print_config(FILE *out, const char *path, const struct config *c)
{
	(void)fprintf(out,
	    "%s: flag=%d count=%lld need=%lld time=%lld bytes=%lld x=%g text=%s json=%s file=%s word=%d%s%s\n", path,
	    c->flag, (long long)c->count, (long long)c->need, (long long)c->time, (long long)c->bytes, c->x,
	    c->text != NULL ? c->text : "-", c->json != NULL ? c->json : "-", c->file != NULL ? c->file : "-", c->word,
	    c->left.type != NULL ? " left" : "", c->right.type != NULL ? " right" : "");
}

static bool
bind_node(void *ctx, const char *path, const struct rmi_node_def *n, struct rme_node_spec *out)
{
	const struct binding *b = ctx;
	struct config config = {.flag = false};
	const struct rmi_bind bind = {.diags = b->diags, .make_child = bind_node, .ctx = ctx};
	const struct rmi_bind_in in = {.path = path,
	    .mark = &n->bound.mark,
	    .settings = n->router != NULL ? n->router : n->params,
	    .table = params};
	bool ok = rmi_bind_params(&bind, &in, &config);
	if (ok) {
		print_config(b->out, path, &config);
		out->type = &full;
	}
	rme_params_done(params, &config);
	return ok;
}

static void
bind_pipeline(const char *path, FILE *out)
{
	struct rmi_diags *diags = calloc(1, sizeof(*diags));
	assert_non_null(diags);
	char beside[300];
	(void)snprintf(beside, sizeof(beside), "./%s", path);
	const struct rmi_pipeline_def *def = rmi_pipeline_load(diags, beside, NULL);
	assert_non_null(def);
	struct binding b = {diags, out};
	const struct rmi_node_def *nodes = def->nodes.items;
	bool ok = true;
	for (size_t i = 0; i < def->nodes.n; i++) {
		struct rme_node_spec spec = {.type = NULL};
		ok = bind_node(&b, nodes[i].id, &nodes[i], &spec) && ok;
	}
	rmi_diags_print(diags, out, false);
	assert_int_equal(ok, diags->n_errors == 0);
	rmi_diags_done(diags);
	free(diags);
}

static void
settings_are_bound_or_explained(void **state)
{
	(void)state;
	golden_check(folder, bind_pipeline);
}

int
main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : ".";
	const struct CMUnitTest tests[] = {cmocka_unit_test(settings_are_bound_or_explained)};
	return cmocka_run_group_tests_name("binding", tests, NULL, NULL);
}
