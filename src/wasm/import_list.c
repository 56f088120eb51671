#include "wasm/import_list.h"

#define ENV  "env"
#define WASI "wasi_snapshot_preview1"

/* WASI types: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md */
static const struct rmi_import imports[] = {
    {ENV, "call_remote_service", "iiiiii:i", RMI_IMPORT_CALL_REMOTE_SERVICE},
    {ENV, "stream_to_remote", "iiii:i", RMI_IMPORT_STREAM_TO_REMOTE},
    {ENV, "get_remote_session", "iiii:i", RMI_IMPORT_GET_REMOTE_SESSION},
    {ENV, "rme_log", "iii:", RMI_IMPORT_LOG},
    {ENV, "rme_error", "ii:", RMI_IMPORT_ERROR},
    {ENV, "rme_now_ns", ":I", RMI_IMPORT_NOW_NS},
    {ENV, "abort", "iiii:", RMI_IMPORT_ABORT},
    {WASI, "fd_write", "iiii:i", RMI_IMPORT_FD_WRITE},
    {WASI, "environ_get", "ii:i", RMI_IMPORT_ENVIRON_GET},
    {WASI, "environ_sizes_get", "ii:i", RMI_IMPORT_ENVIRON_SIZES_GET},
    {WASI, "args_get", "ii:i", RMI_IMPORT_ARGS_GET},
    {WASI, "args_sizes_get", "ii:i", RMI_IMPORT_ARGS_SIZES_GET},
    {WASI, "clock_time_get", "iIi:i", RMI_IMPORT_CLOCK_TIME_GET},
    {WASI, "random_get", "ii:i", RMI_IMPORT_RANDOM_GET},
    {WASI, "proc_exit", "i:", RMI_IMPORT_PROC_EXIT},
    {WASI, "sched_yield", ":i", RMI_IMPORT_SCHED_YIELD},
    {WASI, "fd_prestat_get", "ii:i", RMI_IMPORT_FD_PRESTAT_GET},
    {WASI, "clock_res_get", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_advise", "iIIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_allocate", "iII:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_close", "i:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_datasync", "i:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_fdstat_get", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_fdstat_set_flags", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_fdstat_set_rights", "iII:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_filestat_get", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_filestat_set_size", "iI:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_filestat_set_times", "iIIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_pread", "iiiIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_prestat_dir_name", "iii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_pwrite", "iiiIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_read", "iiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_readdir", "iiiIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_renumber", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_seek", "iIii:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_sync", "i:i", RMI_IMPORT_WASI_REST},
    {WASI, "fd_tell", "ii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_create_directory", "iii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_filestat_get", "iiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_filestat_set_times", "iiiiIIi:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_link", "iiiiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_open", "iiiiiIIii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_readlink", "iiiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_remove_directory", "iii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_rename", "iiiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_symlink", "iiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "path_unlink_file", "iii:i", RMI_IMPORT_WASI_REST},
    {WASI, "poll_oneoff", "iiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "proc_raise", "i:i", RMI_IMPORT_WASI_REST},
    {WASI, "sock_accept", "iii:i", RMI_IMPORT_WASI_REST},
    {WASI, "sock_recv", "iiiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "sock_send", "iiiii:i", RMI_IMPORT_WASI_REST},
    {WASI, "sock_shutdown", "ii:i", RMI_IMPORT_WASI_REST},
};

const struct rmi_import *
rmi_import_list(size_t *n)
{
	*n = sizeof(imports) / sizeof(imports[0]);
	return imports;
}

const struct rmi_import *
rmi_import_find(struct rmi_wname module, struct rmi_wname name)
{
	for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		if (rmi_wname_is(module, imports[i].module) && rmi_wname_is(name, imports[i].name)) {
			return &imports[i];
		}
	}
	return NULL;
}
