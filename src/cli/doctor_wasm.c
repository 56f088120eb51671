/* Checks of the WebAssembly side: engine, compiler, cache of compiled modules. */

#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/iso_host.h"
#include "wasm/module.h"
#include "wasm/sandbox.h"

enum { CACHE_MIB_WANTED = 64, PATH_BYTES = 4096 };

/* The smallest module that follows the interface: takes items, answers nothing. */
static const uint8_t smallest[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,                               /* \0asm, version 1 */
    0x01, 0x17, 0x04, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x04, 0x7f, 0x7f, 0x7f, /* types: i32 -> i32, i32 x 4 -> */
    0x7f, 0x01, 0x7f, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x02, 0x7f, 0x7f, 0x00,       /* i32, -> i32, i32 x 2 -> */
    0x03, 0x06, 0x05, 0x00, 0x01, 0x02, 0x00, 0x03,                               /* five functions */
    0x05, 0x03, 0x01, 0x00, 0x01,                                                 /* memory of one page */
    0x07, 0x42, 0x06, 0x06, 'm', 'e', 'm', 'o', 'r', 'y', 0x02, 0x00,             /* exports */
    0x0a, 'i', 'n', 'i', 't', 'i', 'a', 'l', 'i', 'z', 'e', 0x00, 0x00,           /* */
    0x07, 'p', 'r', 'o', 'c', 'e', 's', 's', 0x00, 0x01,                          /* */
    0x07, 'c', 'l', 'e', 'a', 'n', 'u', 'p', 0x00, 0x02,                          /* */
    0x09, 'r', 'm', 'e', '_', 'a', 'l', 'l', 'o', 'c', 0x00, 0x03,                /* */
    0x08, 'r', 'm', 'e', '_', 'f', 'r', 'e', 'e', 0x00, 0x04,                     /* */
    0x0a, 0x20, 0x05, 0x04, 0x00, 0x41, 0x01, 0x0b,                               /* code: return 1 */
    0x0b, 0x00, 0x20, 0x03, 0x41, 0x00, 0x36, 0x02, 0x00, 0x41, 0x00, 0x0b,       /* *result_len = 0; return 0 */
    0x04, 0x00, 0x41, 0x00, 0x0b, 0x05, 0x00, 0x41, 0x80, 0x08, 0x0b,             /* return 0; return 1024 */
    0x02, 0x00, 0x0b,                                                             /* nothing */
};

/* Start the engine, or say why not. @return false where it cannot be started */
static bool
start_engine(struct rmi_finding *f, struct rmi_wasm_status *status)
{
	struct rmi_wasm_engine *engine = NULL;
	struct rme_error err;
	enum rme_err e = rmi_wasm_engine_new(
	    &engine, &(struct rmi_wasm_engine_config){.cache_dir = "", .optimize_first = true}, &err);
	if (e == RME_OK) {
		e = rmi_wasm_engine_start(engine, &err);
	}
	if (e != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
	} else {
		rmi_wasm_engine_status(engine, status);
	}
	if (e == RME_EUNSUPPORTED) {
		rmi_finding_todo(f, "apt install libwasmedge0");
	}
	rmi_wasm_engine_free(engine);
	return e == RME_OK;
}

void
rmi_doctor_wasm(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rmi_wasm_status status;
	if (start_engine(f, &status)) {
		rmi_finding_set(f, RMI_FINDING_OK, "WasmEdge %s", status.version);
		rmi_finding_fact(f, "version", status.version);
	}
}

void
rmi_doctor_guard(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rmi_wasm_status status;
	if (!start_engine(f, &status)) {
		return;
	}
	bool signals = status.guard == RMI_GUARD_SIGNALS;
	rmi_finding_set(f, signals ? RMI_FINDING_OK : RMI_FINDING_WARN,
	    "%s (%s): %s; guests that wait for a service %s (%s)", rmi_wasm_guard_name(status.guard),
	    status.guard_reason,
	    signals ? "plain code, a runaway is stopped by a signal"
	            : "code that checks a flag in every loop, 1.4 to 8 times slower",
	    status.fibers ? "leave their thread to others" : "have threads of their own", status.fibers_reason);
	rmi_finding_fact(f, "guard", rmi_wasm_guard_name(status.guard));
	rmi_finding_fact(f, "reason", status.guard_reason);
	rmi_finding_fact(f, "fibers", status.fibers ? "yes" : "no");
	rmi_finding_fact(f, "fibers_reason", status.fibers_reason);
}

void
rmi_doctor_compiler(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rmi_wasm_engine *engine = NULL;
	struct rmi_wasm_module *module = NULL;
	struct rmi_wasm_code_info info;
	struct rme_error err;
	const struct rmi_wasm_module_spec spec = {.name = "doctor", .bytes = {smallest, sizeof(smallest)}};
	enum rme_err e = rmi_wasm_engine_new(
	    &engine, &(struct rmi_wasm_engine_config){.cache_dir = "", .optimize_first = true}, &err);
	if (e == RME_OK) {
		e = rmi_wasm_module_open(&module, engine, &spec, &err);
	}
	if (e != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
		rmi_finding_todo(f, "rme-aotc must be beside rme, or where RME_AOTC says");
	} else {
		rmi_wasm_module_code_info(module, &info);
		rmi_finding_set(f, info.interpreted ? RMI_FINDING_WARN : RMI_FINDING_OK,
		    info.interpreted ? "modules would be interpreted, some hundred times slower"
		                     : "the smallest module compiles in %.0f ms and loads in %.1f ms",
		    (double)info.compile_ns / 1e6, (double)info.load_ns / 1e6);
	}
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
}

