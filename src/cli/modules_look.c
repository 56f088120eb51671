#include "cli/modules_look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yyjson.h>

#include "wasm/engine.h"
#include "wasm/module_limits.h"

static enum rme_err
read_open(struct rmi_module_look *l, FILE *f, struct rme_error *err)
{
	const char *path = l->ref.path;
	struct stat st;
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		return rme_error_set(err, RME_EIO, path, "is no file");
	}
	if (st.st_size > RMI_WASM_MODULE_BYTES_MAX) {
		return rme_error_set(err, RME_ELIMIT, path, "has %lld bytes, at most %d are allowed",
		    (long long)st.st_size, RMI_WASM_MODULE_BYTES_MAX);
	}
	l->len = (size_t)st.st_size;
	l->bytes = malloc(l->len > 0 ? l->len : 1);
	if (l->bytes == NULL) {
		return rme_error_set(err, RME_ENOMEM, path, "%s", rme_err_text(RME_ENOMEM));
	}
	return fread(l->bytes, 1, l->len, f) == l->len ? RME_OK
	                                               : rme_error_set(err, RME_EIO, path, "cannot be read whole");
}

static void
read_file(struct rmi_module_look *l)
{
	FILE *f = fopen(l->ref.path, "rbe");
	if (f == NULL) {
		(void)rme_error_set(&l->file, errno == ENOENT ? RME_ENOTFOUND : RME_EIO, l->ref.path,
		    "cannot be opened: %s%s", strerror(errno),
		    errno == ENOENT ? "; scripts/build-modules.sh builds modules" : "");
		return;
	}
	(void)!read_open(l, f, &l->file);
	(void)fclose(f);
}

uint32_t
rmi_module_pages_max(const struct rme_module_entry *entry)
{
	uint64_t bytes = entry != NULL ? entry->limits.memory_bytes : 0;
	bytes = bytes > 0 ? bytes : RME_MODULE_MEMORY_DEFAULT;
	uint64_t pages = bytes / RMI_WASM_PAGE_BYTES;
	return pages < RMI_WASM_MEMORY_PAGES_LIMIT ? (uint32_t)pages : RMI_WASM_MEMORY_PAGES_LIMIT;
}

void
rmi_module_look(struct rmi_module_look *out, const struct rmi_module_ref *ref)
{
	const struct rme_module_entry *e = ref->entry;
	*out = (struct rmi_module_look){.ref = *ref, .file = {.code = RME_OK}, .admission = {.code = RME_OK}};
	read_file(out);
	if (out->file.code != RME_OK) {
		return;
	}
	rmi_sha256_of(out->bytes, out->len, out->sha256);
	if (e != NULL && e->has_sha256) {
		out->pin = memcmp(e->sha256, out->sha256, RMI_SHA256_BYTES) == 0 ? RMI_PIN_HOLDS : RMI_PIN_DIFFERS;
	}
	const struct rmi_admission_policy policy = {
	    .memory_pages_max = rmi_module_pages_max(e), .function_name = e != NULL ? e->function_name : NULL};
	(void)!rmi_admit(&out->admitted, out->bytes, out->len, &policy, &out->admission);
}

void
rmi_module_look_done(struct rmi_module_look *l)
{
	rmi_admitted_done(&l->admitted);
	free(l->bytes);
	*l = (struct rmi_module_look){.len = 0};
}

const char *
rmi_module_pin_text(const struct rmi_module_look *l)
{
	static const char *const texts[] = {
	    [RMI_PIN_NONE] = "not pinned", [RMI_PIN_HOLDS] = "ok", [RMI_PIN_DIFFERS] = "differs"};
	return l->file.code != RME_OK ? "no file" : texts[l->pin];
}

struct rmi_wasm_engine *
rmi_modules_engine(const struct rmi_cli *cli)
{
	struct rmi_wasm_engine *engine = NULL;
	struct rme_error err;
	enum rme_err e = rmi_wasm_engine_new(&engine, &(struct rmi_wasm_engine_config){.rt = NULL}, &err);
	if (e == RME_OK) {
		e = rmi_wasm_engine_start(engine, &err);
	}
	if (e == RME_OK) {
		return engine;
	}
	rmi_detail(cli, 1, "the WebAssembly engine does not start: %s", err.text);
	rmi_wasm_engine_free(engine);
	return NULL;
}

static int
each_named(struct rmi_cli *cli, const struct rmi_args *args, const struct rmi_modules *m,
    int (*each)(void *ctx, const struct rmi_module_ref *ref), void *ctx)
{
	int worst = RMI_EXIT_OK;
	for (size_t i = 0; i < rmi_args_operand_count(args); i++) {
		struct rmi_module_ref ref;
		struct rme_error err;
		enum rme_err e = rmi_modules_find(&ref, m, rmi_args_operand(args, i), &err);
		int code = e == RME_OK ? each(ctx, &ref) : rmi_complain_error(cli, &err);
		worst = worst == RMI_EXIT_OK ? code : worst;
	}
	return worst;
}

static int
each_of_registry(struct rmi_cli *cli, const struct rmi_modules *m,
    int (*each)(void *ctx, const struct rmi_module_ref *ref), void *ctx)
{
	int worst = RMI_EXIT_OK;
	if (m->registry == NULL) {
		rmi_complain(cli, "there is no " RMI_MODULE_REGISTRY_FILE " here or above; name one with --modules");
		return RMI_EXIT_CONFIG;
	}
	for (size_t i = 0; i < m->registry->n; i++) {
		const struct rmi_module_ref ref = rmi_modules_of_entry(&m->registry->modules[i]);
		int code = each(ctx, &ref);
		worst = worst == RMI_EXIT_OK ? code : worst;
	}
	return worst;
}

int
rmi_modules_each(struct rmi_cli *cli, const struct rmi_args *args,
    int (*each)(void *ctx, const struct rmi_module_ref *ref), void *ctx)
{
	struct rmi_modules *m = calloc(1, sizeof(*m));
	if (m == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	int code = rmi_modules_open(m, cli, rmi_args_text(args, "modules"));
	if (code == RMI_EXIT_OK) {
		code = rmi_args_operand_count(args) > 0 ? each_named(cli, args, m, each, ctx)
		                                        : each_of_registry(cli, m, each, ctx);
	}
	rmi_modules_done(m);
	free(m);
	return code;
}

int
rmi_modules_print_json(struct rmi_cli *cli, struct yyjson_mut_doc *doc)
{
	char *text = doc != NULL ? yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL) : NULL;
	yyjson_mut_doc_free(doc);
	if (text == NULL) {
		rmi_complain(cli, "%s", rme_err_text(RME_ENOMEM));
		return RMI_EXIT_FAILED;
	}
	(void)fprintf(cli->out, "%s\n", text);
	free(text);
	return RMI_EXIT_OK;
}
