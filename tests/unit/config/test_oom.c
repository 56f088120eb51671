/* Files read while memory runs out, at every allocation: all ends in an error at a place, or well. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "config/module_params.h"
#include "config/module_registry.h"
#include "config/node_params.h"
#include "harness.h"

static const char *folder;

static const char *
get_variable(void *ctx, const char *name)
{
	(void)ctx, (void)name;
	return "50052";
}

static const struct rmi_env env = {.get = get_variable};

static void
find_services(struct rmi_diags *d, struct rmi_pipeline_def *def)
{
	const struct rmi_node_def *nodes = def->nodes.items;
	for (size_t i = 0; i < def->nodes.n; i++) {
		struct rmi_service_ref ref;
		if (nodes[i].kind == RMI_NODE_SERVICE) {
			(void)rmi_pipeline_find_service(&ref, d, def, &nodes[i], nodes[i].service);
		}
	}
	bool ok = rmi_pipeline_set_param(def, d, "asr.n=[1, 2]") && rmi_pipeline_set_endpoint(def, d, "new=here:1") &&
	          rmi_pipeline_set_service(def, d, "Tts=new");
	const struct rmi_bind b = {.diags = d, .def = def};
	assert_true(ok || d->n_errors > 0);
	(void)rmi_bind_settings(&b, "asr", nodes[2].params);
}

static bool
read_pipeline(struct rmi_diags *d)
{
	struct rmi_pipeline_def *def = rmi_pipeline_load(d, "pipeline/good.yaml", &env);
	assert_true(def != NULL || d->n_errors > 0);
	if (def != NULL) {
		find_services(d, def);
	}
	return def != NULL && d->n_errors == 0;
}

static bool
read_registry(struct rmi_diags *d)
{
	const struct rmi_module_registry *r = rmi_module_registry_load(d, "modules/good.yaml", &env);
	assert_true(r != NULL || d->n_errors > 0);
	if (r == NULL) {
		return false;
	}
	return rmi_module_params_json(d, &r->modules[0], "n", NULL, &r->marks[0]) != NULL &&
	       rmi_module_registry_search(&d->arena, "modules/none") == NULL;
}

static bool (*const readers[])(struct rmi_diags *d) = {read_pipeline, read_registry};

static void
an_arena_that_is_full_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t failed = 0, went = 0;
		for (size_t limit = 16; limit < 80000; limit += 112) {
			struct rmi_diags *d = calloc(1, sizeof(*d));
			assert_non_null(d);
			d->arena.limit_bytes = limit;
			bool ok = readers[i](d);
			failed += !ok;
			went += ok;
			FILE *null = fopen("/dev/null", "w");
			assert_non_null(null);
			rmi_diags_print(d, null, true);
			(void)fclose(null);
			rmi_diags_done(d);
			free(d);
		}
		assert_true(failed > 20);
		assert_true(went > 0);
	}
}

static void
run(void *ctx)
{
	bool (*const *reader)(struct rmi_diags *) = ctx;
	static struct rmi_diags d;
	bool ok = (*reader)(&d);
	assert_true(ok || d.n_errors > 0 || harness_oom_hit());
	rmi_diags_done(&d);
}

static void
every_allocation_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bool (*reader)(struct rmi_diags *) = readers[i];
		assert_true(harness_oom_sweep(run, &reader) > 0);
	}
}

int
main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : ".";
	if (chdir(folder) != 0) {
		return 1;
	}
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_arena_that_is_full_is_an_error),
	    cmocka_unit_test(every_allocation_fails_once),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
