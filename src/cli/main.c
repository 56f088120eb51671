#include "cli/output.h"

#include <signal.h>

int
main(int argc, char **argv)
{
	/* A reader that goes away is an error of write(), not the end of a service. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigaction(SIGPIPE, &ignore, NULL);
	struct rmi_cli cli;
	rmi_cli_init(&cli, stdout, stderr);
	return rmi_command_main(&cli, &rmi_command_rme, argc, argv);
}
