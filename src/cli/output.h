#ifndef RMI_CLI_OUTPUT_H
#define RMI_CLI_OUTPUT_H

/**
 * @file
 * Where a command writes. Data goes to cli->out, and only data; everything that is said about the work goes to cli->err
 * through these calls. One thread.
 */

#include "cli/command.h"

#include <rme/err.h>
#include <stdio.h>

/** How the command was called. Filled by rmi_cli_init() and the parser. */
struct rmi_cli {
	FILE *out;                      /**< data */
	FILE *err;                      /**< messages */
	const struct rmi_command *root; /**< the whole command line, for help and completion */
	int verbosity;                  /**< -1 quiet, 0 normal, 1 -v, 2 -vv */
	bool color_out, color_err;      /**< escape sequences are wanted there */
	bool tty_out, tty_err;          /**< a terminal is there */
};

enum rmi_style {
	RMI_STYLE_BOLD,
	RMI_STYLE_DIM,
	RMI_STYLE_RED,
	RMI_STYLE_GREEN,
	RMI_STYLE_YELLOW,
	RMI_STYLE_BLUE,
	RMI_STYLE_CYAN
};

/** Standard streams, colors as terminal and environment (NO_COLOR, CLICOLOR_FORCE, TERM) want them. */
void rmi_cli_init(struct rmi_cli *cli, FILE *out, FILE *err);

/** `--color`: "auto", "always" or "never". */
void rmi_cli_set_color(struct rmi_cli *cli, const char *when);

/** Start of a style if @p on, else "". End it with rmi_style_off(on). Never NULL. */
const char *rmi_style_on(bool on, enum rmi_style style);
const char *rmi_style_off(bool on);

/** A message, unless --quiet. A newline is added. */
void rmi_say(const struct rmi_cli *cli, const char *fmt, ...) RME_PRINTF(2, 3);

/** A message for -v (level 1) or -vv (level 2). A newline is added. */
void rmi_detail(const struct rmi_cli *cli, int level, const char *fmt, ...) RME_PRINTF(3, 4);

/** "rme: warning: ...", also with --quiet. */
void rmi_warn(const struct rmi_cli *cli, const char *fmt, ...) RME_PRINTF(2, 3);

/** "rme: error: ...". */
void rmi_complain(const struct rmi_cli *cli, const char *fmt, ...) RME_PRINTF(2, 3);

/** "rme: error: where: text" and the exit code that belongs to @p err. */
int rmi_complain_error(const struct rmi_cli *cli, const struct rme_error *err);

/** "rme: error: ..." with a pointer to --help. @return RMI_EXIT_USAGE */
int rmi_complain_usage(const struct rmi_cli *cli, const char *fmt, ...) RME_PRINTF(2, 3);

/** The exit code that tells a script of this error. */
int rmi_exit_of(enum rme_err code);

#endif
