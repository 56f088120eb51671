#ifndef RMI_CLI_ARGS_H
#define RMI_CLI_ARGS_H

/** @file The parser of command lines: made for command.c and help.c; commands see only the getters in command.h. */

#include "cli/output.h"

enum { RMI_COMMAND_DEPTH_MAX = 4 };

struct rmi_value {
	const struct rmi_option *option;
	const char *text; /* NULL for flags */
	int64_t integer;
	double number;
};

struct rmi_args {
	const struct rmi_command *path[RMI_COMMAND_DEPTH_MAX]; /* rme, modules, list */
	size_t depth;
	struct rmi_value *values; /* in the order given; room for one per word of argv */
	size_t n_values;
	const char **operands; /* likewise */
	size_t n_operands;
	bool help;
};

/** Parse @p argv (without the program's name). @return RMI_EXIT_OK, or an exit code after the message was written */
int rmi_args_parse(struct rmi_args *out, struct rmi_cli *cli, const struct rmi_command *root, int argc, char **argv);

/** Free what rmi_args_parse() made, also after a failure. */
void rmi_args_done(struct rmi_args *args);

/** Read @p text as the option's kind wants it. @return false if it does not fit; v->option must be set */
bool rmi_option_read(struct rmi_value *v, const char *text);

/** Write what the option takes, as it follows "is not": "a time such as 20ms (ns us ms s m h)". */
void rmi_option_expects(char *buf, size_t size, const struct rmi_option *option);

/** The command that was named. */
const struct rmi_command *rmi_args_command(const struct rmi_args *args);

/** Write "rme modules list" to @p buf. @return @p buf */
char *rmi_args_path(const struct rmi_args *args, char *buf, size_t size);

#endif
