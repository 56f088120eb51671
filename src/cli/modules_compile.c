#include "cli/modules_commands.h"

#include <yyjson.h>

#include "base/clock.h"
#include "cli/modules_look.h"
#include "wasm/engine.h"
#include "wasm/module.h"

struct compiling {
	struct rmi_cli *cli;
	struct rmi_wasm_engine *engine;
	bool json;
	size_t n_done;
	int64_t began_ns;
};

static int
print_json(struct rmi_cli *cli, const struct rmi_module_ref *ref, const struct rmi_wasm_code_info *info)
{
	char hex[RMI_SHA256_HEX];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_doc_set_root(doc, o);
	rmi_sha256_hex(info->file_sha256, hex);
	(void)yyjson_mut_obj_add_str(doc, o, "name", ref->name);
	(void)yyjson_mut_obj_add_str(doc, o, "path", ref->path);
	(void)yyjson_mut_obj_add_str(doc, o, "sha256", hex);
	(void)yyjson_mut_obj_add_bool(doc, o, "from_cache", info->from_cache);
	(void)yyjson_mut_obj_add_real(doc, o, "compile_ms", (double)info->compile_ns / 1e6);
	(void)yyjson_mut_obj_add_real(doc, o, "load_ms", (double)info->load_ns / 1e6);
	(void)yyjson_mut_obj_add_int(doc, o, "level", info->optimize_level);
	(void)yyjson_mut_obj_add_bool(doc, o, "interruptible", info->interruptible);
	(void)yyjson_mut_obj_add_uint(doc, o, "file_bytes", info->file_bytes);
	(void)yyjson_mut_obj_add_uint(doc, o, "code_bytes", info->code_bytes);
	return rmi_modules_print_json(cli, doc);
}

static void
print_text(FILE *out, const struct rmi_module_ref *ref, const struct rmi_wasm_code_info *info)
{
	if (info->from_cache) {
		(void)fprintf(out, "%-20s cached already", ref->name);
	} else {
		(void)fprintf(out, "%-20s compiled in %.0f ms", ref->name, (double)info->compile_ns / 1e6);
	}
	(void)fprintf(out, ", level %d%s, %zu bytes -> %zu, loads in %.1f ms\n", info->optimize_level,
	    info->interruptible ? ", interruptible" : "", info->file_bytes, info->code_bytes,
	    (double)info->load_ns / 1e6);
}

static int
compile_one(void *ctx, const struct rmi_module_ref *ref)
{
	struct compiling *c = ctx;
	const struct rme_module_entry *e = ref->entry;
	struct rmi_wasm_module_spec spec = {.name = e != NULL ? e->name : NULL, .path = ref->path};
	if (e != NULL) {
		spec.sha256 = e->has_sha256 ? e->sha256 : NULL;
		spec.function_name = e->function_name;
		spec.limits = e->limits;
	}
	struct rmi_wasm_module *module;
	struct rme_error err;
	if (c->cli->tty_err) {
		rmi_say(c->cli, "%s: compiling ...", ref->name);
	}
	enum rme_err r = rmi_wasm_module_open(&module, c->engine, &spec, &err);
	if (r != RME_OK) {
		int code = rmi_complain_error(c->cli, &err);
		return r == RME_EDENIED ? RMI_EXIT_CONFIG : code;
	}
	struct rmi_wasm_code_info info;
	rmi_wasm_module_code_info(module, &info);
	rmi_wasm_module_unref(module);
	c->n_done++;
	if (c->json) {
		return print_json(c->cli, ref, &info);
	}
	print_text(c->cli->out, ref, &info);
	return RMI_EXIT_OK;
}

/* Compiling for a cache that keeps nothing would be for nothing. */
static int
check_cache(struct compiling *c)
{
	struct rmi_wasm_status status;
	rmi_wasm_engine_status(c->engine, &status);
	if (status.cache_open) {
		return RMI_EXIT_OK;
	}
	if (status.cache_dir[0] == '\0') {
		rmi_complain(c->cli, "there is no folder to keep compiled modules in: set HOME or XDG_CACHE_HOME");
	} else {
		rmi_complain(
		    c->cli, "%s: compiled modules cannot be kept there: see 'rme doctor cache'", status.cache_dir);
	}
	return RMI_EXIT_FAILED;
}

static void
tell_end(const struct compiling *c)
{
	struct rmi_wasm_status status;
	rmi_wasm_engine_status(c->engine, &status);
	rmi_say(c->cli, "%zu modules in %.1f s; kept in %s", c->n_done,
	    (double)(rmi_monotonic_ns() - c->began_ns) / 1e9, status.cache_dir);
}

static int
compile_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct compiling c = {.cli = cli, .json = rmi_args_given(args, "json"), .began_ns = rmi_monotonic_ns()};
	struct rme_error err;
	const struct rmi_wasm_engine_config config = {.optimize_first = true};
	enum rme_err e = rmi_wasm_engine_new(&c.engine, &config, &err);
	if (e == RME_OK) {
		e = rmi_wasm_engine_start(c.engine, &err);
	}
	int code = e == RME_OK ? check_cache(&c) : rmi_complain_error(cli, &err);
	if (code == RMI_EXIT_OK) {
		code = rmi_modules_each(cli, args, compile_one, &c);
		tell_end(&c);
	}
	rmi_wasm_engine_free(c.engine);
	return code;
}

static const struct rmi_option compile_options[] = {RMI_MODULES_OPTIONS, {.name = NULL}};
static const struct rmi_operand compile_operands[] = {
    {.name = "MODULE",
        .optional = true,
        .many = true,
        .suffix = "wasm",
        .help = "names of the registry or .wasm files; without one, all of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_compile = {
    .name = "compile",
    .summary = "compile modules to machine code now, so that they start at once later",
    .help = "What is compiled is kept where `rme run` looks for it; what is there already is not compiled again.",
    .examples = "rme modules compile\n"
                "rme modules compile build/modules/gain.wasm --json",
    .options = compile_options,
    .operands = compile_operands,
    .run = compile_run,
};
