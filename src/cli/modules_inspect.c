#include "cli/modules_commands.h"

#include <stdlib.h>
#include <yyjson.h>

#include "base/text.h"
#include "cli/modules_look.h"
#include "cli/modules_sections.h"
#include "core/isolation.h"
#include "wasm/engine.h"
#include "wasm/module.h"
#include "wasm/module_limits.h"

enum { LIST_TEXT = 4096 };

struct inspecting {
	struct rmi_cli *cli;
	bool json;
};

/* One module and all that was found out about it. */
struct findings {
	const struct inspecting *in;
	struct rmi_module_look look;
	struct rmi_arena arena;
	struct rmi_module_sections sections;
	struct rme_error unread; /* of the sections */
	int cached;              /* enum rmi_code_cached, -1 not known */
};

static const char *
alloc_name(enum rmi_alloc_kind kind)
{
	static const char *const names[] = {
	    [RMI_ALLOC_RME] = "rme_alloc, rme_free",
	    [RMI_ALLOC_MALLOC] = "malloc, free",
	    [RMI_ALLOC_AS] = "__new, __pin (AssemblyScript)",
	    [RMI_ALLOC_WINDOWS] = "static windows rme_in, rme_out",
	};
	return names[kind];
}

static void
look_for_code(struct findings *f)
{
	f->cached = -1;
	struct rmi_wasm_engine *engine = f->look.admission.code == RME_OK ? rmi_modules_engine(f->in->cli) : NULL;
	if (engine != NULL) {
		f->cached = (int)rmi_wasm_code_cached(engine, f->look.admitted.sha256);
	}
	rmi_wasm_engine_free(engine);
}

/* ---- for people ---- */

static void
print_key(const struct rmi_cli *cli, const char *key)
{
	(void)fprintf(
	    cli->out, "  %s%-12s%s ", rmi_style_on(cli->color_out, RMI_STYLE_CYAN), key, rmi_style_off(cli->color_out));
}

static void
print_items(const struct rmi_cli *cli, const char *key, const struct rmi_module_items *items)
{
	print_key(cli, key);
	if (items->n == 0) {
		(void)fputs("none", cli->out);
	}
	for (size_t i = 0; i < items->n; i++) {
		const struct rmi_module_item *it = &items->list[i];
		bool plain = it->kind[0] == 'f';
		(void)fprintf(cli->out, "%s%s%s%s", i > 0 ? ", " : "", it->module != NULL ? it->module : "",
		    it->module != NULL ? "." : "", it->name);
		if (it->bytes > 0) {
			(void)fprintf(cli->out, " (%zu bytes)", it->bytes);
		} else if (!plain) {
			(void)fprintf(cli->out, " (%s)", it->kind);
		}
	}
	(void)fputc('\n', cli->out);
}

static void
print_head(const struct findings *f)
{
	const struct rmi_cli *cli = f->in->cli;
	const struct rmi_module_look *l = &f->look;
	const struct rme_module_entry *e = l->ref.entry;
	char hex[RMI_SHA256_HEX];
	rmi_sha256_hex(l->sha256, hex);
	(void)fprintf(cli->out, "%s%s%s  %s\n", rmi_style_on(cli->color_out, RMI_STYLE_BOLD), l->ref.name,
	    rmi_style_off(cli->color_out), l->ref.path);
	if (e != NULL) {
		print_key(cli, "registry");
		(void)fprintf(cli->out, "version %s, %s, %s -> %s\n", e->version != NULL ? e->version : "not said",
		    e->source_lang != NULL ? e->source_lang : "language not said",
		    e->input_text != NULL ? e->input_text : "any", e->output_text != NULL ? e->output_text : "any");
	}
	print_key(cli, "size");
	(void)fprintf(cli->out, "%zu bytes\n", l->len);
	print_key(cli, "sha256");
	(void)fprintf(cli->out, "%s (lock file: %s)\n", hex, rmi_module_pin_text(l));
	const struct rmi_isolation_level level = rmi_isolation_of(e, RME_ISOLATION_PROCESS);
	print_key(cli, "isolation");
	(void)fprintf(cli->out, "%s: %s\n", rmi_isolation_words[level.level], level.why);
	print_key(cli, "admission");
	if (l->admission.code != RME_OK) {
		(void)fprintf(cli->out, "%srefused%s: %s\n", rmi_style_on(cli->color_out, RMI_STYLE_RED),
		    rmi_style_off(cli->color_out), l->admission.text);
		return;
	}
	rmi_sha256_hex(l->admitted.sha256, hex);
	(void)fprintf(cli->out, "admitted, %zu bytes remain, sha256 %s\n", l->admitted.len, hex);
}

