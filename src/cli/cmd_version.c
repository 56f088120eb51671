#include "cli/commands.h"
#include "cli/output.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int
version_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	if (!rmi_args_given(args, "json")) {
		(void)fprintf(cli->out, "rme %s\n", RMI_VERSION);
		return RMI_EXIT_OK;
	}
	(void)fprintf(cli->out,
	    "{\"version\":\"%s\",\"compiler\":\"%s\",\"features\":{\"wasm\":%s,\"remote\":%s,\"speech\":%s}}\n",
	    RMI_VERSION, COMPILER, RMI_HAVE_WASM ? "true" : "false", RMI_HAVE_REMOTE ? "true" : "false",
	    RMI_HAVE_SPEECH ? "true" : "false");
	return RMI_EXIT_OK;
}

static const struct rmi_option version_options[] = {RMI_OPTION_JSON, {.name = NULL}};

const struct rmi_command rmi_command_version = {
    .name = "version",
    .summary = "print the version and what this build can do",
    .options = version_options,
    .run = version_run,
};
