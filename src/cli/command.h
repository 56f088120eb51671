#ifndef RMI_CLI_COMMAND_H
#define RMI_CLI_COMMAND_H

/**
 * @file
 * What a command of `rme` is: one constant description from which the parser, --help, the shell completions and the
 * man pages are made. A command lives in src/cli/cmd_NAME.c, exports `const struct rmi_command rmi_command_NAME` and has
 * one line in commands.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmi_cli;
struct rmi_args;

/** Exit codes of every command; documented in docs/reference/cli.md, append only. */
enum rmi_exit {
	RMI_EXIT_OK = 0,
	RMI_EXIT_FAILED = 1,        /**< the run failed */
	RMI_EXIT_USAGE = 2,         /**< wrong command line */
	RMI_EXIT_CONFIG = 3,        /**< a configuration file or parameter is wrong */
	RMI_EXIT_REMOTE = 4,        /**< a remote service is not available */
	RMI_EXIT_MODULE = 5,        /**< a module trapped or hit a limit */
	RMI_EXIT_PARTIAL = 6,       /**< done, but some items failed */
	RMI_EXIT_TIMEOUT = 124,     /**< the time allowed ran out */
	RMI_EXIT_INTERRUPTED = 130, /**< ended by SIGINT */
	RMI_EXIT_TERMINATED = 143   /**< ended by SIGTERM */
};

/** What an option takes; the parser checks it before run() sees it. */
enum rmi_option_kind {
	RMI_OPTION_FLAG,     /**< nothing */
	RMI_OPTION_STRING,   /**< any text */
	RMI_OPTION_FILE,     /**< a path ("-" = standard input or output); completed as a file name */
	RMI_OPTION_INT,      /**< a whole number in [min, max] (both 0 = any) */
	RMI_OPTION_NUMBER,   /**< a decimal number in [min, max] (both 0 = any) */
	RMI_OPTION_SIZE,     /**< "64KiB" -> bytes */
	RMI_OPTION_DURATION, /**< "20ms" -> nanoseconds */
	RMI_OPTION_RATE,     /**< "8Mbit/s" -> bit/s */
	RMI_OPTION_ENUM      /**< one of choices */
};

/** One option. A table of them ends with {.name = NULL}. */
struct rmi_option {
	const char *name; /**< without the dashes: "input" */
	char letter;      /**< 'i' for -i; 0 = none */
	enum rmi_option_kind kind;
	bool many;                  /**< may be given several times */
	bool required;              /**< must be given */
	const char *value;          /**< how help calls the value: "FILE"; NULL = by kind */
	const char *fallback;       /**< the value if not given, as the user would write it; NULL = none */
	const char *const *choices; /**< RMI_OPTION_ENUM: the words, ends with NULL */
	double min, max;            /**< RMI_OPTION_INT, RMI_OPTION_NUMBER */
	const char *help;           /**< one line, no full stop */
};

/** Most commands that print data know `--json`. */
#define RMI_OPTION_JSON {.name = "json", .help = "print JSON, one document per line, for programs"}

/** One positional argument. A table of them ends with {.name = NULL}; only the last may be `many`. */
struct rmi_operand {
	const char *name; /**< "PIPELINE" */
	bool optional;
	bool many;
	const char *suffix;         /**< files are completed with this ending ("wasm"); NULL = no file */
	const char *const *choices; /**< the only words allowed, ends with NULL; NULL = any */
	const char *help;
};

/** One command, or a group of them. */
struct rmi_command {
	const char *name;
	const char *summary;                /**< one line, no full stop */
	const char *help;                   /**< paragraphs separated by a blank line; NULL = summary says it all */
	const char *examples;               /**< lines "command  # what it does"; NULL = none */
	const struct rmi_option *options;   /**< NULL = only the common ones */
	const struct rmi_operand *operands; /**< NULL = none */
	const struct rmi_command *const *commands; /**< subcommands, ends with NULL; NULL = none */
	int (*run)(
	    struct rmi_cli *cli, const struct rmi_args *args); /**< returns an rmi_exit; NULL = needs a subcommand */
};

/** The whole command line, `rme` itself, with all commands of this build. */
extern const struct rmi_command rmi_command_rme;

/** Options that every command has: --help, --quiet, --verbose, --color. Ends with {.name = NULL}. */
extern const struct rmi_option rmi_common_options[];

/** Parse @p argv, run the command it names and return its exit code. Messages go to cli->err. */
int rmi_command_main(struct rmi_cli *cli, const struct rmi_command *root, int argc, char **argv);

/** @name What was given
 * For options of the command's own table (anything else is a programming error) and rmi_common_options.
 * Texts live as long as argv. @{ */

/** True if the flag, or any value, was given. */
bool rmi_args_given(const struct rmi_args *args, const char *option);
/** How often the option was given. */
size_t rmi_args_count(const struct rmi_args *args, const char *option);
/** The last value given, else the fallback, else NULL. */
const char *rmi_args_text(const struct rmi_args *args, const char *option);
/** The value given as number @p index (0 = first) of an option that may be repeated. */
const char *rmi_args_text_at(const struct rmi_args *args, const char *option, size_t index);
/** INT: the number; SIZE: bytes; DURATION: ns; RATE: bit/s; ENUM: index of the choice; FLAG: how often.
 *  Of the fallback if not given, 0 if there is none. */
int64_t rmi_args_int(const struct rmi_args *args, const char *option);
/** NUMBER: the value, else the fallback, else 0. */
double rmi_args_number(const struct rmi_args *args, const char *option);
/** Number of positional arguments. */
size_t rmi_args_operand_count(const struct rmi_args *args);
/** Positional argument @p index (0 = first), or NULL if there are fewer. */
const char *rmi_args_operand(const struct rmi_args *args, size_t index);
/** @} */

#endif
