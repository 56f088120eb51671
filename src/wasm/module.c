#include "wasm/module.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "wasm/module_source.h"
#include "wasm/module_state.h"
#include "wasm/pool.h"

enum { PATH_BYTES = 32, DESCRIPTOR_TRIES = 16 };

struct text_range {
	const char *path;
	uintptr_t low, high;
};

static int
find_text(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	struct text_range *t = ctx;
	if (strcmp(info->dlpi_name, t->path) != 0) {
		return 0;
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0) {
			t->low = info->dlpi_addr + p->p_vaddr;
			t->high = t->low + p->p_memsz;
		}
	}
	return 1;
}

/* Parse and validate; from a path where it is compiled. */
static enum rme_err
parse(struct rmi_wasm_module *m, const char *path, struct rme_bytes wasm, struct rme_error *err)
{
	const struct rmi_wasmedge *we = &m->process->we;
	WasmEdge_LoaderContext *loader = we->LoaderCreate(m->process->conf);
	WasmEdge_ValidatorContext *validator = we->ValidatorCreate(m->process->conf);
	WasmEdge_Result r = WasmEdge_Result_Fail;
	if (loader != NULL && validator != NULL) {
		const WasmEdge_Bytes bytes = {.Length = (uint32_t)wasm.len, .Buf = wasm.data};
		r = path != NULL ? we->LoaderParseFromFile(loader, &m->ast, path)
		                 : we->LoaderParseFromBytes(loader, &m->ast, bytes);
		if (r.Code == WasmEdge_Result_Success.Code) {
			r = we->ValidatorValidate(validator, m->ast);
		}
	}
	we->LoaderDelete(loader);
	we->ValidatorDelete(validator);
	return r.Code == WasmEdge_Result_Success.Code
	           ? RME_OK
	           : rme_error_set(err, RME_EMODULE, m->name, "the engine refuses it: %s", rmi_wasmedge_text(we, r));
}

static bool
is_loaded(const char *path)
{
	struct text_range text = {.path = path};
	return dl_iterate_phdr(find_text, &text) != 0;
}

