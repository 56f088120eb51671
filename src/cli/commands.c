#include "cli/commands.h"

/* In the order of `rme --help`: what one does with pipelines, then services, modules, help. */
static const struct rmi_command *const commands[] = {
    &rmi_command_run,
#if RMI_HAVE_WASM
    &rmi_command_call,
#endif
    &rmi_command_validate,
    &rmi_command_graph,
    &rmi_command_nodes,
#if RMI_HAVE_WASM
    &rmi_command_modules,
#endif
    &rmi_command_report,
#if RMI_HAVE_REMOTE
    &rmi_command_serve,
#endif
    &rmi_command_wan,
    &rmi_command_doctor,
    &rmi_command_completion,
    &rmi_command_man,
    &rmi_command_version,
    NULL,
};

const struct rmi_command rmi_command_rme = {
    .name = "rme",
    .summary = "media pipelines that run partly here, in sandboxed modules, and partly in services elsewhere",
    .help =
        "Data goes to standard output, messages to standard error. Exit codes: 0 success, 1 the run failed, 2 wrong "
        "command line, 3 wrong configuration, 4 remote service not available, 5 module trapped or hit a limit, 6 some "
        "items failed, 124 time ran out, 130 and 143 signals.\n\n"
        "'rme COMMAND --help' tells about a command, 'rme --version' which version this is.",
    .commands = commands,
};
