/*
 * rme-aotc LEVEL INTERRUPTIBLE CPU_SECONDS MEMORY_MIB OUTPUT < module.wasm
 *
 * Compiles one module to machine code. A program of its own, because LLVM works on bytes that a stranger may have
 * written: it gets limits, loses privileges, and may crash. Whoever starts it verified the module first (admission.h) and
 * gives it an empty folder to write into. Prints "ok", or one line that says what went wrong; exit status 0 or 1. The line
 * begins with "refused: " where that is the module's fault, and would be the next time.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <signal.h>

#include "wasm/aot_compile.h"
#include "wasm/aotc_rules.h"
#include "wasm/module_limits.h"
#include "wasm/sandbox.h"
#include "wasm/wasmedge_api.h"

enum { ARG_LEVEL = 1, ARG_INTERRUPTIBLE, ARG_CPU_SECONDS, ARG_MEMORY_MIB, ARG_OUTPUT, ARG_COUNT };
enum { FILE_BYTES_MAX = 512 << 20, NICENESS = 10, OPEN_FILES_MAX = 64 };

static int
fail(const char *what)
{
	(void)dprintf(STDOUT_FILENO, "%s\n", what);
	return EXIT_FAILURE;
}

static bool
limit(int resource, unsigned long long value)
{
	/* one second between SIGXCPU, which tells the parent why, and SIGKILL */
	struct rlimit rl = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value + (resource == RLIMIT_CPU)};
	return setrlimit((__rlimit_resource_t)resource, &rl) == 0;
}

static bool
confine(char **argv)
{
	unsigned long long cpu_s = strtoull(argv[ARG_CPU_SECONDS], NULL, 10);
	unsigned long long memory = strtoull(argv[ARG_MEMORY_MIB], NULL, 10) << 20;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		return false;
	}
	if (strtol(argv[ARG_LEVEL], NULL, 10) > 0) { /* for level 0 somebody waits */
		(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	}
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, FILE_BYTES_MAX) && limit(RLIMIT_NOFILE, OPEN_FILES_MAX) &&
	       limit(RLIMIT_CPU, cpu_s) && limit(RLIMIT_AS, memory);
}

/*
 * Once the libraries are loaded, and before the module is read: files only in its folder, few system calls. Where the kernel
 * has no filters it compiles without, as for the limits of a kernel without Landlock; `rme doctor` says so.
 */
static bool
give_up_rights(const char *output, struct rme_error *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(output, '/');
	if (slash == NULL || (size_t)(slash - output) >= sizeof(folder)) {
		(void)rme_error_set(err, RME_EINVAL, NULL, "the output must be in a folder");
		return false;
	}
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - output), output);
	(void)rmi_landlock_restrict(folder[0] != '\0' ? folder : "/");
	enum rme_err e = rmi_aotc_rules_apply(err);
	return e == RME_OK || e == RME_EUNSUPPORTED;
}

/* Its codes of loading and validating, but those of files that cannot be opened or read. */
static bool
is_of_module(WasmEdge_Result r)
{
	return r.Code >= WasmEdge_ErrCode_UnexpectedEnd && r.Code < WasmEdge_ErrCode_ModuleNameConflict;
}

static int
compile(const struct rmi_wasmedge *we, WasmEdge_Bytes wasm, char **argv)
{
	WasmEdge_ConfigureContext *conf = we->ConfigureCreate();
	if (conf == NULL) {
		return fail("out of memory");
	}
	bool optimize = strtol(argv[ARG_LEVEL], NULL, 10) > 0;
	we->ConfigureCompilerSetOptimizationLevel(
	    conf, optimize ? WasmEdge_CompilerOptimizationLevel_O3 : WasmEdge_CompilerOptimizationLevel_O0);
	we->ConfigureCompilerSetOutputFormat(conf, WasmEdge_CompilerOutputFormat_Native);
	we->ConfigureCompilerSetInterruptible(conf, strtol(argv[ARG_INTERRUPTIBLE], NULL, 10) > 0);
	WasmEdge_CompilerContext *compiler = we->CompilerCreate(conf);
	if (compiler == NULL) {
		return fail("out of memory");
	}
	WasmEdge_Result r = we->CompilerCompileFromBytes(compiler, wasm, argv[ARG_OUTPUT]);
	if (r.Code != WasmEdge_Result_Success.Code) {
		(void)dprintf(
		    STDOUT_FILENO, "%s%s\n", is_of_module(r) ? RMI_AOT_REFUSED : "", rmi_wasmedge_text(we, r));
		return EXIT_FAILURE;
	}
	(void)dprintf(STDOUT_FILENO, "ok\n");
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc != ARG_COUNT) {
		return fail("usage: rme-aotc LEVEL INTERRUPTIBLE CPU_SECONDS MEMORY_MIB OUTPUT < module.wasm");
	}
	struct stat st;
	if (fstat(STDIN_FILENO, &st) != 0 || st.st_size <= 0 || st.st_size > RMI_WASM_MODULE_BYTES_MAX) {
		return fail("standard input is no module");
	}
	void *wasm = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	if (wasm == MAP_FAILED) {
		return fail("standard input cannot be mapped");
	}
	if (!confine(argv)) {
		return fail("limits cannot be set");
	}
	struct rmi_wasmedge we;
	struct rme_error err;
	if (rmi_wasmedge_load(&we, &err) != RME_OK) {
		return fail(err.text);
	}
	if (!give_up_rights(argv[ARG_OUTPUT], &err)) {
		return fail(err.text);
	}
	return compile(&we, (WasmEdge_Bytes){.Length = (uint32_t)st.st_size, .Buf = wasm}, argv);
}