/* The dynamic linker takes what it has under the same path for the same file: find a descriptor number that is new to it. */
static bool
take_new_path(struct rmi_wasm_module *m, char path[PATH_BYTES])
{
	int held[DESCRIPTOR_TRIES], n_held = 0;
	(void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", m->object_fd);
	while (is_loaded(path) && m->object_fd >= 0 && n_held < DESCRIPTOR_TRIES) {
		held[n_held++] = m->object_fd;
		m->object_fd = fcntl(m->object_fd, F_DUPFD_CLOEXEC, 0);
		(void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", m->object_fd);
	}
	for (int i = 0; i < n_held; i++) {
		close(held[i]);
	}
	return m->object_fd >= 0 && !is_loaded(path);
}

static enum rme_err
load_object(struct rmi_wasm_module *m, struct rme_error *err)
{
	char path[PATH_BYTES];
	pthread_mutex_lock(&m->process->load_lock);
	enum rme_err r = take_new_path(m, path) ? parse(m, path, (struct rme_bytes){0}, err)
	                                        : rme_error_set(err, RME_ELIMIT, m->name,
	                                              "no file descriptor is left for its machine code");
	struct text_range text = {.path = path};
	(void)dl_iterate_phdr(find_text, &text);
	pthread_mutex_unlock(&m->process->load_lock);
	if (r == RME_OK && text.low == 0) {
		r = rme_error_set(err, RME_EUNSUPPORTED, m->name, "its machine code cannot be found in memory");
	}
	m->code_low = text.low;
	m->code_high = text.high;
	return r;
}

static enum rme_err
load_compiled(struct rmi_wasm_module *m, struct rme_bytes wasm, struct rme_error *err)
{
	bool interruptible = m->process->guard == RMI_GUARD_INTERRUPTIBLE;
	struct rmi_aot_code code = {0};
	enum rme_err r = rmi_code_obtain(&code, m->engine, wasm, interruptible, err);
	if (r != RME_OK) {
		return r;
	}
	m->info.code_bytes = code.len;
	m->info.interruptible = code.interruptible;
	m->info.from_cache = code.from_cache;
	m->info.optimize_level = code.level;
	m->info.compile_ns = code.compile_ns;
	int64_t start = rmi_monotonic_ns();
	m->object_fd = rmi_sealed_memfd("rme-module", code.object, code.len);
	rmi_aot_code_done(&code);
	if (m->object_fd < 0) {
		return rme_error_set(err, RME_EIO, m->name, "no memory file for compiled code: %s", strerror(errno));
	}
	r = load_object(m, err);
	m->info.load_ns = rmi_monotonic_ns() - start;
	return r;
}

static enum rme_err
load(struct rmi_wasm_module *m, struct rme_bytes wasm, struct rme_error *err)
{
	enum rme_err r = rmi_wasm_engine_start(m->engine, err);
	if (r != RME_OK) {
		return r;
	}
	m->process = atomic_load(&m->engine->process);
	if (m->engine->interpret) {
		m->info.interpreted = true;
		return parse(m, NULL, wasm, err);
	}
	return load_compiled(m, wasm, err);
}

static void
module_free(struct rmi_wasm_module *m)
{
	if (m->ast != NULL) {
		m->process->we.ASTModuleDelete(m->ast);
	}
	if (m->object_fd >= 0) {
		close(m->object_fd);
	}
	free(m->name);
	free(m->function_name);
	free(m);
}

static struct rmi_wasm_module *
module_new(const struct rmi_module_source *o)
{
	struct rmi_wasm_module *m = calloc(1, sizeof(*m));
	if (m == NULL) {
		return NULL;
	}
	m->engine = o->e;
	m->object_fd = -1;
	m->name = strdup(o->name);
	m->function_name = strdup(o->spec->function_name != NULL ? o->spec->function_name : "process");
	if (m->name == NULL || m->function_name == NULL) {
		module_free(m);
		return NULL;
	}
	m->limits = o->limits;
	m->summary = o->admitted.summary;
	m->info.file_bytes = o->bytes.len;
	memcpy(m->info.file_sha256, o->sha256, RMI_SHA256_BYTES);
	memcpy(m->info.admitted_sha256, o->admitted.sha256, RMI_SHA256_BYTES);
	m->refs = 1;
	return m;
}

static bool
is_same(const struct rmi_wasm_module *m, const struct rmi_module_source *o)
{
	const char *function = o->spec->function_name != NULL ? o->spec->function_name : "process";
	return memcmp(m->info.file_sha256, o->sha256, RMI_SHA256_BYTES) == 0 && strcmp(m->name, o->name) == 0 &&
	       strcmp(m->function_name, function) == 0 && m->limits.memory_bytes == o->limits.memory_bytes &&
	       m->limits.timeout_ns == o->limits.timeout_ns && m->limits.result_bytes == o->limits.result_bytes;
}

/* modules_lock is held. */
static void
unlink_module(struct rmi_wasm_module *m)
{
	struct rmi_wasm_module **at = &m->engine->modules;
	while (*at != m) {
		at = &(*at)->next;
	}
	*at = m->next;
}

/* Drops a reference; modules_lock is held. @return true if the caller has to free it, once the lock is released */
static bool
drop(struct rmi_wasm_module *m)
{
	if (--m->refs > 0) {
		return false;
	}
	unlink_module(m);
	return true;
}

/* An open module, or one that another thread is loading: wait for that. modules_lock is held. */
static struct rmi_wasm_module *
find_open(const struct rmi_module_source *o)
{
	struct rmi_wasm_module *m = o->e->modules;
	while (m != NULL && (m->state == RMI_MODULE_FAILED || !is_same(m, o))) {
		m = m->next;
	}
	if (m == NULL) {
		return NULL;
	}
	m->refs++;
	while (m->state == RMI_MODULE_LOADING) {
		pthread_cond_wait(&o->e->modules_changed, &o->e->modules_lock);
	}
	return m;
}

/* Loads a module that is in the list already, and tells those who wait for it. */
static enum rme_err
load_listed(struct rmi_wasm_module *m, const struct rmi_module_source *o, struct rme_error *err)
{
	struct rme_error why = {0};
	enum rme_err r = load(m, (struct rme_bytes){o->admitted.wasm, o->admitted.len}, &why);
	pthread_mutex_lock(&o->e->modules_lock);
	m->state = r == RME_OK ? RMI_MODULE_READY : RMI_MODULE_FAILED;
	m->failure = why;
	pthread_cond_broadcast(&o->e->modules_changed);
	pthread_mutex_unlock(&o->e->modules_lock);
	return r == RME_OK ? RME_OK : rme_error_set(err, r, o->name, "%s", why.text);
}

static enum rme_err
find_or_load(struct rmi_wasm_module **out, const struct rmi_module_source *o, struct rme_error *err)
{
	pthread_mutex_lock(&o->e->modules_lock);
	struct rmi_wasm_module *m = find_open(o);
	bool mine = m == NULL;
	if (mine) {
		m = module_new(o);
		if (m != NULL) {
			m->next = o->e->modules;
			o->e->modules = m;
		}
	}
	pthread_mutex_unlock(&o->e->modules_lock);
	if (m == NULL) {
		return rme_error_set(err, RME_ENOMEM, o->name, "out of memory");
	}
	enum rme_err r = mine ? load_listed(m, o, err) : RME_OK;
	if (!mine && m->state == RMI_MODULE_FAILED) {
		r = rme_error_set(err, m->failure.code, o->name, "%s", m->failure.text);
	}
	if (r != RME_OK) {
		rmi_wasm_module_unref(m);
		return r;
	}
	*out = m;
	return RME_OK;
}

enum rme_err
rmi_wasm_module_open(struct rmi_wasm_module **out, struct rmi_wasm_engine *e, const struct rmi_wasm_module_spec *spec,
    struct rme_error *err)
{
	struct rmi_module_source o = {.e = e};
	enum rme_err r = rmi_module_source_read(&o, spec, err);
	r = r != RME_OK ? r : find_or_load(out, &o, err);
	rmi_module_source_done(&o);
	return r;
}

struct rmi_wasm_module *
rmi_wasm_module_ref(struct rmi_wasm_module *m)
{
	pthread_mutex_lock(&m->engine->modules_lock);
	m->refs++;
	pthread_mutex_unlock(&m->engine->modules_lock);
	return m;
}

void
rmi_wasm_module_unref(struct rmi_wasm_module *m)
{
	if (m == NULL) {
		return;
	}
	pthread_mutex_t *lock = &m->engine->modules_lock;
	pthread_mutex_lock(lock);
	bool last = drop(m);
	pthread_mutex_unlock(lock);
	if (last) {
		rmi_wasm_pool_drain(m);
		module_free(m);
	}
}

const char *
rmi_wasm_module_name(const struct rmi_wasm_module *m)
{
	return m->name;
}

const struct rmi_module_summary *
rmi_wasm_module_summary(const struct rmi_wasm_module *m)
{
	return &m->summary;
}

const struct rme_module_limits *
rmi_wasm_module_limits(const struct rmi_wasm_module *m)
{
	return &m->limits;
}

void
rmi_wasm_module_code_info(const struct rmi_wasm_module *m, struct rmi_wasm_code_info *out)
{
	*out = m->info;
}
