#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/module_params.h"
#include "config/module_registry.h"
#include "core/isolation.h"
#include "golden.h"

static const char *folder;

static void
print_list(FILE *out, const char *title, const char *const *words, size_t n)
{
	(void)fprintf(out, "  %s:", title);
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(out, " %s", words[i]);
	}
	(void)fputc('\n', out);
}

static void
print_params(FILE *out, const struct rme_module_entry *e)
{
	for (size_t i = 0; i < e->n_params; i++) {
		const struct rme_module_param *p = &e->params[i];
		(void)fprintf(out, "  param %s: type %d default %s", p->name, (int)p->type,
		    p->default_value != NULL ? p->default_value : "-");
		if (p->has_min && p->has_max) {
			(void)fprintf(out, " %g..%g", p->min, p->max);
		}
		print_list(out, "", p->choices, p->n_choices);
	}
}

static void
print_module(FILE *out, const struct rme_module_entry *e)
{
	char format[RME_FORMAT_TEXT_MAX], hex[RMI_SHA256_HEX];
	(void)fprintf(out, "%s %s (%d) wasm %s source %s %s\n", e->name, e->version, (int)e->category, e->wasm_path,
	    e->source_lang != NULL ? e->source_lang : "-", e->source_path != NULL ? e->source_path : "-");
	(void)rme_format_print(&e->input, format);
	(void)fprintf(out, "  input %s (%s)\n", format, e->input_text != NULL ? e->input_text : "-");
	(void)fprintf(out, "  limits %llu %lld %llu\n", (unsigned long long)e->limits.memory_bytes,
	    (long long)e->limits.timeout_ns, (unsigned long long)e->limits.result_bytes);
	(void)fprintf(out, "  deploy %u optimize %u %d %d\n", e->deploy, e->optimize_level, e->optimize_simd,
	    e->optimize_wasm_opt);
	(void)fprintf(out, "  cost %g %g %s %s\n", e->cost.edge_base_ms, e->cost.edge_per_unit_ms,
	    e->cost.units != NULL ? e->cost.units : "-", e->cost.cloud != NULL ? e->cost.cloud : "-");
	const struct rmi_isolation_level level = rmi_isolation_of(e, RME_ISOLATION_PROCESS);
	(void)fprintf(out, "  isolation %s: %s\n", rmi_isolation_words[level.level], level.why);
	print_list(out, "targets", e->targets, e->n_targets);
	print_list(out, "services", e->services, e->n_services);
	print_params(out, e);
	rmi_sha256_hex(e->sha256, hex);
	(void)fprintf(out, "  sha256 %s\n", e->has_sha256 ? hex : "-");
}

/* Settings for a module of that name that the file brings under x-settings. */
static void
print_settings(FILE *out, struct rmi_diags *diags, const char *path, const struct rme_module_entry *e)
{
	const struct rmi_yaml_node *root = rmi_yaml_load(diags, path, NULL);
	const struct rmi_yaml_node *all = root != NULL ? rmi_yaml_get(root, "x-settings") : NULL;
	const struct rmi_yaml_node *settings = all != NULL ? rmi_yaml_get(all, e->name) : NULL;
	if (settings != NULL) {
		const char *json = rmi_module_params_json(diags, e, "node", settings, &settings->mark);
		(void)fprintf(out, "  settings %s\n", json != NULL ? json : "wrong");
	}
}

static void
read_registry(const char *path, FILE *out)
{
	struct rmi_diags *diags = calloc(1, sizeof(*diags));
	assert_non_null(diags);
	const struct rmi_module_registry *r = rmi_module_registry_load(diags, path, NULL);
	assert_true((r == NULL) == (diags->n_errors > 0));
	for (size_t i = 0; r != NULL && i < r->n; i++) {
		assert_ptr_equal(rmi_module_registry_find(r, r->modules[i].name), &r->modules[i]);
		assert_ptr_equal(rmi_module_registry_find_path(r, r->modules[i].wasm_path), &r->modules[i]);
		print_module(out, &r->modules[i]);
		print_settings(out, diags, path, &r->modules[i]);
	}
	rmi_diags_print(diags, out, false);
	rmi_diags_done(diags);
	free(diags);
}

static void
every_registry_says_what_its_golden_says(void **state)
{
	(void)state;
	golden_check(folder, read_registry);
}

int
main(int argc, char **argv)
{
	folder = argc > 1 ? argv[1] : ".";
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_registry_says_what_its_golden_says)};
	return cmocka_run_group_tests_name("module registries", tests, NULL, NULL);
}
