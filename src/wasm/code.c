#include "wasm/code.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
parse(struct rmi_wasm_code *c, const char *path, struct rme_bytes wasm, const char *name, struct rme_error *err)
{
	const struct rmi_wasmedge *we = &c->process->we;
	WasmEdge_LoaderContext *loader = we->LoaderCreate(c->process->conf);
	WasmEdge_ValidatorContext *validator = we->ValidatorCreate(c->process->conf);
	WasmEdge_Result r = WasmEdge_Result_Fail;
	if (loader != NULL && validator != NULL) {
		const WasmEdge_Bytes bytes = {.Length = (uint32_t)wasm.len, .Buf = wasm.data};
		r = path != NULL ? we->LoaderParseFromFile(loader, &c->ast, path)
		                 : we->LoaderParseFromBytes(loader, &c->ast, bytes);
		if (r.Code == WasmEdge_Result_Success.Code) {
			r = we->ValidatorValidate(validator, c->ast);
		}
	}
	we->LoaderDelete(loader);
	we->ValidatorDelete(validator);
	return r.Code == WasmEdge_Result_Success.Code
	           ? RME_OK
	           : rme_error_set(err, RME_EMODULE, name, "the engine refuses it: %s", rmi_wasmedge_text(we, r));
}

static bool
is_loaded(const char *path)
{
	struct text_range text = {.path = path};
	return dl_iterate_phdr(find_text, &text) != 0;
}

/* The dynamic linker takes what it has under the same path for the same file: find a descriptor number that is new to it. */
static bool
take_new_path(struct rmi_wasm_code *c, char path[PATH_BYTES])
{
	int held[DESCRIPTOR_TRIES], n_held = 0;
	(void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", c->object_fd);
	while (is_loaded(path) && c->object_fd >= 0 && n_held < DESCRIPTOR_TRIES) {
		held[n_held++] = c->object_fd;
		c->object_fd = fcntl(c->object_fd, F_DUPFD_CLOEXEC, 0);
		(void)snprintf(path, PATH_BYTES, "/proc/self/fd/%d", c->object_fd);
	}
	for (int i = 0; i < n_held; i++) {
		close(held[i]);
	}
	return c->object_fd >= 0 && !is_loaded(path);
}

static enum rme_err
load_object(struct rmi_wasm_code *c, const char *name, struct rme_error *err)
{
	char path[PATH_BYTES];
	pthread_mutex_lock(&c->process->load_lock);
	enum rme_err r = take_new_path(c, path)
	                     ? parse(c, path, (struct rme_bytes){0}, name, err)
	                     : rme_error_set(err, RME_ELIMIT, name, "no file descriptor is left for its machine code");
	struct text_range text = {.path = path};
	(void)dl_iterate_phdr(find_text, &text);
	pthread_mutex_unlock(&c->process->load_lock);
	if (r == RME_OK && text.low == 0) {
		r = rme_error_set(err, RME_EUNSUPPORTED, name, "its machine code cannot be found in memory");
	}
	c->low = text.low;
	c->high = text.high;
	return r;
}

static struct rmi_wasm_code *
code_new(struct rmi_wasm_process *p, bool interruptible)
{
	struct rmi_wasm_code *c = calloc(1, sizeof(*c));
	if (c != NULL) {
		atomic_init(&c->refs, 1);
		c->process = p;
		c->object_fd = -1;
		c->interruptible = interruptible;
	}
	return c;
}

enum rme_err
rmi_wasm_code_load(struct rmi_wasm_code **out, struct rmi_wasm_process *p, const struct rmi_aot_code *aot,
    const char *name, struct rme_error *err)
{
	struct rmi_wasm_code *c = code_new(p, aot->interruptible);
	if (c == NULL) {
		return rme_error_set(err, RME_ENOMEM, name, "out of memory");
	}
	c->object_fd = rmi_sealed_memfd("rme-module", aot->object, aot->len);
	enum rme_err r = c->object_fd < 0 ? rme_error_set(err, RME_EIO, name, "no memory file for compiled code: %s",
	                                        strerror(errno))
	                                  : load_object(c, name, err);
	if (r != RME_OK) {
		rmi_wasm_code_unref(c);
		return r;
	}
	*out = c;
	return RME_OK;
}

enum rme_err
rmi_wasm_code_interpret(struct rmi_wasm_code **out, struct rmi_wasm_process *p, struct rme_bytes wasm, const char *name,
    struct rme_error *err)
{
	struct rmi_wasm_code *c = code_new(p, true);
	if (c == NULL) {
		return rme_error_set(err, RME_ENOMEM, name, "out of memory");
	}
	enum rme_err r = parse(c, NULL, wasm, name, err);
	if (r != RME_OK) {
		rmi_wasm_code_unref(c);
		return r;
	}
	*out = c;
	return RME_OK;
}

struct rmi_wasm_code *
rmi_wasm_code_ref(struct rmi_wasm_code *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void
rmi_wasm_code_unref(struct rmi_wasm_code *c)
{
	if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	if (c->ast != NULL) {
		c->process->we.ASTModuleDelete(c->ast);
	}
	if (c->object_fd >= 0) {
		close(c->object_fd);
	}
	free(c);
}
