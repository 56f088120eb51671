#include "cli/args.h"
#include "cli/help.h"

static int
run_parsed(struct rmi_cli *cli, const struct rmi_args *args)
{
	const struct rmi_command *cmd = rmi_args_command(args);
	char path[128];
	(void)rmi_args_path(args, path, sizeof(path));
	if (args->help) {
		rmi_help_write(cli->out, cli->color_out, cmd, path);
		return RMI_EXIT_OK;
	}
	if (cmd->run == NULL) {
		rmi_help_write(cli->err, cli->color_err, cmd, path);
		return RMI_EXIT_USAGE;
	}
	return cmd->run(cli, args);
}

int
rmi_command_main(struct rmi_cli *cli, const struct rmi_command *root, int argc, char **argv)
{
	cli->root = root;
	struct rmi_args args;
	int code = rmi_args_parse(&args, cli, root, argc > 0 ? argc - 1 : 0, argv + 1);
	if (code == RMI_EXIT_OK) {
		code = run_parsed(cli, &args);
	}
	rmi_args_done(&args);
	if (fflush(cli->out) != 0 && code == RMI_EXIT_OK) {
		rmi_complain(cli, "standard output: writing failed");
		code = RMI_EXIT_FAILED;
	}
	return code;
}
