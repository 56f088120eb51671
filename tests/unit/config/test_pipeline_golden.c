#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/pipeline_file.h"
#include "golden.h"

static const char *folder;

static const char *
get_variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "PORT") == 0 ? "50052" : NULL;
}

static void
print_node(FILE *out, struct rmi_diags *diags, const struct rmi_pipeline_def *def, const struct rmi_node_def *n)
{
	static const char *const kinds[] = {"native", "module", "service", "router"};
	(void)fprintf(out, "%s: %s", n->id, kinds[n->kind]);
	struct rmi_service_ref ref;
	if (n->kind == RMI_NODE_SERVICE && rmi_pipeline_find_service(&ref, diags, def, n, n->service)) {
		(void)fprintf(out, " %s at %s (%s), %lld ns", ref.node_type, ref.endpoint->address,
		    ref.endpoint->bound.key, (long long)ref.timeout_ns);
	}
	(void)fputc('\n', out);
}

/* What is wrong; of a file without mistakes, the nodes in order. */
static void
read_pipeline(const char *path, FILE *out)
{
	const struct rmi_env env = {.get = get_variable};
	struct rmi_diags *diags = calloc(1, sizeof(*diags));
	assert_non_null(diags);
	const struct rmi_pipeline_def *def = rmi_pipeline_load(diags, path, &env);
	assert_true((def == NULL) == (diags->n_errors > 0));
	const struct rmi_node_def *nodes = def != NULL ? def->nodes.items : NULL;
	for (size_t i = 0; def != NULL && i < def->nodes.n; i++) {
		print_node(out, diags, def, &nodes[i]);
	}
	rmi_diags_print(diags, out, false);
	rmi_diags_done(diags);
	free(diags);
}

static void
every_file_says_what_its_golden_says(void **state)
{
	(void)state;
	golden_check(folder, read_pipeline);
}

int
main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : ".";
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_says_what_its_golden_says)};
	return cmocka_run_group_tests_name("pipeline files", tests, NULL, NULL);
}
