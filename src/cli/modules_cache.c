#include "cli/modules_commands.h"

#include <limits.h>
#include <time.h>
#include <yyjson.h>

#include "cli/modules_look.h"
#include "wasm/aot_cache.h"
#include "wasm/engine.h"

enum { AGE_TEXT = 32, SECONDS_PER_HOUR = 3600, HOURS_PER_DAY = 24 };

/* The folder of the cache, without starting the engine. @return an exit code */
static int
open_cache(struct rmi_cli *cli, struct rmi_aot_cache **out, char folder[PATH_MAX])
{
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_status status;
	struct rme_error err;
	enum rme_err e = rmi_wasm_engine_new(&engine, NULL, &err);
	if (e != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	rmi_wasm_engine_status(engine, &status);
	rmi_wasm_engine_free(engine);
	if (status.cache_dir[0] == '\0') {
		rmi_complain(cli, "there is no folder to keep compiled modules in: set HOME or XDG_CACHE_HOME");
		return RMI_EXIT_FAILED;
	}
	(void)snprintf(folder, PATH_MAX, "%s", status.cache_dir);
	e = rmi_aot_cache_open(out, folder, 0, &err);
	return e == RME_OK ? RMI_EXIT_OK : rmi_complain_error(cli, &err);
}

static const char *
age_text(char out[AGE_TEXT], const struct timespec *used)
{
	long long hours = ((long long)time(NULL) - (long long)used->tv_sec) / SECONDS_PER_HOUR;
	if (hours < 1) {
		return "now";
	}
	bool days = hours >= 2 * HOURS_PER_DAY;
	(void)snprintf(out, AGE_TEXT, "%lld %s ago", days ? hours / HOURS_PER_DAY : hours, days ? "days" : "hours");
	return out;
}

static int
print_file_json(struct rmi_cli *cli, const struct rmi_aot_file *f, const struct rmi_aot_code *code)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_doc_set_root(doc, o);
	(void)yyjson_mut_obj_add_str(doc, o, "file", f->name);
	(void)yyjson_mut_obj_add_uint(doc, o, "bytes", f->bytes);
	(void)yyjson_mut_obj_add_int(doc, o, "used", (int64_t)f->used.tv_sec);
	if (code != NULL) {
		(void)yyjson_mut_obj_add_int(doc, o, "level", code->level);
		(void)yyjson_mut_obj_add_bool(doc, o, "preliminary", code->preliminary);
		(void)yyjson_mut_obj_add_bool(doc, o, "interruptible", code->interruptible);
		(void)yyjson_mut_obj_add_real(doc, o, "compile_ms", (double)code->compile_ns / 1e6);
	}
	return rmi_modules_print_json(cli, doc);
}

static void
print_file_text(FILE *out, const struct rmi_aot_file *f, const struct rmi_aot_code *code)
{
	char age[AGE_TEXT];
	(void)fprintf(
	    out, "%.16s  %10llu bytes  used %-12s", f->name, (unsigned long long)f->bytes, age_text(age, &f->used));
	if (code == NULL) {
		(void)fputs("  damaged\n", out);
		return;
	}
	(void)fprintf(out, "  level %d%s%s, compiled in %.0f ms\n", code->level,
	    code->preliminary ? " until level 3 is there" : "", code->interruptible ? ", interruptible" : "",
	    (double)code->compile_ns / 1e6);
}

static int
list_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	char folder[PATH_MAX];
	struct rmi_aot_cache *c = NULL;
	struct rmi_aot_listing l;
	struct rme_error err;
	bool json = rmi_args_given(args, "json");
	int exit_code = open_cache(cli, &c, folder);
	if (exit_code != RMI_EXIT_OK) {
		return exit_code;
	}
	enum rme_err e = rmi_aot_cache_list(c, &l, &err);
	if (e != RME_OK) {
		exit_code = rmi_complain_error(cli, &err);
		rmi_aot_cache_free(c);
		return exit_code;
	}
	for (size_t i = 0; i < l.n && exit_code == RMI_EXIT_OK; i++) {
		struct rmi_aot_code code;
		bool known = rmi_aot_cache_describe(c, &l.files[i], &code);
		if (json) {
			exit_code = print_file_json(cli, &l.files[i], known ? &code : NULL);
		} else {
			print_file_text(cli->out, &l.files[i], known ? &code : NULL);
		}
	}
	rmi_say(cli, "%zu files, %.1f MiB in %s", l.n, (double)l.bytes / (1 << 20), folder);
	rmi_aot_listing_done(&l);
	rmi_aot_cache_free(c);
	return exit_code;
}

static int
trim(struct rmi_cli *cli, const struct rmi_args *args, uint64_t bytes_max)
{
	char folder[PATH_MAX];
	struct rmi_aot_cache *c = NULL;
	struct rmi_aot_trimmed gone;
	struct rme_error err;
	int exit_code = open_cache(cli, &c, folder);
	if (exit_code != RMI_EXIT_OK) {
		return exit_code;
	}
	enum rme_err e = rmi_aot_cache_trim(c, bytes_max, &gone, &err);
	rmi_aot_cache_free(c);
	if (e != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	if (rmi_args_given(args, "json")) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
		yyjson_mut_doc_set_root(doc, o);
		(void)yyjson_mut_obj_add_str(doc, o, "folder", folder);
		(void)yyjson_mut_obj_add_uint(doc, o, "removed_files", gone.files);
		(void)yyjson_mut_obj_add_uint(doc, o, "removed_bytes", gone.bytes);
		return rmi_modules_print_json(cli, doc);
	}
	(void)fprintf(
	    cli->out, "%zu files, %.1f MiB removed from %s\n", gone.files, (double)gone.bytes / (1 << 20), folder);
	return RMI_EXIT_OK;
}

static int
prune_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	return trim(cli, args, (uint64_t)rmi_args_int(args, "max-size"));
}

static int
clear_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	return trim(cli, args, 0);
}

static const struct rmi_option list_options[] = {RMI_OPTION_JSON, {.name = NULL}};
static const struct rmi_option prune_options[] = {
    {.name = "max-size", .kind = RMI_OPTION_SIZE, .fallback = "256MiB", .help = "what may stay"},
    RMI_OPTION_JSON,
    {.name = NULL},
};

static const struct rmi_command cache_list = {
    .name = "list",
    .summary = "tell what is there, least recently used first",
    .options = list_options,
    .run = list_run,
};
static const struct rmi_command cache_prune = {
    .name = "prune",
    .summary = "remove what was used least recently",
    .examples = "rme modules cache prune --max-size 64MiB",
    .options = prune_options,
    .run = prune_run,
};
static const struct rmi_command cache_clear = {
    .name = "clear",
    .summary = "remove all of it; modules are compiled anew when they run next",
    .options = list_options,
    .run = clear_run,
};
static const struct rmi_command *const cache_commands[] = {&cache_list, &cache_prune, &cache_clear, NULL};

const struct rmi_command rmi_modules_cache = {
    .name = "cache",
    .summary = "tell about compiled modules that are kept, or remove them: list, prune, clear",
    .help = "Compiled modules are kept in $XDG_CACHE_HOME/rme/aot, else in ~/.cache/rme/aot, 512 MiB at most "
            "(RME_MODULE_CACHE_BYTES). Modules that run meanwhile are not affected.",
    .commands = cache_commands,
};
