#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/graph.h"
#include "cli/item_source.h"
#include "cli/open_pipeline.h"

/* The format of the input: of the file given, else what the pipeline says. */
static int
input_format(struct rmi_cli *cli, const struct rmi_args *args, struct rme_format *out)
{
	struct rme_error err;
	const char *text = rmi_args_text(args, "format"), *path = rmi_args_text(args, "input");
	if (text != NULL) {
		return rme_format_parse(out, text, strlen(text), &err) == RME_OK ? RMI_EXIT_OK
		                                                                 : rmi_complain_error(cli, &err);
	}
	if (path == NULL) {
		return RMI_EXIT_OK;
	}
	const struct rmi_item_source_config config = {.path = path, .chunk_ns = 20000000};
	struct rmi_item_source *source;
	if (rmi_item_source_open(&source, &config, &err) != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	*out = *rmi_item_source_format(source);
	rmi_item_source_close(source);
	return RMI_EXIT_OK;
}

static void
draw(struct rmi_cli *cli, const struct rmi_args *args, const struct rmi_opened *o)
{
	if (rmi_args_given(args, "dot")) {
		bool named = o->def->metadata != NULL && o->def->metadata->name != NULL;
		rmi_graph_dot(cli->out, o->plan, named ? o->def->metadata->name : "pipeline");
	} else if (rmi_args_given(args, "mermaid")) {
		rmi_graph_mermaid(cli->out, o->plan);
	} else {
		rmi_graph_ascii(cli->out, o->plan, cli->color_out);
	}
}

static int
graph_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct rmi_opened *o = calloc(1, sizeof(*o));
	if (o == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	struct rme_format format = {.media = RME_MEDIA_ANY};
	int code = input_format(cli, args, &format);
	if (code == RMI_EXIT_OK) {
		code = rmi_open_pipeline(o, cli, args, rmi_args_operand(args, 0));
	}
	if (code == RMI_EXIT_OK) {
		code = rmi_open_plan(o, cli, &format);
	}
	rmi_diags_print(&o->diags, cli->err, cli->color_err);
	if (code == RMI_EXIT_OK) {
		draw(cli, args, o);
	}
	rmi_opened_done(o);
	free(o);
	return code;
}

static const struct rmi_option graph_options[] = {
    {.name = "ascii", .help = "draw with plain characters (default)"},
    {.name = "dot", .help = "write Graphviz: rme graph --dot P | dot -Tsvg"},
    {.name = "mermaid", .help = "write Mermaid, for Markdown pages"},
    {.name = "input", .letter = 'i', .kind = RMI_OPTION_FILE, .help = "take the input's format from this file"},
    {.name = "format", .kind = RMI_OPTION_STRING, .value = "FORMAT", .help = "media format of the input"},
    RMI_PIPELINE_OPTIONS,
    {.name = NULL},
};
static const struct rmi_operand graph_operands[] = {
    {.name = "PIPELINE", .suffix = "yaml", .help = "pipeline file"},
    {.name = NULL},
};

const struct rmi_command rmi_command_graph = {
    .name = "graph",
    .summary = "draw a pipeline, with formats and inserted conversions",
    .examples = "rme graph speech.yaml -i talk.wav\n"
                "rme graph --dot speech.yaml | dot -Tsvg > speech.svg",
    .options = graph_options,
    .operands = graph_operands,
    .run = graph_run,
};
