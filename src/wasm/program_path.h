#ifndef RMI_WASM_PROGRAM_PATH_H
#define RMI_WASM_PROGRAM_PATH_H

/** @file Where the programs are that this library starts. */

#include <limits.h>

/**
 * @param variable    environment variable that names it
 * @param configured  its path, before all others; NULL = not said
 * @param[out] path   as said, else beside the program, else where it was installed; nobody has looked whether it is there
 */
void rmi_program_path(const char *variable, const char *configured, const char *name, char path[PATH_MAX]);

#endif
