#ifndef RMI_CLI_COMMANDS_H
#define RMI_CLI_COMMANDS_H

/** @file The commands of `rme`, each in its cmd_NAME.c; commands.c puts them in order. */

#include "cli/command.h"

extern const struct rmi_command rmi_command_call;
extern const struct rmi_command rmi_command_completion;
extern const struct rmi_command rmi_command_doctor;
extern const struct rmi_command rmi_command_graph;
extern const struct rmi_command rmi_command_man;
extern const struct rmi_command rmi_command_modules;
extern const struct rmi_command rmi_command_nodes;
extern const struct rmi_command rmi_command_report;
extern const struct rmi_command rmi_command_run;
extern const struct rmi_command rmi_command_serve;
extern const struct rmi_command rmi_command_validate;
extern const struct rmi_command rmi_command_version;
extern const struct rmi_command rmi_command_wan;

#endif
