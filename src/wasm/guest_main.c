/*
 * rme-guest: runs one module for the sessions of one host, in a process that has no rights. Started by iso_proc.c with
 * descriptors 3 to 7 (iso_wire.h) and nothing else. Before it looks at a byte of the module it gives up files, sockets,
 * programs and signals; after the module's code is loaded, new machine code too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "wasm/aot_compile.h"
#include "wasm/guest_rules.h"
#include "wasm/guest_session.h"
#include "wasm/iso_futex.h"
#include "wasm/module.h"
#include "wasm/sandbox.h"
#include "wasm/wasm_process.h"

enum {
	OPEN_FILES_MAX = 64,
	SANITIZED = RMI_ASAN || RMI_TSAN,
	LIMIT_DATA = !SANITIZED /* their shadow memory is terabytes */
};

/* A module's bytes, or machine code, from a sealed descriptor. */
static enum rme_err
map_sealed(int fd, struct rme_bytes *out, struct rme_error *err)
{
	struct stat st;
	void *data = MAP_FAILED;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (data == MAP_FAILED) {
		return rme_error_set(err, RME_EIO, NULL, "descriptor %d holds nothing", fd);
	}
	*out = (struct rme_bytes){data, (size_t)st.st_size};
	return RME_OK;
}

/* Machine code as the host made it: that of the pin first, which is ours; then the module's. */
struct given {
	const struct rmi_iso_setup *setup;
	bool pinned;
};

static enum rme_err
give_code(void *ctx, struct rmi_aot_code *out, struct rme_bytes admitted, struct rme_error *err)
{
	(void)admitted;
	struct given *g = ctx;
	struct rme_bytes code;
	enum rme_err e = map_sealed(g->pinned ? RMI_ISO_FD_CODE : RMI_ISO_FD_PIN, &code, err);
	if (e != RME_OK) {
		return e;
	}
	*out = (struct rmi_aot_code){.len = code.len,
	    .level = (int)g->setup->optimize_level,
	    .interruptible = g->pinned && g->setup->interruptible != 0,
	    .object = malloc(code.len)};
	g->pinned = true;
	if (out->object == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory for machine code");
	}
	memcpy(out->object, code.data, code.len);
	return RME_OK;
}

/* All that needs files and threads, with nothing but our own code and libraries. */
static enum rme_err
prepare(struct rmi_guest_process *p, struct rmi_wasm_engine *engine, int *landlock, struct rme_error *err)
{
	struct rmi_wasmedge we;
	if (!rmi_sandbox_begin() || !rmi_guest_rules_prepare()) {
		return rme_error_set(err, RME_EUNSUPPORTED, NULL, "privileges cannot be given up");
	}
	enum rme_err e = rmi_wasmedge_load(&we, err);
	if (e != RME_OK) {
		return e;
	}
	/* Before there are other threads: it holds for those made after. A sanitizer reads /proc at any time. */
	*landlock = SANITIZED ? 0 : rmi_landlock_restrict(NULL);
	e = rmi_wasm_engine_start(engine, err);
	return e == RME_OK ? rmi_guest_sessions_start(p, err) : e;
}

static enum rme_err
confine(const struct rmi_iso_setup *setup, struct rme_error *err)
{
	bool ok = rmi_sandbox_limit(RLIMIT_NOFILE, OPEN_FILES_MAX);
	if (setup->data_bytes > 0 && LIMIT_DATA) {
		ok = ok && rmi_sandbox_limit(RLIMIT_DATA, setup->data_bytes);
	}
	return ok ? rmi_guest_rules_load(err) : rme_error_set(err, RME_EUNSUPPORTED, NULL, "limits cannot be set");
}

