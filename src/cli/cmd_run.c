#include <stdlib.h>

#include "cli/commands.h"
#include "cli/run_items.h"

static int
run_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct rmi_opened *o = calloc(1, sizeof(*o));
	if (o == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	const struct rmi_run_items_in in = {
	    .cli = cli,
	    .args = args,
	    .pipeline = rmi_args_operand(args, 0),
	    .timeout_ns = rmi_args_int(args, "timeout"),
	};
	int code = rmi_open_pipeline(o, cli, args, in.pipeline);
	if (code == RMI_EXIT_OK) {
		code = rmi_run_items(o, &in);
	} else {
		rmi_diags_print(&o->diags, cli->err, cli->color_err);
	}
	rmi_opened_done(o);
	free(o);
	return code;
}

static const struct rmi_option run_options[] = {
    RMI_RUN_OPTIONS,
    {.name = "chunk",
        .kind = RMI_OPTION_DURATION,
        .help = "cut audio into items of this length, instead of the pipeline's"},
    {.name = "timeout", .kind = RMI_OPTION_DURATION, .help = "drop what is left after this time; exit code 124"},
    RMI_PIPELINE_OPTIONS,
    {.name = NULL},
};
static const struct rmi_operand run_operands[] = {
    {.name = "PIPELINE", .suffix = "yaml", .help = "pipeline file (docs/reference/pipeline-file.md)"},
    {.name = NULL},
};

const struct rmi_command rmi_command_run = {
    .name = "run",
    .summary = "run a file through a pipeline",
    .help = "Each item of the input goes through the nodes in order; routers decide for each whether it is worked on "
            "here or "
            "in a service, and fall back to the other side.\n\n"
            "The first Ctrl-C ends the input and waits for what is under way, the second one drops it.",
    .examples = "rme run speech.yaml -i talk.wav -o reply.wav --report report.html\n"
                "rme run speech.yaml -i talk.wav --json | jq .reason  # why each item went where it did\n"
                "rme run speech.yaml -i talk.wav --mode vad.node=edge_only -p utterance.pre_roll=200ms\n"
                "rme run words.yaml -i - --format text/plain < words.txt  # lines from standard input",
    .options = run_options,
    .operands = run_operands,
    .run = run_run,
};
