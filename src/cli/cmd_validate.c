#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/open_pipeline.h"
#include "config/schema_json.h"

static int
print_keys(struct rmi_cli *cli, const struct rmi_args *args)
{
	bool registry = strcmp(rmi_args_text(args, "keys"), "modules") == 0;
	rmi_schema_to_markdown(cli->out, registry ? &rmi_registry_schema : &rmi_pipeline_schema);
	return RMI_EXIT_OK;
}

static int
print_schema(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct rmi_diags *diags = calloc(1, sizeof(*diags));
	struct rmi_wiring *w = NULL;
	struct rme_error err = {.code = RME_ENOMEM};
	const struct rmi_wiring_config config = {.cli = cli, .diags = diags, .registry_path = ""};
	if (diags == NULL || rmi_wiring_new(&w, &config, &err) != RME_OK) {
		free(diags);
		return rmi_complain_error(cli, &err);
	}
	bool registry = strcmp(rmi_args_text(args, "schema"), "modules") == 0;
	char *text = rmi_schema_to_json(
	    registry ? &rmi_registry_schema : &rmi_pipeline_schema, registry ? NULL : rmi_wiring_runtime(w));
	if (text != NULL) {
		(void)fprintf(cli->out, "%s\n", text);
	}
	free(text);
	rmi_wiring_free(w);
	rmi_diags_done(diags);
	free(diags);
	return text != NULL ? RMI_EXIT_OK : RMI_EXIT_FAILED;
}

/* A file that has a map `modules` and no nodes is a registry. */
static bool
is_registry(const struct rmi_yaml_node *root)
{
	const struct rmi_yaml_node *modules = rmi_yaml_get(root, "modules");
	return rmi_yaml_get(root, "nodes") == NULL && modules != NULL && modules->kind == RMI_YAML_MAP;
}

static int
check_file(struct rmi_opened *o, struct rmi_cli *cli, const struct rmi_args *args, const char *path)
{
	struct rmi_diags quiet = {.n = 0};
	const struct rmi_yaml_node *root = strcmp(path, "-") != 0 ? rmi_yaml_load(&quiet, path, NULL) : NULL;
	bool registry = root != NULL && is_registry(root);
	rmi_diags_done(&quiet);
	if (registry) {
		return rmi_module_registry_load(&o->diags, path, &rmi_env_process) != NULL ? RMI_EXIT_OK
		                                                                           : RMI_EXIT_CONFIG;
	}
	int code = rmi_open_pipeline(o, cli, args, path);
	return code == RMI_EXIT_OK ? rmi_open_plan(o, cli, &(struct rme_format){.media = RME_MEDIA_ANY}) : code;
}

static int
validate_one(struct rmi_cli *cli, const struct rmi_args *args, const char *path)
{
	struct rmi_opened *o = calloc(1, sizeof(*o));
	if (o == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	int code = check_file(o, cli, args, path);
	if (rmi_args_given(args, "json")) {
		(void)fprintf(cli->out, "{\"ok\":%s,\"problems\":", code == RMI_EXIT_OK ? "true" : "false");
		rmi_write_diags_json(cli->out, &o->diags);
		(void)fputs("}\n", cli->out);
	} else {
		rmi_diags_print(&o->diags, cli->err, cli->color_err);
		if (code == RMI_EXIT_OK) {
			rmi_say(cli, "%s: ok", path);
		} else {
			rmi_say(cli, "%s: %zu error%s", path, o->diags.n_errors, o->diags.n_errors == 1 ? "" : "s");
		}
	}
	rmi_opened_done(o);
	free(o);
	return code;
}

static int
validate_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	if (rmi_args_given(args, "schema")) {
		return print_schema(cli, args);
	}
	if (rmi_args_given(args, "keys")) {
		return print_keys(cli, args);
	}
	if (rmi_args_operand_count(args) == 0) {
		return rmi_complain_usage(cli, "name a file, or --schema pipeline");
	}
	int worst = RMI_EXIT_OK;
	for (size_t i = 0; i < rmi_args_operand_count(args); i++) {
		int code = validate_one(cli, args, rmi_args_operand(args, i));
		worst = worst == RMI_EXIT_OK ? code : worst;
	}
	return worst;
}

static const char *const schemas[] = {"pipeline", "modules", NULL};
static const struct rmi_option validate_options[] = {
    {.name = "schema",
        .kind = RMI_OPTION_ENUM,
        .choices = schemas,
        .value = "KIND",
        .help = "print the JSON Schema of such files, for editors"},
    {.name = "keys",
        .kind = RMI_OPTION_ENUM,
        .choices = schemas,
        .value = "KIND",
        .help = "print all keys of such files, in Markdown"},
    RMI_OPTION_JSON,
    RMI_PIPELINE_OPTIONS,
    {.name = NULL},
};
static const struct rmi_operand validate_operands[] = {
    {.name = "FILE", .optional = true, .many = true, .suffix = "yaml", .help = "pipeline file, or wasm-modules.yaml"},
    {.name = NULL},
};

const struct rmi_command rmi_command_validate = {
    .name = "validate",
    .summary = "check pipeline files and module registries",
    .help = "Reads the files and checks them as `rme run` would: keys, values, parameters of every node, services, "
            "modules, and whether the media formats fit. Nothing is run and no connection is made.",
    .examples = "rme validate speech.yaml\n"
                "rme validate --json *.yaml  # for programs\n"
                "rme validate --schema pipeline > pipeline.schema.json  # for an editor",
    .options = validate_options,
    .operands = validate_operands,
    .run = validate_run,
};
