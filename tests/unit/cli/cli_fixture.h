#ifndef TEST_CLI_FIXTURE_H
#define TEST_CLI_FIXTURE_H

/** @file Runs a command line as main() does, and keeps what it wrote. */

#include "cli/command.h"

struct cli_result {
	int code;
	char *out, *err; /* freed by cli_result_done() */
};

/** @p line is split at blanks; the program's name comes first. */
struct cli_result cli_run(const struct rmi_command *root, const char *line);
void cli_result_done(struct cli_result *r);

#endif
