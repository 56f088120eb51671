/* One module is run without a pipeline file: a pipeline of one node is made in memory, and run as `rme run` would. */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/modules_find.h"
#include "cli/run_items.h"

struct call {
	struct rmi_cli *cli;
	const struct rmi_args *args;
	struct rmi_modules modules;
	struct rmi_module_ref module;
	struct rmi_opened opened;
};

static int
out_of_memory(const struct call *c)
{
	rmi_complain(c->cli, "%s", rme_err_text(RME_ENOMEM));
	return RMI_EXIT_FAILED;
}

static int
find_module(struct call *c)
{
	const char *word = rmi_args_operand(c->args, 0);
	int code = rmi_modules_open(&c->modules, c->cli, rmi_args_text(c->args, "modules"));
	if (code != RMI_EXIT_OK) {
		return code;
	}
	struct rme_error err;
	if (rmi_modules_find(&c->module, &c->modules, word, &err) != RME_OK) {
		return rmi_complain_error(c->cli, &err);
	}
	const struct rme_module_entry *e = c->module.entry;
	if (e != NULL) {
		rmi_detail(c->cli, 1, "%s is module %s %s of %s: its formats, limits and services hold", word, e->name,
		    e->version != NULL ? e->version : "", c->modules.registry->path);
	} else {
		rmi_detail(c->cli, 1, "%s is in no registry: default limits, no services but those of --service", word);
	}
	return RMI_EXIT_OK;
}

/* Services that the module may call: those of the registry, and those named on the command line. */
static bool
grant_services(struct call *c, struct rmi_node_def *node)
{
	const struct rme_module_entry *e = c->module.entry;
	const struct rmi_service_def *said = c->opened.def->services.items;
	size_t n_entry = e != NULL ? e->n_services : 0, n_said = c->opened.def->services.n;
	const char **names = rmi_arena_calloc(&c->opened.diags.arena, n_entry + n_said + 1, sizeof(*names));
	if (names == NULL) {
		return false;
	}
	for (size_t i = 0; i < n_entry; i++) {
		names[node->services.n++] = e->services[i];
	}
	for (size_t i = 0; i < n_said; i++) {
		if (e == NULL || !rme_module_entry_grants(e, said[i].bound.key)) {
			names[node->services.n++] = said[i].bound.key;
		}
	}
	node->services.items = names;
	node->has_services = true;
	return true;
}

static int
read_params(struct call *c, struct rmi_node_def *node)
{
	const char *text = rmi_args_text(c->args, "params");
	if (text == NULL) {
		return RMI_EXIT_OK;
	}
	const struct rmi_source source = {.name = "--params", .text = text, .len = strlen(text)};
	node->params = rmi_yaml_parse(&c->opened.diags, &source, NULL);
	if (node->params != NULL && node->params->kind != RMI_YAML_MAP) {
		rmi_diag_error(&c->opened.diags, &node->params->mark, "this is not an object but %s",
		    rmi_yaml_kind_name(node->params->kind));
	}
	return c->opened.diags.n_errors == 0 ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
}

static int
read_services(struct call *c)
{
	bool ok = true;
	for (size_t i = 0; i < rmi_args_count(c->args, "service"); i++) {
		const char *text = rmi_args_text_at(c->args, "service", i);
		ok = rmi_pipeline_set_service(c->opened.def, &c->opened.diags, text) && ok;
	}
	return ok ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
}

static int
fill_node(struct call *c, struct rmi_node_def *node, const struct rmi_bound *bound)
{
	struct rmi_limits_def *limits = rmi_arena_calloc(&c->opened.diags.arena, 1, sizeof(*limits));
	if (limits == NULL) {
		return out_of_memory(c);
	}
	*limits = (struct rmi_limits_def){.bound = *bound,
	    .memory_bytes = rmi_args_int(c->args, "memory"),
	    .timeout_ns = rmi_args_int(c->args, "timeout")};
	*node = (struct rmi_node_def){.bound = *bound,
	    .id = c->module.name,
	    .kind = RMI_NODE_MODULE,
	    .module = c->module.entry != NULL ? c->module.name : c->module.path,
	    .limits = limits,
	    .isolation = rmi_args_given(c->args, "isolate") ? RME_ISOLATION_PROCESS : RME_ISOLATION_AUTO,
	    .function_name = rmi_args_text(c->args, "function")};
	int code = read_services(c);
	if (code == RMI_EXIT_OK) {
		code = read_params(c, node);
	}
	return code == RMI_EXIT_OK && !grant_services(c, node) ? out_of_memory(c) : code;
}

