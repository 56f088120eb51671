#ifndef RMI_WASM_IMPORT_LIST_H
#define RMI_WASM_IMPORT_LIST_H

/**
 * @file
 * Every function that a module may import, with its type. What is not here does not link. The list is the single source
 * for the admission pass and for the host modules that are given to the engine.
 *
 * A type is written as parameters, colon, results; i = i32, I = i64, f = f32, F = f64: "iI:i" is (i32, i64) -> i32.
 */

#include <stddef.h>
#include <stdint.h>
#include "wasm/reader.h"

enum rmi_import_id {
	RMI_IMPORT_CALL_REMOTE_SERVICE,
	RMI_IMPORT_STREAM_TO_REMOTE,
	RMI_IMPORT_GET_REMOTE_SESSION,
	RMI_IMPORT_LOG,
	RMI_IMPORT_ERROR,
	RMI_IMPORT_NOW_NS,
	RMI_IMPORT_ABORT, /**< what AssemblyScript calls when it gives up */
	RMI_IMPORT_FD_WRITE,
	RMI_IMPORT_ENVIRON_GET,
	RMI_IMPORT_ENVIRON_SIZES_GET,
	RMI_IMPORT_ARGS_GET,
	RMI_IMPORT_ARGS_SIZES_GET,
	RMI_IMPORT_CLOCK_TIME_GET,
	RMI_IMPORT_RANDOM_GET,
	RMI_IMPORT_PROC_EXIT,
	RMI_IMPORT_SCHED_YIELD,
	RMI_IMPORT_FD_PRESTAT_GET, /**< answers "no such descriptor", which ends the search for folders */
	RMI_IMPORT_WASI_REST,      /**< everything else of WASI preview 1: answers "not supported" */
};

struct rmi_import {
	const char *module, *name, *type;
	enum rmi_import_id id;
};

/** @param[out] n  number of entries. @return static table */
const struct rmi_import *rmi_import_list(size_t *n);
/** NULL where there is none. */
const struct rmi_import *rmi_import_find(struct rmi_wname module, struct rmi_wname name);

#endif
