#include "wasm/self_module.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

static const uint8_t module_bytes[] = {
    /* header */
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
    /* types: () -> (), (i32) -> (), (i32 i32) -> i32 */
    0x01, 0x0e, 0x03, 0x60, 0x00, 0x00, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f,
    /* import p.park */
    0x02, 0x0a, 0x01, 0x01, 'p', 0x04, 'p', 'a', 'r', 'k', 0x00, 0x00,
    /* four functions: run, one that recurses, wait, spin */
    0x03, 0x05, 0x04, 0x00, 0x01, 0x02, 0x01,
    /* memory of one page */
    0x05, 0x03, 0x01, 0x00, 0x01,
    /* a global: i32, variable, 0 */
    0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b,
    /* exports */
    0x07, 0x1e, 0x04, 0x06, 'm', 'e', 'm', 'o', 'r', 'y', 0x02, 0x00, 0x03, 'r', 'u', 'n', 0x00, 0x01, 0x04, 'w', 'a',
    'i', 't', 0x00, 0x03, 0x04, 's', 'p', 'i', 'n', 0x00, 0x04,
    /* code: call park */
    0x0a, 0x72, 0x04, 0x04, 0x00, 0x10, 0x00, 0x0b,
    /* if x then recurse(x + 1); store(8, x), which keeps the compiler from making a loop of it */
    0x15, 0x00, 0x20, 0x00, 0x04, 0x40, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x10, 0x02, 0x0b, 0x41, 0x08, 0x20, 0x00, 0x36,
    0x02, 0x00, 0x0b,
    /* l = n * 1000; store(0, n); g = n; call park */
    0x3f, 0x01, 0x01, 0x7f, 0x20, 0x00, 0x41, 0xe8, 0x07, 0x6c, 0x21, 0x02, 0x41, 0x00, 0x20, 0x00, 0x36, 0x02, 0x00,
    0x20, 0x00, 0x24, 0x00, 0x10, 0x00,
    /* if what = 1 then store(-8, n) */
    0x20, 0x01, 0x41, 0x01, 0x46, 0x04, 0x40, 0x41, 0x78, 0x20, 0x00, 0x36, 0x02, 0x00, 0x0b,
    /* if what = 2 then recurse(1) */
    0x20, 0x01, 0x41, 0x02, 0x46, 0x04, 0x40, 0x41, 0x01, 0x10, 0x02, 0x0b,
    /* load(0) + g + l */
    0x41, 0x00, 0x28, 0x02, 0x00, 0x23, 0x00, 0x6a, 0x20, 0x02, 0x6a, 0x0b,
    /* do store(8, n) while (--n) */
    0x15, 0x00, 0x03, 0x40, 0x41, 0x08, 0x20, 0x00, 0x36, 0x02, 0x00, 0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d,
    0x00, 0x0b, 0x0b};

struct search {
	const char *path;
	struct rmi_self_module *found;
};

static int
find_code(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	const struct search *s = ctx;
	if (strcmp(info->dlpi_name, s->path) != 0) {
		return 0;
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0) {
			s->found->code_low = info->dlpi_addr + p->p_vaddr;
			s->found->code_high = s->found->code_low + p->p_memsz;
		}
	}
	return 1;
}

static bool
parse(struct rmi_self_module *m, struct rmi_wasm_process *p, const char *path)
{
	const struct rmi_wasmedge *we = &p->we;
	WasmEdge_LoaderContext *loader = we->LoaderCreate(p->conf);
	WasmEdge_ValidatorContext *validator = we->ValidatorCreate(p->conf);
	WasmEdge_ASTModuleContext *ast = NULL;
	bool ok = loader != NULL && validator != NULL && we->LoaderParseFromFile(loader, &ast, path).Code == 0 &&
	          we->ValidatorValidate(validator, ast).Code == 0;
	we->LoaderDelete(loader);
	we->ValidatorDelete(validator);
	if (!ok) {
		we->ASTModuleDelete(ast);
		return false;
	}
	m->ast = ast;
	return true;
}

struct rme_bytes
rmi_self_module_wasm(void)
{
	return (struct rme_bytes){module_bytes, sizeof(module_bytes)};
}

enum rme_err
rmi_self_module_load(struct rmi_wasm_process *p, const struct rmi_code_source *source, struct rme_error *err)
{
	int fd;
	char path[32];
	enum rme_err e = source->compile(source->ctx, rmi_self_module_wasm(), &fd, err);
	if (e != RME_OK) {
		return e;
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pthread_mutex_lock(&p->load_lock);
	bool ok = parse(&p->self, p, path);
	(void)dl_iterate_phdr(find_code, &(struct search){path, &p->self});
	pthread_mutex_unlock(&p->load_lock);
	return ok ? RME_OK
	          : rme_error_set(err, RME_EUNSUPPORTED, NULL,
	                "the guard of modules cannot be started: its code cannot be loaded");
}

WasmEdge_ModuleInstanceContext *
rmi_self_module_host(const struct rmi_wasm_process *p, WasmEdge_HostFunc_t park, void *data)
{
	const struct rmi_wasmedge *we = &p->we;
	const WasmEdge_String module = {.Length = 1, .Buf = "p"}, name = {.Length = 4, .Buf = "park"};
	WasmEdge_ModuleInstanceContext *host = we->ModuleInstanceCreate(module);
	WasmEdge_FunctionTypeContext *type = we->FunctionTypeCreate(NULL, 0, NULL, 0);
	WasmEdge_FunctionInstanceContext *f = type != NULL ? we->FunctionInstanceCreate(type, park, data, 0) : NULL;
	we->FunctionTypeDelete(type);
	if (host != NULL && f != NULL) {
		we->ModuleInstanceAddFunction(host, name, f);
		return host;
	}
	we->FunctionInstanceDelete(f);
	we->ModuleInstanceDelete(host);
	return NULL;
}