/* Starts a guest process for the smallest module, as sessions do, and asks it how it is confined. */
static enum rme_err
try_guest(struct rmi_iso_host *host, struct rmi_iso_status *status, struct rme_error *err)
{
	const struct rmi_wasm_module_spec spec = {.name = "doctor", .bytes = {smallest, sizeof(smallest)}};
	struct rmi_iso_module *module;
	struct rmi_iso_seat seat;
	enum rme_err e = rmi_iso_module_open(&module, host, &spec, err);
	e = e != RME_OK ? e : rmi_iso_seat_take(&seat, module, NULL, err);
	if (e != RME_OK) {
		return e;
	}
	rmi_iso_seat_wait(&seat, NULL, NULL, rmi_monotonic_ns() + RMI_ISO_START_NS);
	if (rmi_iso_seat_state(&seat) == RMI_ISO_P_READY) {
		rmi_iso_host_status(host, status);
	} else {
		rmi_iso_seat_death(&seat, err);
		e = err->code != RME_OK ? err->code : RME_ETIMEDOUT;
	}
	rmi_iso_seat_leave(&seat, true);
	return e;
}

void
rmi_doctor_isolation(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rmi_wasm_engine *engine = NULL;
	struct rmi_iso_host *host = NULL;
	struct rmi_iso_status status;
	struct rmi_sandbox_support kernel;
	struct rme_error err = {0};
	const struct rmi_wasm_engine_config config = {.cache_dir = "", .optimize_first = true};
	enum rme_err e = rmi_wasm_engine_new(&engine, &config, &err);
	e = e != RME_OK ? e : rmi_iso_host_new(&host, engine, &err);
	e = e != RME_OK ? e : try_guest(host, &status, &err);
	rmi_sandbox_probe(&kernel);
	if (e != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "a module's own process does not start: %s", err.text);
		rmi_finding_todo(f, kernel.seccomp ? "rme-guest must be beside rme, or where RME_GUEST says"
		                                   : "modules that are not pinned need a kernel with seccomp");
	} else {
		rmi_finding_set(f, kernel.landlock > 0 ? RMI_FINDING_OK : RMI_FINDING_WARN,
		    "modules that are not pinned run in a process of their own, ready in %.0f ms: %s",
		    (double)status.last_start_ns / 1e6, status.report);
		if (kernel.landlock == 0) {
			rmi_finding_todo(f, "with Landlock in the kernel there is a second wall before files");
		}
	}
	rmi_iso_host_free(host);
	rmi_wasm_engine_free(engine);
}

/* Cut a path at its last folder that exists. */
static void
find_existing(char *path, struct stat *st)
{
	while (stat(path, st) != 0) {
		char *slash = strrchr(path, '/');
		if (slash == NULL || slash == path) {
			(void)snprintf(path, PATH_BYTES, "%s", slash == path ? "/" : ".");
			if (stat(path, st) != 0) {
				*st = (struct stat){0};
			}
			return;
		}
		*slash = '\0';
	}
}

static void
judge_cache(struct rmi_finding *f, const char *dir)
{
	char path[PATH_BYTES];
	struct stat st;
	struct statvfs fs;
	(void)snprintf(path, sizeof(path), "%s", dir);
	find_existing(path, &st);
	bool exists = strcmp(path, dir) == 0;
	if (access(path, W_OK | X_OK) != 0) {
		rmi_finding_set(
		    f, RMI_FINDING_WARN, "%s cannot be written: modules are compiled anew at every start", path);
		rmi_finding_todo(f, "make it writable, or set XDG_CACHE_HOME");
	} else if (exists && (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "others may write to %s, and what is there is run", dir);
		rmi_finding_todo(f, "chown and chmod 700 %s", dir);
	} else if (statvfs(path, &fs) == 0 && (fs.f_bavail * (fs.f_frsize / 1024)) / 1024 < CACHE_MIB_WANTED) {
		rmi_finding_set(f, RMI_FINDING_WARN, "less than %d MiB are free for %s", CACHE_MIB_WANTED, dir);
	} else {
		rmi_finding_set(f, RMI_FINDING_OK, "%s%s", dir, exists ? "" : " (will be made)");
	}
}

void
rmi_doctor_cache(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_status status;
	struct rme_error err;
	if (rmi_wasm_engine_new(&engine, NULL, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
		return;
	}
	rmi_wasm_engine_status(engine, &status);
	rmi_wasm_engine_free(engine);
	if (status.cache_dir[0] == '\0') {
		rmi_finding_set(
		    f, RMI_FINDING_WARN, "there is no folder for it: modules are compiled anew at every start");
		rmi_finding_todo(f, "set HOME or XDG_CACHE_HOME");
		return;
	}
	judge_cache(f, status.cache_dir);
}