static void
print_interface(const struct findings *f)
{
	const struct rmi_cli *cli = f->in->cli;
	const struct rmi_module_summary *s = &f->look.admitted.summary;
	char text[LIST_TEXT];
	struct rmi_text t = rmi_text_begin(text, sizeof(text));
	for (unsigned id = RMI_EXPORT_START_REACTOR; id <= RMI_EXPORT_OUTPUT_FORMAT; id++) {
		if (rmi_module_exports(s, (enum rmi_export_id)id)) {
			rmi_text_add(&t, "%s%s", t.len > 0 ? ", " : "", rmi_module_export_name((enum rmi_export_id)id));
		}
	}
	print_key(cli, "interface");
	(void)fprintf(
	    cli->out, "optional exports: %s; room for items: %s\n", t.len > 0 ? text : "none", alloc_name(s->alloc));
	print_key(cli, "memory");
	(void)fprintf(
	    cli->out, "%u pages of 64 KiB to begin with, at most %u\n", s->memory_pages_min, s->memory_pages_max);
	print_key(cli, "functions");
	(void)fprintf(cli->out, "%u, %zu bytes of code, %zu of data, %u globals, %u tables\n", s->n_functions,
	    s->code_bytes, s->data_bytes, s->n_globals, s->n_tables);
	print_key(cli, "machine code");
	static const char *const texts[] = {
	    [RMI_CODE_NOT_CACHED] = "not cached; `rme modules compile` makes it",
	    [RMI_CODE_CACHED_PLAIN] =
	        "cached at level 0, level 3 follows when it runs; `rme modules compile` makes it now",
	    [RMI_CODE_CACHED] = "cached",
	};
	(void)fprintf(cli->out, "%s\n", f->cached < 0 ? "not known: the engine does not start" : texts[f->cached]);
}

static void
print_text(const struct findings *f)
{
	const struct rmi_cli *cli = f->in->cli;
	print_head(f);
	if (f->look.admission.code == RME_OK) {
		print_interface(f);
	}
	print_items(cli, "imports", &f->sections.imports);
	print_items(cli, "exports", &f->sections.exports);
	print_items(cli, "dropped", &f->sections.customs);
	if (f->unread.code != RME_OK) {
		print_key(cli, "unreadable");
		(void)fprintf(cli->out, "%s\n", f->unread.text);
	}
}

/* ---- for programs ---- */

static void
add_items(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, const struct rmi_module_items *items)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, key);
	for (size_t i = 0; i < items->n; i++) {
		const struct rmi_module_item *it = &items->list[i];
		yyjson_mut_val *v = yyjson_mut_arr_add_obj(doc, list);
		if (it->module != NULL) {
			(void)yyjson_mut_obj_add_str(doc, v, "module", it->module);
		}
		(void)yyjson_mut_obj_add_str(doc, v, "name", it->name);
		(void)yyjson_mut_obj_add_str(doc, v, "kind", it->kind);
		if (it->bytes > 0) {
			(void)yyjson_mut_obj_add_uint(doc, v, "bytes", it->bytes);
		}
	}
}

static void
add_admitted(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct findings *f)
{
	const struct rmi_module_summary *s = &f->look.admitted.summary;
	char hex[RMI_SHA256_HEX];
	rmi_sha256_hex(f->look.admitted.sha256, hex);
	yyjson_mut_val *a = yyjson_mut_obj_add_obj(doc, o, "admitted");
	(void)yyjson_mut_obj_add_uint(doc, a, "bytes", f->look.admitted.len);
	(void)yyjson_mut_obj_add_strcpy(doc, a, "sha256", hex);
	(void)yyjson_mut_obj_add_uint(doc, a, "dropped_bytes", s->dropped_bytes);
	(void)yyjson_mut_obj_add_uint(doc, a, "memory_pages_min", s->memory_pages_min);
	(void)yyjson_mut_obj_add_uint(doc, a, "memory_pages_max", s->memory_pages_max);
	(void)yyjson_mut_obj_add_uint(doc, a, "functions", s->n_functions);
	(void)yyjson_mut_obj_add_uint(doc, a, "code_bytes", s->code_bytes);
	(void)yyjson_mut_obj_add_uint(doc, a, "data_bytes", s->data_bytes);
	(void)yyjson_mut_obj_add_uint(doc, a, "globals", s->n_globals);
	(void)yyjson_mut_obj_add_uint(doc, a, "tables", s->n_tables);
	(void)yyjson_mut_obj_add_str(doc, a, "alloc", alloc_name(s->alloc));
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, a, "interface");
	for (unsigned id = 0; id < RMI_EXPORT_COUNT_; id++) {
		if (rmi_module_exports(s, (enum rmi_export_id)id)) {
			(void)yyjson_mut_arr_add_str(doc, list, rmi_module_export_name((enum rmi_export_id)id));
		}
	}
	if (f->cached >= 0) {
		(void)yyjson_mut_obj_add_bool(doc, a, "cached", f->cached == RMI_CODE_CACHED);
		(void)yyjson_mut_obj_add_bool(doc, a, "cached_plain", f->cached == RMI_CODE_CACHED_PLAIN);
	}
}

