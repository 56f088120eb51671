#include "cli/commands.h"
#include "cli/help.h"

static int
completion_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	rmi_completion_write(cli->out, cli->root, rmi_args_operand(args, 0));
	return RMI_EXIT_OK;
}

static const char *const shells[] = {"bash", "zsh", "fish", NULL};
static const struct rmi_operand completion_operands[] = {
    {.name = "SHELL", .choices = shells, .help = "the shell to write it for"},
    {.name = NULL},
};

const struct rmi_command rmi_command_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .examples = "source <(rme completion bash)  # in this shell\n"
                "rme completion zsh > ~/.zfunc/_rme  # for good\n"
                "rme completion fish > ~/.config/fish/completions/rme.fish",
    .operands = completion_operands,
    .run = completion_run,
};

static int
man_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	if (rmi_args_given(args, "markdown")) {
		rmi_markdown_write(cli->out, cli->root);
	} else {
		rmi_man_write(cli->out, cli->root);
	}
	return RMI_EXIT_OK;
}

static const struct rmi_option man_options[] = {
    {.name = "markdown", .help = "write Markdown instead"},
    {.name = NULL},
};

const struct rmi_command rmi_command_man = {
    .name = "man",
    .summary = "print the manual page",
    .examples = "rme man | man -l -  # read it\nrme man > rme.1  # install it",
    .options = man_options,
    .run = man_run,
};
