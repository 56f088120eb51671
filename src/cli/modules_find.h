#ifndef RMI_CLI_MODULES_FIND_H
#define RMI_CLI_MODULES_FIND_H

/** @file Which module a word of the command line means: a name of the registry, or a .wasm file. */

#include "cli/output.h"
#include "config/module_registry.h"

/** All-zero, then rmi_modules_open(). */
struct rmi_modules {
	struct rmi_diags diags;
	const struct rmi_module_registry *registry; /**< NULL = there is none */
};

/** A module that was named. */
struct rmi_module_ref {
	const struct rme_module_entry *entry; /**< NULL = a file that no registry describes */
	const char *path;                     /**< of the .wasm file */
	const char *name;                     /**< for messages: the entry's, or the file's */
};

/**
 * Read the registry: @p path, or where that is NULL wasm-modules.yaml in the working folder or above it.
 * What is wrong with it is told.
 * @return an rmi_exit; whatever it is, call rmi_modules_done()
 */
int rmi_modules_open(struct rmi_modules *m, struct rmi_cli *cli, const char *path);
void rmi_modules_done(struct rmi_modules *m);

/** True for a word that is a path: it has a '/' or ends in ".wasm". */
bool rmi_modules_is_path(const char *word);

/**
 * Find a module. A file that is one of the registry, under whatever path, is found as that.
 * @return RME_OK, RME_ENOTFOUND with a text
 */
RME_NODISCARD enum rme_err
rmi_modules_find(struct rmi_module_ref *out, const struct rmi_modules *m, const char *word, struct rme_error *err);

/** The module of an entry. */
struct rmi_module_ref rmi_modules_of_entry(const struct rme_module_entry *entry);

#endif