static enum rme_err
load(struct rmi_guest_process *p, struct rmi_wasm_engine *engine, struct rme_error *err)
{
	const struct rmi_iso_setup *setup = &p->shared->control.setup;
	struct rmi_wasm_module_spec spec = {
	    .name = setup->module, .function_name = setup->function, .limits = setup->limits};
	struct rmi_wasm_module *module;
	enum rme_err e = map_sealed(RMI_ISO_FD_WASM, &spec.bytes, err);
	e = e != RME_OK ? e : rmi_wasm_module_open(&module, engine, &spec, err);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_wasm_registry registry = {.only = module, .otherwise = RME_ISOLATION_INPROC};
	e = rmi_wasm_nodes_new(&p->nodes, engine, &registry);
	return e != RME_OK ? rme_error_set(err, e, NULL, "%s", rme_err_text(e)) : rmi_guest_rules_run(p->bell_fd, err);
}

static void
report(struct rmi_guest_process *p, int landlock)
{
	struct rmi_iso_control *c = &p->shared->control;
	char files[32] = "no landlock", data[64] = "no limit of data";
	if (landlock > 0) {
		(void)snprintf(files, sizeof(files), "landlock %d", landlock);
	}
	if (c->setup.data_bytes > 0 && LIMIT_DATA) {
		(void)snprintf(data, sizeof(data), "%llu MiB of data", (unsigned long long)c->setup.data_bytes >> 20);
	}
	(void)snprintf(c->report, sizeof(c->report), "seccomp%s, %s, %s",
	    SANITIZED ? " (with the calls of a sanitizer)" : "", files, data);
}

static void
serve(struct rmi_guest_process *p)
{
	struct rmi_iso_control *c = &p->shared->control;
	for (;;) {
		uint32_t seen = atomic_load(&c->attention);
		rmi_guest_sessions_cancel(p, atomic_load(&c->canceled));
		rmi_iso_futex_wait(&c->attention, seen);
	}
}

static struct rmi_guest_process *
open_shared(void)
{
	struct rmi_guest_process *p = calloc(1, sizeof(*p));
	struct stat st;
	if (p == NULL || fstat(RMI_ISO_FD_SHARED, &st) != 0 || st.st_size != sizeof(struct rmi_iso_shared)) {
		return NULL;
	}
	p->shared = mmap(NULL, sizeof(struct rmi_iso_shared), PROT_READ | PROT_WRITE, MAP_SHARED, RMI_ISO_FD_SHARED, 0);
	p->bell_fd = RMI_ISO_FD_BELL;
	bool ours = p->shared != MAP_FAILED && p->shared->control.setup.version == RMI_ISO_VERSION &&
	            p->shared->control.setup.shared_bytes == sizeof(struct rmi_iso_shared);
	return ours ? p : NULL;
}

int
main(void)
{
	struct rmi_guest_process *p = open_shared();
	if (p == NULL) {
		(void)fputs("rme-guest is started by rme, for modules that run in a process of their own\n", stderr);
		return EXIT_FAILURE;
	}
	struct rmi_iso_control *c = &p->shared->control;
	struct given given = {.setup = &c->setup};
	const struct rmi_code_giver giver = {give_code, &given};
	const struct rmi_wasm_engine_config config = {
	    .guard = (enum rmi_wasm_guard)c->setup.guard, .warm_instances = -1, .giver = &giver};
	struct rmi_wasm_engine *engine = NULL;
	struct rme_error err = {.code = RME_OK};
	int landlock = 0;
	enum rme_err e = rmi_wasm_engine_new(&engine, &config, &err);
	e = e != RME_OK ? e : prepare(p, engine, &landlock, &err);
	e = e != RME_OK ? e : confine(&c->setup, &err);
	e = e != RME_OK ? e : load(p, engine, &err);
	if (e != RME_OK) {
		c->failure = (int32_t)e;
		(void)snprintf(c->report, sizeof(c->report), "%s", err.text);
	} else {
		report(p, landlock);
	}
	atomic_store(&p->loaded, e == RME_OK);
	atomic_store(&c->stage, e == RME_OK ? RMI_ISO_READY : RMI_ISO_FAILED);
	rmi_guest_ring_bell(p, -1);
	if (e != RME_OK) {
		_exit(EXIT_FAILURE);
	}
	serve(p);
	return EXIT_SUCCESS;
}