/* A pipeline of one node. What is said about it stands nowhere in a file: its place is the word of the command line. */
static int
make_pipeline(struct call *c)
{
	struct rmi_arena *arena = &c->opened.diags.arena;
	struct rmi_source *source = rmi_arena_calloc(arena, 1, sizeof(*source));
	struct rmi_yaml_node *nothing = rmi_arena_calloc(arena, 1, sizeof(*nothing));
	struct rmi_pipeline_def *def = rmi_arena_calloc(arena, 1, sizeof(*def));
	struct rmi_node_def *node = rmi_arena_calloc(arena, 1, sizeof(*node));
	if (source == NULL || nothing == NULL || def == NULL || node == NULL) {
		return out_of_memory(c);
	}
	*source = (struct rmi_source){.name = "rme call", .text = ""};
	nothing->kind = RMI_YAML_MAP;
	nothing->mark.source = source;
	const struct rmi_bound bound = {.node = nothing, .mark = nothing->mark};
	def->bound = bound;
	def->version = 1;
	def->nodes = (struct rmi_list){node, 1};
	c->opened.def = def;
	return fill_node(c, node, &bound);
}

static int
wire(struct call *c)
{
	const struct rmi_wiring_config config = {
	    .cli = c->cli,
	    .diags = &c->opened.diags,
	    .def = c->opened.def,
	    .registry_path = c->modules.registry != NULL ? c->modules.registry->path : "",
	};
	struct rme_error err;
	enum rme_err e = rmi_wiring_new(&c->opened.wiring, &config, &err);
	if (e != RME_OK && c->opened.diags.n_errors == 0) {
		return rmi_complain_error(c->cli, &err);
	}
	return e == RME_OK ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
}

/* A module that nobody describes gets every file as it is; one of the registry what it says it takes. */
static int
run(struct call *c)
{
	struct rmi_run_items_in in = {
	    .cli = c->cli,
	    .args = c->args,
	    .pipeline = rmi_args_operand(c->args, 0),
	    .limit_is_module = true,
	};
	if (c->module.entry != NULL) {
		in.fallback = c->module.entry->input;
		return rmi_run_items(&c->opened, &in);
	}
	struct rmi_input_def *input = rmi_arena_calloc(&c->opened.diags.arena, 1, sizeof(*input));
	if (input == NULL) {
		return out_of_memory(c);
	}
	*input = (struct rmi_input_def){
	    .bound = c->opened.def->bound, .format = rme_format_of(RME_MEDIA_OCTETS), .chunk_ns = 20 * RMI_NS_PER_MS};
	c->opened.def->input = input;
	return rmi_run_items(&c->opened, &in);
}

static int
call_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct call *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	c->cli = cli;
	c->args = args;
	int code = find_module(c);
	if (code == RMI_EXIT_OK) {
		code = make_pipeline(c);
		code = code == RMI_EXIT_OK ? wire(c) : code;
		if (code == RMI_EXIT_OK) {
			code = run(c);
		} else {
			rmi_diags_print(&c->opened.diags, cli->err, cli->color_err);
		}
	}
	rmi_opened_done(&c->opened);
	rmi_modules_done(&c->modules);
	free(c);
	return code;
}

static const struct rmi_option call_options[] = {
    {.name = "function",
        .kind = RMI_OPTION_STRING,
        .value = "EXPORT",
        .help = "export that gets each item; as the registry says, else process"},
    {.name = "params",
        .letter = 'p',
        .kind = RMI_OPTION_STRING,
        .value = "JSON",
        .help = "object that the module is configured with"},
    {.name = "service",
        .letter = 's',
        .kind = RMI_OPTION_STRING,
        .many = true,
        .value = "NAME=ADDRESS",
        .help = "where a service is; the module may call it"},
    {.name = "memory",
        .kind = RMI_OPTION_SIZE,
        .help = "most linear memory, at most what the registry says; else 64MiB"},
    {.name = "timeout",
        .kind = RMI_OPTION_DURATION,
        .help = "longest call of the module, at most what the registry says; else 1s"},
    {.name = "isolate", .help = "run it in a process of its own, as modules do that the lock file does not pin"},
    {.name = "modules",
        .kind = RMI_OPTION_FILE,
        .help = "module registry, instead of the wasm-modules.yaml here or above"},
    {.name = "chunk", .kind = RMI_OPTION_DURATION, .help = "cut audio into items of this length; else 20ms"},
    RMI_RUN_OPTIONS,
    {.name = NULL},
};
static const struct rmi_operand call_operands[] = {
    {.name = "MODULE", .suffix = "wasm", .help = "path of a .wasm file, or a name of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_command_call = {
    .name = "call",
    .summary = "run one module, without a pipeline",
    .help =
        "Each item of the input goes to the module, in its sandbox, and its results are printed. A module of "
        "wasm-modules.yaml, named or by its file, gets what the registry says: items of its media format (audio is "
        "cut and converted), its limits, and the services that it may call. A file that no registry knows gets each "
        "file as one item; say --format for anything else.\n\n"
        "If all items failed, the exit code is 5 where the module trapped or hit a limit, and 4 where a service "
        "was not available and the module cannot do without; 6 if some failed.",
    .examples = "rme call hybrid_vad -i speech.wav\n"
                "rme call build/modules/hybrid_vad.wasm -i speech.wav -s VoiceActivityDetector=127.0.0.1:50052\n"
                "rme call gain -i speech.wav -o loud.wav --params '{\"db\": 6}'\n"
                "rme call ./mine.wasm --function handle -i data.bin -o out.bin --timeout 50ms",
    .options = call_options,
    .operands = call_operands,
    .run = call_run,
};
