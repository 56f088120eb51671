#ifndef RMI_CLI_MODULES_COMMANDS_H
#define RMI_CLI_MODULES_COMMANDS_H

/** @file The subcommands of `rme modules`, each in its modules_NAME.c. */

#include "cli/command.h"

#define RMI_MODULES_OPTIONS \
	{.name = "modules", \
	    .kind = RMI_OPTION_FILE, \
	    .help = "module registry, instead of the wasm-modules.yaml here or above"}, \
	    RMI_OPTION_JSON

extern const struct rmi_command rmi_modules_new;
extern const struct rmi_command rmi_modules_build;
extern const struct rmi_command rmi_modules_keygen;
extern const struct rmi_command rmi_modules_sign;
extern const struct rmi_command rmi_modules_list;
extern const struct rmi_command rmi_modules_inspect;
extern const struct rmi_command rmi_modules_verify;
extern const struct rmi_command rmi_modules_compile;
extern const struct rmi_command rmi_modules_cache;
extern const struct rmi_command rmi_modules_pack_asr;

#endif
