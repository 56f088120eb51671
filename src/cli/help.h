#ifndef RMI_CLI_HELP_H
#define RMI_CLI_HELP_H

/** @file Texts made from the command tables. All write to @p out. */

#include "cli/output.h"

/** `rme PATH --help`. @param path  "rme run" */
void rmi_help_write(FILE *out, bool color, const struct rmi_command *cmd, const char *path);

/** How an option is written: "-i, --input FILE". @return number of columns */
int rmi_help_option_text(char *buf, size_t size, const struct rmi_option *option);

/** The usage after the path: "[options] PIPELINE". */
void rmi_help_usage_text(char *buf, size_t size, const struct rmi_command *cmd);

/** The value's name in help: "FILE", "TIME". */
const char *rmi_help_value_name(const struct rmi_option *option);

/** A manual page for the whole command line, in man(7) macros. */
void rmi_man_write(FILE *out, const struct rmi_command *root);

/** The same for a page in Markdown. */
void rmi_markdown_write(FILE *out, const struct rmi_command *root);

/** A completion script. @p shell is "bash", "zsh" or "fish". */
void rmi_completion_write(FILE *out, const struct rmi_command *root, const char *shell);

#endif
