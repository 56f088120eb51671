#include "cli/modules_commands.h"

#include <yyjson.h>

#include "base/text.h"
#include "cli/modules_look.h"
#include "core/isolation.h"
#include "wasm/engine.h"
#include "wasm/module.h"

enum { SERVICES_TEXT = 256 };

struct listing {
	struct rmi_cli *cli;
	struct rmi_wasm_engine *engine; /* NULL = does not start: nobody knows what is cached */
	bool json;
};

static const char *
category_of(const struct rme_module_entry *e)
{
	static const char *const names[] = {
	    [RME_MODULE_AUDIO] = "audio", [RME_MODULE_VISION] = "vision", [RME_MODULE_TEXT] = "text"};
	return names[e->category];
}

static const char *
or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

/* "yes", "no", or "?" where it cannot be known. */
static const char *
cached_text(const struct listing *s, const struct rmi_module_look *l)
{
	static const char *const texts[] = {
	    [RMI_CODE_NOT_CACHED] = "no", [RMI_CODE_CACHED_PLAIN] = "level 0", [RMI_CODE_CACHED] = "yes"};
	if (l->file.code != RME_OK || l->admission.code != RME_OK) {
		return "no";
	}
	return s->engine == NULL ? "?" : texts[rmi_wasm_code_cached(s->engine, l->admitted.sha256)];
}

static int
print_json(const struct listing *s, const struct rmi_module_look *l)
{
	const struct rme_module_entry *e = l->ref.entry;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_doc_set_root(doc, o);
	(void)yyjson_mut_obj_add_str(doc, o, "name", e->name);
	(void)yyjson_mut_obj_add_str(doc, o, "version", e->version);
	(void)yyjson_mut_obj_add_str(doc, o, "lang", e->source_lang);
	(void)yyjson_mut_obj_add_str(doc, o, "category", category_of(e));
	(void)yyjson_mut_obj_add_str(doc, o, "path", e->wasm_path);
	if (l->file.code == RME_OK) {
		(void)yyjson_mut_obj_add_uint(doc, o, "bytes", l->len);
	}
	(void)yyjson_mut_obj_add_str(doc, o, "pin", rmi_module_pin_text(l));
	const struct rmi_isolation_level level = rmi_isolation_of(e, RME_ISOLATION_PROCESS);
	(void)yyjson_mut_obj_add_str(doc, o, "isolation", rmi_isolation_words[level.level]);
	(void)yyjson_mut_obj_add_str(doc, o, "isolation_why", level.why);
	const char *cached = cached_text(s, l);
	if (cached[0] != '?') {
		(void)yyjson_mut_obj_add_bool(doc, o, "cached", cached[0] == 'y');
	}
	yyjson_mut_val *services = yyjson_mut_obj_add_arr(doc, o, "services");
	for (size_t i = 0; i < e->n_services; i++) {
		(void)yyjson_mut_arr_add_str(doc, services, e->services[i]);
	}
	return rmi_modules_print_json(s->cli, doc);
}

static void
print_row(const struct listing *s, const struct rmi_module_look *l)
{
	const struct rme_module_entry *e = l->ref.entry;
	char size[32] = "-", services[SERVICES_TEXT];
	struct rmi_text t = rmi_text_begin(services, sizeof(services));
	for (size_t i = 0; i < e->n_services; i++) {
		rmi_text_add(&t, "%s%s", i > 0 ? ", " : "", e->services[i]);
	}
	if (l->file.code == RME_OK) {
		(void)snprintf(size, sizeof(size), "%zu", l->len);
	}
	bool bad = l->file.code != RME_OK || l->pin == RMI_PIN_DIFFERS, c = s->cli->color_out && bad;
	(void)fprintf(s->cli->out, "%-20s %-8s %-15s %-8s %9s %s%-11s%s %-9s %-6s %s\n", e->name, or_dash(e->version),
	    or_dash(e->source_lang), category_of(e), size, rmi_style_on(c, RMI_STYLE_RED), rmi_module_pin_text(l),
	    rmi_style_off(c), rmi_isolation_words[rmi_isolation_of(e, RME_ISOLATION_PROCESS).level], cached_text(s, l),
	    services[0] != '\0' ? services : "-");
}

static int
list_one(void *ctx, const struct rmi_module_ref *ref)
{
	const struct listing *s = ctx;
	struct rmi_module_look l;
	rmi_module_look(&l, ref);
	int code = RMI_EXIT_OK;
	if (s->json) {
		code = print_json(s, &l);
	} else {
		print_row(s, &l);
	}
	rmi_module_look_done(&l);
	return code;
}

static int
list_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct listing s = {.cli = cli, .engine = rmi_modules_engine(cli), .json = rmi_args_given(args, "json")};
	if (!s.json) {
		(void)fprintf(cli->out, "%s%-20s %-8s %-15s %-8s %9s %-11s %-9s %-6s %s%s\n",
		    rmi_style_on(cli->color_out, RMI_STYLE_BOLD), "NAME", "VERSION", "LANGUAGE", "CATEGORY", "BYTES",
		    "SHA256", "ISOLATION", "CACHED", "SERVICES", rmi_style_off(cli->color_out));
	}
	int code = rmi_modules_each(cli, args, list_one, &s);
	rmi_wasm_engine_free(s.engine);
	return code;
}

static const struct rmi_option list_options[] = {RMI_MODULES_OPTIONS, {.name = NULL}};

const struct rmi_command rmi_modules_list = {
    .name = "list",
    .summary = "list the modules of the registry",
    .help = "SHA256 says whether the file is the one that wasm-modules.lock means; ISOLATION, whether it runs in the "
            "process "
            "of rme (inproc) or in one of its own (process); CACHED, whether its machine code is "
            "kept "
            "already, so that it starts at once.",
    .options = list_options,
    .run = list_run,
};