static int
print_json(const struct findings *f)
{
	const struct rmi_module_look *l = &f->look;
	char hex[RMI_SHA256_HEX];
	rmi_sha256_hex(l->sha256, hex);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_doc_set_root(doc, o);
	(void)yyjson_mut_obj_add_str(doc, o, "name", l->ref.name);
	(void)yyjson_mut_obj_add_str(doc, o, "path", l->ref.path);
	(void)yyjson_mut_obj_add_uint(doc, o, "bytes", l->len);
	(void)yyjson_mut_obj_add_str(doc, o, "sha256", hex);
	(void)yyjson_mut_obj_add_str(doc, o, "pin", rmi_module_pin_text(l));
	const struct rmi_isolation_level level = rmi_isolation_of(l->ref.entry, RME_ISOLATION_PROCESS);
	(void)yyjson_mut_obj_add_str(doc, o, "isolation", rmi_isolation_words[level.level]);
	(void)yyjson_mut_obj_add_str(doc, o, "isolation_why", level.why);
	if (l->admission.code == RME_OK) {
		add_admitted(doc, o, f);
	} else {
		(void)yyjson_mut_obj_add_str(doc, o, "refused", l->admission.text);
	}
	add_items(doc, o, "imports", &f->sections.imports);
	add_items(doc, o, "exports", &f->sections.exports);
	add_items(doc, o, "customs", &f->sections.customs);
	return rmi_modules_print_json(f->in->cli, doc);
}

/* ---- */

static int
inspect_one(void *ctx, const struct rmi_module_ref *ref)
{
	struct findings *f = calloc(1, sizeof(*f));
	const struct inspecting *in = ctx;
	if (f == NULL) {
		rmi_complain(in->cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	f->in = in;
	rmi_module_look(&f->look, ref);
	int code;
	if (f->look.file.code != RME_OK) {
		code = rmi_complain_error(in->cli, &f->look.file);
	} else {
		(void)!rmi_module_sections_read(&f->sections, &f->arena, f->look.bytes, f->look.len, &f->unread);
		look_for_code(f);
		code = RMI_EXIT_OK;
		if (in->json) {
			code = print_json(f);
		} else {
			print_text(f);
		}
		code = f->look.admission.code != RME_OK ? rmi_exit_of(f->look.admission.code) : code;
	}
	rmi_module_look_done(&f->look);
	rmi_arena_done(&f->arena);
	free(f);
	return code;
}

static int
inspect_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct inspecting in = {.cli = cli, .json = rmi_args_given(args, "json")};
	return rmi_modules_each(cli, args, inspect_one, &in);
}

static const struct rmi_option inspect_options[] = {RMI_MODULES_OPTIONS, {.name = NULL}};
static const struct rmi_operand inspect_operands[] = {
    {.name = "MODULE", .many = true, .suffix = "wasm", .help = "path of a .wasm file, or a name of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_inspect = {
    .name = "inspect",
    .summary = "tell what is in a module, and whether it would be run",
    .help = "Shows imports, exports, memory and hashes, which optional exports of the module interface it has, which "
            "custom "
            "sections are dropped, and what the gate says that it passes before it is run; the exit code is 5 if that "
            "refuses it. Nothing of the module is run.",
    .examples = "rme modules inspect build/modules/hybrid_vad.wasm\n"
                "rme modules inspect gain --json | jq .imports",
    .options = inspect_options,
    .operands = inspect_operands,
    .run = inspect_run,
};
